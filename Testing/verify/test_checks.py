"""Each check finds a planted fault of its kind, and is silent where there is none."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmwrite
from pydicom.encaps import encapsulate
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    RLELossless,
)
from verifymaker import (
    ACCESSION,
    BIRTH,
    CODES,
    INSTITUTION,
    MRN,
    NAME,
    POLICY,
    SERIES,
    SHORT,
    STATION,
    STUDY_DATE,
    SURNAME,
    TOKENS,
    P,
    code_item,
    make_case,
    make_dataset,
    png,
)

from Clinic2CloudLib.cases.case import load_case
from Clinic2CloudLib.errors import InputError
from Clinic2CloudLib.verify import verify_case
from Clinic2CloudLib.verify.checks import TOKEN_CHECKS
from Clinic2CloudLib.verify.checks.pixels import DEFLATED_FRAMES

Change = Callable[[Dataset, int], None]


def kinds(folder: Path, tokens: list[str] | None = TOKENS) -> set[str]:
    return {finding.kind for finding in verify_case(folder, tokens).findings}


def test_a_clean_case_is_ok_and_says_what_was_looked_for(tmp_path: Path) -> None:
    folder = make_case(tmp_path)
    seen: list[float] = []
    verification = verify_case(folder, TOKENS, lambda fraction, _: seen.append(fraction))
    assert verification.findings == ()
    assert verification.ok
    assert len(verification.checks) == 22
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_without_tokens_the_checks_that_need_them_are_not_claimed(tmp_path: Path) -> None:
    folder = make_case(tmp_path, lambda ds, i: setattr(ds, "PatientComments", NAME))
    verification = verify_case(folder)
    assert verify_case(folder, []) == verification
    assert verification.ok
    assert not set(verification.checks) & TOKEN_CHECKS


def test_a_folder_that_is_no_case_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        verify_case(tmp_path)


def private(ds: Dataset, value: bytes | str, vr: str) -> None:
    ds.private_block(0x0029, "MAKER", create=True).add_new(0x10, vr, value)


def nested(ds: Dataset, keyword: str, value: str) -> None:
    inner, outer = Dataset(), Dataset()
    setattr(inner, keyword, value)
    outer.ReferencedStudySequence = [inner]
    ds.RequestAttributesSequence = [outer]


def zipped(data: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", data)
    return buffer.getvalue()


def document(text: bytes) -> bytes:
    stream = zlib.compress(b"BT [(" + text[:3] + b") -20 (" + text[3:] + b")] TJ ET")
    return b"%PDF-1.4\n1 0 obj\n<<>>\nstream\n" + stream + b"\nendstream\nendobj\n%%EOF"


FILLER = bytes(range(256)) * 16

#: Where a token may hide in an instance, and which.
LEAKS: dict[str, Change] = {
    "text": lambda ds, i: setattr(ds, "PatientComments", f"seen by Dr. {SURNAME} today"),
    "capitals": lambda ds, i: setattr(ds, "PatientComments", SURNAME.upper()),
    "glued": lambda ds, i: setattr(ds, "PatientComments", "xWilhelmine2x"),
    "number": lambda ds, i: setattr(ds, "PatientComments", f"MRN:{MRN}"),
    "number at the end of a sentence": lambda ds, i: setattr(ds, "PatientComments", f"is {MRN}."),
    "accession": lambda ds, i: setattr(ds, "RequestedProcedureID", ACCESSION),
    "institution": lambda ds, i: setattr(ds, "InstitutionName", INSTITUTION.lower()),
    "uid in text": lambda ds, i: setattr(ds, "PatientComments", f"see {SERIES}"),
    "birth date, as written": lambda ds, i: setattr(ds, "PatientComments", "born 12.04.1965"),
    "birth date in text": lambda ds, i: setattr(ds, "PatientComments", BIRTH),
    "nested": lambda ds, i: nested(ds, "StudyID", MRN),
    "private": lambda ds, i: private(ds, f"{SURNAME}", "LO"),
    "private, binary": lambda ds, i: private(ds, FILLER + SURNAME.encode() + FILLER, "OB"),
    "UTF-16": lambda ds, i: private(ds, f"x{SURNAME}x".encode("utf-16-le")[2:-2], "UN"),
    "UTF-16 BE": lambda ds, i: private(ds, f"-{MRN}-".encode("utf-16-be"), "UN"),
    "zlib": lambda ds, i: private(ds, FILLER + zlib.compress(f"name {SURNAME}".encode()), "OB"),
    "gzip": lambda ds, i: private(ds, gzip.compress(f"name {SURNAME}".encode()), "OB"),
    "zip": lambda ds, i: private(ds, zipped(f"name {SURNAME}".encode()), "OB"),
    "zip in gzip": lambda ds, i: private(ds, gzip.compress(zipped(SURNAME.encode())), "OB"),
    "PDF": lambda ds, i: setattr(ds, "EncapsulatedDocument", document(SURNAME.encode())),
    "pixel data": lambda ds, i: setattr(
        ds, "PixelData", ds.PixelData[:100] + SERIES.encode() + ds.PixelData[112:]
    ),
    "trailing padding": lambda ds, i: ds.add_new(0xFFFCFFFC, "OB", MRN.encode()),
    "overlay": lambda ds, i: ds.add_new(0x60003000, "OW", bytes(4000) + SERIES.encode()),
    "deflated": lambda ds, i: (
        setattr(ds.file_meta, "TransferSyntaxUID", DeflatedExplicitVRLittleEndian),
        setattr(ds, "PatientComments", SURNAME),
    ),
}


@pytest.mark.parametrize("where", LEAKS)
def test_a_token_is_found_wherever_it_hides(tmp_path: Path, where: str) -> None:
    def in_the_second(ds: Dataset, index: int) -> None:
        if index == 1:
            LEAKS[where](ds, index)

    verification = verify_case(make_case(tmp_path, in_the_second), TOKENS)
    leaks = [finding for finding in verification.findings if finding.kind == "leak"]
    assert {finding.file for finding in leaks} == {"instances/00002.dcm"}
    for finding in leaks:  # nothing found is repeated
        for token in TOKENS:
            assert token not in finding.text


def test_a_token_in_the_comment_of_a_compressed_image_is_found(tmp_path: Path) -> None:
    comment = b"done for Muster."
    segment = b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment

    def change(ds: Dataset, index: int) -> None:
        from pydicom.pixels import compress

        compress(ds, JPEGLSLossless, generate_instance_uid=False)
        frame = ds.PixelData
        start = frame.index(b"\xff\xd8") + 2
        item = frame.index(b"\xfe\xff\x00\xe0", 8)  # behind the offset table
        length = int.from_bytes(frame[item + 4 : item + 8], "little") + len(segment)
        data = frame[: item + 4] + length.to_bytes(4, "little") + frame[item + 8 : start]
        ds.PixelData = data + segment + frame[start:]

    assert kinds(make_case(tmp_path, change)) == {"leak"}


def spoilt(pixels: bytes) -> bytes:
    return pixels[:-2]


def other_code(ds: Dataset, index: int) -> None:
    ds.DeidentificationMethodCodeSequence.append(code_item("113109", "Device"))


def no_modified_dates(ds: Dataset, index: int) -> None:
    ds.DeidentificationMethodCodeSequence = [code_item(*CODES[0])]


def own_reference(uid: str) -> Change:
    def change(ds: Dataset, index: int) -> None:
        image, series = Dataset(), Dataset()
        image.ReferencedSOPClassUID, image.ReferencedSOPInstanceUID = ds.SOPClassUID, uid
        series.SeriesInstanceUID = ds.SeriesInstanceUID
        series.ReferencedInstanceSequence = [image]
        ds.ReferencedSeriesSequence = [series]

    return change


def bent(change: Callable[[bytes], bytes]) -> Callable[[bytes, int], bytes]:
    return lambda raw, index: change(raw) if index == 0 else raw


#: Kind to a fault of that kind.
FAULTS: dict[str, Change] = {
    "original-uid": lambda ds, i: setattr(ds, "FrameOfReferenceUID", "1.2.3.4.5"),
    "short-leak": lambda ds, i: setattr(ds, "StudyID", STATION),
    "identity": lambda ds, i: setattr(ds, "StudyInstanceUID", P.uid("another")),
    "reference": own_reference(P.uid("1.2.840.99.2.77")),
    "codes": other_code,
    "dates-claim": lambda ds, i: setattr(ds, "LongitudinalTemporalInformationModified", "REMOVED"),
    "text-claim": lambda ds, i: setattr(ds, "BurnedInAnnotation", "NO"),
    "face-claim": lambda ds, i: setattr(ds, "RecognizableVisualFeatures", "NO"),
    "private-element": lambda ds, i: private(ds, "1.5", "DS"),
    "person-name": lambda ds, i: setattr(ds, "OperatorsName", "Somebody^Else"),
    "date": lambda ds, i: setattr(ds, "ContentDate", STUDY_DATE),
    "pixel-data": lambda ds, i: setattr(ds, "PixelData", spoilt(ds.PixelData)),
}


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_is_found_by_its_own_check_alone(tmp_path: Path, kind: str) -> None:
    assert kinds(make_case(tmp_path, FAULTS[kind])) == {kind}


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("original-uid", lambda raw: raw.replace(b"2.25.", b"2.26.", 1)),
        ("preamble", lambda raw: b"II*\0" + raw[4:]),
        ("unreadable", lambda raw: b"not DICOM at all" * 20),
        ("unreadable", lambda raw: b""),
        ("file-meta", lambda raw: raw.replace(P.uid("1.2.840.99.2.0").encode(), b"2.25.8", 1)),
    ],
)
def test_a_bent_file_is_found(tmp_path: Path, kind: str, change: Callable[[bytes], bytes]) -> None:
    assert kind in kinds(make_case(tmp_path, bend=bent(change)))


def test_meta_of_the_source_is_found(tmp_path: Path) -> None:
    def change(ds: Dataset, index: int) -> None:
        ds.file_meta.SourceApplicationEntityTitle = "PACS"

    assert kinds(make_case(tmp_path, change)) == {"file-meta"}


def test_two_instances_with_one_uid_are_found(tmp_path: Path) -> None:
    def change(ds: Dataset, index: int) -> None:
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = P.uid("1.2.840.99.2.0")

    assert kinds(make_case(tmp_path, change)) == {"identity"}


def test_a_value_that_nobody_can_read_is_found(tmp_path: Path) -> None:
    def bend(raw: bytes, index: int) -> bytes:
        at = raw.index(b"\x28\x00\x10\x00US\x02\x00")  # Rows, made three bytes long
        return raw[: at + 6] + b"\x03\x00\x40\x00\x00" + raw[at + 10 :]

    assert "unreadable-value" in kinds(make_case(tmp_path, bend=bend))


def test_pixels_that_cannot_be_decoded_are_found(tmp_path: Path) -> None:
    def change(ds: Dataset, index: int) -> None:
        ds.file_meta.TransferSyntaxUID = RLELossless
        ds.PixelData = encapsulate([b"\1" * 64])
        ds["PixelData"].is_undefined_length = True

    assert kinds(make_case(tmp_path, change)) == {"pixel-data"}


@pytest.mark.parametrize(("cut", "expected"), [(None, set()), (200, {"pixel-data"})])
def test_jpeg_pixels_are_decoded(tmp_path: Path, cut: int | None, expected: set[str]) -> None:
    from PIL import Image

    def change(ds: Dataset, index: int) -> None:
        buffer = io.BytesIO()
        shades = np.arange(64 * 64, dtype=np.uint32).reshape(64, 64) * 7 % 256
        Image.fromarray(shades.astype(np.uint8)).save(buffer, "JPEG")
        ds.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
        ds.BitsAllocated = ds.BitsStored = 8
        ds.HighBit = 7
        ds.PixelData = encapsulate([buffer.getvalue()[:cut]])
        ds["PixelData"].is_undefined_length = True

    assert kinds(make_case(tmp_path, change)) == expected


def test_deflated_frames_are_unpacked(tmp_path: Path) -> None:
    def whole(ds: Dataset, index: int) -> None:
        deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        frame = deflater.compress(ds.PixelData) + deflater.flush()
        ds.file_meta.TransferSyntaxUID = JPEGLSLossless
        ds.PixelData = encapsulate([frame])
        ds["PixelData"].is_undefined_length = True
        ds["PixelData"].VR = "OB"

    def cut(ds: Dataset, index: int) -> None:
        ds.PixelData = ds.PixelData[:-100]
        whole(ds, index)

    def named(raw: bytes, index: int) -> bytes:  # pydicom does not write it by its name
        return raw.replace(JPEGLSLossless.encode(), f"{DEFLATED_FRAMES}\0".encode())

    assert kinds(make_case(tmp_path / "a", whole, bend=named)) == set()
    assert kinds(make_case(tmp_path / "b", cut, bend=named)) == {"pixel-data"}


def test_a_changed_missing_or_further_file_is_found(tmp_path: Path) -> None:
    folder = make_case(tmp_path)
    changed = folder / "instances" / "00001.dcm"
    changed.write_bytes(changed.read_bytes()[:-1] + b"\x01")
    (folder / "instances" / "00002.dcm").unlink()
    (folder / "instances" / "secret Muster.dcm").write_bytes(b"x")
    found = verify_case(folder, TOKENS).findings
    assert {(finding.kind, finding.file) for finding in found} == {
        ("digest", "instances/00001.dcm"),
        ("unreadable", "instances/00002.dcm"),
        ("foreign-file", "instances"),
    }


def test_a_digest_that_is_not_the_cases_is_found(tmp_path: Path) -> None:
    assert kinds(make_case(tmp_path, digest="0" * 64)) == {"digest"}


def test_a_claim_without_the_work_is_found(tmp_path: Path) -> None:
    codes = [{"value": value, "meaning": ""} for value in ("113100", "113107", "113101", "113102")]

    def change(ds: Dataset, index: int) -> None:
        for value in ("113101", "113102"):
            ds.DeidentificationMethodCodeSequence.append(code_item(value, "x"))

    headers = {"codes": codes}
    assert kinds(make_case(tmp_path / "a", change, headers=headers)) == {
        "text-claim",
        "face-claim",
    }
    done = {"face": {"status": "found"}, "text": {"status": "none found"}}
    assert kinds(make_case(tmp_path / "b", change, headers=headers, **done)) == set()


@pytest.mark.parametrize(
    ("keyword", "code", "kind"),
    [
        ("BurnedInAnnotation", "113101", "text-claim"),
        ("RecognizableVisualFeatures", "113102", "face-claim"),
    ],
)
def test_a_claim_that_contradicts_its_attribute_is_found(
    tmp_path: Path, keyword: str, code: str, kind: str
) -> None:
    codes = [{"value": value, "meaning": ""} for value in ("113100", "113107", code)]

    def change(ds: Dataset, index: int) -> None:
        ds.DeidentificationMethodCodeSequence.append(code_item(code, "x"))
        setattr(ds, keyword, said)

    done = {"face": {"status": "found"}, "text": {"status": "none found"}}
    for said, found in (("YES", {kind}), ("NO", set())):
        case = make_case(tmp_path / said, change, headers={"codes": codes}, **done)
        assert kinds(case) == found


def test_dates_that_the_policy_does_not_promise_are_found(tmp_path: Path) -> None:
    assert "dates-claim" in kinds(make_case(tmp_path, no_modified_dates))


def test_a_token_in_the_record_the_report_or_a_picture_is_found(tmp_path: Path) -> None:
    folder = make_case(tmp_path / "a", description=f"knee {SURNAME}")
    assert kinds(folder) == {"record-leak"}
    folder = make_case(tmp_path / "b")
    (folder / "report.html").write_text(f"<p title='x'>Mu&#115;ter</p><p>{MRN}</p>")
    assert [f.file for f in verify_case(folder, TOKENS).findings] == ["report.html"] * 2
    shown = png((b"tEXt", b"Author\0Muster"))
    assert kinds(make_case(tmp_path / "c", picture=shown)) == {"picture-metadata"}
    shown = png() + b"Muster"
    assert kinds(make_case(tmp_path / "d", picture=shown)) == {"picture-metadata"}


def nrrd(header: str, voxels: bytes = FILLER) -> bytes:
    return b"NRRD0004\ntype: short\n" + header.encode() + b"\n\n" + gzip.compress(voxels)


def nifti(described: str, voxels: bytes = FILLER) -> bytes:
    header = bytearray(352)
    header[148 : 148 + len(described)] = described.encode()
    return gzip.compress(bytes(header) + voxels)


def multiframe(**facts: str) -> bytes:
    buffer = io.BytesIO()
    dataset = make_dataset(1)
    for keyword, value in facts.items():
        setattr(dataset, keyword, value)
    dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()


def exported(folder: Path, files: dict[str, bytes]) -> Path:
    case = make_case(folder)
    (case / "export").mkdir()
    for name, content in files.items():
        (case / "export" / name.format(load_case(case).id)).write_bytes(content)
    return case


def test_a_clean_export_is_a_file_of_the_case(tmp_path: Path) -> None:
    files = {"{}-1.nii.gz": nifti("t1"), "{}-1.nrrd": nrrd("#x"), "{}-multiframe.dcm": multiframe()}
    assert kinds(exported(tmp_path, files)) == set()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("{}-1.nii.gz", nifti(SURNAME)),
        ("{}-2.nii.gz", nifti("t1", FILLER + INSTITUTION.encode() + FILLER)),
        ("{}-1.nii.gz", b"no gzip"),
        ("{}-1.nrrd", nrrd(f"# of {SURNAME}")),
        ("{}-12.nrrd", nrrd("#", FILLER + SERIES.encode() + FILLER)),
        ("{}-multiframe.dcm", multiframe(PatientComments=SURNAME)),
        ("{}-multiframe.dcm", b"no DICOM"),
    ],
)
def test_a_token_in_an_export_is_found(tmp_path: Path, name: str, content: bytes) -> None:
    assert kinds(exported(tmp_path, {name: content})) == {"export-leak"}


@pytest.mark.parametrize("name", ["{}-x.nii.gz", "Muster-1.nii.gz", "{}.dcm", "{}-1.nii"])
def test_another_file_among_the_exports_is_no_file_of_the_case(tmp_path: Path, name: str) -> None:
    assert kinds(exported(tmp_path, {name: b"x"})) == {"foreign-file"}


# Where a check must be silent though it looks like a fault.


def test_a_number_that_is_a_time_or_a_measure_is_none_of_the_source(tmp_path: Path) -> None:
    def change(ds: Dataset, index: int) -> None:
        ds.StudyTime = "101112"
        ds.RepetitionTime = "101112"
        ds.SliceLocation = "0.101112"

    assert kinds(make_case(tmp_path / "a", change), ["101112"]) == set()
    both = make_case(tmp_path / "b", lambda ds, i: setattr(ds, "StudyComments", "101112"))
    assert kinds(both, ["101112"]) == {"leak"}


def test_a_patient_called_head_does_not_make_every_head_suspect(tmp_path: Path) -> None:
    assert kinds(make_case(tmp_path / "a"), ["Head", "Short", "Face"]) == set()
    told = make_case(tmp_path / "b", lambda ds, i: setattr(ds, "PatientComments", "Mr. Head"))
    assert kinds(told, ["Head"]) == {"leak"}
    told = make_case(tmp_path / "c", description="CT of Head")
    assert kinds(told, ["Head"]) == {"record-leak"}


def test_a_short_name_is_no_part_of_a_word(tmp_path: Path) -> None:
    def change(ds: Dataset, index: int) -> None:
        ds.SeriesDescription = "thorax across"

    assert kinds(make_case(tmp_path, change), ["Thor", "Ross", SHORT, "Li"]) == set()


def test_a_short_name_in_a_name_is_found(tmp_path: Path) -> None:
    def change(ds: Dataset, index: int) -> None:
        ds.OperatorsName = f"{SHORT}^X"

    assert kinds(make_case(tmp_path, change)) == {"short-leak", "person-name"}


def test_what_says_nothing_is_not_looked_for(tmp_path: Path) -> None:
    def change(ds: Dataset, index: int) -> None:
        ds.PatientComments = "anonymous removed unknown 00000000"

    tokens = ["ANONYMOUS", "Removed", "unknown", "00000000", "", "^"]
    assert kinds(make_case(tmp_path, change), tokens) == set()


def test_a_date_that_the_shift_makes_equal_to_another_is_no_leak(tmp_path: Path) -> None:
    """Old 2 January and 11 February, both moved by 40 days: one new date is an old one."""

    def moved(ds: Dataset, index: int) -> None:
        ds.StudyDate, ds.SeriesDate = "20191123", "20200102"

    assert kinds(make_case(tmp_path / "a", moved), ["20200102", "20200211"]) == set()

    def left(ds: Dataset, index: int) -> None:
        ds.StudyDate, ds.SeriesDate = "20191123", "20200211"

    assert kinds(make_case(tmp_path / "b", left), ["20200102", "20200211"]) == {"date"}


def test_declared_private_elements_are_allowed(tmp_path: Path) -> None:
    def change(ds: Dataset, index: int) -> None:
        private(ds, "1.5", "DS")

    headers = {**POLICY["headers"], "keep_private": [["MAKER", 0x10]]}
    assert kinds(make_case(tmp_path / "a", change, policy={"headers": headers})) == set()
    headers = {**POLICY["headers"], "keep_private": [["MAKER", 0x11]]}
    found = kinds(make_case(tmp_path / "b", change, policy={"headers": headers}))
    assert found == {"private-element"}
    headers = {**POLICY["headers"], "retain_safe_private": True}
    assert kinds(make_case(tmp_path / "c", change, policy={"headers": headers})) == set()


def test_a_private_element_without_a_creator_is_never_allowed(tmp_path: Path) -> None:
    headers = {**POLICY["headers"], "retain_safe_private": True}

    def change(ds: Dataset, index: int) -> None:
        ds.add_new(0x00291010, "DS", "1.5")

    folder = make_case(tmp_path, change, policy={"headers": headers})
    assert kinds(folder) == {"private-element"}


def test_what_the_policy_keeps_is_no_finding(tmp_path: Path) -> None:
    headers = {"retain_full_dates": True, "retain_uids": True, "keep": ["OperatorsName"]}
    codes = [("113100", ""), ("113106", ""), ("113110", "")]

    def change(ds: Dataset, index: int) -> None:
        ds.DeidentificationMethodCodeSequence = [code_item(*code) for code in codes]
        ds.LongitudinalTemporalInformationModified = "UNMODIFIED"
        ds.FrameOfReferenceUID = "1.2.840.99.1"
        ds.StudyDate = STUDY_DATE
        ds.OperatorsName = "Kept^Name"

    folder = make_case(
        tmp_path,
        change,
        policy={"headers": headers},
        headers={"codes": [{"value": value, "meaning": ""} for value, _ in codes]},
    )
    assert kinds(folder) == set()


def test_references_into_the_case_and_to_elsewhere_are_right(tmp_path: Path) -> None:
    assert kinds(make_case(tmp_path / "a", own_reference(P.uid("1.2.840.99.2.0")))) == set()

    def outside(ds: Dataset, index: int) -> None:
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = ds.SOPClassUID, P.uid("9")
        ds.ReferencedImageSequence = [item]

    assert kinds(make_case(tmp_path / "b", outside)) == set()


def test_classes_and_well_known_uids_stay(tmp_path: Path) -> None:
    def change(ds: Dataset, index: int) -> None:
        item = Dataset()
        item.ReferencedSOPClassUID = "1.3.12.2.1107.5.9.1"  # a vendor's own
        item.ReferencedSOPInstanceUID = P.uid("9")
        ds.ReferencedImageSequence = [item]
        ds.FrameOfReferenceUID = "1.2.840.10008.1.4.1.1"  # Talairach, registered in PS3.6

    assert kinds(make_case(tmp_path, change)) == set()


def test_dark_pixels_are_no_source_of_numbers(tmp_path: Path) -> None:
    """8-bit values all between the codes of "0" and "9" hold any short number by chance."""
    rng = np.random.default_rng(0)

    def change(ds: Dataset, index: int) -> None:
        ds.Rows = ds.Columns = 512
        ds.BitsAllocated = ds.BitsStored = 8
        ds.HighBit = 7
        values = rng.integers(0x30, 0x3A, (512, 512), dtype=np.uint8)
        values[0, :10] = np.frombuffer(b" 04217788 ", np.uint8)
        ds.PixelData = values.tobytes()

    assert kinds(make_case(tmp_path, change), [MRN, "123456", "654321"]) == set()


def test_random_pixels_give_no_false_alarm(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)

    def change(ds: Dataset, index: int) -> None:
        ds.Rows = ds.Columns = 1024
        ds.BitsStored, ds.HighBit = 16, 15
        ds.PixelData = rng.bytes(2 << 20)

    words = ["Anna", "Kunz", "Meyer", "Huber", "Vogel", "Keller"]
    assert kinds(make_case(tmp_path, change), [*TOKENS, *words]) == set()


def test_a_case_record_that_cannot_be_read_is_no_case(tmp_path: Path) -> None:
    folder = make_case(tmp_path)
    record = json.loads((folder / "case.json").read_text())
    del record["digest"]
    (folder / "case.json").write_text(json.dumps(record))
    with pytest.raises(InputError):
        verify_case(folder, TOKENS)
