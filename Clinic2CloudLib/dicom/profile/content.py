"""Structured content (PS3.15 E.3.4): what happens to an item depends on its concept's name."""

from __future__ import annotations

from typing import Any

from . import tables
from .actions import Action, Profile
from .charset import decode
from .encoding import UNDEFINED, Encoding
from .skip import skip_undefined

__all__ = [
    "CONTENT_SEQUENCES",
    "VALUE_KEYWORDS",
    "concept_of",
    "content_action",
    "elements",
    "moment_of",
    "value_action",
]

#: Sequences whose items are content items (PS3.3 table 10.2-1 and C.17.3).
CONTENT_SEQUENCES = tables.group("content_sequences")

#: The attributes that hold a content item's value where it is not a code, a number or a reference.
VALUE_KEYWORDS = tables.group("content_values")

_VALUE_TYPE, _CONCEPT_NAME = 0x0040A040, 0x0040A043
_CODE_VALUES = {0x00080100: "value", 0x00080119: "value", 0x00080120: "value", 0x00080102: "scheme"}
#: Codes of SNOMED CT were written with these designators before 2018.
_SCHEMES = {"SNM3": "SCT", "99SDM": "SCT"}


def concept_of(
    raw: bytes, encoding: Encoding, pos: int, end: int, charset: bytes
) -> tuple[str, str, str]:
    """Return the concept name's code value, its coding scheme and the item's value type.

    Parameters
    ----------
    pos, end : int
        The item's elements in ``raw``; it may end earlier, with a delimiter.
    charset : bytes
        Specific Character Set in force.
    """
    code = scheme = value_type = ""
    for tag, value, stop in elements(raw, encoding, pos, end, _CONCEPT_NAME):
        if tag == _VALUE_TYPE:
            value_type = (decode(raw[value:stop], charset) or "").strip()
        elif tag == _CONCEPT_NAME and stop - value >= 8 and raw[value : value + 4] == encoding.item:
            for inner, first, last in elements(raw, encoding, value + 8, stop, 0x00080120):
                part = _CODE_VALUES.get(inner)
                text = (decode(raw[first:last], charset) or "").strip()
                if part == "value" and not code:
                    code = text
                elif part == "scheme":
                    scheme = _SCHEMES.get(text, text)
    return code, scheme, value_type


def elements(raw: bytes, encoding: Encoding, pos: int, end: int, last: int) -> Any:
    """Yield tag, begin and end of the value of elements up to a tag; stops where it is unsure.

    The walk itself reads the same bytes again and refuses what is malformed.
    """
    while pos + 8 <= end:
        tag = encoding.tag_of(raw[pos : pos + 4])
        if tag > last or tag >> 16 == 0xFFFE:
            return
        vr = raw[pos + 4 : pos + 6].decode("latin-1") if encoding.explicit else "UN"
        header = encoding.header(vr)
        if pos + header.size > end:
            return
        length = header.unpack(raw, pos + header.length_at)[0]
        value = pos + header.size
        stop = value + length
        if length == UNDEFINED:
            stop = skip_undefined(raw, value, end, encoding)
        if stop > end:
            return
        yield tag, value, stop
        pos = stop


def content_action(profile: Profile, concept: tuple[str, str, str]) -> str:
    """Return what happens to a content item: ``X``, ``D``, ``K`` or ``C``.

    Items that Table E.3.4-1 does not list are cleaned by their value type: names, dates, UIDs and
    text never stay as they are.
    """
    row = tables.concepts().get(concept)
    if row is None:
        return "C"
    code = profile.concept_action(dict(row.actions))
    return "D" if code == "X/D" else code


def moment_of(concept: tuple[str, str, str]) -> str:
    """Return what a date's and a time's concept share (``Study`` of Study Date), else nothing.

    Such items stand side by side and name one moment, which moves as one.
    """
    row = tables.concepts().get(concept)
    if row is None or concept[2] not in ("DATE", "TIME"):
        return ""
    return row.meaning.replace(concept[2].title(), "", 1).strip()


def value_action(profile: Profile, mode: str, keyword: str, action: Action) -> Action:
    """Return the action of a content item's value attribute.

    Parameters
    ----------
    profile : Profile
    mode : str
        ``D``, ``K`` or ``C``: what happens to the item.
    keyword : str
        One of :data:`VALUE_KEYWORDS`.
    action : Action
        What Table E.1-1 and the options say of the attribute.
    """
    if keyword == "PersonName":
        return Action.DUMMY
    if mode == "K":
        return Action.KEEP_TEXT if keyword == "TextValue" else Action.KEEP
    if keyword == "UID":
        return Action.KEEP if profile.options.retain_uids else Action.UID
    if keyword in ("Date", "Time", "DateTime"):
        return action if mode == "C" else Action.DUMMY
    may_clean = profile.options.clean_structured_content and profile.can_clean
    return Action.CLEAN if mode == "C" and may_clean else Action.DUMMY
