"""Structured content, references, private elements, character sets and other corners."""

from __future__ import annotations

import shutil
import struct
import subprocess
from datetime import datetime
from pathlib import Path

import pytest
from profilemaker import BIG, EXPLICIT, IMPLICIT, KEY, SYNTAXES, encode, engine, make, read
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import JPEGLSLossless

from Clinic2CloudLib.dicom.descriptors import DescriptorCleaner
from Clinic2CloudLib.dicom.profile import PixelsDone
from Clinic2CloudLib.dicom.profile.encoding import EXPLICIT as LITTLE
from Clinic2CloudLib.dicom.pseudonyms import Pseudonyms
from Clinic2CloudLib.errors import NotDeidentifiableError

SR = "1.2.840.10008.5.1.4.1.1.88.33"


def code(value: str, scheme: str, meaning: str) -> Sequence:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return Sequence([item])


def content(value_type: str, name: tuple[str, str, str], **values: object) -> Dataset:
    item = Dataset()
    item.RelationshipType, item.ValueType = "CONTAINS", value_type
    item.ConceptNameCodeSequence = code(*name)
    for keyword, value in values.items():
        setattr(item, keyword, value)
    return item


def report() -> Dataset:
    ds = make(SOPClassUID=SR, Modality="SR")
    for keyword in ("Rows", "Columns", "PixelData", "BitsAllocated"):
        delattr(ds, keyword)
    ds.VerifyingObserverSequence = [Dataset()]
    ds.VerifyingObserverSequence[0].VerifyingObserverName = "Grimshaw^Ada"
    ds.VerifyingObserverSequence[0].VerifyingOrganization = "Saint Elsewhere"
    ds.ValueType, ds.ContinuityOfContent = "CONTAINER", "SEPARATE"
    ds.ConceptNameCodeSequence = code("126000", "DCM", "Imaging Measurement Report")
    image = Dataset()
    image.ReferencedSOPClassUID = "1.2.840.10008.5.1.4.1.1.4"
    image.ReferencedSOPInstanceUID = "1.2.3.4.5.6.7.8.9.1"
    ds.ContentSequence = [
        content("PNAME", ("121008", "DCM", "Person Observer Name"), PersonName="Grimshaw^Ada"),
        content("TEXT", ("121071", "DCM", "Finding"), TextValue="liver lesion seen by Grimshaw"),
        content("TEXT", ("99X", "99LOCAL", "Remark"), TextValue="Mr. Quimby has a liver cyst"),
        content("TEXT", ("121030", "DCM", "Subject ID"), TextValue="QX4711007"),
        content("DATE", ("121031", "DCM", "Subject Birth Date"), Date="19400105"),
        content("DATE", ("111060", "DCM", "Study Date"), Date="20240229"),
        content("TIME", ("111061", "DCM", "Study Time"), Time="000130"),
        content("DATETIME", ("111526", "DCM", "DateTime Started"), DateTime="20240229000130"),
        content("UIDREF", ("110180", "DCM", "Study Instance UID"), UID="1.2.3.4.5.6.7.8.9.2"),
        content(
            "CONTAINER",
            ("125007", "DCM", "Measurement Group"),
            ContinuityOfContent="SEPARATE",
            ContentSequence=[
                content(
                    "NUM",
                    ("410668003", "SCT", "Length"),
                    MeasuredValueSequence=[_measured("12.5")],
                ),
                content(
                    "IMAGE",
                    ("121112", "DCM", "Source of Measurement"),
                    ReferencedSOPSequence=[image],
                ),
            ],
        ),
    ]
    return ds


