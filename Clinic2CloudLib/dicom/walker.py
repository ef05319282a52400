"""Step over the elements of a DICOM data set by their lengths alone (PS3.5 section 7).

Every length is held against the size of the file, so that a file that ends too soon is known to.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from ..errors import NotDeidentifiableError

PIXEL_DATA = 0x7FE00010
FLOAT_PIXEL_DATA = 0x7FE00008
DOUBLE_FLOAT_PIXEL_DATA = 0x7FE00009
PIXEL_TAGS = (PIXEL_DATA, FLOAT_PIXEL_DATA, DOUBLE_FLOAT_PIXEL_DATA)

UNDEFINED = 0xFFFFFFFF
_ITEM = 0xFFFEE000
_ITEM_END = 0xFFFEE00D
_SEQUENCE_END = 0xFFFEE0DD
#: VRs with a length of 32 bits in explicit VR, and those with one of 16 (PS3.5 7.1.2).
LONG_VRS = frozenset(
    {b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR"}
) | {b"UT", b"UV"}
SHORT_VRS = frozenset(
    {b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FL", b"FD", b"IS", b"LO", b"LT", b"PN"}
) | {b"SH", b"SL", b"SS", b"ST", b"TM", b"UI", b"UL", b"US"}
_DEEPEST = 64

CUT_SHORT = "the file is cut short"


class NeedMoreError(Exception):
    """The head of the file does not reach far enough; for the reader of heads only."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element's place in :attr:`FileLayout.data`.

    ``start`` is where its tag stands, ``value`` where its value begins, ``end`` is behind it
    (delimiters included); ``length`` is ``UNDEFINED`` when the file does not say it.
    """

    tag: int
    vr: str
    start: int
    value: int
    length: int
    end: int


class Walker:
    """Steps over the elements of one data set; keeps where fragments of pixel data lie."""

    def __init__(self, data: bytes, size: int, implicit: bool, endian: str) -> None:
        self.data, self.size = data, size
        self.implicit, self.endian = implicit, endian
        self.fragments: list[tuple[int, int]] = []
        self.groups = struct.Struct(endian + "HH").unpack_from
        self.long = struct.Struct(endian + "L").unpack_from
        self.short = struct.Struct(endian + "H").unpack_from

    def walk(self, place: int, elements: dict[int, Element]) -> None:
        """Fill ``elements`` with the data set that begins at ``place``."""
        data, known, size = self.data, len(self.data), self.size
        while place < size:
            if place + 8 > known:
                self._lack(place + 8, "an element has no end", padding_from=place)
                return
            tag, vr, value, length = self._header(place, self.implicit)
            if tag == 0 and not data[place:].strip(b"\0"):
                return  # padding behind the data set, which some archives write
            if tag >> 16 == 0xFFFE:
                raise NotDeidentifiableError("its data set is damaged: an item without a sequence")
            if length == UNDEFINED:
                if tag == PIXEL_DATA:
                    end = self._skip_fragments(value)
                else:
                    end = self._skip_sequence(value, self.implicit or vr == "UN", 1)
            else:
                end = value + length
                if end > size:
                    what = "its pixel data" if tag in PIXEL_TAGS else "an element"
                    raise NotDeidentifiableError(
                        f"{CUT_SHORT}: {what} would end beyond the end of the file"
                    )
                if end > known and (tag not in PIXEL_TAGS or end < size):
                    raise NeedMoreError
            if tag in elements:
                raise NotDeidentifiableError("its data set is damaged: an element comes twice")
            elements[tag] = Element(tag, vr, place, value, length, end)
            place = end

    def _lack(self, needed: int, what: str, padding_from: int | None = None) -> None:
        """The known bytes end: raise, unless nothing but padding is left."""
        if len(self.data) < self.size:
            raise NeedMoreError
        if padding_from is not None and not self.data[padding_from:].strip(b"\0"):
            return
        raise NotDeidentifiableError(f"{CUT_SHORT}: {what}")

    def _header(self, place: int, implicit: bool) -> tuple[int, str, int, int]:
        """Return tag, VR, where the value begins, and its length."""
        data = self.data
        group, element = self.groups(data, place)
        tag = group << 16 | element
        if implicit or group == 0xFFFE:
            return tag, "", place + 8, self.long(data, place + 4)[0]
        vr = data[place + 4 : place + 6]
        if vr in SHORT_VRS:
            return tag, vr.decode(), place + 8, self.short(data, place + 6)[0]
        if vr in LONG_VRS:
            if place + 12 > len(data):
                self._lack(place + 12, "an element has no end")
            return tag, vr.decode(), place + 12, self.long(data, place + 8)[0]
        if b"AA" <= vr <= b"ZZ":  # a VR of a later standard: PS3.5 7.1.2 gives it a long length,
            raise NotDeidentifiableError("it uses a value representation that is not known")
        # Writers that switch to implicit VR in the midst of an explicit data set exist.
        return tag, "", place + 8, self.long(data, place + 4)[0]

    def _skip_fragments(self, place: int) -> int:
        """Step over encapsulated pixel data (PS3.5 A.4), keep its fragments, return its end."""
        while True:
            if place + 8 > len(self.data):
                self._lack(place + 8, "its pixel data have no end")
            tag, _, value, length = self._header(place, True)
            if tag == _SEQUENCE_END:
                return value
            if tag != _ITEM or length == UNDEFINED:
                raise NotDeidentifiableError("its encapsulated pixel data are damaged")
            if value + length > self.size:
                raise NotDeidentifiableError(f"{CUT_SHORT}: its pixel data have no end")
            self.fragments.append((value, length))
            place = value + length

    def _skip_sequence(self, place: int, implicit: bool, depth: int) -> int:
        """Step over the items of a sequence of undefined length and return its end."""
        if depth > _DEEPEST:
            raise NotDeidentifiableError("its sequences are nested too deeply")
        while True:
            if place + 8 > len(self.data):
                self._lack(place + 8, "a sequence has no end")
            tag, _, value, length = self._header(place, True)
            if tag == _SEQUENCE_END:
                return value
            if tag != _ITEM:
                raise NotDeidentifiableError("its data set is damaged: a sequence without items")
            place = (
                self._skip_item(value, implicit, depth) if length == UNDEFINED else value + length
            )

    def _skip_item(self, place: int, implicit: bool, depth: int) -> int:
        """Step over an item of undefined length and return its end."""
        while True:
            if place + 8 > len(self.data):
                self._lack(place + 8, "a sequence has no end")
            tag, vr, value, length = self._header(place, implicit)
            if tag == _ITEM_END:
                return value
            if length == UNDEFINED:
                place = self._skip_sequence(value, implicit or vr == "UN", depth + 1)
            else:
                place = value + length
