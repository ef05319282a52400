"""What a data set says about its patient, in the forms in which free text may repeat it."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from .words import fold, spellings, terms

#: A value with one of these words is a place; its other words may be plain vocabulary.
_PLACE = re.compile(
    r"hosp|klini|clini|univ|spital|kranken|cent(?:er|re|ro)|zentrum|institut|radiolog|imaging|medical|"
    r"medizin|sante|praxis|practice|department|abteilung|strasse|street|road|avenue|\bstr\b|\brue\b|\bvia\b"
)
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_RUN = re.compile(r"[^\W_]+")
_DATE = re.compile(r"(\d{4})[.\-/]?(\d{2})[.\-/]?(\d{2})(?:\d{6})?(?:\.\d+)?")
_SHORTEST_GLUED = 4
_SHORTEST_SQUEEZED = 5


@dataclass(frozen=True)
class Known:
    """Identifiers of a data set, prepared for comparison.

    Attributes
    ----------
    words : frozenset of str
        Folded single words (parts of names); they go even where they are vocabulary.
    codes : frozenset of str
        Folded short identifiers with a digit, compared with whole tokens.
    squeezed : tuple of str
        Letters and digits of longer identifiers without anything between, to be found anywhere.
    """

    words: frozenset[str]
    codes: frozenset[str]
    squeezed: tuple[str, ...]

    def names_token(self, token: str, *, plain: bool) -> bool:
        """Return whether a token is, or (when it is no plain vocabulary) contains, a known word."""
        forms = spellings(token.replace("'", "").replace("’", ""))
        if not forms.isdisjoint(self.words) or not forms.isdisjoint(self.codes):
            return True
        return not plain and any(
            word in form for form in forms for word in self.words if len(word) >= _SHORTEST_GLUED
        )

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield where a longer identifier stands, however it is broken up by signs or blanks."""
        if not self.squeezed:
            return
        positions = [i for i, char in enumerate(text) if char.isalnum()]
        for form in _squeezed_forms(text, positions):
            for wanted in self.squeezed:
                start = form.find(wanted)
                while start >= 0:
                    yield positions[start], positions[start + len(wanted) - 1] + 1
                    start = form.find(wanted, start + 1)


@functools.lru_cache(4096)
def prepare(identifiers: frozenset[str]) -> Known:
    """Prepare a data set's identifiers.

    Parameters
    ----------
    identifiers : frozenset of str
        Names (``Family^Given`` or plain), IDs, dates (``YYYYMMDD``), telephone numbers, places.
    """
    words: set[str] = set()
    codes: set[str] = set()
    squeezed: set[str] = set()
    for identifier in identifiers:
        folded = fold(identifier.strip(" \0"))
        for form in spellings(identifier.strip(" \0")):
            joined = "".join(_RUN.findall(form))
            if len(joined) >= _SHORTEST_SQUEEZED:
                squeezed.add(joined)
        if not _PLACE.search(folded):
            words.update(_name_words(identifier))
        codes.update(_codes(folded))
        squeezed.update(_date_forms(folded))
    return Known(frozenset(words), frozenset(codes), tuple(sorted(squeezed)))


def _name_words(identifier: str) -> Iterator[str]:
    """Yield the words of a person's name that may stand alone."""
    for word in _WORD.findall(identifier):
        for form in spellings(word.replace("'", "").replace("’", "")):
            if len(form) > 1 and form not in terms("particles"):
                yield form


def _codes(folded: str) -> Iterator[str]:
    """Yield the parts of an identifier that hold a digit and are long enough to mean it."""
    for run in _RUN.findall(folded):
        digits = sum(char.isdigit() for char in run)
        if digits >= 3 or (digits and len(run) >= 4):
            yield run
            yield run.lstrip("0") or run


def _date_forms(folded: str) -> Iterator[str]:
    """Yield the orders in which a date may be written, without anything between."""
    match = _DATE.fullmatch(folded)
    if match:
        year, month, day = match.groups()
        for y in (year, year[2:]):
            yield from (y + month + day, day + month + y, month + day + y)


def _squeezed_forms(text: str, positions: list[int]) -> Iterator[str]:
    """Yield the text's letters and digits, one character for each position."""
    folded = (fold(text[position]) for position in positions)
    yield "".join(char[:1] or " " for char in folded)
