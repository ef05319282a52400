"""Which attributes of an instance the index holds, and how they are read out of its file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from ...dicom.elements import FileLayout

Level: TypeAlias = Literal["study", "series", "instance"]
LEVELS: tuple[Level, ...] = ("study", "series", "instance")

_UID = re.compile(r"[0-9]+(\.[0-9]+)*")
_IDENTITY_REMOVED = 0x00120062


@dataclass(frozen=True, slots=True)
class Key:
    """One attribute of the index.

    Attributes
    ----------
    tag : int
        Group and element.
    keyword : str
        As in PS3.6; also the name of its column.
    vr : str
        Value representation.
    level : Level
        The table it stands in.
    shown : bool
        Whether a search returns it without being asked (PS3.18 tables 10.6.3-3 to 10.6.3-5).
    """

    tag: int
    keyword: str
    vr: str
    level: Level
    shown: bool = True

    @property
    def hex(self) -> str:
        """The tag as the DICOM JSON model writes it."""
        return f"{self.tag:08X}"


KEYS: tuple[Key, ...] = (
    Key(0x0020000D, "StudyInstanceUID", "UI", "study"),
    Key(0x00080020, "StudyDate", "DA", "study"),
    Key(0x00080030, "StudyTime", "TM", "study"),
    Key(0x00080050, "AccessionNumber", "SH", "study"),
    Key(0x00080090, "ReferringPhysicianName", "PN", "study"),
    Key(0x00081030, "StudyDescription", "LO", "study"),
    Key(0x00100010, "PatientName", "PN", "study"),
    Key(0x00100020, "PatientID", "LO", "study"),
    Key(0x00100030, "PatientBirthDate", "DA", "study"),
    Key(0x00100040, "PatientSex", "CS", "study"),
    Key(0x00200010, "StudyID", "SH", "study"),
    Key(0x0020000E, "SeriesInstanceUID", "UI", "series"),
    Key(0x00080060, "Modality", "CS", "series"),
    Key(0x0008103E, "SeriesDescription", "LO", "series"),
    Key(0x00180015, "BodyPartExamined", "CS", "series"),
    Key(0x00200011, "SeriesNumber", "IS", "series"),
    Key(0x00400244, "PerformedProcedureStepStartDate", "DA", "series"),
    Key(0x00400245, "PerformedProcedureStepStartTime", "TM", "series"),
    Key(0x00080016, "SOPClassUID", "UI", "instance"),
    Key(0x00080018, "SOPInstanceUID", "UI", "instance"),
    Key(0x00080008, "ImageType", "CS", "instance", shown=False),
    Key(0x00080023, "ContentDate", "DA", "instance", shown=False),
    Key(0x00080033, "ContentTime", "TM", "instance", shown=False),
    Key(0x00200013, "InstanceNumber", "IS", "instance"),
    Key(0x00280008, "NumberOfFrames", "IS", "instance"),
    Key(0x00280010, "Rows", "US", "instance"),
    Key(0x00280011, "Columns", "US", "instance"),
    Key(0x00280100, "BitsAllocated", "US", "instance"),
)
NUMBERS = frozenset({"IS", "US"})
#: In the index: text (values of a multi-valued attribute joined with a backslash) or a number.
Attributes: TypeAlias = dict[str, str | int | None]


class UnreadableError(ValueError):
    """The data set cannot be taken in; the text is one sentence without any of its values."""


def is_uid(text: str) -> bool:
    """Whether a text is a UID (PS3.5 section 9), and so also a safe file name."""
    return len(text) <= 64 and _UID.fullmatch(text) is not None


def identity_removed(layout: FileLayout) -> bool:
    """Whether an instance says Patient Identity Removed (0012,0062) = YES."""
    return layout.text(_IDENTITY_REMOVED).upper() == "YES"


def read_attributes(layout: FileLayout) -> Attributes:
    """Read what the index holds of an instance.

    Raises
    ------
    UnreadableError
        When it lacks file meta information or one of the UIDs that give it its place.
    """
    if not layout.has_meta:
        raise UnreadableError("it has no file meta information")
    found: Attributes = {}
    for key in KEYS:
        text = _text(layout, key)
        if key.vr == "UI" and not is_uid(text):
            raise UnreadableError(f"it has no valid {key.keyword}")
        found[key.keyword] = _number(text) if key.vr in NUMBERS else (text or None)
    return found


def to_json(key: Key, value: str | int | None) -> dict[str, Any]:
    """Return an attribute in the DICOM JSON model (PS3.18 annex F)."""
    if value is None or value == "":
        return {"vr": key.vr}
    if isinstance(value, int):
        return {"vr": key.vr, "Value": [value]}
    values = value.split("\\")
    if key.vr == "PN":
        return {"vr": "PN", "Value": [_person(name) for name in values]}
    return {"vr": key.vr, "Value": [one or None for one in values]}


def _person(name: str) -> dict[str, str]:
    groups = zip(("Alphabetic", "Ideographic", "Phonetic"), name.split("="), strict=False)
    return {group: text for group, text in groups if text}


def _text(layout: FileLayout, key: Key) -> str:
    if key.vr == "US":
        return str(layout.unsigned(key.tag)) if key.tag in layout.elements else ""
    value = layout.value(key.tag)
    sets = layout.strings(0x00080005)  # Specific Character Set
    text = value.decode("ascii") if value.isascii() else _decoded(value, sets)
    return "\\".join(part.strip(" \0") for part in text.split("\\"))


def _decoded(value: bytes, character_sets: tuple[str, ...]) -> str:
    from pydicom.charset import convert_encodings, decode_bytes

    delimiters = set(b"\r\n\t\f^=")
    try:
        return decode_bytes(value, convert_encodings(list(character_sets) or [""]), delimiters)
    except (LookupError, ValueError):
        return value.decode("latin-1")


def _number(text: str) -> int | None:
    try:
        return int(text.split("\\")[0])
    except ValueError:
        return None
