"""What a user gets from the header engine, on a data set made here."""

from __future__ import annotations

import io

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.filewriter import dcmwrite

from Clinic2CloudLib.dicom.profile import HeaderDeidentifier, PixelsDone, ProfileOptions
from Clinic2CloudLib.dicom.pseudonyms import Pseudonyms

MR = "1.2.840.10008.5.1.4.1.1.4"
KEY = b"a key for tests, thirty-two bytes"


def make(**attributes: object) -> Dataset:
    """Return a small MR instance with invented patient data."""
    ds = Dataset()
    ds.SOPClassUID = MR
    ds.SOPInstanceUID = "1.2.3.4.5.6.7.8.9.1"
    ds.StudyInstanceUID = "1.2.3.4.5.6.7.8.9.2"
    ds.SeriesInstanceUID = "1.2.3.4.5.6.7.8.9.3"
    ds.StudyDate, ds.StudyTime = "20240229", "000130"
    ds.PatientName, ds.PatientID = "Quimby^Fred", "QX4711007"
    ds.Modality = "MR"
    ds.SliceThickness = "2.5"
    ds.Rows = ds.Columns = 2
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.PixelData = b"\1\0\2\0\3\0\4\0"
    for name, value in attributes.items():
        setattr(ds, name, value)
    return ds


def encode(ds: Dataset, syntax: str = "1.2.840.10008.1.2.1", meta: bool = True) -> bytes:
    buffer = io.BytesIO()
    implicit, little = syntax == "1.2.840.10008.1.2", syntax != "1.2.840.10008.1.2.2"
    if meta:
        ds.file_meta = pydicom.dataset.FileMetaDataset()
        ds.file_meta.TransferSyntaxUID = syntax
        dcmwrite(buffer, ds, enforce_file_format=True)
    else:
        dcmwrite(buffer, ds, implicit_vr=implicit, little_endian=little)
    return buffer.getvalue()


def engine(cleaner: object = None, **options: object) -> HeaderDeidentifier:
    return HeaderDeidentifier(ProfileOptions(**options), Pseudonyms(KEY), cleaner)


def read(data: bytes) -> Dataset:
    return pydicom.dcmread(io.BytesIO(data))


def test_what_names_the_patient_goes_and_the_image_stays() -> None:
    result = engine().deidentify(encode(make(), "1.2.840.10008.1.2.1"))
    out = read(result.data)
    assert b"Quimby" not in result.data and b"QX4711007" not in result.data
    assert out.PatientID == result.patient_id != "QX4711007"
    assert out.SOPInstanceUID == out.file_meta.MediaStorageSOPInstanceUID == result.sop_instance_uid
    assert out.SliceThickness == 2.5 and out.PixelData == b"\1\0\2\0\3\0\4\0"
    assert out.PatientIdentityRemoved == "YES"
    assert out.LongitudinalTemporalInformationModified == "REMOVED"
    assert [c.CodeValue for c in out.DeidentificationMethodCodeSequence] == ["113100"]
    assert result.data[:128] == b"\0" * 128


def test_date_and_time_move_together_over_midnight() -> None:
    pseudonyms = Pseudonyms(KEY)
    out = read(engine(retain_modified_dates=True).deidentify(encode(make())).data)
    from datetime import datetime

    moved = datetime.strptime(out.StudyDate + out.StudyTime, "%Y%m%d%H%M%S")
    assert moved - datetime(2024, 2, 29, 0, 1, 30) == pseudonyms.date_shift("QX4711007")
    assert out.LongitudinalTemporalInformationModified == "MODIFIED"


@pytest.mark.parametrize(
    "done, codes",
    [
        (PixelsDone(), {"113100"}),
        (PixelsDone(text_checked=True), {"113100", "113101"}),
        (PixelsDone(face_removed=True), {"113100", "113102"}),
    ],
)
def test_the_codes_say_what_was_done_to_the_pixels(done: PixelsDone, codes: set[str]) -> None:
    result = engine().deidentify(encode(make()), done)
    out = read(result.data)
    assert {code for code, _ in result.codes} == codes
    assert (out.get("BurnedInAnnotation") == "NO") is done.text_checked
    assert (out.get("RecognizableVisualFeatures") == "NO") is done.face_removed


@pytest.mark.parametrize(
    "syntax",
    ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"],
)
def test_the_transfer_syntax_stays(syntax: str) -> None:
    ds = make()
    result = engine(retain_modified_dates=True).deidentify(encode(ds, syntax))
    out = read(result.data)
    assert out.file_meta.TransferSyntaxUID == syntax
    assert out.PixelData == ds.PixelData
    assert out.Rows == 2 and out.SliceThickness == 2.5
    assert b"Quimby" not in result.data


def test_a_bare_data_set_gets_preamble_and_file_meta_information() -> None:
    for syntax in ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"):
        out = read(engine().deidentify(encode(make(), syntax, meta=False)).data)
        assert out.file_meta.TransferSyntaxUID == syntax
