"""Properties that hold for any data set: nesting, VRs, lengths, encodings, order and key."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from profilemaker import (
    BIG,
    EXPLICIT,
    IMPLICIT,
    KEY,
    SYNTAXES,
    UNLISTED,
    encode,
    engine,
    make,
    read,
)
from pydicom.datadict import DicomDictionary, dictionary_VR
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from Clinic2CloudLib.dicom.descriptors import DescriptorCleaner
from Clinic2CloudLib.errors import NotDeidentifiableError

#: What a research site would choose.
RESEARCH = {
    "clean_descriptors": True,
    "clean_structured_content": True,
    "clean_graphics": True,
    "retain_modified_dates": True,
    "retain_safe_private": True,
}
SECRET = "ZQPLANT"
_VALUES: dict[str, st.SearchStrategy[object]] = {
    "PN": st.sampled_from([SECRET + "^Vera", "山田^" + SECRET]),
    "LO": st.sampled_from(["t1 " + SECRET, "head", ""]),
    "SH": st.sampled_from([SECRET, "a b", ""]),
    "LT": st.sampled_from(["seen by Dr. " + SECRET + " today", "contrast given"]),
    "DA": st.sampled_from(["20240131", ""]),
    "TM": st.sampled_from(["235959.123", "", "12"]),
    "DT": st.sampled_from(["20240131235959+0100", "2024"]),
    "UI": st.sampled_from(["1.2.3.4.55555.66666", "1.2.840.10008.1.2"]),
    "DS": st.sampled_from(["1.5", "-3"]),
    "IS": st.sampled_from(["12", "7"]),
    "CS": st.sampled_from(["HEAD", "YES"]),
    "US": st.integers(0, 65535),
    "FD": st.floats(-1e6, 1e6),
}
_TAGS = sorted(
    tag for tag, entry in DicomDictionary.items() if entry[0] in _VALUES and tag >> 16 > 0x0008
)
_RESERVED = {0x00080005, 0x00080016, 0x00080018, 0x00420011}


@st.composite
def items(draw: st.DrawFn, depth: int = 3) -> Dataset:
    """An item with elements of any kind, and sequences within."""
    item = Dataset()
    for tag in draw(st.lists(st.sampled_from(_TAGS), max_size=4, unique=True)):
        if tag not in _RESERVED and tag >> 16 not in (0x0028, 0x7FE0):
            item.add_new(tag, dictionary_VR(tag), draw(_VALUES[dictionary_VR(tag)]))
    if depth:
        for tag in draw(st.lists(st.sampled_from(UNLISTED), max_size=2, unique=True)):
            sequence = Sequence(draw(st.lists(items(depth=depth - 1), max_size=2)))
            item.add_new(tag, "SQ", sequence)
            item[tag].is_undefined_length = draw(st.booleans())
            for inner in item[tag].value:
                inner.is_undefined_length_sequence_item = draw(st.booleans())
    return item


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(items(), st.sampled_from(SYNTAXES), st.booleans())
def test_whatever_the_nesting_nothing_planted_is_left(
    item: Dataset, syntax: str, research: bool
) -> None:
    ds = make(SpecificCharacterSet="ISO_IR 192", PatientName=SECRET + "^Fred")
    for element in item:
        if element.tag not in ds and element.tag != 0x00100010:
            ds.add(element)
    raw = encode(ds, syntax)
    out = engine(DescriptorCleaner(), **(RESEARCH if research else {})).deidentify(raw)
    again = read(out.data)
    for element in again.iterall():
        text = str(element.value)
        assert SECRET not in text, element.keyword
        assert "1.2.3.4.55555" not in text and "1.2.3.4.5.6.7" not in text, element.keyword
        if element.VR == "DA" and element.value:
            assert element.value != "20240131" and element.value >= "19000101"
    assert again.PixelData == ds.PixelData and again.Rows == 2
    assert encode(again, syntax) is not None  # the second reader can write it again


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400), st.sampled_from((EXPLICIT, IMPLICIT, BIG)), st.integers(0, 2**32))
def test_damaged_bytes_are_set_aside_or_read_to_the_end(
    noise: bytes, syntax: str, seed: int
) -> None:
    rng = random.Random(seed)
    raw = bytearray(encode(make(DerivationCodeSequence=[Dataset()]), syntax))
    at = rng.randrange(132, len(raw))
    raw[at : at + rng.randrange(1, 8)] = noise[: rng.randrange(0, 12)]
    try:
        result = engine(**RESEARCH).deidentify(bytes(raw))
    except NotDeidentifiableError as refused:
        assert "Quimby" not in str(refused) and "QX4711007" not in str(refused)
        return
    if bytes(raw).count(b"Quimby^Fred") == 1 and bytes(raw).count(b"QX4711007") == 1:
        assert read(result.data).PatientIdentityRemoved == "YES"


def test_cut_anywhere_it_is_set_aside_or_what_is_left_is_clean() -> None:
    whole = encode(make(OtherPatientIDsSequence=[Dataset()], DerivationCodeSequence=[make()]))
    for end in range(0, len(whole), 3):
        try:
            result = engine().deidentify(whole[:end])
        except NotDeidentifiableError:
            continue
        assert b"Quimby" not in result.data
        assert read(result.data).PatientIdentityRemoved == "YES"


def test_deep_nesting_is_refused_not_followed() -> None:
    opened = b"\x08\x00\x15\x92SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
    head = encode(make())
    bomb = head[: head.index(b"\x10\x00\x10\x00PN")] + opened * 100_000
    with pytest.raises(NotDeidentifiableError, match="nested"):
        engine().deidentify(bomb)
    private = b"\x09\x00\x15\x92SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
    with pytest.raises(NotDeidentifiableError):
        engine().deidentify(head[: head.index(b"\x10\x00\x10\x00PN")] + private * 100_000)


def test_order_and_engine_do_not_matter_the_key_does() -> None:
    raws = [encode(make(SOPInstanceUID=f"1.2.3.4.5.6.7.8.{n}")) for n in range(8)]
    one, other = engine(**RESEARCH), engine(**RESEARCH)
    forward = [one.deidentify(raw).data for raw in raws]
    backward = [other.deidentify(raw).data for raw in reversed(raws)][::-1]
    assert forward == backward
    foreign = [engine(key=KEY[::-1], **RESEARCH).deidentify(raw) for raw in raws]
    ours = {uid for raw in raws for uid in one.deidentify(raw).uids.values()}
    assert ours.isdisjoint(uid for result in foreign for uid in result.uids.values())
    assert one.deidentify(raws[0]).patient_id != foreign[0].patient_id


def test_every_shared_file_is_valid_or_set_aside(shared_data: Path) -> None:
    files = sorted((shared_data / "dicom").glob("*.dcm"))
    header = engine(DescriptorCleaner(), **RESEARCH)
    set_aside = 0
    for file in files:
        raw = file.read_bytes()
        try:
            result = header.deidentify(raw)
        except NotDeidentifiableError as refused:
            set_aside += 1
            assert len(str(refused)) > 10
            continue
        source, out = read(raw), read(result.data)
        if "TransferSyntaxUID" in source.file_meta:
            assert out.file_meta.TransferSyntaxUID == source.file_meta.TransferSyntaxUID
        assert out.get("PixelData") == source.get("PixelData")
        assert out.get("Rows") == source.get("Rows")
        assert out.PatientIdentityRemoved == "YES"
        assert header.deidentify(raw).data == result.data
        for original in result.uids:
            assert original.encode() not in result.data
    assert files and set_aside <= 6


def test_a_number_of_half_a_value_is_set_aside_where_its_vr_is_not_the_dictionarys() -> None:
    raw = encode(make())
    right = b"\x28\x00\x03\x01US\x02\x00"
    assert raw.count(right) == 1
    with pytest.raises(NotDeidentifiableError, match="number"):
        engine().deidentify(raw.replace(right, right.replace(b"US", b"UL")))
    two = raw.replace(right + b"\0\0", b"\x28\x00\x03\x01UL\x04\x00\0\0\0\0")
    assert read(engine().deidentify(two).data).PixelRepresentation == 0


@pytest.mark.parametrize("syntax", (EXPLICIT, IMPLICIT))
@pytest.mark.parametrize("keyword, value", [("SliceThickness", "2.5 "), ("BitsStored", 12)])
def test_an_element_swallowed_by_a_wrong_length_is_not_passed_on(
    syntax: str, keyword: str, value: object
) -> None:
    ds = make()
    setattr(ds, keyword, value)
    ds.add_new(0x00181030, "LO", "KNEE")  # behind the one, as are High Bit and Smallest behind two
    ds.add_new(0x00280110, "US", 1)
    raw = encode(ds, syntax)
    tag = ds[keyword].tag
    at = raw.index(tag.group.to_bytes(2, "little") + tag.element.to_bytes(2, "little"))
    head = at + (6 if syntax == EXPLICIT else 4)
    size = raw[head]
    following = 8 + raw[at + 8 + size + (6 if syntax == EXPLICIT else 4)]
    longer = raw[:head] + bytes([size + following]) + raw[head + 1 :]
    with pytest.raises(NotDeidentifiableError, match=r"bytes that no text has|longer than"):
        engine().deidentify(longer)


def test_text_may_be_padded_with_several_zeros() -> None:
    raw = encode(make(ManufacturerModelName="T1"), EXPLICIT)
    padded = raw.replace(b"\x08\x00\x90\x10LO\x02\x00T1", b"\x08\x00\x90\x10LO\x06\x00T1\0\0\0\0")
    assert padded != raw
    out = read(engine(retain_device=True).deidentify(padded).data)
    assert out.ManufacturerModelName.rstrip("\0 ") == "T1"


@pytest.mark.parametrize("syntax", (EXPLICIT, IMPLICIT, BIG))
def test_binary_data_that_swallowed_elements_are_not_passed_on(syntax: str) -> None:
    ds = make()
    ds.add_new(0x00281201, "OW", bytes(range(64)) * 64)
    ds.add_new(0x00321060, "LO", SECRET + " head")
    raw = encode(ds, syntax)
    out = engine().deidentify(raw)
    assert read(out.data)[0x00281201].value == bytes(range(64)) * 64
    order = "big" if syntax == BIG else "little"
    head = raw.index(b"".join(part.to_bytes(2, order) for part in (0x0028, 0x1201)))
    at = head + (4 if syntax == IMPLICIT else 8)
    longer = (4096 + 8 + len(SECRET + " head")).to_bytes(4, order)
    assert raw[at : at + 4] == (4096).to_bytes(4, order)
    with pytest.raises(NotDeidentifiableError, match="end in what are elements"):
        engine().deidentify(raw[:at] + longer + raw[at + 4 :])
