"""What a user gets from the header engine, on a data set made here."""

from __future__ import annotations

from datetime import datetime

import pytest
from profilemaker import BIG, EXPLICIT, IMPLICIT, KEY, SYNTAXES, encode, engine, make, read

from Clinic2CloudLib.dicom.profile import PixelsDone
from Clinic2CloudLib.dicom.pseudonyms import Pseudonyms


def test_what_names_the_patient_goes_and_the_image_stays() -> None:
    result = engine().deidentify(encode(make()))
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


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_the_transfer_syntax_stays(syntax: str) -> None:
    ds = make()
    result = engine(retain_modified_dates=True).deidentify(encode(ds, syntax))
    out = read(result.data)
    assert out.file_meta.TransferSyntaxUID == syntax
    assert out.PixelData == ds.PixelData
    assert out.Rows == 2 and out.SliceThickness == 2.5
    assert b"Quimby" not in result.data


def test_a_bare_data_set_gets_preamble_and_file_meta_information() -> None:
    for syntax in (IMPLICIT, EXPLICIT, BIG):
        out = read(engine().deidentify(encode(make(), syntax, meta=False)).data)
        assert out.file_meta.TransferSyntaxUID == syntax
