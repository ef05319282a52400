"""A file taken apart into what is searched strictly and what may hold a token by chance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pydicom.encaps import generate_fragments

from .elements import READ_ERRORS, Element
from .payloads import codec_headers, payloads

#: Binary values longer than this are searched apart from the header.
BULK = 1024
_BINARY = frozenset(("OB", "OW", "OF", "OD", "OL", "OV", "UN", "OB or OW"))
_PIXEL_DATA = (0x7FE00008, 0x7FE00009, 0x7FE00010)


@dataclass(frozen=True)
class Segment:
    """Some of a file's bytes.

    Attributes
    ----------
    data : bytes
        The bytes, unpacked where they were packed.
    kind : str
        ``header`` (searched strictly), ``binary`` or ``pixels`` (a token may be there by chance).
    where : str
        The element it is the value of; empty for the file less its bulk values.
    """

    data: bytes = field(repr=False)
    kind: str
    where: str


def segments(raw: bytes, inflated: bytes, elements: list[Element]) -> Iterator[Segment]:
    """Yield everything in a file that may hold a token.

    Parameters
    ----------
    raw : bytes
        The whole file.
    inflated : bytes
        Its data set unpacked, where it is deflated.
    elements : list of Element
        What it was read as.
    """
    bulk = [item for item in elements if item.vr in _BINARY and len(item.raw) > BULK]
    yield Segment(_without(raw, bulk), "header", "")
    if inflated:
        yield Segment(_without(inflated, bulk), "header", "")
    for item in bulk:
        yield Segment(item.raw, "pixels" if _is_image(item) else "binary", item.name)
        if item.tag in _PIXEL_DATA:
            for fragment in _fragments(item):
                for part in codec_headers(fragment):
                    yield Segment(part, "header", item.name)
    for item in elements:
        if item.vr in _BINARY and item.tag not in _PIXEL_DATA:
            for inner in payloads(item.raw):
                yield Segment(inner, "binary", item.name)


def _is_image(item: Element) -> bool:
    """Return whether an element's neighbouring bytes depend on each other."""
    group, element = item.tag >> 16, item.tag & 0xFFFF
    return (
        item.tag in _PIXEL_DATA
        or (0x6000 <= group <= 0x60FF and element == 0x3000)
        or (0x5000 <= group <= 0x50FF)
        or (group == 0x5400 and element == 0x1010)
        or (group == 0x0028 and 0x1201 <= element <= 0x3006)
        or group == 0x5600
    )


def _without(raw: bytes, bulk: list[Element]) -> bytes:
    """Return a file's bytes with its bulk values taken out."""
    pieces, start = [], 0
    for item in bulk:
        found = raw.find(item.raw, start)
        if found >= 0:
            pieces.append(raw[start:found])
            start = found + len(item.raw)
    pieces.append(raw[start:])
    return b"\0\0".join(pieces)


def _fragments(item: Element) -> Iterator[bytes]:
    """Yield the fragments of encapsulated pixel data (PS3.5 A.4); none for native ones."""
    if not item.raw.startswith(b"\xfe\xff\x00\xe0"):
        return
    try:
        yield from generate_fragments(item.raw)
    except READ_ERRORS:
        return
