"""Small DICOM files made in memory, for the reading room's tests."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, CTImageStorage, EnhancedMRImageStorage, ExplicitVRLittleEndian

from Clinic2CloudLib.dicom.model import SourceFile
from Clinic2CloudLib.dicom.series import SeriesListing, find_series
from Clinic2CloudLib.dicom.source import Source

STUDY = "1.2.3.4"


def header(number: int, series: str = "1.2.3.4.5", **extra: Any) -> Dataset:
    dataset = Dataset()
    dataset.SOPClassUID = CTImageStorage
    dataset.SOPInstanceUID = f"{series}.{number + 1}"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = STUDY, series
    dataset.PatientID, dataset.PatientName, dataset.Modality = "P1", "Doe^Jane", "CT"
    dataset.InstanceNumber = number + 1
    for keyword, value in extra.items():
        setattr(dataset, keyword, value)
    return dataset


def put_pixels(dataset: Dataset, stored: np.ndarray, bits_stored: int | None = None) -> Dataset:
    """Describe and add pixels of shape (rows, columns) or (frames, rows, columns)."""
    dataset.Rows, dataset.Columns = stored.shape[-2:]
    if stored.ndim == 3:
        dataset.NumberOfFrames = len(stored)
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated = stored.dtype.itemsize * 8
    dataset.BitsStored = bits_stored or dataset.BitsAllocated
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = int(stored.dtype.kind == "i")
    dataset.PixelData = stored.tobytes() + b"\0" * (stored.nbytes % 2)
    dataset["PixelData"].VR = "OW" if stored.dtype.itemsize > 1 else "OB"
    return dataset


def slice_of(
    number: int,
    stored: np.ndarray,
    position: Sequence[float],
    orientation: Sequence[float] = (1, 0, 0, 0, 1, 0),
    spacing: Sequence[float] = (1, 1),
    **extra: Any,
) -> Dataset:
    """A classic CT slice."""
    dataset = header(number, **extra)
    dataset.ImagePositionPatient = [f"{x:.10g}" for x in position]
    dataset.ImageOrientationPatient = [f"{x:.10g}" for x in orientation]
    dataset.PixelSpacing = [f"{x:.10g}" for x in spacing]
    return put_pixels(dataset, stored)


def enhanced(
    stored: np.ndarray,
    positions: Sequence[Sequence[float]],
    frames: Sequence[Mapping[str, Any]] = (),
    slopes: Sequence[float] = (),
) -> Dataset:
    """An enhanced MR image; ``frames`` gives EchoTime, StackID, ... of each."""
    dataset = header(0, SOPClassUID=EnhancedMRImageStorage, Modality="MR")
    shared, orientation, measures = Dataset(), Dataset(), Dataset()
    orientation.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    measures.PixelSpacing = [2, 3]
    shared.PlaneOrientationSequence, shared.PixelMeasuresSequence = [orientation], [measures]
    dataset.SharedFunctionalGroupsSequence = [shared]
    groups = []
    for index, place in enumerate(positions):
        group, plane, content = Dataset(), Dataset(), Dataset()
        plane.ImagePositionPatient = list(place)
        group.PlanePositionSequence = [plane]
        marks = dict(frames[index]) if frames else {}
        if "EffectiveEchoTime" in marks:
            echo = Dataset()
            echo.EffectiveEchoTime = marks.pop("EffectiveEchoTime")
            group.MREchoSequence = [echo]
        for keyword, value in marks.items():
            setattr(content, keyword, value)
        group.FrameContentSequence = [content]
        if slopes:
            transformation = Dataset()
            transformation.RescaleSlope, transformation.RescaleIntercept = slopes[index], -1
            group.PixelValueTransformationSequence = [transformation]
        groups.append(group)
    dataset.PerFrameFunctionalGroupsSequence = groups
    return put_pixels(dataset, stored)


def to_bytes(dataset: Dataset, transfer_syntax: str = ExplicitVRLittleEndian) -> bytes:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.get("SOPClassUID", CTImageStorage)
    meta.MediaStorageSOPInstanceUID = dataset.get("SOPInstanceUID", "1.2.3")
    meta.TransferSyntaxUID = UID(transfer_syntax)
    dataset.file_meta = meta
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def memory_source(files: Mapping[str, bytes]) -> Source:
    made = [
        SourceFile(name, lambda raw=raw: raw, lambda n, raw=raw: (raw[:n], len(raw)))
        for name, raw in files.items()
    ]
    return Source("memory", lambda _: iter(made))


def listing(*datasets: Dataset) -> SeriesListing:
    """The series of some data sets, as found in memory."""
    files = {f"{n:04}.dcm": to_bytes(dataset) for n, dataset in enumerate(datasets)}
    return find_series(memory_source(files))
