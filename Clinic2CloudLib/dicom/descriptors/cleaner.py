"""Clean Descriptors (PS3.15 E.3.6): free text keeps what is safe and useful and loses the rest.

A word stays when it is radiology's own (a vocabulary shipped with the package) or has the shape of
a technical term (``3mm``, ``b1000``, ``Br64``, ``L4/5``). It goes when the header knows it of the
patient, when its shape identifies (a date, a telephone number, an address), when a title or a name
stands before it, and also when it is simply not known: no list holds all names, so what is unknown
is taken for one. Nothing is looked up outside the package.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from .known import Known, prepare
from .numbers import drop_numbers
from .people import drop_beside_names, drop_people
from .rules import folds_in_place, identifying_spans
from .technical import compound_parts, is_safe, is_word, parts_of
from .tokens import Token, tokens_of
from .words import terms, word_list

_CACHED = 1 << 16

_KEPT_SIGNS = "*+%²°"
_BRACKETS = {")": "(", "]": "[", "}": "{"}


@dataclass(frozen=True)
class CleanedText:
    """A descriptor after cleaning.

    Attributes
    ----------
    text : str
        What may stay; empty when nothing may. Never longer than what was given.
    removed : int
        How many words or numbers were taken out.
    """

    text: str
    removed: int


class DescriptorCleaner:
    """Cleans descriptors; fast because scanners repeat themselves and answers are remembered.

    Parameters
    ----------
    known_identifiers : iterable of str
        Names, IDs, dates and places that are to go from every text. A name goes part by part, even
        where a part is vocabulary (a patient called Head); a place goes as a whole.

    Notes
    -----
    Lists and rules cover English, German, French, Spanish, Portuguese and Italian. Words of other
    languages and scripts are unknown and therefore go.
    """

    def __init__(self, known_identifiers: Iterable[str] = ()) -> None:
        self._always = frozenset(known_identifiers)
        self._clean = functools.lru_cache(_CACHED)(self._cleaned)

    def __reduce__(self) -> tuple[type[DescriptorCleaner], tuple[frozenset[str]]]:
        return type(self), (self._always,)

    def clean(self, text: str, known: frozenset[str] = frozenset()) -> CleanedText:
        """Return what may stay of a text.

        Parameters
        ----------
        text : str
            One value of a descriptor, of any length, line breaks included.
        known : frozenset of str
            What this data set knows of its patient, besides what the cleaner was made with. Give
            the same object for all texts of a data set: a frozenset remembers its hash.
        """
        return self._clean(text, known)

    def _cleaned(self, text: str, known: frozenset[str]) -> CleanedText:
        identifiers = prepare(self._always | known if self._always else known)
        text = unicodedata.normalize("NFC", text)
        tokens = tokens_of(text)
        _drop_spans(tokens, text, identifiers)
        _drop_unknown(tokens, identifiers)
        drop_people(tokens, text)
        drop_numbers(tokens)
        drop_beside_names(tokens)
        removed = sum(not token.kept for token in tokens)
        if not removed:
            return CleanedText(text.strip(" \0"), 0)
        return CleanedText(_rebuilt(text, tokens), removed)


def _drop_spans(tokens: list[Token], text: str, known: Known) -> None:
    """Drop what the header knows of the patient and what identifies by its shape."""
    spans = [*identifying_spans(folds_in_place(text)), *known.spans(text)]
    for start, stop in spans:
        for token in tokens:
            if token.start < stop and start < token.stop:
                token.kept = False


def _drop_unknown(tokens: list[Token], known: Known) -> None:
    """Drop the parts of known names and every word that is not safe by itself."""
    for token, following in zip(tokens, [*tokens[1:], None], strict=False):
        safe = is_safe(token.text)
        pieces = (token.text, *parts_of(token.text), *compound_parts(token.text))
        if any(known.names_token(piece, plain=is_word(piece)) for piece in pieces):
            token.kept, token.name = False, True
        elif not safe and not (
            _is_eponym(token) and following and following.folded in terms("views")
        ):
            is_number = token.text.isdigit()
            token.name = not is_number
            token.kept = token.kept and is_number  # numbers are judged by what is beside them


def _is_eponym(token: Token) -> bool:
    """Return whether a token is the name of a radiographic view."""
    return token.folded in word_list("eponyms.txt")


def _rebuilt(text: str, tokens: list[Token]) -> str:
    """Join what was kept, with the signs between neighbours as they were."""
    pieces: list[str] = []
    if tokens[0].kept:
        pieces.append(text[: tokens[0].start])
    last: Token | None = None
    between = ""
    for token in tokens:
        if token.kept:
            if last is not None:
                pieces.append(last.after if between == last.after else _bridge(between))
            pieces.append(token.text)
            last, between = token, ""
        between += token.after
    if last is None:
        return ""
    pieces.append(last.after if last is tokens[-1] else _bridge(between).rstrip("_ \n"))
    return _balanced("".join(pieces)).strip(" \0,;:_-/")


def _bridge(sign: str) -> str:
    """Return what stands between two words when what was between them went."""
    stays = sign[0] if sign[:1] and sign[0] in _KEPT_SIGNS else ""
    return stays + ("\n" if "\n" in sign else "_" if "_" in sign else " ")


def _balanced(text: str) -> str:
    """Drop brackets that lost their partner."""
    opened: list[tuple[str, int]] = []
    drop: set[int] = set()
    for position, char in enumerate(text):
        if char in _BRACKETS.values():
            opened.append((char, position))
        elif char in _BRACKETS:
            if opened and opened[-1][0] == _BRACKETS[char]:
                opened.pop()
            else:
                drop.add(position)
    drop.update(position for _, position in opened)
    marked = "".join("\0" if position in drop else char for position, char in enumerate(text))
    # Where a bracket kept two words apart, a blank does so now.
    return re.sub(r"(?<=[^\W_])\0+(?=[^\W_])", " ", marked).replace("\0", "")
