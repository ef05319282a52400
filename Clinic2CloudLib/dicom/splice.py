"""Give a DICOM file some other elements and leave every other byte of it as it was."""

from __future__ import annotations

import struct
from collections.abc import Mapping

from .elements import EXPLICIT_LITTLE, FileLayout
from .walker import LONG_VRS

#: Implementation Class UID of this software, as the profile engine writes it.
_IMPLEMENTATION = b"2.25.204739125810642357108563910228346516291"


def encode_element(tag: int, vr: str, value: bytes, layout: FileLayout) -> bytes:
    """Encode an element as the file's data set is encoded (PS3.5 7.1).

    Parameters
    ----------
    tag, vr, value
        The element; the value is of the file's byte order and padded here to even length.
    layout : FileLayout
        The file it is for.

    Returns
    -------
    bytes
        Tag, VR unless implicit, length, value.
    """
    if len(value) % 2:
        value += b" " if vr in ("CS", "IS", "DS", "LO", "SH") else b"\0"
    start = struct.pack(layout.endian + "HH", tag >> 16, tag & 0xFFFF)
    if layout.implicit:
        return start + struct.pack(layout.endian + "L", len(value)) + value
    if vr.encode() in LONG_VRS:
        return start + vr.encode() + struct.pack(layout.endian + "HL", 0, len(value)) + value
    return start + vr.encode() + struct.pack(layout.endian + "H", len(value)) + value


def rebuild(
    layout: FileLayout, replacements: Mapping[int, bytes | None], transfer_syntax: str
) -> bytes:
    """Put a file together again with some elements replaced.

    Parameters
    ----------
    layout : FileLayout
        The file; a deflated data set is written inflated.
    replacements : mapping
        Tag to the encoded element that takes its place (or is inserted in tag order); ``None``
        takes the element out.
    transfer_syntax : str
        What the file meta information shall name; it is made when the file has none.

    Returns
    -------
    bytes
        A Part 10 file.
    """
    # A retired group length (gggg,0000) would be wrong now; it is optional (PS3.5 7.2).
    stale = {tag & 0xFFFF0000: None for tag in replacements if tag & 0xFFFF}
    changes: dict[int, bytes | None] = {**stale, **replacements}
    pieces: list[bytes] = []
    waiting = sorted(tag for tag in changes if tag not in layout.elements)
    place = layout.dataset
    present = sorted(
        (e for e in layout.elements.values() if e.start >= layout.dataset), key=lambda e: e.start
    )
    for element in present:
        while waiting and waiting[0] < element.tag:
            pieces += [layout.data[place : element.start], changes[waiting.pop(0)] or b""]
            place = element.start
        if element.tag in changes:
            pieces += [layout.data[place : element.start], changes[element.tag] or b""]
            place = element.end
    pieces.append(layout.data[place:])
    pieces += [changes[tag] or b"" for tag in waiting]
    return file_head(layout, transfer_syntax) + b"".join(pieces)


def file_head(layout: FileLayout, transfer_syntax: str) -> bytes:
    """Return preamble and file meta information that name a transfer syntax (PS3.10 7.1)."""
    if not layout.has_meta:
        return _new_head(layout, transfer_syntax)
    if layout.text(0x00020010) == transfer_syntax and layout.data[128:132] == b"DICM":
        return layout.data[: layout.dataset]
    elements = sorted(
        (e for e in layout.elements.values() if e.tag >> 16 == 2 and e.tag != 0x00020000),
        key=lambda e: e.tag,
    )
    named = _meta(0x00020010, b"UI", transfer_syntax.encode())
    body = b"".join(
        named if e.tag == 0x00020010 else layout.data[e.start : e.end] for e in elements
    )
    preamble = layout.data[:132] if layout.data[128:132] == b"DICM" else bytes(128) + b"DICM"
    return preamble + _meta(0x00020000, b"UL", struct.pack("<L", len(body))) + body


def _new_head(layout: FileLayout, transfer_syntax: str) -> bytes:
    body = b"".join(
        (
            _meta(0x00020001, b"OB", b"\0\1"),
            _meta(0x00020002, b"UI", layout.text(0x00080016).encode()),
            _meta(0x00020003, b"UI", layout.text(0x00080018).encode()),
            _meta(0x00020010, b"UI", transfer_syntax.encode()),
            _meta(0x00020012, b"UI", _IMPLEMENTATION),
        )
    )
    length = _meta(0x00020000, b"UL", struct.pack("<L", len(body)))
    return bytes(128) + b"DICM" + length + body


def _meta(tag: int, vr: bytes, value: bytes) -> bytes:
    """Encode an element of the file meta information, Explicit VR Little Endian."""
    value += b"\0" * (len(value) % 2)
    start = struct.pack("<HH", tag >> 16, tag & 0xFFFF) + vr
    if vr == b"OB":
        return start + struct.pack("<HL", 0, len(value)) + value
    return start + struct.pack("<H", len(value)) + value


def inflated_syntax(layout: FileLayout) -> str:
    """Return the transfer syntax of the data set as it stands in ``layout.data``."""
    return EXPLICIT_LITTLE if layout.deflated else layout.transfer_syntax
