"""The frame around a data set: preamble, file meta information, transfer syntax (PS3.10, PS3.5)."""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import dataclass

from pydicom.uid import UID, UID_dictionary

from ..._version import __version__
from ...errors import NotDeidentifiableError
from .encoding import BIG, EXPLICIT, IMPLICIT, LONG_VRS, SHORT_VRS, UNDEFINED, Encoding

__all__ = ["IMPLEMENTATION_CLASS_UID", "DataSet", "file_meta", "open_data_set", "write_file"]

#: A UUID-derived UID (PS3.5 B.2) drawn once for this software.
IMPLEMENTATION_CLASS_UID = "2.25.204739125810642357108563910228346516291"
IMPLEMENTATION_VERSION_NAME = f"C2C_{__version__}"[:16]

IMPLICIT_LE = "1.2.840.10008.1.2"
EXPLICIT_LE = "1.2.840.10008.1.2.1"
DEFLATED_LE = "1.2.840.10008.1.2.1.99"
EXPLICIT_BE = "1.2.840.10008.1.2.2"

#: Pixels outside the file, or deflated and outside: nothing here can say what they show.
_JPIP = frozenset(f"1.2.840.10008.1.2.4.{n}" for n in (94, 95, 204, 205))
#: Also those of editions later than the dictionary's.
_STANDARD_SYNTAX = re.compile(r"1\.2\.840\.10008\.1\.2(\.\d{1,3}){1,3}", re.ASCII)
_MEDIA_DIRECTORY = "1.2.840.10008.1.3.10"
_LARGEST_INFLATED = 1 << 31
_STORED_BLOCK = 0xFFFF


@dataclass(frozen=True)
class DataSet:
    """The bytes of a data set and how to read them.

    ``meta_sop_class`` is what the file meta information says, empty when it says nothing.
    """

    raw: bytes
    start: int
    encoding: Encoding
    transfer_syntax: str
    meta_sop_class: str


def open_data_set(raw: bytes) -> DataSet:
    """Find the data set in a file, with or without preamble and file meta information.

    Raises
    ------
    NotDeidentifiableError
        When it is not DICOM, a DICOMDIR, or in a transfer syntax that is not known.
    """
    start = 132 if raw[128:132] == b"DICM" else 0
    meta: dict[int, bytes] = {}
    if start or raw[:4] == b"\x02\0\0\0" or raw[:2] == b"\x02\0":
        meta, start = _read_meta(raw, start)
    syntax = _text(meta.get(0x0010, b""))
    sop_class = _text(meta.get(0x0002, b""))
    if sop_class == _MEDIA_DIRECTORY:
        raise NotDeidentifiableError("a DICOMDIR is made anew, never passed on")
    if start >= len(raw):
        raise NotDeidentifiableError("the file holds no data set")
    if syntax == DEFLATED_LE:
        raw, start = _inflate(raw[start:]), 0
        return DataSet(raw, start, EXPLICIT, syntax, sop_class)
    guessed = _guess(raw, start)
    if not syntax:
        syntax = {IMPLICIT: IMPLICIT_LE, EXPLICIT: EXPLICIT_LE, BIG: EXPLICIT_BE}[guessed]
    named = _named_encoding(syntax)
    if named is not guessed:
        # The transfer syntax lies. Uncompressed data are taken for what they are.
        if syntax not in (IMPLICIT_LE, EXPLICIT_LE, EXPLICIT_BE):
            raise NotDeidentifiableError("the data set is not in its transfer syntax")
        syntax = {IMPLICIT: IMPLICIT_LE, EXPLICIT: EXPLICIT_LE, BIG: EXPLICIT_BE}[guessed]
    return DataSet(raw, start, guessed, syntax, sop_class)


def _named_encoding(syntax: str) -> Encoding:
    """Return the encoding of a transfer syntax."""
    if syntax == IMPLICIT_LE:
        return IMPLICIT
    if syntax == EXPLICIT_BE:
        return BIG
    known = syntax in UID_dictionary and UID(syntax).is_transfer_syntax
    if syntax in _JPIP:
        raise NotDeidentifiableError("the pixel data lie outside the file")
    if not (known or _STANDARD_SYNTAX.fullmatch(syntax)):
        raise NotDeidentifiableError("the transfer syntax is not a standard one")
    return EXPLICIT


