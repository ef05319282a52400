"""Reads a DICOM Segmentation back as one label map, for whoever wants to show it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError

if TYPE_CHECKING:
    from pydicom import Dataset

SEGMENTATION_STORAGE = "1.2.840.10008.5.1.4.1.1.66.4"


@dataclass(frozen=True)
class Segment:
    """One segment: its number in the label map, its name, and its colour (0 to 1, RGB)."""

    number: int
    name: str
    colour: tuple[float, float, float]


@dataclass(frozen=True)
class Segmentation:
    """A segmentation as arrays.

    Attributes
    ----------
    masks : numpy.ndarray
        Shape (segment, K, J, I), bool; segments may overlap.
    ijk_to_lps : numpy.ndarray
        4 x 4, mm.
    segments : tuple of Segment
        One for each mask.
    """

    masks: np.ndarray
    ijk_to_lps: np.ndarray
    segments: tuple[Segment, ...]


def read_segmentation(path: Path) -> Segmentation:
    """Read a Segmentation object (PS3.3 A.51), binary or fractional, whose slices are parallel.

    Raises
    ------
    InputError
        When the file is no such object, or its frames do not lie on one regular grid.
    """
    from pydicom import dcmread
    from pydicom.errors import InvalidDicomError

    try:
        data_set = dcmread(path)
        if data_set.get("SOPClassUID") != SEGMENTATION_STORAGE:
            raise InputError(f"{path.name} is no DICOM segmentation")
        return _segmentation(data_set)
    except (InvalidDicomError, OSError, AttributeError, KeyError, IndexError, ValueError) as error:
        raise InputError(f"{path.name} cannot be shown: {type(error).__name__}") from None


def _segmentation(data_set: Dataset) -> Segmentation:
    frames = np.atleast_3d(data_set.pixel_array).astype(bool)
    if frames.shape[1:] != (data_set.Rows, data_set.Columns):
        frames = frames.reshape(-1, data_set.Rows, data_set.Columns)
    shared = data_set.SharedFunctionalGroupsSequence[0]
    groups = list(data_set.PerFrameFunctionalGroupsSequence)
    orientation = _group(shared, groups[0], "PlaneOrientationSequence").ImageOrientationPatient
    measures = _group(shared, groups[0], "PixelMeasuresSequence")
    right, down = np.array(orientation, float).reshape(2, 3)
    normal = np.cross(right, down)
    corners = np.array([g.PlanePositionSequence[0].ImagePositionPatient for g in groups], float)
    depth = corners @ normal
    gap = _gap(
        depth, float(measures.get("SpacingBetweenSlices", measures.get("SliceThickness", 1)))
    )
    k = np.rint((depth - depth.min()) / gap).astype(int)
    if np.abs(depth - depth.min() - k * gap).max() > 0.05 * gap:
        raise InputError("the segmentation's slices are unevenly spaced")
    segments = tuple(_segment(item) for item in data_set.SegmentSequence)
    place = {segment.number: index for index, segment in enumerate(segments)}
    masks = np.zeros((len(segments), k.max() + 1, *frames.shape[1:]), bool)
    for frame, group, slice_number in zip(frames, groups, k, strict=True):
        number = int(group.SegmentIdentificationSequence[0].ReferencedSegmentNumber)
        masks[place[number], slice_number] |= frame
    between_rows, between_columns = (float(v) for v in measures.PixelSpacing)
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1] = right * between_columns, down * between_rows
    affine[:3, 2], affine[:3, 3] = normal * gap, corners[int(np.argmin(depth))]
    return Segmentation(masks, affine, segments)


def _gap(depth: np.ndarray, said: float) -> float:
    """Return the distance between slices; empty ones may have been left out."""
    steps = np.diff(np.unique(np.round(depth, 3)))
    return float(steps.min()) if steps.size else abs(said) or 1.0


def _group(shared: Dataset, own: Dataset, name: str) -> Any:
    return (shared if name in shared else own)[name].value[0]


def _segment(item: Dataset) -> Segment:
    number = int(item.SegmentNumber)
    lab = item.get("RecommendedDisplayCIELabValue")
    colour = _rgb(lab) if lab else (0.9, 0.6, 0.3)
    return Segment(number, str(item.get("SegmentLabel", f"Segment {number}")), colour)


def _rgb(lab: Any) -> tuple[float, float, float]:
    """Return sRGB of a PCS-encoded CIELab value (PS3.3 C.10.7.1.1), D50 taken as D65."""
    lightness, a, b = (float(v) for v in lab)
    lightness, a, b = lightness / 65535 * 100, a / 257 - 128, b / 257 - 128
    fy = (lightness + 16) / 116
    xyz = [
        white * (t**3 if t > 6 / 29 else 3 * (6 / 29) ** 2 * (t - 4 / 29))
        for white, t in zip((0.9505, 1.0, 1.089), (fy + a / 500, fy, fy - b / 200), strict=True)
    ]
    to_rgb = np.array(
        [[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.204, 1.057]]
    )
    linear = np.clip(to_rgb @ xyz, 0, 1)
    red, green, blue = np.where(
        linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055
    )
    return float(red), float(green), float(blue)
