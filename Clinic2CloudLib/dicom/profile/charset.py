"""Text in and out of a data set's Specific Character Set (PS3.5 section 6.1)."""

from __future__ import annotations

import functools
import warnings

from pydicom.charset import convert_encodings, decode_bytes, encode_string

__all__ = ["decode", "encode", "python_encodings"]

_DELIMITERS = frozenset(ord(character) for character in "\n\r\t\f\\^=")


@functools.lru_cache(1024)
def python_encodings(charset: bytes) -> tuple[str, ...]:
    """Return Python's names for the value of (0008,0005), the first being the default.

    An unknown one is read as Latin-1, in which every byte has a meaning.
    """
    terms = [term.strip() for term in charset.decode("latin-1").strip("\0 ").split("\\")]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return tuple(convert_encodings(terms if len(terms) > 1 else terms[0]))
        except (LookupError, ValueError):
            return ("iso8859",)


def decode(value: bytes, charset: bytes) -> str | None:
    """Return a value's text, None where its bytes are none in that character set.

    Trailing padding is not part of it.
    """
    value = value.rstrip(b" \0")
    if value.isascii() and b"\x1b" not in value:
        return value.decode("ascii")
    encodings = python_encodings(charset)
    try:
        if len(encodings) == 1 and b"\x1b" not in value:
            # The default repertoire is often exceeded by a byte or two of Latin-1.
            name = "iso8859" if encodings[0] == "ascii" else encodings[0]
            return value.decode(name)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return str(decode_bytes(value, encodings, set(_DELIMITERS)))
    except (UnicodeError, LookupError, UserWarning, ValueError):
        return None


def encode(text: str, charset: bytes) -> bytes | None:
    """Return the bytes of a text, None where the character set lacks one of its characters."""
    if text.isascii():
        return text.encode("ascii")
    encodings = python_encodings(charset)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            written = bytes(encode_string(text, encodings))
    except (UnicodeError, LookupError, UserWarning, ValueError):
        return None
    return written if decode(written, charset) == text.rstrip(" \0") else None
