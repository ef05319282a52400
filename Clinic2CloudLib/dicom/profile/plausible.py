"""Whether a value that stays can be what its attribute says: a wrong length may swallow others.

Where a length is damaged, the elements behind it become part of the value, names and all. Their
tags betray them: every group that the profile acts on has a zero byte, which no text may have
(PS3.5 6.1.2.2), and numbers have a multiplicity (PS3.6).
"""

from __future__ import annotations

from pydicom.datadict import DicomDictionary

from ...errors import NotDeidentifiableError
from .encoding import TEXT_VRS
from .vr_choice import NUMBER_SIZES

__all__ = ["UNLIMITED", "longest", "refuse_swallowed"]

UNLIMITED = 1 << 33
#: Less than the header of one element.
_TOLERATED = 7


def longest(tag: int, vr: str) -> int:
    """Return the length in bytes up to which a kept value needs no second look: 0 for text."""
    if vr in TEXT_VRS:
        return 0
    multiplicity = DicomDictionary[tag][1] if tag in DicomDictionary else "n"
    if vr not in NUMBER_SIZES or "n" in multiplicity:
        return UNLIMITED
    return int(multiplicity.split("-")[-1]) * NUMBER_SIZES[vr] + _TOLERATED


def refuse_swallowed(vr: str, raw: bytes, value: int, stop: int) -> None:
    """Refuse a value that is longer than its attribute allows, or a text with zeros in its midst.

    Raises
    ------
    NotDeidentifiableError
        When other elements may be in it.
    """
    if vr in TEXT_VRS:
        if raw.find(b"\0", value, stop - 1) < 0 or b"\0" not in raw[value:stop].rstrip(b"\0 "):
            return
        raise NotDeidentifiableError("a text holds bytes that no text has")
    raise NotDeidentifiableError("a value is longer than its attribute allows")
