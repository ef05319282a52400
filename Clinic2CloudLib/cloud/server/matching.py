"""How a value asked for is held against a stored one (PS3.4 section C.2.2.2, PS3.18 8.3.4)."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeAlias

_RANGES = frozenset({"DA", "TM", "DT"})
_NUMBERS = frozenset({"IS", "US", "DS", "FL", "FD", "SL", "SS", "UL", "SV", "UV"})
_NO_WILDCARDS = frozenset({"UI", "AS", "AT", "UR"})
Matcher: TypeAlias = Callable[[Any], bool]


@lru_cache(maxsize=512)
def matcher(vr: str, wanted: str) -> Matcher:
    """Return what tells whether one stored value matches.

    An empty text or a lone ``*`` matches all (universal matching). UIDs may be a list, dates and
    times a range, texts hold the wildcards ``*`` and ``?``; person names match whatever the case.
    """
    if wanted in ("", "*"):
        return lambda stored: True
    if vr == "UI":
        uids = frozenset(re.split(r"[,\\]", wanted))
        return lambda stored: stored in uids
    if vr in _RANGES:
        return _range(wanted)
    if vr in _NUMBERS:
        return _number(wanted)
    if vr not in _NO_WILDCARDS and ("*" in wanted or "?" in wanted):
        pattern = re.escape(wanted).replace(r"\*", ".*").replace(r"\?", ".")
        compiled = re.compile(pattern, re.DOTALL | (re.IGNORECASE if vr == "PN" else 0))
        return lambda stored: stored is not None and compiled.fullmatch(str(stored)) is not None
    if vr == "PN":
        folded = wanted.rstrip("^ ").casefold()
        return lambda stored: stored is not None and str(stored).rstrip("^ ").casefold() == folded
    return lambda stored: stored is not None and str(stored) == wanted


def matches(vr: str, wanted: str, stored: str | int | None) -> bool:
    """Whether a stored attribute matches; of several values one is enough.

    This is what the index calls for each row, so ``stored`` is as :mod:`.attributes` writes it.
    """
    test = matcher(vr, wanted)
    if isinstance(stored, str) and "\\" in stored:
        return any(test(value) for value in stored.split("\\"))
    return test(stored)


def _range(wanted: str) -> Matcher:
    first, hyphen, last = wanted.partition("-")
    if not hyphen:
        last = first

    def test(stored: Any) -> bool:
        # A text that begins with the end of the range is within it: 10 means until 10:59:59.9.
        return bool(stored) and first <= str(stored) <= (last or "9") + "~"

    return test


def _number(wanted: str) -> Matcher:
    try:
        number = float(wanted)
    except ValueError:
        return lambda stored: False

    def test(stored: Any) -> bool:
        try:
            return float(stored) == number
        except (TypeError, ValueError):
            return False

    return test
