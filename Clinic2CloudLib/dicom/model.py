"""What travels between the rooms: files, instances, series and volumes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class SourceFile:
    """One file of a source, wherever it lies (a folder, a zip, a DICOM database).

    Attributes
    ----------
    relative : str
        Its path relative to the source, with forward slashes: what the user is shown.
    read : callable
        Returns the file's bytes; a zip's member is never unpacked to disk.
    """

    relative: str
    read: Callable[[], bytes]


@dataclass(frozen=True)
class SetAside:
    """A file that is not passed on, and the reason in one sentence without patient data."""

    file: str
    reason: str


@dataclass(frozen=True)
class Instance:
    """One SOP instance as the index knows it; identifying values stay in memory only.

    ``rows``, ``columns`` are 0 for instances without pixel data; ``frames`` is 1 for classic ones.
    """

    file: SourceFile
    sop_instance_uid: str
    sop_class_uid: str
    series_uid: str
    study_uid: str
    patient_id: str
    modality: str
    transfer_syntax_uid: str
    rows: int
    columns: int
    frames: int
    samples_per_pixel: int
    photometric_interpretation: str
    image_type: tuple[str, ...]
    burned_in_annotation: str
    body_part: str


@dataclass(frozen=True)
class Series:
    """All instances of one Series Instance UID, in the order of the source."""

    uid: str
    study_uid: str
    patient_id: str
    patient_name: str
    modality: str
    description: str
    study_description: str
    body_part: str
    instances: tuple[Instance, ...]


@dataclass(frozen=True)
class SliceSource:
    """Where one slice of a volume came from.

    Attributes
    ----------
    instance : int
        Index into ``Series.instances``.
    frame : int
        Frame of that instance, from 0.
    slope, intercept : float
        Modality LUT (PS3.3 C.11.1): value = stored * slope + intercept.
    """

    instance: int
    frame: int
    slope: float
    intercept: float


@dataclass(frozen=True)
class Volume:
    """A stack of parallel, evenly spaced slices.

    Attributes
    ----------
    stored : numpy.ndarray
        Stored pixel values, shape (K, J, I) = (slice, row, column), the source's integer dtype.
    ijk_to_lps : numpy.ndarray
        4 x 4, maps (i, j, k, 1) = (column, row, slice, 1) to patient coordinates, LPS (DICOM), mm.
    slices : tuple of SliceSource
        One for each k.
    modality : str
        For instance MR or CT.
    """

    stored: np.ndarray
    ijk_to_lps: np.ndarray
    slices: tuple[SliceSource, ...]
    modality: str

    @property
    def ijk_to_ras(self) -> np.ndarray:
        """The affine in RAS (Slicer, NIfTI), mm: the first two axes of LPS negated."""
        return np.diag([-1.0, -1.0, 1.0, 1.0]) @ self.ijk_to_lps

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Distance between voxel centres along i, j and k, in mm."""
        lengths = np.linalg.norm(self.ijk_to_lps[:3, :3], axis=0)
        return (float(lengths[0]), float(lengths[1]), float(lengths[2]))

    def values(self) -> np.ndarray:
        """Return the modality values (HU for CT), float32, shape (K, J, I)."""
        slope = np.array([s.slope for s in self.slices], np.float32)[:, None, None]
        intercept = np.array([s.intercept for s in self.slices], np.float32)[:, None, None]
        return self.stored.astype(np.float32) * slope + intercept