def _measured(value: str) -> Dataset:
    item = Dataset()
    item.NumericValue = value
    item.MeasurementUnitsCodeSequence = code("mm", "UCUM", "mm")
    return item


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("clean", [False, True])
def test_a_structured_report_keeps_its_measurements_and_loses_its_people(
    clean: bool, syntax: str
) -> None:
    header = engine(
        DescriptorCleaner(),
        clean_structured_content=clean,
        clean_descriptors=clean,
        retain_modified_dates=True,
    )
    result = header.deidentify(encode(report(), syntax))
    for secret in (b"Grimshaw", b"Quimby", b"QX4711", b"19400105", b"20240229", b"1.2.3.4.5.6.7"):
        assert secret not in result.data
    out = read(result.data)
    found = {(item.ConceptNameCodeSequence[0].CodeMeaning): item for item in out.ContentSequence}
    assert "Subject Birth Date" not in found
    group = found["Measurement Group"].ContentSequence
    assert group[0].MeasuredValueSequence[0].NumericValue == 12.5
    reference = group[1].ReferencedSOPSequence[0].ReferencedSOPInstanceUID
    assert reference == result.sop_instance_uid
    assert result.study_uid == found["Study Instance UID"].UID
    if clean:
        assert "liver" in found["Finding"].TextValue and "liver" in found["Remark"].TextValue
        shift = Pseudonyms(KEY).date_shift("QX4711007")
        moved = datetime.strptime(found["DateTime Started"].DateTime, "%Y%m%d%H%M%S")
        assert moved - datetime(2024, 2, 29, 0, 1, 30) == shift
        beside = found["Study Date"].Date + found["Study Time"].Time
        assert datetime.strptime(beside, "%Y%m%d%H%M%S") == moved
    else:
        assert found["Finding"].TextValue == "REMOVED"


def test_references_hold_between_an_image_a_structure_set_and_a_segmentation() -> None:
    header = engine()
    image = header.deidentify(encode(make()))
    contour = Dataset()
    contour.ReferencedSOPClassUID = make().SOPClassUID
    contour.ReferencedSOPInstanceUID = make().SOPInstanceUID
    frame = Dataset()
    frame.FrameOfReferenceUID = "1.2.3.4.5.6.7.8.9.4"
    study, series = Dataset(), Dataset()
    series.SeriesInstanceUID = make().SeriesInstanceUID
    series.ContourImageSequence = [contour]
    study.ReferencedSOPClassUID = "1.2.840.10008.3.1.2.3.1"
    study.ReferencedSOPInstanceUID = make().StudyInstanceUID
    study.RTReferencedSeriesSequence = [series]
    frame.RTReferencedStudySequence = [study]
    rtstruct = make(
        SOPClassUID="1.2.840.10008.5.1.4.1.1.481.3", ReferencedFrameOfReferenceSequence=[frame]
    )
    out = read(header.deidentify(encode(rtstruct)).data)
    found = out.ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence[0]
    assert found.ReferencedSOPInstanceUID == image.study_uid
    inner = found.RTReferencedSeriesSequence[0]
    assert inner.SeriesInstanceUID == image.series_uid
    assert inner.ContourImageSequence[0].ReferencedSOPInstanceUID == image.sop_instance_uid
    assert inner.ContourImageSequence[0].ReferencedSOPClassUID == make().SOPClassUID

    derived, group = Dataset(), Dataset()
    derived.SourceImageSequence = [contour]
    group.DerivationImageSequence = [derived]
    seg = make(SOPClassUID="1.2.840.10008.5.1.4.1.1.66.4", PerFrameFunctionalGroupsSequence=[group])
    out = read(header.deidentify(encode(seg)).data)
    source = out.PerFrameFunctionalGroupsSequence[0].DerivationImageSequence[0]
    assert source.SourceImageSequence[0].ReferencedSOPInstanceUID == image.sop_instance_uid


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_private_elements_stay_only_as_listed_and_only_with_their_creator(syntax: str) -> None:
    ds = make()
    block = ds.private_block(0x0019, "GEMS_ACQU_01", create=True)
    block.add_new(0x23, "DS", "12.5")  # listed as safe
    block.add_new(0x9E, "LO", "EFGRE Quimby")  # listed, but names the patient
    block.add_new(0x77, "LO", "SECRETIVE")  # not listed
    ds.private_block(0x0019, "SOME VENDOR", create=True).add_new(0x0C, "IS", "1000")
    ds.add_new(0x00211023, "DS", "99.25")  # without a creator
    nested = Dataset()
    nested.private_block(0x7053, "Philips PET Private Group", create=True).add_new(0, "DS", "0.5")
    nested.private_block(0x0029, "HIDDEN", create=True).add_new(1, "LO", "SECRETIVE")
    ds.DerivationCodeSequence = [nested]
    raw = encode(ds, syntax)

    out = read(engine().deidentify(raw).data)
    assert not any(e.tag.is_private for e in out.iterall())

    result = engine(retain_safe_private=True, keep_private=(("SOME VENDOR", 0x0C),)).deidentify(raw)
    out = read(result.data)
    assert out.private_block(0x0019, "GEMS_ACQU_01")[0x23].value in (12.5, b"12.5")
    if syntax != IMPLICIT:  # there its VR is known to nobody
        assert out.private_block(0x0019, "SOME VENDOR")[0x0C].value == 1000
    inner = out.DerivationCodeSequence[0]
    assert inner.private_block(0x7053, "Philips PET Private Group")[0].value in (0.5, b"0.5 ")
    assert b"SECRETIVE" not in result.data and b"99.25" not in result.data
    assert b"Quimby" not in result.data and b"HIDDEN" not in result.data


