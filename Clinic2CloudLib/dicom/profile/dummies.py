"""Values that fit an attribute and say nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .actions import Action
from .rules import Rule
from .work import Work

__all__ = ["REMOVED", "dummy", "fall_back", "person_code"]

#: Valid everywhere, and plainly no date of anybody's.
DUMMY_DATE, DUMMY_TIME = b"20000101", b"000000"
REMOVED = b"REMOVED"

_FIXED: Mapping[str, bytes] = {
    "DA": DUMMY_DATE,
    "TM": DUMMY_TIME,
    "DT": DUMMY_DATE + DUMMY_TIME,
    "AS": b"030Y",
    "UR": b"urn:removed",
    "DS": b"0",
    "IS": b"0",
    "PN": b"Removed",
}
_TEXT = frozenset(("AE", "CS", "LO", "LT", "SH", "ST", "UC", "UT"))
_SIZES = {"US": 2, "SS": 2, "UL": 4, "SL": 4, "FL": 4, "FD": 8, "AT": 4, "SV": 8, "UV": 8}
_IDENTIFYING = ("ID", "IDs", "Identifier", "Number", "Name", "AE", "AETitle")
_WORDS = {"ReasonForTheAttributeModification": b"CORRECT"}  # a defined term of PS3.3 C.12.1
_CODE_DUMMY = (
    (0x00080100, "SH", b"0"),
    (0x00080102, "SH", b"99C2C"),
    (0x00080104, "LO", b"Removed"),
)


def dummy(engine: Any, rule: Rule, raw: bytes) -> bytes:
    """Return a value that fits the VR and says nothing.

    What identifies something (a device, a container) becomes its keyed pseudonym, so that equal
    values stay equal; text becomes a word.
    """
    vr = rule.vr
    if vr in _FIXED:
        return _FIXED[vr]
    if rule.keyword in _WORDS:
        return _WORDS[rule.keyword]
    if vr in _TEXT:
        if vr == "AE" or rule.keyword.endswith(_IDENTIFYING):
            return bytes(engine.pseudonyms.text(raw.decode("latin-1"), 16).encode("ascii"))
        return REMOVED
    if vr == "UI":
        return bytes(engine.new_uid(raw))
    return b"\0" * (len(raw) + (len(raw) & 1) or _SIZES.get(vr, 2))


def person_code(rule: Rule) -> bytes:
    """Return a code that says nothing, in the place of a coded person or institution."""
    encoding = rule.encoding
    body = b"".join(encoding.element(tag, vr, text) for tag, vr, text in _CODE_DUMMY)
    return encoding.element(rule.tag, "SQ", encoding.item_start(len(body)) + body)


def fall_back(work: Work, rule: Rule) -> bytes:
    """Return what the Basic Profile writes where a value cannot be cleaned or moved."""
    if rule.fallback is Action.EMPTY:
        work.seen.append(rule.note("emptied"))
        return rule.element(b"")
    if rule.fallback is Action.DUMMY:
        work.seen.append(rule.note("replaced"))
        return rule.element(dummy(work.engine, rule, b""))
    work.seen.append(rule.note("removed"))
    return b""
