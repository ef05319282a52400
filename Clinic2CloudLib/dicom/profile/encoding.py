"""How data elements are written: byte order and explicit or implicit VR (PS3.5 section 7.1)."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydicom.valuerep import EXPLICIT_VR_LENGTH_16, EXPLICIT_VR_LENGTH_32, STR_VR

from ...errors import NotDeidentifiableError

__all__ = ["BIG", "EXPLICIT", "IMPLICIT", "UNDEFINED", "Encoding"]

UNDEFINED = 0xFFFFFFFF

#: VRs whose explicit form has two reserved bytes and a 32-bit length, and the others (PS3.5 7.1.2).
LONG_VRS = frozenset(vr.value for vr in EXPLICIT_VR_LENGTH_32)
SHORT_VRS = frozenset(vr.value for vr in EXPLICIT_VR_LENGTH_16)
TEXT_VRS = frozenset(vr.value for vr in STR_VR)

Unpack = Callable[..., tuple[Any, ...]]


@dataclass(frozen=True)
class Header:
    """Where a data element's length stands and where its value begins, from its first byte."""

    unpack: Unpack
    length_at: int
    size: int


class Encoding:
    """One of the three encodings of a data set.

    Attributes
    ----------
    key_size : int
        Bytes that name an element: tag and, where explicit, VR.
    explicit, big : bool
        Explicit VR; big endian.
    """

    def __init__(self, name: str, explicit: bool, big: bool) -> None:
        order = ">" if big else "<"
        self.name = name
        self.explicit = explicit
        self.big = big
        self.key_size = 6 if explicit else 4
        self._tag = struct.Struct(order + "HH")
        self._short = struct.Struct(order + "H")
        self._long = struct.Struct(order + "I")
        self.long_at = self._long.unpack_from
        self.item = self.pack_tag(0xFFFEE000)
        self.item_end = self.pack_tag(0xFFFEE00D)
        self.sequence_end = self.pack_tag(0xFFFEE0DD)

    def __repr__(self) -> str:
        return f"Encoding({self.name})"

    def pack_tag(self, tag: int) -> bytes:
        """Return a tag's four bytes."""
        return self._tag.pack(tag >> 16, tag & 0xFFFF)

    def tag_of(self, key: bytes) -> int:
        """Return the tag named by an element's first bytes."""
        group, element = self._tag.unpack_from(key)
        return int(group << 16 | element)

    def header(self, vr: str) -> Header:
        """Return the layout of an element's header for a VR."""
        if not self.explicit:
            return Header(self.long_at, 4, 8)
        if vr in SHORT_VRS:
            return Header(self._short.unpack_from, 6, 8)
        return Header(self.long_at, 8, 12)

    def element(self, tag: int, vr: str, value: bytes) -> bytes:
        """Return a whole data element; the value is padded to an even length.

        Raises
        ------
        NotDeidentifiableError
            When the value does not fit the VR's 16-bit length.
        """
        if len(value) & 1:
            value += b" " if vr in TEXT_VRS and vr != "UI" else b"\0"
        return self.start(tag, vr, len(value)) + value

    def start(self, tag: int, vr: str, length: int) -> bytes:
        """Return an element's header for a value of so many bytes."""
        if not self.explicit:
            return self.pack_tag(tag) + self._long.pack(length)
        if vr in SHORT_VRS:
            if length > 0xFFFF:
                raise NotDeidentifiableError("a value is longer than its VR allows")
            return self.pack_tag(tag) + vr.encode() + self._short.pack(length)
        return self.pack_tag(tag) + vr.encode() + b"\0\0" + self._long.pack(length)

    def item_start(self, length: int) -> bytes:
        """Return the header of a sequence item."""
        return self.item + self._long.pack(length)

    def with_length(self, head: bytes, length: int) -> bytes:
        """Return the header of a sequence or item with another 32-bit length."""
        return head[:-4] + self._long.pack(length)


IMPLICIT = Encoding("implicit little endian", explicit=False, big=False)
EXPLICIT = Encoding("explicit little endian", explicit=True, big=False)
BIG = Encoding("explicit big endian", explicit=True, big=True)
