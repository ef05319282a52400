"""Private elements: gone, unless the profile's list or the site knows them by creator."""

from __future__ import annotations

from typing import Any

from pydicom.datadict import private_dictionary_VR

from . import tables
from .charset import decode
from .rules import Rule
from .work import Later, Level, Work

__all__ = ["PrivateRules", "private_element", "private_vr", "stays"]

_MOST_CREATORS = 64
_FIRST_CREATOR, _LAST_CREATOR = 0x10, 0xFF
_TEXT = frozenset(("LO", "SH", "ST", "LT", "UT", "UC", "CS"))
_PLAIN = frozenset(("CS", "DS", "IS", "LO", "SH", "ST", "LT", "UT", "UC", "AS"))
_OPAQUE = frozenset(("OB", "OW"))
_NUMBERS = frozenset(["AT", "FD", "FL", "OD", "OF", "OL", "OV", "SL", "SS", "SV", "UL", "US", "UV"])


class PrivateRules:
    """Which private elements stay.

    Parameters
    ----------
    safe : bool
        Whether those of Table E.3.10-1 do.
    kept : sequence of (creator, element)
        The site's own: the element's low byte, or a whole tag to fix its group.
    """

    def __init__(self, safe: bool, kept: tuple[tuple[str, int], ...]) -> None:
        self._safe = tables.safe_private() if safe else {}
        self._any_group = {(creator, element) for creator, element in kept if element <= 0xFF}
        self._one_group = {
            (creator, element >> 16, element & 0xFF) for creator, element in kept if element > 0xFF
        }
        self._creators = {creator for creator, _, _ in self._safe} | {c for c, _ in kept}

    def __bool__(self) -> bool:
        return bool(self._creators)

    def knows(self, creator: str) -> bool:
        """Return whether anything of a creator may stay."""
        return creator in self._creators

    def vr(self, creator: str, group: int, offset: int) -> str | None:
        """Return the VR of an element that stays (empty when not known), None when it goes."""
        if (creator, offset) in self._any_group or (creator, group, offset) in self._one_group:
            return self._safe.get((creator, group, offset), "")
        return self._safe.get((creator, group, offset))


def private_vr(work: Work, level: Level, rule: Rule) -> str | None:
    """Return the VR that a private element stays with (empty: not known), None when it goes."""
    block = level.creators.get(rule.block) if level.creators else None
    if block is None:
        return None
    creator: str = block[0]
    if creator not in rule.private_vrs:
        if len(rule.private_vrs) >= _MOST_CREATORS:
            rule.private_vrs.clear()
        rule.private_vrs[creator] = _decide_vr(work.engine.private, creator, rule)
    return rule.private_vrs[creator]


def _decide_vr(rules: PrivateRules, creator: str, rule: Rule) -> str | None:
    """Return the VR by the lists and by what the file declares."""
    declared = rule.vr if rule.encoding.explicit and rule.vr not in ("UN", "??") else ""
    listed = rules.vr(creator, rule.tag >> 16, rule.tag & 0xFF)
    if listed is None:
        return None
    allowed = listed.split("/") if listed else [declared or _vendor_vr(rule.tag, creator)]
    if declared and declared not in allowed:
        return None
    return declared or allowed[0]


def private_element(
    work: Work, level: Level, rule: Rule, vr: str | None, value: int, stop: int
) -> Any:
    """Return what is written in a private element's place: nothing, or what may stay of it."""
    if _FIRST_CREATOR <= rule.tag & 0xFFFF <= _LAST_CREATOR:
        return _creator(work, level, rule, value, stop)
    kept = None if vr is None else _kept(work, level, rule, vr, value, stop)
    if kept is None:
        work.seen.append(rule.audit)
        return b""
    work.seen.append(rule.note("kept"))
    stays(level, rule)
    return kept


def stays(level: Level, rule: Rule) -> None:
    """Write the creator of a private element that stays."""
    later = (level.creators or {})[rule.block][1]
    later.data = later.rule.element(later.value)


def _vendor_vr(tag: int, creator: str) -> str:
    """Return the VR that pydicom's dictionary of private elements knows, empty where none."""
    try:
        return str(private_dictionary_VR(tag, creator))
    except KeyError:
        return ""


def _creator(work: Work, level: Level, rule: Rule, value: int, stop: int) -> Any:
    """Remember a private creator; it is written only when an element of its block stays."""
    name = decode(work.raw[value:stop], level.charset)
    work.seen.append(rule.audit)
    if name is None or not work.engine.private.knows(name.strip()):
        return b""
    rule.vr = "LO"
    later = Later(rule, work.raw[value:stop], level.charset)
    level.creators = level.creators or {}
    level.creators[rule.tag >> 16 << 16 | rule.tag & 0xFF] = [name.strip(), later]
    return later


def _kept(work: Work, level: Level, rule: Rule, vr: str, value: int, stop: int) -> bytes | None:
    """Return a private element that stays, None when its value is not what the list says.

    UIDs are replaced, texts looked through; what has no plain form (a document, a name) goes.
    """
    raw = work.raw[value:stop]
    if vr == "UI":
        return bytes(rule.encoding.element(rule.tag, vr, work.engine.new_uids(work, raw)))
    swapped = rule.encoding.big and rule.encoding.explicit and rule.vr == "UN"
    if vr in _NUMBERS and not swapped:
        return rule.encoding.element(rule.tag, vr, raw)
    if vr in _OPAQUE:
        if work.known is not None and work.known.in_payload(raw):
            return None
        work.kept.append(raw)
        return rule.encoding.element(rule.tag, vr, raw)
    if vr not in _PLAIN:
        return None
    if work.known is not None and work.engine.cleaning.holds_token(work, raw, level.charset):
        return None
    out = rule.encoding.element(rule.tag, vr, raw)
    work.kept.append(out)
    if vr in _TEXT and raw:
        work.texts.append((rule, raw, level.charset))
    return out
