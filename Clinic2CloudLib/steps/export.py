"""Write a case's images in other forms too: NIfTI, NRRD, one multi-frame DICOM file."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pydicom

from .. import atomic
from ..cases.case import EXPORT, Case
from ..dicom.itk import image_on
from ..dicom.model import Volume
from ..dicom.series import find_series
from ..dicom.source import open_source
from ..dicom.volume import read_volumes
from ..errors import InputError

_SUFFIX = {"nifti": ".nii.gz", "nrrd": ".nrrd"}


def export_case(case: Case, forms: Sequence[str]) -> list[Path]:
    """Export the de-identified images of a case into its ``export`` folder.

    Parameters
    ----------
    case : Case
        A case on disk.
    forms : sequence of str
        ``nifti`` and ``nrrd`` (each volume one file, modality values), ``multiframe`` (a Legacy
        Converted Enhanced CT, MR or PET image, PS3.3 A.70 to A.72).

    Returns
    -------
    list of Path
        What was written; an older export of the case is replaced.

    Raises
    ------
    InputError
        When the case holds no image that the form can carry.
    """
    with atomic.staged_folder(case.folder / EXPORT) as folder:
        names = []
        for form in forms:
            write = _multiframe if form == "multiframe" else _volumes
            names += write(case, form, folder)
    return [case.folder / EXPORT / name for name in names]


def _volumes(case: Case, form: str, folder: Path) -> list[str]:
    """Write every volume of the case through SimpleITK."""
    import SimpleITK as sitk

    names = []
    with open_source(case.folder / "instances") as opened:
        for series in find_series(opened).series:
            for number, volume in enumerate(read_volumes(series).volumes, 1):
                name = f"{case.id}-{number}{_SUFFIX[form]}"
                image = image_on(volume, _values(volume))
                sitk.WriteImage(image, str(folder / name), useCompression=True)
                names.append(name)
    if not names:
        raise InputError(f"{case.id} holds no volume, so it cannot be exported as {form}")
    return names


def _values(volume: Volume) -> np.ndarray:
    """Return the modality values, as integers where the rescale keeps them so."""
    values = volume.values()
    if any(s.slope != 1 or s.intercept != int(s.intercept) for s in volume.slices):
        return values
    whole = np.rint(values).astype(np.int32)
    return whole.astype(np.int16) if np.abs(whole).max(initial=0) < 2**15 else whole


def _multiframe(case: Case, form: str, folder: Path) -> list[str]:
    """Convert the classic instances into one legacy converted multi-frame instance."""
    import highdicom.legacy as legacy

    classes = {
        "CT": legacy.LegacyConvertedEnhancedCTImage,
        "MR": legacy.LegacyConvertedEnhancedMRImage,
        "PT": legacy.LegacyConvertedEnhancedPETImage,
    }
    if case.modality not in classes:
        raise InputError(f"{case.id} is {case.modality}; multi-frame export is for CT, MR and PET")
    if any(item.frames > 1 for item in case.instances):
        raise InputError(f"{case.id} is multi-frame already")
    sources = [pydicom.dcmread(case.path_of(item)) for item in case.instances]
    converted = classes[case.modality](
        legacy_datasets=sources,
        series_instance_uid=_derived_uid(case, "series"),
        series_number=int(sources[0].get("SeriesNumber") or 0) + 1000,
        sop_instance_uid=_derived_uid(case, "instance"),
        instance_number=1,
    )
    name = f"{case.id}-multiframe.dcm"
    converted.save_as(folder / name)
    return [name]


def _derived_uid(case: Case, kind: str) -> str:
    """Return a UID that the same case always gets (PS3.5 B.2, from a hash)."""
    digest = hashlib.sha256(f"multiframe:{kind}:{case.digest}".encode()).digest()
    return f"2.25.{int.from_bytes(digest[:16], 'big')}"
