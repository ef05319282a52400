"""Which slices make a volume, from their positions and orientations alone (PS3.3 C.7.6.2).

Neither file names nor instance numbers say where a slice lies. Slices are sorted along the normal,
row direction x column direction, so that the affine is right-handed in LPS.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from .model import SliceSource

#: Positions nearer than this are the same position, mm.
SAME_POSITION = 1e-2
#: How far a slice may lie off its even place, as a share of the distance between slices.
_UNEVEN = 0.05
#: How far slices may lie off their even places, mm, when a few are missing: within the margins that
#: the face region keeps. Beyond, the affine would be wrong and the stack is refused.
_MOST_OFF = 3.0
#: From this shear on (tangent of the angle) the stack counts as tilted.
_TILT = 1e-3


@dataclass(frozen=True)
class Frame:
    """One slice before it is known to which volume it belongs.

    Attributes
    ----------
    source : SliceSource
        Where its pixels are.
    position : numpy.ndarray
        Image Position (Patient): centre of the first pixel, LPS, mm.
    row, column : numpy.ndarray
        Unit vectors along which the column index i and the row index j grow.
    spacing : tuple of float
        Distance between pixel centres along i and along j, mm.
    shape : tuple of int
        Rows, columns.
    kind : tuple
        What slices of one volume share besides: data type, bits, photometric interpretation.
    marks : tuple of (str, hashable)
        What may tell slices at the same position apart, most telling first: echo time, b-value, ...
    order : tuple
        In which order slices at the same position came, when nothing else tells them apart.
    """

    source: SliceSource
    position: np.ndarray
    row: np.ndarray
    column: np.ndarray
    spacing: tuple[float, float]
    shape: tuple[int, int]
    kind: tuple[Hashable, ...] = ()
    marks: tuple[tuple[str, Hashable], ...] = ()
    order: tuple[float, ...] = ()

    @property
    def normal(self) -> np.ndarray:
        """Row direction x column direction."""
        return np.cross(self.row, self.column)


@dataclass(frozen=True)
class Stack:
    """Slices of one volume in the order of k, with the affine to LPS, mm."""

    frames: tuple[Frame, ...]
    ijk_to_lps: np.ndarray
    label: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unstacked:
    """Slices that make no evenly spaced stack, and why."""

    frames: tuple[Frame, ...]
    reason: str
    single: bool


def make_frame(
    source: SliceSource,
    position: Sequence[float],
    orientation: Sequence[float],
    pixel_spacing: Sequence[float],
    shape: tuple[int, int],
    kind: tuple[Hashable, ...] = (),
    marks: tuple[tuple[str, Hashable], ...] = (),
    order: tuple[float, ...] = (),
) -> Frame | None:
    """Check a slice's attributes and make it a frame.

    Parameters
    ----------
    position, orientation, pixel_spacing : sequence of float
        Image Position (Patient), Image Orientation (Patient), Pixel Spacing (between rows, between
        columns) as they stand in the file.

    Returns
    -------
    Frame or None
        ``None`` when they are missing, not finite, not orthogonal or not positive.
    """
    if len(position) != 3 or len(orientation) != 6 or len(pixel_spacing) != 2:
        return None
    place = np.array(position, float)
    row, column = np.array(orientation[:3], float), np.array(orientation[3:], float)
    lengths = np.linalg.norm(row), np.linalg.norm(column)
    numbers = np.concatenate([place, row, column, pixel_spacing])
    if not np.isfinite(numbers).all() or min(pixel_spacing) <= 0:
        return None
    if abs(lengths[0] - 1) > 0.01 or abs(lengths[1] - 1) > 0.01 or abs(row @ column) > 0.01:
        return None
    spacing = (float(pixel_spacing[1]), float(pixel_spacing[0]))
    row, column = row / lengths[0], column / lengths[1]
    return Frame(source, place, row, column, spacing, shape, kind, marks, order)


def fit_stack(members: Sequence[Frame], label: str = "") -> Stack | Unstacked:
    """Sort slices along the normal and make the affine, or say why they are no volume.

    Parameters
    ----------
    members : sequence of Frame
        Slices of one orientation, each position once.
    label : str
        What tells them from the other volumes of the series.
    """
    normal = members[0].normal
    frames = tuple(sorted(members, key=lambda frame: float(frame.position @ normal)))
    if len(frames) == 1:
        return Unstacked(frames, "a single slice", single=True)
    positions = np.array([frame.position for frame in frames])
    origin, step = positions[0], (positions[-1] - positions[0]) / (len(frames) - 1)
    distance = float(step @ normal)
    along, across = _off_line(positions, origin, step, normal)
    notes = []
    if along > max(_UNEVEN * distance, SAME_POSITION):
        uneven = _uneven(positions @ normal)
        origin, step = _best_line(positions, normal)
        along, across = _off_line(positions, origin, step, normal)
        if along > _MOST_OFF:
            return Unstacked(frames, uneven, single=False)
        notes.append(f"{uneven}; slices lie up to {along:.1f} mm off their even places")
    if across > max(_UNEVEN * distance, _UNEVEN * min(frames[0].spacing), SAME_POSITION):
        return Unstacked(frames, "its slices are not in line with each other", single=False)
    affine = np.eye(4)
    affine[:3, 0] = frames[0].row * frames[0].spacing[0]
    affine[:3, 1] = frames[0].column * frames[0].spacing[1]
    affine[:3, 2] = step
    affine[:3, 3] = origin
    notes += _tilt(step, normal)
    return Stack(frames, affine, label, tuple(notes))


def _off_line(
    positions: np.ndarray, origin: np.ndarray, step: np.ndarray, normal: np.ndarray
) -> tuple[float, float]:
    """How far slices are off their places on an even line, along the normal and across it, mm."""
    off = positions - (origin + np.arange(len(positions))[:, None] * step)
    along = off @ normal
    return float(np.abs(along).max()), float(
        np.linalg.norm(off - np.outer(along, normal), axis=1).max()
    )


def _best_line(positions: np.ndarray, normal: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fit an even line to uneven positions: least squares, then centred on the extremes."""
    k = np.arange(len(positions)) - (len(positions) - 1) / 2
    step = k @ positions / (k @ k)
    origin = positions.mean(axis=0) + k[0] * step
    off = (positions - (origin + np.arange(len(positions))[:, None] * step)) @ normal
    return origin + (off.max() + off.min()) / 2 * normal, step


def _tilt(step: np.ndarray, normal: np.ndarray) -> list[str]:
    """Say so when the step from slice to slice is not along the normal."""
    distance = float(step @ normal)
    shear = float(np.linalg.norm(step - distance * normal)) / distance
    if shear <= _TILT:
        return []
    angle = np.degrees(np.arctan(shear))
    return [f"the stack is sheared by {angle:.1f} degrees, as by a gantry tilt"]


def _uneven(along: np.ndarray) -> str:
    """Say what is wrong with the distances between slices."""
    distances = np.diff(along)
    least = float(distances.min())
    multiples = distances / np.median(distances)
    missing = int(np.rint(multiples).sum()) - len(distances)
    if missing > 0 and np.abs(multiples - np.rint(multiples)).max() <= 2 * _UNEVEN:
        plural = "slice is" if missing == 1 else "slices are"
        return f"{missing} {plural} missing between its slices"
    return f"the distance between its slices varies from {least:.2f} to {distances.max():.2f} mm"
