"""The outer skin around the face as points, and how far the new one lies from the old."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from Clinic2CloudLib.deface.grid import corners, mapped
from Clinic2CloudLib.dicom.model import Volume
from Clinic2CloudLib.preview.render import surface_points
from Clinic2CloudLib.preview.surface import (
    Resampled,
    Transfer,
    resample,
    skin_surface,
    skin_transfer,
)

LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
#: Skin counts as unmoved within this, mm.
NEAR_MM = 2.0
#: Radius of the ball that feels from outside what is outer skin: a nostril keeps it out, mm.
BALL_MM = 3.0
#: Spacing of the grid on which the ball rolls, mm.
FEEL_MM = 2.0
#: Face, ears and something around them, in the head's frame, mm of a mean head.
BOX = (np.array([-98.0, -60.0, -148.0]), np.array([98.0, 130.0, 45.0]))
#: Fewer points of old skin than this say nothing.
FEWEST = 50


@dataclass(frozen=True)
class Moved:
    """How the skin over one region moved."""

    points: int
    median_mm: float
    near: float


def part_around(volume: Volume, frame_to_lps: np.ndarray) -> tuple[slice, slice, slice]:
    """Return the part of a volume, (K, J, I), that holds :data:`BOX`."""
    lps = mapped(frame_to_lps, corners(*BOX))
    index = mapped(np.linalg.inv(volume.ijk_to_lps), lps)
    size = np.array(volume.stored.shape[::-1])
    low = np.clip(np.floor(index.min(0)).astype(int), 0, size - 2)
    high = np.clip(np.ceil(index.max(0)).astype(int) + 1, low + 2, size)
    i, j, k = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    return k, j, i


def level_of(volume: Volume) -> Transfer:
    """Return the level of the skin as the preview takes it, from the original."""
    return skin_transfer(resample(volume.values(), volume.ijk_to_ras).values, volume.modality)


def skin_points(
    values: np.ndarray, volume: Volume, part: tuple[slice, slice, slice], transfer: Transfer
) -> np.ndarray:
    """Return the points of the outer skin within a part in LPS, mm, float32, shape (n, 3).

    Outer is what open air can reach: the walls of nose, sinuses and ear canals are nobody's looks.
    Where the scan ends, no skin is.

    Parameters
    ----------
    values : numpy.ndarray
        Modality values of the whole volume, (K, J, I).
    volume : Volume
        Gives the geometry.
    part : tuple of slice
        From :func:`part_around`.
    transfer : Transfer
        The level of the skin.
    """
    first = np.array([part[2].start, part[1].start, part[0].start], float)
    affine = volume.ijk_to_ras.copy()
    affine[:3, 3] = mapped(volume.ijk_to_ras, first)
    cubic = resample(values[part], affine)
    index = surface_points(skin_surface(cubic, transfer), np.eye(4))
    size = np.array(cubic.values.shape[::-1])
    index = index[((index > 0.5) & (index < size - 1.5)).all(1)]
    index = index[near_open_air(cubic, transfer, index)]
    return mapped(LPS_TO_RAS @ cubic.ijk_to_ras, index).astype(np.float32)


def near_open_air(cubic: Resampled, transfer: Transfer, index: np.ndarray) -> np.ndarray:
    """Say which points, in (i, j, k), lie next to air that a ball reaches from outside the head."""
    from scipy import ndimage

    spacing = np.linalg.norm(cubic.ijk_to_ras[:3, :3], axis=0)[::-1]
    step = np.maximum(np.round(FEEL_MM / spacing).astype(int), 1)
    coarse = spacing * step
    pad = np.ceil(2.0 * BALL_MM / coarse).astype(int) + 1
    body = cubic.values[:: step[0], :: step[1], :: step[2]] > transfer.level
    body = np.pad(closed_at_ends(body), [(int(p), int(p)) for p in pad])
    away = ndimage.distance_transform_edt(~body, sampling=coarse)
    parts, _ = ndimage.label(away > BALL_MM)
    outside = parts == parts[0, 0, 0]
    off_air = ndimage.distance_transform_edt(~outside, sampling=coarse)
    at = np.rint(index[:, ::-1] / step + pad).astype(int)
    at = np.minimum(at, np.array(body.shape) - 1)
    return np.asarray(off_air[tuple(at.T)] <= BALL_MM + NEAR_MM)


def closed_at_ends(body: np.ndarray) -> np.ndarray:
    """Close what is open only because the part ends there: an airway in the neck, a skull's bone.

    Through them air from outside would reach throat, sinuses and all that lies behind the skin.
    """
    from scipy import ndimage

    result = body.copy()
    for axis in range(3):
        for end in (0, -1):
            at = tuple(end if own == axis else slice(None) for own in range(3))
            result[at] = ndimage.binary_fill_holes(body[at])
    return result


def moved(old: np.ndarray, new: np.ndarray, mask: np.ndarray, volume: Volume) -> Moved | None:
    """Measure how far old skin in a region lies from the nearest new skin; None without any."""
    from scipy.spatial import cKDTree

    own = old[within(old, mask, volume)]
    if len(own) < FEWEST:
        return None
    away = cKDTree(new).query(own)[0] if len(new) else np.full(len(own), np.inf)
    return Moved(len(own), float(np.median(away)), float((away <= NEAR_MM).mean()))


def within(points: np.ndarray, mask: np.ndarray, volume: Volume) -> np.ndarray:
    """Say which LPS points lie in a mask or next to it, and not where the scan itself ends."""
    from scipy import ndimage

    grown = ndimage.binary_dilation(mask, iterations=1)
    index = np.rint(mapped(np.linalg.inv(volume.ijk_to_lps), points)).astype(int)
    size = np.array(mask.shape[::-1])
    inner = ((index > 0) & (index < size - 1)).all(1)
    i, j, k = np.clip(index, 0, size - 1).T
    return np.asarray(grown[k, j, i] & inner)


def values_of(volume: Volume, stored: np.ndarray) -> np.ndarray:
    """Return modality values of other stored values, with the volume's rescale."""
    return dataclasses.replace(volume, stored=stored).values()


def edge_jump(
    volume: Volume, head: np.ndarray, changed: np.ndarray, stored: np.ndarray
) -> tuple[float, float]:
    """Return the mean step across the border of what changed, before and after, inside the head.

    In units of the head's median level above air: neighbours of which one changed and the other
    did not, both tissue in the original; not a number where there is no such border.
    """
    before, after = volume.values(), values_of(volume, stored)
    air = float(np.median(before[~head])) if (~head).any() else float(before.min())
    unit = float(np.median(before[head])) - air
    tissue = head & (before > air + 0.25 * unit)
    steps: list[list[np.ndarray]] = [[], []]
    for axis in range(3):
        one = [slice(None)] * 3
        other = [slice(None)] * 3
        one[axis], other[axis] = slice(None, -1), slice(1, None)
        a, b = tuple(one), tuple(other)
        border = (changed[a] ^ changed[b]) & tissue[a] & tissue[b]
        for number, values in enumerate((before, after)):
            steps[number].append(np.abs(values[a] - values[b])[border])
    all_steps = [np.concatenate(s) for s in steps]
    if not len(all_steps[0]):
        return np.nan, np.nan
    first, second = (float(s.mean()) / unit for s in all_steps)
    return first, second
