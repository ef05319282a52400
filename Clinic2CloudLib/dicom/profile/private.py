"""Private elements: gone, unless the profile's list or the site knows them by creator."""

from __future__ import annotations

from typing import Any

from . import tables
from .charset import decode
from .contexts import Rule
from .encoding import TEXT_VRS
from .work import Level, Work

__all__ = ["PrivateRules", "private_element"]

_FIRST_CREATOR, _LAST_CREATOR = 0x10, 0xFF
_TEXT = frozenset(("LO", "SH", "ST", "LT", "UT", "UC", "CS"))
_PLAIN = frozenset(("CS", "DS", "IS", "LO", "SH", "ST", "LT", "UT", "UC", "AS"))
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


def private_element(work: Work, level: Level, rule: Rule, pos: int, value: int, stop: int) -> Any:
    """Return what is written in a private element's place: nothing, or what may stay of it."""
    rules = work.engine.private
    if not rules:
        work.seen.append(rule.audit)
        return b""
    group, element = rule.tag >> 16, rule.tag & 0xFFFF
    if element <= _LAST_CREATOR:
        if element >= _FIRST_CREATOR:
            return _creator(work, level, rule, value, stop)
        work.seen.append(rule.audit)
        return b""
    block = (level.creators or {}).get(group << 16 | element >> 8)
    vr = None if block is None else rules.vr(block[0], group, element & 0xFF)
    kept = None if vr is None else _kept(work, level, rule, vr, value, stop)
    if kept is None or block is None:
        work.seen.append(rule.audit)
        return b""
    work.seen.append(rule.note("kept"))
    block[1].data = block[1].rule.element(block[1].value)
    return kept


def _creator(work: Work, level: Level, rule: Rule, value: int, stop: int) -> Any:
    """Remember a private creator; it is written only when an element of its block stays."""
    name = decode(work.raw[value:stop], level.charset)
    work.seen.append(rule.audit)
    if name is None or not work.engine.private.knows(name.strip()):
        return b""
    later = work.later(rule, work.raw[value:stop], level.charset)
    rule.vr = "LO"
    level.creators = level.creators or {}
    level.creators[(rule.tag >> 16) << 16 | rule.tag & 0xFF] = [name.strip(), later]
    return later


def _kept(work: Work, level: Level, rule: Rule, vr: str, value: int, stop: int) -> bytes | None:
    """Return a private element that stays, None when its value is not what the list says.

    Sequences and opaque bytes go even when listed: a vendor may have put anything there. UIDs are
    replaced, texts looked through.
    """
    declared = rule.vr if rule.encoding.explicit and rule.vr != "UN" else ""
    vr = vr or declared
    if "/" in vr or not vr or (declared and declared != vr):
        return None
    raw = work.raw[value:stop]
    written = rule.encoding.explicit and rule.vr == "UN"
    if vr == "UI":
        return rule.encoding.element(rule.tag, vr, work.engine.new_uids(work, raw))
    if vr in _NUMBERS and not (written and rule.encoding.big):
        return rule.encoding.element(rule.tag, vr, raw)
    if vr in _PLAIN:
        out = bytes(rule.encoding.element(rule.tag, vr, raw))
        if work.known is not None and work.engine.holds_token(work, raw, level.charset, vr):
            return None
        work.kept.append(out)
        if vr in _TEXT and vr in TEXT_VRS:
            work.texts.append((rule, raw, level.charset))
        return out
    return None
