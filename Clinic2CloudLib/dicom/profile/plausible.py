"""Whether a value that stays can be what its attribute says: a wrong length may swallow others.

Where a length is damaged, the elements behind it become part of the value, names and all. Their
tags betray them: every group that the profile acts on has a zero byte, which no text may have
(PS3.5 6.1.2.2), and numbers have a multiplicity (PS3.6).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydicom.datadict import DicomDictionary

from ...errors import NotDeidentifiableError
from . import tables
from .encoding import LONG_VRS, SHORT_VRS, TEXT_VRS, Encoding
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
        return _TOLERATED
    return int(multiplicity.split("-")[-1]) * NUMBER_SIZES[vr] + _TOLERATED


def refuse_swallowed(
    tag: int, vr: str, encoding: Encoding, raw: bytes, value: int, stop: int
) -> None:
    """Refuse text with zeros in its midst, too many numbers, binary data that end in elements.

    Parameters
    ----------
    tag, vr, encoding : int, str, Encoding
        Of the element.
    raw : bytes
        The data set.
    value, stop : int
        The value's place in it.

    Raises
    ------
    NotDeidentifiableError
        When other elements may be in it.
    """
    if vr in TEXT_VRS:
        if raw.find(b"\0", value, stop - 1) < 0 or b"\0" not in raw[value:stop].rstrip(b"\0 "):
            return
        raise NotDeidentifiableError("a text holds bytes that no text has")
    if longest(tag, vr) != _TOLERATED:
        raise NotDeidentifiableError("a value is longer than its attribute allows")
    for pos in _beginnings(encoding, raw, value, stop):
        if _elements_to_the_end(tag, encoding, raw, pos, stop):
            raise NotDeidentifiableError("binary data end in what are elements")


#: The two letters of a VR, and in implicit VR the group of a standard or private element.
_VR = re.compile("|".join(sorted(SHORT_VRS | LONG_VRS)).encode())
_GROUP = re.compile(rb"(?=[\x08-\xff]\0)")


def _beginnings(encoding: Encoding, raw: bytes, value: int, stop: int) -> Iterator[int]:
    """Yield where, in binary data, an element may begin."""
    if encoding.explicit:
        yield from (found.start() - 4 for found in _VR.finditer(raw, value + 4, stop))
    else:
        yield from (found.start() for found in _GROUP.finditer(raw, value, stop - 7))


def _elements_to_the_end(last: int, encoding: Encoding, raw: bytes, pos: int, stop: int) -> bool:
    """Return whether well-formed elements, in order, reach to the end, and one is to go."""
    listed = False
    while pos + 8 <= stop:
        tag = encoding.tag_of(raw[pos : pos + 4])
        private = bool(tag >> 16 & 1)
        if tag <= last or not (private or tag in DicomDictionary):
            return False
        vr = raw[pos + 4 : pos + 6].decode("latin-1") if encoding.explicit else "UN"
        if vr not in SHORT_VRS and vr not in LONG_VRS:
            return False
        header = encoding.header(vr)
        if pos + header.size > stop:
            return False
        pos += header.size + header.unpack(raw, pos + header.length_at)[0]
        listed = listed or private or tag in tables.rows()
        last = tag
    return listed and pos == stop
