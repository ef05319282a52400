"""The synthetic head as a DICOM series, with an invented patient in its headers."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from pydicom import Dataset, FileMetaDataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian, MRImageStorage
from pydicom.valuerep import DSfloat

from .. import atomic
from ..errors import OutputError
from .patient import STUDY_DATE, invented_identifiers, plant_patient, series_uid, uid
from .synthesis import SyntheticHead, make_head

__all__ = ["invented_identifiers", "make_head", "write_head_series"]


def write_head_series(
    folder: Path,
    *,
    size: str | tuple[int, int, int] = "standard",
    modality: str = "MR",
    seed: int = 0,
    face: bool = True,
) -> Path:
    """Write an invented head as a classic MR or CT series.

    Parameters
    ----------
    folder : Path
        Made if missing; gets one file a slice, ``IM00001.dcm`` and on.
    size : str or tuple of int
        ``"small"`` (3.2 mm), ``"standard"`` (1.5 mm), ``"fine"`` (1.2 mm) or (slices, rows,
        columns); see :func:`~Clinic2CloudLib.demo.synthesis.make_head`.
    modality : str
        MR (sagittal, T1-weighted) or CT (axial, stored as HU + 1024).
    seed : int
        Decides face, folds, noise and UIDs; the patient's name is always the same invented one.
    face : bool
        Without it, a head without a face.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    InputError
        For another modality or size.
    OutputError
        When the folder cannot be written.
    """
    head = make_head(size=size, modality=modality, seed=seed, face=face)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make {folder.name}: {error.strerror or error}") from error
    series = _series_level(head, seed)
    for k in range(head.stored.shape[0]):
        atomic.write_bytes(folder / f"IM{k + 1:05d}.dcm", _slice(series, head, k, seed))
    return folder


def _series_level(head: SyntheticHead, seed: int) -> Dataset:
    """All that the slices share."""
    dataset = Dataset()
    plant_patient(dataset, seed, head.modality)
    dataset.Modality = head.modality
    dataset.AcquisitionDate = dataset.ContentDate = STUDY_DATE
    dataset.AcquisitionNumber = 1
    technique = _mr_technique() if head.modality == "MR" else _ct_technique()
    for keyword, value in technique.items():
        setattr(dataset, keyword, value)
    lps = np.diag([-1.0, -1, 1, 1]) @ head.ijk_to_ras
    spacing = np.linalg.norm(lps[:3, :3], axis=0)
    cosines = [lps[:3, 0] / spacing[0], lps[:3, 1] / spacing[1]]
    dataset.ImageOrientationPatient = [_decimal(v) for v in np.concatenate(cosines)]
    dataset.PixelSpacing = [_decimal(spacing[1]), _decimal(spacing[0])]
    dataset.SliceThickness = dataset.SpacingBetweenSlices = _decimal(spacing[2])
    if head.modality == "CT":
        del dataset.SpacingBetweenSlices
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Rows, dataset.Columns = head.stored.shape[1:]
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 12, 11
    dataset.PixelRepresentation = 0
    return dataset


def _mr_technique() -> dict[str, Any]:
    return {
        "ImageType": ["ORIGINAL", "PRIMARY", "M", "NORM"],
        "ScanningSequence": ["GR", "IR"],
        "SequenceVariant": ["SP", "MP"],
        "ScanOptions": "IR",
        "MRAcquisitionType": "3D",
        "SequenceName": "*tfl3d1_16ns",
        "RepetitionTime": 2300,
        "EchoTime": 2.98,
        "InversionTime": 900,
        "FlipAngle": 9,
        "EchoTrainLength": 1,
        "NumberOfAverages": 1,
        "ImagingFrequency": 123.254,
        "ImagedNucleus": "1H",
        "MagneticFieldStrength": 3,
        "WindowCenter": 420,
        "WindowWidth": 900,
    }


def _ct_technique() -> dict[str, Any]:
    return {
        "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
        "KVP": 120,
        "XRayTubeCurrent": 280,
        "ExposureTime": 1000,
        "ConvolutionKernel": "H31s",
        "GantryDetectorTilt": 0,
        "RescaleIntercept": -1024,
        "RescaleSlope": 1,
        "RescaleType": "HU",
        "WindowCenter": 40,
        "WindowWidth": 80,
    }


def _slice(series: Dataset, head: SyntheticHead, k: int, seed: int) -> bytes:
    """One slice as the bytes of a Part 10 file."""
    dataset = Dataset(series)
    is_mr = head.modality == "MR"
    dataset.SOPClassUID = MRImageStorage if is_mr else CTImageStorage
    dataset.SOPInstanceUID = uid(series_uid(seed, head.modality), head.stored.shape, k)
    dataset.InstanceNumber = k + 1
    seconds = 35 * 60 + 12 + k
    time = f"{9 + seconds // 3600:02d}{seconds // 60 % 60:02d}{seconds % 60:02d}.000000"
    dataset.AcquisitionTime = dataset.ContentTime = time
    corner = np.diag([-1.0, -1, 1, 1]) @ head.ijk_to_ras @ [0, 0, k, 1]
    dataset.ImagePositionPatient = [_decimal(v) for v in corner[:3]]
    if not is_mr:
        dataset.SliceLocation = _decimal(corner[2])
    pixels = head.stored[k] if is_mr else head.stored[k] + 1024
    dataset.PixelData = np.ascontiguousarray(pixels, "<u2").tobytes()
    dataset["PixelData"].VR = "OW"
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = UID(uid("implementation"))
    meta.SourceApplicationEntityTitle = "MROLAF03"
    dataset.file_meta = meta
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _decimal(value: float) -> DSfloat:
    """Return a decimal string of at most 16 characters (PS3.5, VR DS)."""
    return DSfloat(float(np.round(value, 8)) + 0.0, auto_format=True)
