"""What travels between the rooms: files, instances, series and volumes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

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
    peek : callable, optional
        ``peek(n)`` returns the first ``n`` bytes and the size of the whole file, where that is
        cheaper than to read it all.
    """

    relative: str
    read: Callable[[], bytes]
    peek: Callable[[int], tuple[bytes, int]] | None = None


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


#: Up to so many single slices of a series, a face cannot be put together from them.
FEW_SLICES = 8

#: Why slices are not a volume.
RefusalKind = Literal[
    "no_pixels",
    "single_slice",
    "colour",
    "no_geometry",
    "mosaic",
    "uneven_spacing",
    "not_decodable",
]


@dataclass(frozen=True)
class Refused:
    """Slices that are not a volume, and why.

    Attributes
    ----------
    reason : str
        One sentence for the user, without patient data.
    kind : RefusalKind
        The same for programs.
    slices : tuple of SliceSource
        Which frames of which instances it is about; slope 1 and intercept 0 where not known.
    """

    reason: str
    kind: RefusalKind
    slices: tuple[SliceSource, ...]

    @property
    def may_hide_a_face(self) -> bool:
        """Whether these slices could show a face that nobody looked for, if they are of a head.

        Not so without pixels, with one colour image, or with a few single slices such as
        localizers; many single slices in other directions can be put together again.
        """
        if self.kind == "no_pixels":
            return False
        if self.kind == "single_slice":
            return len(self.slices) > FEW_SLICES
        return self.kind != "colour" or len(self.slices) > 1


@dataclass(frozen=True)
class Volume:
    """A stack of parallel, evenly spaced slices.

    Where slices are missing in the source (or their spacing is a little uneven), the stored slices
    are still only the source's, the affine is the best even line through their positions, and
    ``notes`` says how many millimetres the worst slice lies off it (3 at most).

    The slices are sorted along the normal, row direction x column direction, so the affine is
    always right-handed (its determinant is positive) in LPS; k grows towards the normal whatever
    order the files or the Instance Numbers had. A gantry tilt stays in the third column, which
    then is not perpendicular to the first two.

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
    label : str
        What tells this volume from the others of its series, for instance ``echo time 90 ms``;
        empty when there is one only.
    notes : tuple of str
        What a person should know of its geometry, for instance a gantry tilt.
    """

    stored: np.ndarray
    ijk_to_lps: np.ndarray
    slices: tuple[SliceSource, ...]
    modality: str
    label: str = ""
    notes: tuple[str, ...] = ()

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
        """Return the modality values (HU for CT), float32, shape (K, J, I).

        The rescale is computed in float64, slice by slice, and rounded once to float32.
        """
        values = np.empty(self.stored.shape, np.float32)
        for k, source in enumerate(self.slices):
            values[k] = self.stored[k] * np.float64(source.slope) + np.float64(source.intercept)
        return values
