"""Each row of Table E.3.10-1 (safe private elements) and of Table E.3.4-1 (content items)."""

from __future__ import annotations

import pytest
from profilemaker import PLANTED, encode, engine, make, read
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from Clinic2CloudLib.dicom.profile import tables

SAFE = sorted(tables.safe_private().items())
CONCEPTS = sorted(tables.concepts().items())
_NUMBERS: dict[str, object] = {
    "FL": 1.5,
    "FD": 1.5,
    "US": 7,
    "SS": -7,
    "UL": 7,
    "SL": -7,
    "AT": 0x00080060,
    "OW": b"\1\0",
    "OB": b"\1\0",
    "DS": "1.5",
    "IS": "7",
    "CS": "HEAD",
}


@pytest.mark.parametrize(
    "row", SAFE, ids=lambda row: f"{row[0][0]}-{row[0][1]:04X}xx{row[0][2]:02X}"
)
def test_a_safe_private_element_stays_under_its_option_alone(
    row: tuple[tuple[str, int, int], str],
) -> None:
    (creator, group, offset), listed = row
    vr = (listed or "LO").split("/")[0]
    inner = Dataset()
    inner.PatientName = "Quimby^Fred"
    inner.SliceThickness = "2.5"
    plain = "1.2.3.4.5.6.7.8.9.9" if vr == "UI" else "plain"
    value = Sequence([inner]) if vr == "SQ" else _NUMBERS.get(vr, plain)
    ds = make()
    ds.private_block(group, creator, create=True).add_new(offset, vr, value)
    raw = encode(ds)
    assert not any(e.tag.is_private for e in read(engine().deidentify(raw).data).iterall())
    result = engine(retain_safe_private=True).deidentify(raw)
    assert b"Quimby" not in result.data
    kept = read(result.data).private_block(group, creator)[offset]
    if vr == "SQ":
        assert kept.value[0].SliceThickness == 2.5
    elif vr == "UI":
        assert kept.value.startswith("2.25.")
    elif vr in _NUMBERS:
        assert str(kept.value) == str(ds.private_block(group, creator)[offset].value)


_VALUE_KEYWORDS = {
    "TEXT": ("TextValue", "ZQ7PLANT"),
    "PNAME": ("PersonName", "ZQ7PLANT^Wvut"),
    "DATE": ("Date", PLANTED["DA"]),
    "TIME": ("Time", PLANTED["TM"]),
    "DATETIME": ("DateTime", PLANTED["DT"]),
    "UIDREF": ("UID", PLANTED["UI"]),
}


@pytest.mark.parametrize("row", CONCEPTS, ids=lambda row: "-".join(row[0]))
def test_a_content_item_takes_the_action_of_its_concept(
    row: tuple[tuple[str, str, str], tables.Concept],
) -> None:
    (value, scheme, value_type), concept = row
    item, name = Dataset(), Dataset()
    item.ValueType = value_type
    name.CodeValue, name.CodingSchemeDesignator, name.CodeMeaning = value, scheme, "meaning"
    item.ConceptNameCodeSequence = [name]
    needle = b""
    if value_type in _VALUE_KEYWORDS:
        keyword, planted = _VALUE_KEYWORDS[value_type]
        setattr(item, keyword, planted)
        needle = str(planted).encode()
    elif value_type in ("IMAGE", "COMPOSITE", "WAVEFORM"):
        reference = Dataset()
        reference.ReferencedSOPClassUID = "1.2.840.10008.5.1.4.1.1.4"
        reference.ReferencedSOPInstanceUID = PLANTED["UI"]
        item.ReferencedSOPSequence = [reference]
        needle = str(PLANTED["UI"]).encode()
    other = Dataset()
    other.ValueType, other.ContinuityOfContent = "CONTAINER", "SEPARATE"
    ds = make(SOPClassUID="1.2.840.10008.5.1.4.1.1.88.33", ContentSequence=[other, item])
    result = engine(clean_structured_content=True).deidentify(encode(ds))
    assert not needle or needle not in result.data
    left = len(read(result.data).ContentSequence)
    assert left == (1 if concept.actions["basic"] == "X" else 2)