@pytest.mark.parametrize(
    "charset, name, text",
    [
        ("ISO_IR 100", "Müller^Jürg", "t1 Müller"),
        ("ISO_IR 144", "Люкceмбypг^Иван", "t1 Люкceмбypг"),
        ("ISO_IR 192", "Wang^XiaoDong=王^小東=", "t1 王小東"),
        ("GB18030", "Wang^XiaoDong=王^小东=", "t1 王小东"),
        (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう", "t1 山田太郎"),
        (["", "ISO 2022 IR 149"], "Hong^Gildong=洪^吉洞=홍^길동", "t1 홍길동"),
    ],
)
def test_names_go_from_text_in_any_character_set(charset: object, name: str, text: str) -> None:
    ds = make(SpecificCharacterSet=charset, PatientName=name, ReceiveCoilName=text)
    ds.ManufacturerModelName = "Hôpital" if charset == "ISO_IR 100" else "Model"
    ds.SeriesDescription = text
    for header in (engine(), engine(DescriptorCleaner(), clean_descriptors=True)):
        out = read(header.deidentify(encode(ds)).data)
        assert out.SpecificCharacterSet == ds.SpecificCharacterSet
        assert out.ReceiveCoilName in ("t1", "")
        assert out.get("SeriesDescription", "t1") == "t1"
        assert out.ManufacturerModelName == ds.ManufacturerModelName


def test_an_encapsulated_document_a_voice_and_a_directory_are_set_aside() -> None:
    pdf = make(SOPClassUID="1.2.840.10008.5.1.4.1.1.104.1", EncapsulatedDocument=b"%PDF")
    voice = make(SOPClassUID="1.2.840.10008.5.1.4.1.1.9.4.1")
    vendor = make(SOPClassUID="1.3.12.2.1107.5.9.1")
    for ds in (pdf, voice, vendor):
        with pytest.raises(NotDeidentifiableError):
            engine().deidentify(encode(ds))
    directory = make()
    directory.add_new(0x00041220, "SQ", Sequence([Dataset()]))
    with pytest.raises(NotDeidentifiableError, match="DICOMDIR"):
        engine().deidentify(encode(directory, meta=False))
    for junk in (b"", b"hello", b"\0" * 200, b"\0" * 128 + b"DICM"):
        with pytest.raises(NotDeidentifiableError):
            engine().deidentify(junk)


def test_a_comment_in_a_compressed_frame_sets_the_file_aside() -> None:
    def compressed(comment: bytes) -> bytes:
        frame = b"\xff\xd8\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment + b"\xff\xd9"
        ds = make()
        ds.PixelData = (
            b"\xfe\xff\x00\xe0\0\0\0\0\xfe\xff\x00\xe0" + struct.pack("<I", len(frame)) + frame
        )
        ds["PixelData"].VR = "OB"
        ds["PixelData"].is_undefined_length = True
        return encode(ds, JPEGLSLossless)

    assert b"made by ABC!" in engine().deidentify(compressed(b"made by ABC!")).data
    with pytest.raises(NotDeidentifiableError, match="comment"):
        engine().deidentify(compressed(b"Fred Quimby "))


def test_an_overlay_in_unused_bits_of_the_pixels_is_cleared() -> None:
    ds = make(PixelData=struct.pack("<4H", 0x1001, 0xF002, 0x0003, 0x2FFF))
    ds.add_new(0x60000100, "US", 16)
    ds.add_new(0x60000102, "US", 12)
    for syntax in (EXPLICIT, BIG):
        if syntax == BIG:
            ds.PixelData = struct.pack(">4H", 0x1001, 0xF002, 0x0003, 0x2FFF)
        out = read(engine().deidentify(encode(ds, syntax)).data)
        order = ">" if syntax == BIG else "<"
        assert struct.unpack(f"{order}4H", out.PixelData) == (1, 2, 3, 0x0FFF)
        assert 0x60000102 not in out


def test_elements_written_as_unknown_get_their_vr_and_their_treatment() -> None:
    inner = LITTLE.pack_tag(0x00100010) + struct.pack("<I", 12) + b"Quimby^Fred "
    item = b"\xfe\xff\x00\xe0" + struct.pack("<I", len(inner)) + inner
    raw = encode(make())
    cut = raw.index(LITTLE.pack_tag(0x00080060))
    unknown = (
        LITTLE.element(0x00080050, "UN", b"ACC12345")
        + raw[cut : raw.index(LITTLE.pack_tag(0x00100010))]
        + LITTLE.element(0x00089215, "UN", item)
    )
    result = engine().deidentify(
        raw[:cut] + unknown + raw[raw.index(LITTLE.pack_tag(0x00100010)) :]
    )
    out = read(result.data)
    assert b"Quimby" not in result.data and b"ACC12345" not in result.data
    assert out["AccessionNumber"].VR == "SH"
    assert out.DerivationCodeSequence[0].PatientName == result.patient_id


def test_elements_out_of_order_are_put_in_order_and_doubles_refused() -> None:
    ds = make()
    raw = encode(ds)
    name = LITTLE.element(0x00100010, "PN", b"Quimby^Fred")
    at = raw.index(name)
    late = raw[:at] + raw[at + len(name) :] + LITTLE.element(0x7FE10010, "LO", b"X") + name
    result = engine().deidentify(late)
    out = read(result.data)
    assert out.PatientName == result.patient_id and b"Quimby" not in result.data
    assert out.PixelData == ds.PixelData
    tags = [element.tag for element in out]
    assert tags == sorted(tags)
    with pytest.raises(NotDeidentifiableError, match="twice"):
        engine().deidentify(raw[:at] + name + raw[at:])


def test_an_attribute_newer_than_the_dictionary_keeps_the_vr_of_the_file() -> None:
    ds = make()
    ds.add_new(0x00102162, "UC", "group one")
    ds.add_new(0x00100043, "SQ", Sequence([make()]))
    header = engine(retain_patient_characteristics=True)
    result = header.deidentify(encode(ds))
    out = read(result.data)
    assert out[0x00102162].VR == "UC" and out[0x00102162].value == "group one"
    assert out[0x00100043].value[0].PatientName == result.patient_id
    assert 0x00102162 not in read(engine().deidentify(encode(ds)).data)


def test_a_vr_of_a_later_edition_does_not_pass() -> None:
    raw = encode(make())
    at = raw.index(LITTLE.pack_tag(0x00180050))
    later = LITTLE.pack_tag(0x00180024) + b"ZZ\0\0" + struct.pack("<I", 8) + b"SECRETIV"
    result = engine().deidentify(raw[:at] + later + raw[at:])
    assert b"SECRETIV" not in result.data and read(result.data).SliceThickness == 2.5
    wrong = later.replace(b"ZZ", b"\1\2")
    with pytest.raises(NotDeidentifiableError):
        engine().deidentify(raw[:at] + wrong + raw[at:])


def test_a_number_that_equals_an_identifier_is_not_passed_on() -> None:
    ds = make(StudyID="123456", SeriesNumber="123456", InstanceNumber="7")
    out = read(engine().deidentify(encode(ds)).data)
    assert out.SeriesNumber != 123456 and out.InstanceNumber == 7


def test_claims_of_an_earlier_run_are_replaced_by_what_is_true_now() -> None:
    ds = make(PatientIdentityRemoved="NO", DeidentificationMethod="by hand, Quimby")
    ds.DeidentificationMethodCodeSequence = code("113101", "DCM", "Clean Pixel Data Option")
    ds.LongitudinalTemporalInformationModified = "UNMODIFIED"
    ds.BurnedInAnnotation = "YES"
    out = read(engine().deidentify(encode(ds), PixelsDone(face_removed=True)).data)
    assert out.PatientIdentityRemoved == "YES"
    assert [c.CodeValue for c in out.DeidentificationMethodCodeSequence] == ["113100", "113102"]
    assert out.BurnedInAnnotation == "YES"
    assert out.LongitudinalTemporalInformationModified == "REMOVED"


@pytest.mark.parametrize("keyword", ["BurnedInAnnotation", "RecognizableVisualFeatures"])
def test_a_no_that_nobody_checked_is_not_handed_on(keyword: str) -> None:
    plain = make(**{keyword: "NO"})
    assert keyword not in read(engine().deidentify(encode(plain)).data)
    assert read(engine().deidentify(encode(make(**{keyword: "YES"}))).data)[keyword].value == "YES"
    checked = PixelsDone(text_checked=True, face_removed=True)
    assert read(engine().deidentify(encode(plain), checked).data)[keyword].value == "NO"


def test_a_no_that_the_iod_demands_stays() -> None:
    parametric_map = "1.2.840.10008.5.1.4.1.1.30"
    ds = make(SOPClassUID=parametric_map, BurnedInAnnotation="NO")
    assert read(engine().deidentify(encode(ds)).data).BurnedInAnnotation == "NO"


def test_what_is_kept_by_name_stays_at_every_depth() -> None:
    inner = make()
    ds = make(PatientAge="044Y", PatientSex="F", DerivationCodeSequence=[inner])
    inner.PatientAge = "044Y"
    keep = frozenset(("PatientAge", "PatientSex"))
    out = read(engine(keep=keep).deidentify(encode(ds)).data)
    assert out.PatientAge == out.DerivationCodeSequence[0].PatientAge == "044Y"
    assert out.PatientSex == "F" and out.PatientName != "Quimby^Fred"


def test_the_audit_names_attributes_and_never_their_values() -> None:
    ds = make(InstitutionName="Saint Elsewhere", SeriesDescription="t1 Quimby sag")
    result = engine(DescriptorCleaner(), clean_descriptors=True).deidentify(encode(ds))
    assert result.actions["removed"]["InstitutionName"] == 1
    assert result.actions["cleaned"]["SeriesDescription"] == 1
    assert result.actions["replaced"]["PatientID"] == 1
    assert ("SeriesDescription", "t1 sag") in result.kept_text
    assert "Quimby" not in repr(result) and "Elsewhere" not in repr(result)
    assert result.identifiers["institution"] == {"Saint Elsewhere"}
    assert result.identifiers["name"] == {"Quimby^Fred"}
    assert result.uids[ds.SOPInstanceUID] == result.sop_instance_uid


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dicom3tools is not installed")
def test_the_oracle_finds_no_new_error(shared_data: Path, tmp_path: Path) -> None:
    header = engine(DescriptorCleaner(), clean_descriptors=True, retain_modified_dates=True)
    names = ("MR2_UNCI", "eCT_Supplemental", "liver", "JPEG-LL", "parametric_map_float", "US1_UNCI")
    for name in names:
        raw = (shared_data / "dicom" / f"{name}.dcm").read_bytes()
        out = tmp_path / "out.dcm"
        out.write_bytes(header.deidentify(raw).data)
        assert _errors(out) <= _errors(shared_data / "dicom" / f"{name}.dcm"), name


def _errors(file: Path) -> int:
    done = subprocess.run(["dciodvfy", str(file)], capture_output=True, check=False)
    return (done.stderr + done.stdout).count(b"Error")


def test_a_code_that_holds_what_names_the_patient_is_replaced_and_others_stay() -> None:
    ds = make(ContentLabel="T1 QX4711007", ScanOptions=["FS", "QX4711007"], PatientName="Head^Fred")
    ds.BodyPartExamined = "HEAD"
    out = read(engine(DescriptorCleaner(), clean_descriptors=True).deidentify(encode(ds)).data)
    assert "QX4711007" not in str(out)
    assert out.ScanOptions[0] == "FS" and out.BodyPartExamined == "HEAD"
