"""Finding the end of an element of undefined length without a look at what it holds."""

from __future__ import annotations

from ...errors import NotDeidentifiableError
from .encoding import IMPLICIT, LONG_VRS, SHORT_VRS, UNDEFINED, Encoding

__all__ = ["skip_undefined"]


def skip_undefined(raw: bytes, pos: int, end: int, encoding: Encoding) -> int:
    """Return where an element of undefined length ends, behind its delimiter.

    It may be a sequence or encapsulated pixel data; items of undefined length are followed with a
    stack of their own, so that no nesting can exhaust Python's.

    Parameters
    ----------
    pos, end : int
        Its first byte behind the header, and the end of what holds it.
    encoding : Encoding
        Of its items' elements.

    Raises
    ------
    NotDeidentifiableError
        When it is not closed.
    """
    # Each entry: the encoding and whether items (True) or elements (False) stand here.
    stack: list[tuple[Encoding, bool]] = [(encoding, True)]
    while stack:
        here, items = stack[-1]
        if pos + 8 > end:
            raise NotDeidentifiableError("a sequence is not closed")
        head = raw[pos : pos + 4]
        length = here.long_at(raw, pos + 4)[0]
        if items and head == here.sequence_end:
            stack.pop()
            pos += 8
        elif items and head == here.item:
            pos += 8
            if length == UNDEFINED:
                stack.append((here, False))
            else:
                pos += length
        elif not items and head == here.item_end:
            stack.pop()
            pos += 8
        elif items:
            raise NotDeidentifiableError("a sequence is malformed")
        else:
            pos, inner = _step(raw, pos, here)
            if inner is not None:
                stack.append((inner, True))
    if pos > end:
        raise NotDeidentifiableError("a sequence is longer than what holds it")
    return pos


def _step(raw: bytes, pos: int, encoding: Encoding) -> tuple[int, Encoding | None]:
    """Return what follows an element, or its inside and encoding when its length is undefined."""
    vr = "UN"
    if encoding.explicit:
        vr = raw[pos + 4 : pos + 6].decode("latin-1")
        if vr not in SHORT_VRS and vr not in LONG_VRS:
            raise NotDeidentifiableError("an element's VR is not one of DICOM's")
    header = encoding.header(vr)
    if pos + header.size > len(raw):
        raise NotDeidentifiableError("a sequence is truncated")
    length = header.unpack(raw, pos + header.length_at)[0]
    if (length == UNDEFINED and header.size != 8) or (
        length == UNDEFINED and not encoding.explicit
    ):
        return pos + header.size, IMPLICIT if vr == "UN" and encoding.explicit else encoding
    return pos + header.size + length, None
