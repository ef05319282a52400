"""What to look for: the source's identifying values, and the forms in which they may stand.

A token is searched for in all bytes only when finding it means something: a word of four letters
or more, a number of six digits or more, an identifier of letters and digits, a UID, a date. Shorter
ones occur by chance in any file; they are compared with whole values of the attributes that may
hold them (see :mod:`.checks.identity`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

TokenKind = Literal["uid", "date", "number", "code", "word", "short"]

_UID = re.compile(r"[0-2](?:\.\d+){3,}")
_DATE = re.compile(r"(\d{4})\.?(\d{2})\.?(\d{2})(?:\d{2,6}(?:\.\d+)?)?(?:[+-]\d{4})?")
_SHORTEST_WORD = 4
_SHORTEST_NUMBER = 6
_SHORTEST_CODE = 5

#: Values that stand in headers for "nothing", and what de-identification itself writes.
SAYS_NOTHING = frozenset(
    [
        "anonymous",
        "anonymized",
        "anonymised",
        "anonymize",
        "deidentified",
        "none",
        "null",
        "unknown",
        "unnamed",
        "unspecified",
        "undefined",
        "removed",
        "not",
        "applicable",
        "n/a",
        "patient",
        "name",
        "test",
        "phantom",
        "volunteer",
        "male",
        "female",
        "other",
        "clinic2cloud",
        "dicom",
    ]
)


@dataclass(frozen=True)
class Token:
    """One identifying value.

    Attributes
    ----------
    text : str
        As it stood in the source.
    kind : TokenKind
        What it looks like, which decides how it is searched for.
    """

    text: str
    kind: TokenKind

    def describe(self) -> str:
        """Return what was found without saying it."""
        return {
            "uid": "a UID of the source",
            "date": "a date of the source",
            "number": f"a number of the source ({len(self.text)} digits)",
            "code": f"an identifier of the source ({len(self.text)} characters)",
            "word": f"an identifying word of the source ({len(self.text)} characters)",
            "short": f"an identifying value of the source ({len(self.text)} characters)",
        }[self.kind]


def classify(values: Iterable[str]) -> list[Token]:
    """Return the tokens of values, each once, in a fixed order."""
    found = {token for value in values if _means_something(value) for token in _tokens(value)}
    return sorted(found, key=lambda token: (token.kind, token.text))


def date_forms(yyyymmdd: str) -> Iterator[str]:
    """Yield the ways in which people write a date; DICOM's own is left to the date check."""
    year, month, day = yyyymmdd[:4], yyyymmdd[4:6], yyyymmdd[6:]
    for mark in "-./":
        yield mark.join((year, month, day))
        yield mark.join((day, month, year))
        yield mark.join((month, day, year))


def as_date(text: str) -> str | None:
    """Return the day of a DA or DT as ``YYYYMMDD``; None when it is neither."""
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    year, month, day = (int(part) for part in match.groups())
    try:
        date(year, month, day)
    except ValueError:
        return None
    return f"{year:04d}{month:02d}{day:02d}" if 1850 <= year <= 2150 else None


def _means_something(value: str) -> bool:
    """Return whether a value says anything about anybody."""
    text = value.strip(" \0^=").casefold()
    return bool(text) and text not in SAYS_NOTHING and len(set(text)) > 1


def _tokens(value: str) -> Iterator[Token]:
    """Yield a value with its kind; a long number that begins like a date is both."""
    text = value.strip(" \0")
    day = as_date(text)
    if day is not None:
        yield Token(day, "date")
    if day is None or (text.isdigit() and len(text) > len(day)):
        yield Token(text, _kind(text))


def _kind(text: str) -> TokenKind:
    """Return what a value that is no date looks like."""
    if _UID.fullmatch(text):
        return "uid"
    letters = sum(char.isalpha() for char in text)
    digits = sum(char.isdigit() for char in text)
    if digits and not letters:
        return "number" if digits >= _SHORTEST_NUMBER else "short"
    if digits:
        return "code" if letters + digits >= _SHORTEST_CODE else "short"
    long_enough = letters >= _SHORTEST_WORD or (letters >= 2 and not text.isascii())
    return "word" if long_enough else "short"
