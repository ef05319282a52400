"""What hides inside: compressed streams, archives, documents, and the comments of image codecs."""

from __future__ import annotations

import binascii
import gzip
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator

#: Nothing is unpacked further than this: a payload larger than that is searched as it is.
LARGEST = 64 << 20
DEEPEST = 3

_ZLIB = re.compile(rb"\x78[\x01\x5e\x9c\xda]")
_GZIP = re.compile(rb"\x1f\x8b\x08")
_BASE64 = re.compile(rb"[A-Za-z0-9+/]{32,}(?:\r?\n[A-Za-z0-9+/]{4,}){0,100000}={0,2}")
_PDF_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
_PDF_STRING = re.compile(rb"\(((?:[^()\\]|\\.)*)\)|<([0-9A-Fa-f\s]+)>", re.DOTALL)
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_PIXELS = frozenset((b"IDAT", b"IHDR", b"PLTE", b"IEND", b"tRNS"))
_TRIES = 4096  # of false beginnings; true ones come first


def payloads(data: bytes, depth: int = 0) -> Iterator[bytes]:
    """Yield what is packed inside bytes, and what is packed inside that.

    Parameters
    ----------
    data : bytes
        Any value or file.
    depth : int
        How many packings it has already come out of.
    """
    if depth >= DEEPEST or len(data) < 8:
        return
    for reader in (_archives, _gzips, _zlibs, _documents, _base64s):
        for inner in reader(data):
            yield inner
            yield from payloads(inner, depth + 1)


def codec_headers(fragment: bytes) -> Iterator[bytes]:
    """Yield the parts of a compressed image that hold text and not pixels.

    Parameters
    ----------
    fragment : bytes
        JPEG or JPEG-LS (ITU-T T.81 annex B), or JPEG 2000 (T.800 annex A), possibly in JP2 boxes.
    """
    if fragment.startswith(b"\xff\xd8"):
        yield from _markers(fragment, 2, last=0xDA)
    elif fragment.startswith(b"\xff\x4f"):
        yield from _markers(fragment, 2, last=0x90)
    elif fragment[4:8] == b"jP  ":
        start = fragment.find(b"\xff\x4f\xff\x51")
        yield fragment[: start if start >= 0 else len(fragment)]
        if start >= 0:
            yield from _markers(fragment, start + 2, last=0x90)


def png_text(data: bytes) -> Iterator[bytes]:
    """Yield the chunks of a PNG file that are not its picture."""
    position = len(_PNG)
    if not data.startswith(_PNG):
        return
    while position + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        if kind not in _PNG_PIXELS:
            yield data[position + 8 : position + 8 + length]
        if kind == b"IEND":
            yield data[position + 12 + length :]
            return
        position += 12 + length


def _markers(data: bytes, position: int, last: int) -> Iterator[bytes]:
    """Yield marker segments up to the one where the pixels begin."""
    while position + 4 <= len(data) and data[position] == 0xFF and data[position + 1] != last:
        (length,) = struct.unpack_from(">H", data, position + 2)
        yield data[position + 4 : position + 2 + length]
        position += 2 + max(length, 2)


def _inflated(data: bytes | memoryview, window: int) -> bytes | None:
    """Return what a deflate stream holds, however it ends; None when it is none."""
    inflater = zlib.decompressobj(window)
    try:
        return inflater.decompress(data, LARGEST) or None
    except zlib.error:
        return None


def _zlibs(data: bytes) -> Iterator[bytes]:
    """Yield zlib streams (RFC 1950)."""
    for number, match in enumerate(_ZLIB.finditer(data)):
        if number >= _TRIES:
            return
        inner = _inflated(memoryview(data)[match.start() :], zlib.MAX_WBITS)
        if inner and len(inner) >= 8:
            yield inner


def _gzips(data: bytes) -> Iterator[bytes]:
    """Yield gzip members (RFC 1952), their file name included."""
    for number, match in enumerate(_GZIP.finditer(data)):
        if number >= _TRIES:
            return
        member = data[match.start() :]
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(member)) as handle:
                inner = handle.read(LARGEST)
        except (OSError, EOFError, zlib.error):
            inner = _inflated(member, zlib.MAX_WBITS | 16) or b""
        if inner:
            yield inner


def _archives(data: bytes) -> Iterator[bytes]:
    """Yield the members of a zip archive; their names stand in it in the clear."""
    start = data.find(b"PK\x03\x04")
    if start < 0:
        return
    try:
        with zipfile.ZipFile(io.BytesIO(data[start:])) as archive:
            for member in archive.infolist():
                if member.file_size <= LARGEST and not member.flag_bits & 1:
                    yield archive.read(member)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, OSError, EOFError, ValueError):
        return


def _documents(data: bytes) -> Iterator[bytes]:
    """Yield a PDF's streams, unpacked, and the text they draw put together."""
    if b"%PDF" not in data[:4096] and b"endstream" not in data:
        return
    for match in _PDF_STREAM.finditer(data):
        stream = _inflated(match[1], zlib.MAX_WBITS) or match[1]
        yield stream
        yield _drawn_text(stream)
    yield _drawn_text(data)


def _drawn_text(stream: bytes) -> bytes:
    """Return a content stream's strings joined, as a viewer would show them side by side."""
    pieces = []
    for match in _PDF_STRING.finditer(stream):
        if match[1] is not None:
            pieces.append(re.sub(rb"\\(.)", rb"\1", match[1]))
        else:
            digits = b"".join(match[2].split())
            pieces.append(binascii.unhexlify(digits + b"0" * (len(digits) & 1)))
    return b"".join(pieces)


def _base64s(data: bytes) -> Iterator[bytes]:
    """Yield what long runs of base 64 hold."""
    for match in _BASE64.finditer(data):
        text = b"".join(match[0].split()).rstrip(b"=")
        try:
            yield binascii.a2b_base64(text[: len(text) // 4 * 4])
        except binascii.Error:
            continue
