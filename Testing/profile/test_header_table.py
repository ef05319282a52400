"""One golden test for each row of Table E.1-1, and one for each option of each row.

The expected action is read from the package's table, whose equality with the published one has its
own test.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from profilemaker import EXPLICIT, MR, encode, engine, make, places_of, plant, planted_value, read

from Clinic2CloudLib.dicom.descriptors import DescriptorCleaner
from Clinic2CloudLib.dicom.profile import tables
from Clinic2CloudLib.dicom.profile.encoding import EXPLICIT as LITTLE
from Clinic2CloudLib.errors import NotDeidentifiableError

ROWS = sorted(tables.rows().items())
DOCUMENT = 0x00420011


def name(row: tuple[int, tables.Row]) -> str:
    return f"{row[0]:08X}-{row[1].keyword}"


@pytest.mark.parametrize("row", ROWS, ids=name)
def test_the_basic_action_holds_at_every_depth(row: tuple[int, tables.Row]) -> None:
    tag, (vr, code) = row[0], (row[1].vr, row[1].actions["basic"])
    ds = make()
    group = tag >> 16
    if group in (0x0000, 0x0002):
        _check_frame_group(tag, vr)
        return
    plant(ds, tag, vr)
    raw = encode(ds)
    if group == 0x0004 or tag == DOCUMENT:
        with pytest.raises(NotDeidentifiableError):
            engine().deidentify(raw)
        return
    result = engine().deidentify(raw)
    planted = planted_value(vr)
    if vr != "US":  # two bytes turn up anywhere
        needle = b"ZQ7PLANT" if vr == "SQ" else _bytes(planted)
        assert needle not in result.data
    types = (tables.attribute_types(MR) or {}).get((), {})
    for depth, place in enumerate(places_of(read(result.data))):
        element = place.get(tag)
        # Only at the top does the MR image's IOD ask for attributes of these names.
        needed = types.get(tag, "3") if depth == 0 else "3"
        asked = needed in ("1", "2") if code == "X" else needed != "3"
        if code.startswith("X") and not asked:
            assert element is None
            continue
        assert element is not None
        if code in ("D", "U"):
            assert element.value not in (None, "", b"")
        if vr != "SQ":
            assert element.value != planted


def _check_frame_group(tag: int, vr: str) -> None:
    """Groups 0000 and 0002 stand before the data set and are never taken over."""
    planted = LITTLE.element(tag, vr, _bytes(planted_value(vr)))
    bare = encode(make(), meta=False)
    if tag >> 16 == 2:
        syntax = LITTLE.element(0x00020010, "UI", EXPLICIT.encode())
        planted = b"\0" * 128 + b"DICM" + planted + syntax
    result = engine().deidentify(planted + bare)
    assert _bytes(planted_value(vr)) not in result.data
    out = read(result.data)
    assert out.file_meta.MediaStorageSOPInstanceUID == result.sop_instance_uid == out.SOPInstanceUID
    assert tag not in out


OPTIONS = {
    "uids": "retain_uids",
    "device": "retain_device",
    "institution": "retain_institution",
    "patient": "retain_patient_characteristics",
    "full_dates": "retain_full_dates",
    "modified_dates": "retain_modified_dates",
    "descriptors": "clean_descriptors",
    "structured": "clean_structured_content",
    "graphics": "clean_graphics",
}
CASES = [
    (tag, row, column)
    for tag, row in ROWS
    for column in row.actions
    if column in OPTIONS and tag >> 16 > 4
]


@pytest.mark.parametrize(
    "case", CASES, ids=lambda case: f"{case[0]:08X}-{case[1].keyword}-{case[2]}"
)
def test_an_option_overrides_the_basic_action(case: tuple[int, tables.Row, str]) -> None:
    tag, row, column = case
    ds = make()
    cleans = row.actions[column] == "C"
    text = row.vr in ("LO", "SH", "ST", "LT", "UT", "UC")
    value = "t1 Quimby" if cleans and text else None
    if row.keyword == "TimezoneOffsetFromUTC" and cleans:
        value, text, cleans = "+0100", False, False
    plant(ds, tag, row.vr, value)
    result = engine(DescriptorCleaner(), **{OPTIONS[column]: True}).deidentify(encode(ds))
    assert b"Quimby" not in result.data
    for place in places_of(read(result.data)):
        element = place.get(tag)
        assert element is not None, "an option that keeps or cleans must not remove"
        if not cleans:
            if row.vr != "SQ":
                assert element.value == ds[tag].value
        elif row.vr in ("DA", "DT", "TM"):
            assert str(element.value) != str(ds[tag].value)
            assert len(str(element.value)) == len(str(ds[tag].value))
        elif text:
            assert element.value == "t1"
        elif row.vr == "SQ":
            assert b"ZQ7PLANT" not in result.data


@pytest.mark.parametrize(
    "tag, vr",
    [
        (0x50003000, "OB"),
        (0x50002500, "LO"),
        (0x50FE200E, "LT"),
        (0x60003000, "OB"),
        (0x60004000, "LT"),
        (0x60001500, "LO"),
        (0x60FE0022, "LO"),
        (0x00290010, "LO"),
        (0x00291001, "LO"),
        (0x00090001, "LO"),
        (0x77771234, "UN"),
        (0xFFFCFFFC, "OB"),
        (0x00880201, "LO"),  # in no dictionary
    ],
)
def test_repeating_groups_private_and_unknown_elements_go(tag: int, vr: str) -> None:
    ds = make()
    plant(ds, tag, vr)
    result = engine().deidentify(encode(ds))
    assert b"ZQ7PLANT" not in result.data
    assert all(tag not in place for place in places_of(read(result.data)))


def test_the_package_holds_the_published_table(shared_data: Path) -> None:
    folder = shared_data.parent / "reference"
    published = json.loads((folder / "ps3.15_2026c_table_E.1-1.json").read_text())
    header, *rows = published
    assert len(rows) == len(tables.rows()) + len(tables.repeating())
    for row in rows:
        if row[1][1:5].isalnum() and "x" not in row[1] and "g" not in row[1]:
            ours = tables.rows()[int(row[1][1:5] + row[1][6:10], 16)]
            assert ours.actions["basic"] == row[4]
            assert sorted(ours.actions.values()) == sorted(cell for cell in row[4:] if cell)
    assert tables.edition()[0] == "2026c" and len(header) == 15


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()
