"""An enhanced image of 3,600 elements."""

from __future__ import annotations

import io
import statistics
import time

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.sequence import Sequence

from .. import table
from .slices import engine

_FRAMES = 200


def make() -> bytes:
    """Return an enhanced CT image with 18 elements a frame."""
    ds = Dataset()
    ds.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2.1"
    for number, keyword in enumerate(("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")):
        setattr(ds, keyword, f"1.2.826.0.1.4711.{number}")
    ds.PatientName, ds.PatientID, ds.Modality = "Quimbworth^Alphonse", "QX4711007", "CT"
    ds.StudyDate, ds.StudyTime, ds.StudyDescription = "20240229", "000130", "CT head Quimbworth"
    ds.NumberOfFrames, ds.Rows, ds.Columns = _FRAMES, 8, 8
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    groups = []
    for number in range(_FRAMES):
        content, plane, window, table_, source = (Dataset() for _ in range(5))
        content.FrameReferenceDateTime = f"20240229000130.{number:03d}"
        content.FrameAcquisitionDateTime = f"20240229000131.{number:03d}"
        content.FrameAcquisitionDuration = 500.0
        content.DimensionIndexValues = [1, number + 1]
        content.StackID, content.InStackPositionNumber = "1", number + 1
        plane.ImagePositionPatient = [0, 0, number]
        window.WindowCenter, window.WindowWidth = "40", "400"
        table_.TableSpeed, table_.TableFeedPerRotation = 12.5, 6.25
        source.ReferencedSOPClassUID = ds.SOPClassUID
        source.ReferencedSOPInstanceUID = f"1.2.826.0.1.4712.{number}"
        group = Dataset()
        group.FrameContentSequence = Sequence([content])
        group.PlanePositionSequence = Sequence([plane])
        group.FrameVOILUTSequence = Sequence([window])
        group.CTTableDynamicsSequence = Sequence([table_])
        group.ReferencedImageSequence = Sequence([source])
        groups.append(group)
    ds.PerFrameFunctionalGroupsSequence = Sequence(groups)
    ds.PixelData = bytes(2 * 64 * _FRAMES)
    ds["PixelData"].VR = "OW"
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
    buffer = io.BytesIO()
    dcmwrite(buffer, ds, enforce_file_format=True)
    return buffer.getvalue()


def run(repeats: int) -> None:
    """Measure a first and later instances, and print seconds."""
    raw = make()
    elements = sum(1 for _ in pydicom.dcmread(io.BytesIO(raw)).iterall())
    first, later, peer = [], [], []
    for _ in range(repeats):
        work = engine()
        first.append(_seconds(lambda work=work: work.deidentify(raw)))  # type: ignore[misc]
        later.append(_seconds(lambda work=work: work.deidentify(raw)))  # type: ignore[misc]
        peer.append(_seconds(_rewrite, raw))
    print(f"\nan enhanced image of {elements} elements, seconds")
    row = [f"{statistics.median(taken):.4f}" for taken in (first, later, peer)]
    table([("", "first of a run", "later", "pydicom read + write"), ("Clinic2Cloud", *row)])


def _rewrite(raw: bytes) -> None:
    ds = pydicom.dcmread(io.BytesIO(raw))
    for _ in ds.iterall():
        pass
    ds.save_as(io.BytesIO())


def _seconds(work: object, *arguments: object) -> float:
    began = time.perf_counter()
    work(*arguments)  # type: ignore[operator]
    return time.perf_counter() - began
