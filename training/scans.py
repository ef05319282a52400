"""The development scans, and what is no head, read as the program reads them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from Clinic2CloudLib.dicom.model import SliceSource, Volume
from Clinic2CloudLib.dicom.series import find_series
from Clinic2CloudLib.dicom.source import open_source
from Clinic2CloudLib.dicom.volume import read_volumes

DICOM_HEADS = (
    "mr_dicom/adi_T1", "mr_dicom/adi_T2", "mr_dicom/ctk_mrhead", "ct_dicom/slicer_cthead",
)  # fmt: skip


def nifti_volume(path: Path, modality: str) -> Volume:
    """Read a NIfTI scan as a volume."""
    image = sitk.ReadImage(str(path))
    affine = np.eye(4)
    affine[:3, :3] = np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing()
    affine[:3, 3] = image.GetOrigin()
    stored = np.rint(sitk.GetArrayFromImage(image)).astype(np.int16)
    slices = tuple(SliceSource(k, 0, 1.0, 0.0) for k in range(len(stored)))
    return Volume(stored, affine, slices, modality)


def dicom_volumes(path: Path) -> list[Volume]:
    """Read all volumes of a folder or file."""
    volumes = []
    with open_source(path) as source:
        for series in find_series(source).series:
            volumes += read_volumes(series).volumes
    return volumes


def development_scans(data: Path) -> Iterator[tuple[str, Volume]]:
    """Yield the development heads: each has a face, slicer_cthead's is cut below the nose."""
    dev = data / "heads" / "dev"
    for name in DICOM_HEADS:
        yield name, max(dicom_volumes(dev / name), key=lambda v: v.stored.size)
    for path in sorted((dev / "ct").glob("*.nii.gz")):
        yield path.name.split(".")[0], nifti_volume(path, "CT")


def other_scans(data: Path) -> Iterator[tuple[str, Volume]]:
    """Yield what is no head: volumes among the DICOM samples, chests of development CTs."""
    for path in sorted((data / "dicom").glob("*.dcm")):
        try:
            volumes = dicom_volumes(path)
        except (OSError, ValueError):
            continue
        for volume in volumes:
            if len(volume.slices) >= 2 and volume.modality in ("CT", "MR"):
                yield path.name, volume
    for path in sorted((data / "heads" / "dev" / "ct").glob("*.nii.gz")):
        whole = nifti_volume(path, "CT")
        low = Volume(whole.stored[:45], whole.ijk_to_lps, whole.slices[:45], "CT")
        yield f"chest of {path.name.split('.')[0]}", low
