"""Putting elements in the order of their tags, where a writer did not (PS3.5 section 7.1)."""

from __future__ import annotations

from ...errors import NotDeidentifiableError
from .actions import describe
from .encoding import IMPLICIT, LONG_VRS, SHORT_VRS, UNDEFINED, Encoding
from .skip import skip_undefined

__all__ = ["OutOfOrderError", "reordered"]

_DEEPEST = 48


class OutOfOrderError(NotDeidentifiableError):
    """The walk met a tag that is not greater than the one before."""


def reordered(raw: bytes, pos: int, encoding: Encoding) -> bytes:
    """Return a data set with the elements of every level in order; no length changes.

    Parameters
    ----------
    raw : bytes
        The encoded data set, from ``pos``.
    encoding : Encoding

    Raises
    ------
    NotDeidentifiableError
        When a level holds an attribute twice (which of the two a reader takes is chance), or
        cannot be read.
    """
    return _level(raw, pos, len(raw), encoding, False, 0)[0]


def _level(
    raw: bytes, pos: int, end: int, encoding: Encoding, delimited: bool, depth: int
) -> tuple[bytes, int]:
    """Return one data set's elements in order, and where it ends."""
    if depth > _DEEPEST:
        raise NotDeidentifiableError("sequences are nested too deep")
    found: dict[int, bytes] = {}
    tail = b""
    while pos < end:
        if delimited and raw[pos : pos + 4] == encoding.item_end:
            tail = raw[pos : pos + 8]
            pos += 8
            break
        if not depth and not any(raw[pos : pos + 8]) and not any(raw[pos:end]):
            break
        tag, element, pos = _element(raw, pos, end, encoding, depth)
        if tag in found:
            raise NotDeidentifiableError("an attribute is there twice")
        found[tag] = element
    return b"".join(found[tag] for tag in sorted(found)) + tail, pos


def _element(
    raw: bytes, pos: int, end: int, encoding: Encoding, depth: int
) -> tuple[int, bytes, int]:
    """Return an element's tag, its bytes with what is inside in order, and its end."""
    if pos + 8 > end:
        raise NotDeidentifiableError("the data set is truncated")
    tag = encoding.tag_of(raw[pos : pos + 4])
    vr = raw[pos + 4 : pos + 6].decode("latin-1") if encoding.explicit else "UN"
    if vr not in SHORT_VRS and vr not in LONG_VRS:
        raise NotDeidentifiableError("an element's VR is not one of DICOM's")
    header = encoding.header(vr)
    length = header.unpack(raw, pos + header.length_at)[0]
    value = pos + header.size
    attribute = describe(tag)
    known = attribute is not None and attribute.vr == "SQ"
    inside = IMPLICIT if encoding.explicit and vr == "UN" else encoding
    if vr == "SQ" or (vr == "UN" and known):
        body, stop = _items(raw, value, length, end, inside, depth)
        return tag, raw[pos:value] + body, stop
    stop = skip_undefined(raw, value, end, inside) if length == UNDEFINED else value + length
    if stop > end:
        raise NotDeidentifiableError("an element is longer than what holds it")
    return tag, raw[pos:stop], stop


def _items(
    raw: bytes, pos: int, length: int, end: int, encoding: Encoding, depth: int
) -> tuple[bytes, int]:
    """Return a sequence's items, each in order, and where it ends."""
    limit = end if length == UNDEFINED else min(end, pos + length)
    parts = []
    while pos + 8 <= limit:
        head, size = raw[pos : pos + 4], encoding.long_at(raw, pos + 4)[0]
        parts.append(raw[pos : pos + 8])
        pos += 8
        if head == encoding.sequence_end:
            break
        stop = limit if size == UNDEFINED else pos + size
        if head != encoding.item or stop > limit:
            raise NotDeidentifiableError("a sequence is malformed")
        item, pos = _level(raw, pos, stop, encoding, size == UNDEFINED, depth + 1)
        parts.append(item)
    return b"".join(parts), pos
