"""Made-up de-identified source images: classic or enhanced, at any angle."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydicom import Dataset, FileMetaDataset
from pydicom.dataset import FileDataset
from pydicom.uid import (
    CTImageStorage,
    EnhancedMRImageStorage,
    ExplicitVRLittleEndian,
    MRImageStorage,
)

STUDY, SERIES, FRAME = "2.25.11", "2.25.12", "2.25.13"


def oblique(spacing: tuple[float, float, float] = (1.5, 1.25, 2.0)) -> np.ndarray:
    """A right-handed affine turned about all three axes."""
    a, b, c = 0.3, -0.5, 0.2
    x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    affine = np.eye(4)
    affine[:3, :3] = x @ y @ z * spacing
    affine[:3, 3] = (-40.0, 25.5, 60.25)
    return affine


def header(modality: str, sop_class: str, uid: str, deidentified: bool) -> FileDataset:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = sop_class
    meta.MediaStorageSOPInstanceUID = uid
    image = FileDataset("", {}, file_meta=meta, preamble=bytes(128))
    image.SOPClassUID, image.SOPInstanceUID = sop_class, uid
    image.StudyInstanceUID, image.SeriesInstanceUID = STUDY, SERIES
    image.FrameOfReferenceUID, image.PositionReferenceIndicator = FRAME, ""
    image.Modality, image.Manufacturer = modality, "Test"
    image.ManufacturerModelName, image.DeviceSerialNumber = "Model", "1"
    image.SoftwareVersions = "1"
    image.PatientName, image.PatientID = "Pseudonym^One", "PSEUDO1"
    image.PatientBirthDate, image.PatientSex = "", "O"
    image.StudyDate, image.StudyTime, image.StudyID = "20010203", "040506", "1"
    image.SeriesDate, image.SeriesTime = "20010203", "040600"
    image.ContentDate, image.ContentTime = "20010203", "040700"
    image.AccessionNumber, image.ReferringPhysicianName = "", ""
    image.SeriesNumber, image.InstanceNumber = 3, 1
    image.ImageType = ["ORIGINAL", "PRIMARY", "OTHER"]
    image.BodyPartExamined, image.PatientPosition = "HEAD", "HFS"
    if deidentified:
        image.PatientIdentityRemoved = "YES"
        item = Dataset()
        item.CodeValue, item.CodingSchemeDesignator = "113100", "DCM"
        item.CodeMeaning = "Basic Application Confidentiality Profile"
        image.DeidentificationMethodCodeSequence = [item]
        image.LongitudinalTemporalInformationModified = "MODIFIED"
    return image


def set_pixels(image: Dataset, stored: np.ndarray) -> None:
    image.Rows, image.Columns = stored.shape[-2:]
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
    image.BitsAllocated = image.BitsStored = 16
    image.HighBit, image.PixelRepresentation = 15, 0
    image.PixelData = stored.astype("<u2").tobytes()


def text(values: np.ndarray) -> list[float]:
    return [float(f"{value:.8g}") for value in values]


def write_classic(
    folder: Path,
    stored: np.ndarray,
    affine: np.ndarray,
    *,
    modality: str = "MR",
    intercept: float = 0.0,
    deidentified: bool = True,
) -> list[Path]:
    """One file a slice, named in an order that says nothing about the slices."""
    folder.mkdir(parents=True, exist_ok=True)
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    axes = affine[:3, :3] / spacing
    sop_class = CTImageStorage if modality == "CT" else MRImageStorage
    paths = []
    for k, pixels in enumerate(stored):
        image = header(modality, sop_class, f"2.25.{1000 + k}", deidentified)
        image.InstanceNumber = k + 1
        image.ImagePositionPatient = text(affine[:3] @ [0, 0, k, 1])
        image.ImageOrientationPatient = text(np.concatenate([axes[:, 0], axes[:, 1]]))
        image.PixelSpacing = text(spacing[[1, 0]])
        image.SliceThickness = float(spacing[2])
        image.RescaleSlope, image.RescaleIntercept = 1, intercept
        set_pixels(image, pixels)
        path = folder / f"{(k * 37) % 101:03d}_{k}.dcm"
        image.save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths


def write_enhanced(folder: Path, stored: np.ndarray, affine: np.ndarray) -> list[Path]:
    """One enhanced MR file whose frames are stored from the last slice to the first."""
    folder.mkdir(parents=True, exist_ok=True)
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    axes = affine[:3, :3] / spacing
    image = header("MR", EnhancedMRImageStorage, "2.25.2000", True)
    image.NumberOfFrames = len(stored)
    shared, orientation, measures = Dataset(), Dataset(), Dataset()
    orientation.ImageOrientationPatient = text(np.concatenate([axes[:, 0], axes[:, 1]]))
    measures.PixelSpacing = text(spacing[[1, 0]])
    measures.SliceThickness = measures.SpacingBetweenSlices = float(spacing[2])
    shared.PlaneOrientationSequence, shared.PixelMeasuresSequence = [orientation], [measures]
    image.SharedFunctionalGroupsSequence = [shared]
    frames = []
    for number, k in enumerate(reversed(range(len(stored)))):
        frame, position, content = Dataset(), Dataset(), Dataset()
        position.ImagePositionPatient = text(affine[:3] @ [0, 0, k, 1])
        content.StackID, content.InStackPositionNumber = "1", number + 1
        content.DimensionIndexValues = [1, number + 1]
        frame.PlanePositionSequence, frame.FrameContentSequence = [position], [content]
        frames.append(frame)
    image.PerFrameFunctionalGroupsSequence = frames
    set_pixels(image, stored[::-1])
    path = folder / "enhanced.dcm"
    image.save_as(path, enforce_file_format=True)
    return [path]
