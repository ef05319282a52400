"""Mutations that know what an element is; bytes alone would mostly break the first length."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Callable, Sequence

from .seeds import BIG, DEFLATED, EXPLICIT, IMPLICIT, RLE, TOKENS

_LONG = (b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV")
_SHORT = tuple(b"AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US".split())
_VRS = (*_LONG, *_SHORT, b"ZZ", b"\0\0", b"OB")
_SYNTAXES = (IMPLICIT, EXPLICIT, BIG, DEFLATED, RLE, "1.2.840.10008.1.2.4.50", "1.2.3")
_LENGTHS = (0, 1, 2, 7, 8, 0xFFFE, 0xFFFF, 0x10000, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF)
_TAGS = (
    0x00080005, 0x00080008, 0x00080016, 0x00080018, 0x00081155, 0x00089215, 0x00100010, 0x00100020,
    0x0018A001, 0x00204000, 0x00280010, 0x00280100, 0x00280102, 0x00290010, 0x00291001, 0x0040A730,
    0x00420011, 0x04000561, 0x50000010, 0x52009230, 0x60000102, 0x60003000, 0x7FE00010, 0xFFFCFFFC,
    0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD, 0x00020010, 0x00041220, 0x00000000, 0x00080000, 0x00081234,
)  # fmt: skip
_SPICE = (
    b"\xfe\xff\x00\xe0\xff\xff\xff\xff", b"\xfe\xff\x0d\xe0\0\0\0\0", b"\xfe\xff\xdd\xe0\0\0\0\0",
    b"\xff\xff\xff\xff", b"\0" * 8, b"\x1b$B", b"\\", *TOKENS,
)  # fmt: skip

_Found = tuple[int, int, int, int]  # where it starts, its value, its end, its depth


class Anatomy:
    """What a forgiving reader finds in a data set: where elements begin and end."""

    def __init__(self, data: bytes) -> None:
        self.marked = data[128:132] == b"DICM"
        start = 132 if self.marked else 0
        self.syntax = EXPLICIT
        while data[start : start + 2] == b"\x02\0" and start + 8 <= len(data):
            long = data[start + 4 : start + 6] in _LONG
            size = 12 if long else 8
            head = data[start : start + size].ljust(size, b"\0")
            length = struct.unpack_from("<I" if long else "<H", head, 8 if long else 6)[0]
            if data[start + 2 : start + 4] == b"\x10\0":
                self.syntax = (
                    data[start + size : start + size + length].strip(b"\0 ").decode("latin-1")
                )
            start = min(start + size + length, len(data))
        self.head, self.body = data[:start], data[start:]
        if self.syntax == DEFLATED:
            self.body = _inflated(self.body)
        vr = self.body[4:6]
        self.explicit = vr in _LONG or vr in _SHORT
        self.order = ">" if self.body[:2] == b"\0\x08" else "<"
        self.elements: list[_Found] = []
        self._scan(0, len(self.body), 0)

    def _scan(self, pos: int, end: int, depth: int) -> None:
        body = self.body
        while pos + 8 <= end and len(self.elements) < 400:
            group = struct.unpack_from(self.order + "H", body, pos)[0]
            vr = body[pos + 4 : pos + 6]
            value = pos + 8
            if self.explicit and group != 0xFFFE and vr in _SHORT:
                length = struct.unpack_from(self.order + "H", body, pos + 6)[0]
            elif self.explicit and group != 0xFFFE and vr in _LONG:
                value = pos + 12
                if value > end:
                    return
                length = struct.unpack_from(self.order + "I", body, pos + 8)[0]
            else:
                length = struct.unpack_from(self.order + "I", body, pos + 4)[0]
            within = group == 0xFFFE or vr == b"SQ" or length == 0xFFFFFFFF
            stop = value if length == 0xFFFFFFFF else min(value + length, end)
            self.elements.append((pos, value, stop, depth))
            if within and length not in (0, 0xFFFFFFFF) and depth < 8:
                self._scan(value, stop, depth + 1)
            pos = stop

    def whole(self, body: bytes, deflate: bool | None = None) -> bytes:
        """Return a file with another data set, deflated again where it was."""
        if self.syntax == DEFLATED if deflate is None else deflate:
            packer = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
            body = packer.compress(body) + packer.flush()
        return self.head + body


def _inflated(body: bytes) -> bytes:
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(body, 1 << 20)
    except zlib.error:
        return body


def mutate(data: bytes, rng: random.Random, others: Sequence[bytes], most: int = 1 << 16) -> bytes:
    """Return a file with one to four changes.

    Parameters
    ----------
    data : bytes
        A file, whole or damaged.
    rng : random.Random
        Decides what is changed.
    others : sequence of bytes
        Files to take parts of.
    most : int
        The longest file wanted.
    """
    for _ in range(rng.choice((1, 1, 1, 2, 3, 4))):
        anatomy = Anatomy(data)
        change = rng.choice(_CHANGES)
        body = bytearray(anatomy.body)
        if change is _file:
            data = _file(anatomy, body, rng)
            continue
        other = Anatomy(rng.choice(others)) if change in (_splice, _wrap) and others else anatomy
        if anatomy.elements:
            change(anatomy, body, rng, other)
        data = anatomy.whole(bytes(body[:most]))
    return data[:most]


def _pick(anatomy: Anatomy, rng: random.Random) -> _Found:
    return rng.choice(anatomy.elements)


def _drop(a: Anatomy, body: bytearray, rng: random.Random, __: Anatomy) -> None:
    start, _, end, _ = _pick(a, rng)
    del body[start:end]


def _repeat(a: Anatomy, body: bytearray, rng: random.Random, __: Anatomy) -> None:
    start, _, end, _ = _pick(a, rng)
    at = _pick(a, rng)[rng.choice((0, 2))]
    body[at:at] = body[start:end] * rng.choice((1, 1, 2, 40))


def _splice(a: Anatomy, body: bytearray, rng: random.Random, other: Anatomy) -> None:
    if other.elements:
        start, _, end, _ = _pick(other, rng)
        at = _pick(a, rng)[rng.choice((0, 1, 2))]
        body[at:at] = other.body[start:end]


def _length(a: Anatomy, body: bytearray, rng: random.Random, __: Anatomy) -> None:
    start, value, end, _ = _pick(a, rng)
    choice = rng.choice(
        (*_LENGTHS, end - value + 1, end - value - 1, end - value + 2, rng.randrange(64))
    )
    if a.explicit and value - start == 8 and bytes(body[start + 4 : start + 6]) in _SHORT:
        struct.pack_into(a.order + "H", body, value - 2, choice & 0xFFFF)
    else:
        struct.pack_into(a.order + "I", body, value - 4, choice & 0xFFFFFFFF)


def _swallow(a: Anatomy, body: bytearray, rng: random.Random, __: Anatomy) -> None:
    """Make a value reach over the elements behind it, so that what follows is read as before."""
    at = rng.randrange(len(a.elements))
    start, value, _, depth = a.elements[at]
    ends = [end for _, _, end, other in a.elements[at + 1 : at + 8] if other == depth]
    if not ends:
        return
    size = rng.choice(ends) - value
    if a.explicit and value - start == 8 and bytes(body[start + 4 : start + 6]) in _SHORT:
        struct.pack_into(a.order + "H", body, value - 2, size & 0xFFFF)
    else:
        struct.pack_into(a.order + "I", body, value - 4, size)


def _vr(a: Anatomy, body: bytearray, rng: random.Random, __: Anatomy) -> None:
    start, *_ = _pick(a, rng)
    body[start + 4 : start + 6] = rng.choice(_VRS)


def _vr_kept_length(a: Anatomy, body: bytearray, rng: random.Random, __: Anatomy) -> None:
    """Change a VR and write the header that it needs, so that the rest is still read."""
    start, value, end, _ = _pick(a, rng)
    if a.explicit:
        vr = rng.choice(_LONG + _SHORT)
        size = end - value
        head = struct.pack(a.order + "2sHI", vr, 0, size)
        if vr in _SHORT:
            head = struct.pack(a.order + "2sH", vr, size & 0xFFFF)
        body[start + 4 : value] = head


def _tag(a: Anatomy, body: bytearray, rng: random.Random, __: Anatomy) -> None:
    start, *_ = _pick(a, rng)
    tag = rng.choice(_TAGS) if rng.random() < 0.7 else rng.randrange(1 << 32)
    struct.pack_into(a.order + "HH", body, start, tag >> 16, tag & 0xFFFF)


def _wrap(a: Anatomy, body: bytearray, rng: random.Random, other: Anatomy) -> None:
    """Put an element into an item of a sequence, of defined or undefined length."""
    start, _, end, _ = _pick(a, rng)
    inner = bytes(body[start:end])
    undefined = rng.random() < 0.5
    item = struct.pack(a.order + "HHI", 0xFFFE, 0xE000, 0xFFFFFFFF if undefined else len(inner))
    if undefined:
        item += inner + struct.pack(a.order + "HHI", 0xFFFE, 0xE00D, 0)
    else:
        item += inner
    length = 0xFFFFFFFF if undefined else len(item)
    if undefined:
        item += struct.pack(a.order + "HHI", 0xFFFE, 0xE0DD, 0)
    tag = rng.choice((0x00089215, 0x00081140, 0x00400260, 0x00291005, 0x0040A730))
    head = struct.pack(a.order + "HH", tag >> 16, tag & 0xFFFF)
    vr = rng.choice((b"SQ", b"SQ", b"UN"))
    head += (
        struct.pack(a.order + "2sHI", vr, 0, length)
        if a.explicit
        else struct.pack(a.order + "I", length)
    )
    body[start:end] = head + item


def _value(a: Anatomy, body: bytearray, rng: random.Random, __: Anatomy) -> None:
    _, value, end, _ = _pick(a, rng)
    if value < end:
        at = rng.randrange(value, end)
        body[at : at + 1] = rng.choice((bytes([rng.randrange(256)]), rng.choice(_SPICE)))


def _bits(a: Anatomy, body: bytearray, rng: random.Random, __: Anatomy) -> None:
    for _ in range(rng.randrange(1, 6)):
        if body:
            body[rng.randrange(len(body))] ^= 1 << rng.randrange(8)


def _cut(a: Anatomy, body: bytearray, rng: random.Random, __: Anatomy) -> None:
    del body[rng.randrange(len(body) + 1) :]


def _swap(a: Anatomy, body: bytearray, rng: random.Random, __: Anatomy) -> None:
    one, other = sorted((_pick(a, rng), _pick(a, rng)))
    if one[2] <= other[0]:
        between = bytes(body[one[2] : other[0]])
        body[one[0] : other[2]] = (
            bytes(body[other[0] : other[2]]) + between + bytes(body[one[0] : one[2]])
        )


def _spice(a: Anatomy, body: bytearray, rng: random.Random, __: Anatomy) -> None:
    at = _pick(a, rng)[rng.choice((0, 1, 2))]
    body[at:at] = rng.choice(_SPICE)


def _file(a: Anatomy, body: bytearray, rng: random.Random) -> bytes:
    """Change what stands around the data set: its transfer syntax, preamble, meta, deflation."""
    kind = rng.randrange(4)
    if kind == 0:
        return bytes(body)
    if kind == 1:
        old = a.syntax.encode("latin-1")
        new = rng.choice(_SYNTAXES).encode()
        head = a.head.replace(old, new.ljust(len(old), b"\0")[: max(len(old), len(new))])
        return head + bytes(body)
    if kind == 2:
        return a.whole(bytes(body), rng.random() < 0.5)
    head = bytearray(a.head)
    if head:
        head[rng.randrange(len(head))] ^= 1 << rng.randrange(8)
    return bytes(head) + a.whole(bytes(body))[len(a.head) :]


_CHANGES: tuple[Callable[..., object], ...] = (
    _drop, _repeat, _splice, _length, _swallow, _vr, _vr_kept_length, _tag, _wrap, _value, _bits,
    _cut, _swap, _spice, _file,
)  # fmt: skip