def _guess(raw: bytes, start: int) -> Encoding:
    """Return the encoding that a data set's first element is written in.

    The first element is of group 0008 in every composite instance; 0000 to 0007 are met in files
    of other origin.
    """
    head = raw[start : start + 8]
    if len(head) < 8:
        raise NotDeidentifiableError("the data set is truncated")
    vr = head[4:6].decode("latin-1")
    looks_explicit = vr in SHORT_VRS or vr in LONG_VRS
    little, big = struct.unpack("<H", head[:2])[0], struct.unpack(">H", head[:2])[0]
    if little <= 0x0010:
        return EXPLICIT if looks_explicit else IMPLICIT
    if big <= 0x0010 and looks_explicit:
        return BIG
    raise NotDeidentifiableError("this is not a DICOM file")


def _read_meta(raw: bytes, start: int) -> tuple[dict[int, bytes], int]:
    """Return the elements of group 0002 and where the data set begins; lengths are not trusted."""
    meta: dict[int, bytes] = {}
    pos = start
    while raw[pos : pos + 2] == b"\x02\0":
        head = raw[pos : pos + 12]
        if len(head) < 8:
            raise NotDeidentifiableError("the file meta information is truncated")
        element = struct.unpack_from("<H", head, 2)[0]
        vr = head[4:6].decode("latin-1")
        if vr in SHORT_VRS:
            length, value = struct.unpack_from("<H", head, 6)[0], pos + 8
        elif vr in LONG_VRS and len(head) == 12:
            length, value = struct.unpack_from("<I", head, 8)[0], pos + 12
        else:  # written in implicit VR by mistake
            length, value = struct.unpack_from("<I", head, 4)[0], pos + 8
        if length == UNDEFINED or value + length > len(raw):
            raise NotDeidentifiableError("the file meta information is malformed")
        meta.setdefault(element, raw[value : value + length])
        pos = value + length
    return meta, pos


def _text(value: bytes) -> str:
    """Return a UID's text."""
    return value.decode("latin-1").strip("\0 ")


def _inflate(deflated: bytes) -> bytes:
    """Undo the deflated transfer syntax (PS3.5 A.5), up to 2 GiB."""
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        raw = stream.decompress(deflated, _LARGEST_INFLATED)
    except zlib.error:
        raise NotDeidentifiableError("the deflated data set is damaged") from None
    if not stream.eof:
        raise NotDeidentifiableError("the deflated data set is truncated or too large")
    return raw


def _deflate(raw: bytes) -> bytes:
    """Return a deflate stream (RFC 1951) of stored blocks.

    Compressors differ between builds of zlib; stored blocks are the same bytes on every machine.
    """
    pieces = []
    for pos in range(0, len(raw), _STORED_BLOCK) or (0,):
        block = raw[pos : pos + _STORED_BLOCK]
        last = pos + _STORED_BLOCK >= len(raw)
        pieces.append(struct.pack("<BHH", last, len(block), len(block) ^ 0xFFFF))
        pieces.append(block)
    stream = b"".join(pieces)
    return stream + b"\0" * (len(stream) & 1)  # PS3.5 A.5 pads to an even length


def file_meta(sop_class_uid: str, sop_instance_uid: str, transfer_syntax: str) -> bytes:
    """Return preamble (zeros), prefix and file meta information, none of it from the source."""

    def uid(text: str) -> bytes:
        return text.encode("ascii")

    body = b"".join(
        (
            EXPLICIT.element(0x00020001, "OB", b"\0\1"),
            EXPLICIT.element(0x00020002, "UI", uid(sop_class_uid)),
            EXPLICIT.element(0x00020003, "UI", uid(sop_instance_uid)),
            EXPLICIT.element(0x00020010, "UI", uid(transfer_syntax)),
            EXPLICIT.element(0x00020012, "UI", uid(IMPLEMENTATION_CLASS_UID)),
            EXPLICIT.element(0x00020013, "SH", IMPLEMENTATION_VERSION_NAME.encode("ascii")),
        )
    )
    length = EXPLICIT.element(0x00020000, "UL", struct.pack("<I", len(body)))
    return b"\0" * 128 + b"DICM" + length + body


def write_file(meta: bytes, data_set: list[bytes | memoryview], transfer_syntax: str) -> bytes:
    """Return the whole file from its file meta information and the parts of its data set."""
    if transfer_syntax == DEFLATED_LE:
        return meta + _deflate(b"".join(data_set))
    return b"".join([meta, *data_set])
