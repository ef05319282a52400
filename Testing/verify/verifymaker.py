"""A small case made with pydicom alone, so that the second reader is tested without the first."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from pydicom import Dataset, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage

from Clinic2CloudLib.cases.case import Case, CaseInstance, digest_of, save_case
from Clinic2CloudLib.dicom.pseudonyms import Pseudonyms

P = Pseudonyms(bytes(range(32)))

NAME, SURNAME, MRN, ACCESSION = "Muster^Wilhelmine", "Muster", "04217788", "A2023-004512"
STUDY, SERIES, BIRTH = "1.2.840.99.1", "1.2.840.99.2", "19650412"
INSTITUTION, SHORT, STATION = "Spital Hinterpfuiteufel", "Ng", "204"
STUDY_DATE = "20230316"
TOKENS = [
    NAME,
    SURNAME,
    "Wilhelmine",
    MRN,
    ACCESSION,
    STUDY,
    SERIES,
    BIRTH,
    INSTITUTION,
    SHORT,
    STATION,
    STUDY_DATE,
    *(f"1.2.840.99.2.{i}" for i in range(3)),
]
CODES = (
    ("113100", "Basic Application Confidentiality Profile"),
    ("113107", "Retain Longitudinal Temporal Information Modified Dates Option"),
)
POLICY = {"name": "research", "headers": {"retain_modified_dates": True, "keep": []}}

Change = Callable[[Dataset, int], None]


def make_dataset(index: int) -> Dataset:
    """One de-identified slice."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = MRImageStorage
    uid = P.uid(f"1.2.840.99.2.{index}")
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid
    ds.file_meta.ImplementationClassUID = P.uid("implementation")
    ds.StudyInstanceUID, ds.SeriesInstanceUID = P.uid(STUDY), P.uid(SERIES)
    ds.FrameOfReferenceUID = P.uid("1.2.840.99.3")
    ds.PatientID = ds.PatientName = P.patient_id(MRN)
    ds.PatientBirthDate, ds.AccessionNumber = "", P.accession_number(ACCESSION)
    ds.StudyDate = ds.SeriesDate = "20200102"
    ds.StudyTime, ds.StudyID = "042157", ""
    ds.Modality, ds.BodyPartExamined = "MR", "HEAD"
    ds.SeriesDescription = "t1 mprage sag"
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.PatientIdentityRemoved = "YES"
    ds.DeidentificationMethod = "Clinic2Cloud"
    ds.DeidentificationMethodCodeSequence = [code_item(*code) for code in CODES]
    ds.LongitudinalTemporalInformationModified = "MODIFIED"
    ds.Rows = ds.Columns = 64
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    values = np.random.default_rng(index).integers(0, 4096, (64, 64), dtype=np.uint16)
    ds.PixelData = values.tobytes()
    return ds


def code_item(value: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "DCM", meaning
    return item


def encoded(ds: Dataset) -> bytes:
    buffer = io.BytesIO()
    dcmwrite(buffer, ds, enforce_file_format=True)
    return buffer.getvalue()


def png(*chunks: tuple[bytes, bytes]) -> bytes:
    """A picture of one black pixel with more chunks."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(b"\0\0"))
    extra = b"".join(chunk(*item) for item in chunks)
    return b"\x89PNG\r\n\x1a\n" + header + extra + pixels + chunk(b"IEND", b"")


def make_case(
    folder: Path,
    change: Change | None = None,
    *,
    bend: Callable[[bytes, int], bytes] | None = None,
    picture: bytes = b"",
    **facts: Any,
) -> Path:
    """Write a case.

    Parameters
    ----------
    folder : Path
        Where to.
    change : callable, optional
        Changes each instance's data set before it is encoded.
    bend : callable, optional
        Changes each file's bytes before they are listed.
    picture : bytes
        A preview's bytes.
    facts
        Replace what ``case.json`` says.
    """
    case_folder = folder / "case-0123456789ab"
    (case_folder / "instances").mkdir(parents=True)
    (case_folder / "preview").mkdir()
    shown = picture or png((b"tEXt", b"Software\0Clinic2Cloud"))
    (case_folder / "preview" / "sheet.png").write_bytes(shown)
    (case_folder / "report.html").write_text("<html><body>Report</body></html>")
    instances = []
    for index in range(3):
        ds = make_dataset(index)
        uid = str(ds.SOPInstanceUID)
        if change:
            change(ds, index)
        raw = encoded(ds)
        if bend:
            raw = bend(raw, index)
        name = f"instances/{index + 1:05d}.dcm"
        (case_folder / name).write_bytes(raw)
        digest = hashlib.sha256(raw).hexdigest()
        instances.append(CaseInstance(name, uid, str(MRImageStorage), digest, len(raw), 1))
    case = Case(
        folder=case_folder,
        id=case_folder.name,
        state="deidentified",
        modality="MR",
        series_uid=P.uid(SERIES),
        study_uid=P.uid(STUDY),
        patient_id=P.patient_id(MRN),
        description="t1 mprage sag",
        instances=tuple(instances),
        digest=digest_of(tuple(instances)),
        policy=POLICY,
        headers={
            "actions": {"removed": {"PatientBirthDate": 3}},
            "kept_text": [{"attribute": "SeriesDescription", "text": "t1 mprage sag"}],
            "codes": [{"value": value, "meaning": meaning} for value, meaning in CODES],
        },
        preview={
            "views": [],
            "sheet": "preview/sheet.png",
            "sha256": {"preview/sheet.png": hashlib.sha256(shown).hexdigest()},
        },
    )
    import dataclasses

    save_case(dataclasses.replace(case, **facts))
    return case_folder
