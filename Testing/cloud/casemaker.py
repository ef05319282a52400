"""Approved cases to send: small MR series with pseudonyms, made without the rest of the library."""

from __future__ import annotations

import functools
import hashlib
import io
from pathlib import Path

import numpy as np
from pydicom import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage

from Clinic2CloudLib.cases.case import Case, CaseInstance, digest_of, load_case, save_case
from Clinic2CloudLib.cases.review import review_case

STUDY, SERIES, PATIENT = "2.25.1001", "2.25.1002", "PAT-7F3A"


@functools.lru_cache(1000)
def mr_slice(number: int, *, side: int = 64, series: str = SERIES, seed: int = 0) -> bytes:
    """One MR slice as a Part 10 file."""
    pixels = np.random.default_rng([seed, number]).integers(0, 4096, (side, side), np.uint16)
    data = Dataset()
    data.SOPClassUID = MRImageStorage
    data.SOPInstanceUID = f"{series}.{number}"
    data.StudyInstanceUID = STUDY
    data.SeriesInstanceUID = series
    data.PatientID = PATIENT
    data.PatientName = "ANON^7F3A"
    data.PatientIdentityRemoved = "YES"
    data.DeidentificationMethod = "made for a test"
    data.Modality = "MR"
    data.InstanceNumber = number
    data.Rows = data.Columns = side
    data.BitsAllocated, data.BitsStored, data.HighBit = 16, 12, 11
    data.PixelRepresentation, data.SamplesPerPixel = 0, 1
    data.PhotometricInterpretation = "MONOCHROME2"
    data.PixelData = pixels.tobytes()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.file_meta.MediaStorageSOPClassUID = MRImageStorage
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    stream = io.BytesIO()
    data.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def make_case(folder: Path, count: int = 12, *, side: int = 64, series: str = SERIES) -> Case:
    """Write a verified case of ``count`` slices that nobody has reviewed yet."""
    files = {
        f"instances/{n:05d}.dcm": mr_slice(n, side=side, series=series) for n in range(1, count + 1)
    }
    return write_case(folder, files, series)


def write_case(folder: Path, files: dict[str, bytes], series: str = SERIES) -> Case:
    """Write a verified case from its files."""
    (folder / "instances").mkdir(parents=True)
    instances = []
    for number, (name, content) in enumerate(files.items(), 1):
        (folder / name).write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        instances.append(
            CaseInstance(name, f"{series}.{number}", MRImageStorage, digest, len(content), 1)
        )
    listed = tuple(instances)
    case = Case(
        folder=folder,
        id=folder.name,
        state="verified",
        modality="MR",
        series_uid=series,
        study_uid=STUDY,
        patient_id=PATIENT,
        description="t1 mprage sag",
        instances=listed,
        digest=digest_of(listed),
        verification={"ok": True, "checks": ["made for a test"], "findings": []},
    )
    save_case(case)
    return case


def approved_case(folder: Path, count: int = 12, *, side: int = 64, series: str = SERIES) -> Case:
    """Write a case and approve it."""
    make_case(folder, count, side=side, series=series)
    return approve(folder)


def approve(folder: Path) -> Case:
    """Approve a case as a reviewer would."""
    return review_case(folder, approve=True, reviewer="Dr. Test", verifier=load_case)
