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
from .rules import folds_in_place, identifying_spans
from .technical import compound_parts, is_safe, is_word, parts_of
from .words import fold, names, spellings, terms, word_list

_TOKEN = re.compile(r"\d+(?:[.,]\d+)+[^\W_]*|[^\W_]+(?:['’][^\W_]+)*")
_CACHED = 1 << 16

#: After these (with the point where given) stands a person.
_TITLES = re.compile(
    r"(?:Dr|DR|dr)\.|Dr|(?:[Pp]rof|PROF)\.?|(?:Mr|MR|mr)\.|Mr|(?:M[Rr][Ss]|mrs)\.?|(?:Ms|MS|ms)\.|Ms|Miss|"
    r"Herr|HERR|Hr\.|Frau|FRAU|Fr\.|M\.|M(?:me|lle)\.?|MME|MLLE|Monsieur|Madame|Docteur|Doctor|Dott\.?(?:ssa)?|"
    r"Sra?\.|Srta\.?|Se[nñ]ora?|Sig\.(?:ra)?|Signora?|Dhr\.|Mevr\.|Sir|PD\.|Priv\.|Doz\."
)
_YEARS = re.compile(r"(?:19|20)\d\d")
_ROUND = re.compile(r"[1-5]\d[05]0")
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


@dataclass
class _Token:
    """A word or number of a descriptor on its way through the rules."""

    text: str
    start: int
    stop: int
    after: str = ""  # what stands between it and the next one
    kept: bool = True
    name: bool = False  # removed, and perhaps the part of a name

    @property
    def folded(self) -> str:
        return fold(self.text)


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
        tokens = _tokens(text)
        _drop_spans(tokens, text, identifiers)
        _drop_unknown(tokens, identifiers)
        _drop_people(tokens, text)
        _drop_numbers(tokens)
        _drop_beside_names(tokens)
        removed = sum(not token.kept for token in tokens)
        if not removed:
            return CleanedText(text.strip(" \0"), 0)
        return CleanedText(_rebuilt(text, tokens), removed)


def _tokens(text: str) -> list[_Token]:
    """Split a text into words and numbers."""
    tokens = [_Token(match[0], match.start(), match.end()) for match in _TOKEN.finditer(text)]
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        token.after = text[token.stop : following.start if following else len(text)]
    return tokens


def _drop_spans(tokens: list[_Token], text: str, known: Known) -> None:
    """Drop what the header knows of the patient and what identifies by its shape."""
    spans = [*identifying_spans(folds_in_place(text)), *known.spans(text)]
    for start, stop in spans:
        for token in tokens:
            if token.start < stop and start < token.stop:
                token.kept = False


def _drop_unknown(tokens: list[_Token], known: Known) -> None:
    """Drop the parts of known names and every word that is not safe by itself."""
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
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


def _drop_people(tokens: list[_Token], text: str) -> None:
    """Drop titles and the people behind them."""
    for index, token in enumerate(tokens):
        written = token.text + token.after[:1]
        if _TITLES.fullmatch(written) or _TITLES.fullmatch(token.text):
            if not _is_modality(token, tokens[index + 1 : index + 2]):
                token.kept, token.name = False, True
                _drop_person(tokens, index + 1, surely=True)
        elif token.folded in terms("roles"):
            labelled = token.folded in terms("labels") and token.after.strip()[:1] in (":", "=")
            _drop_person(tokens, index + 1, surely=labelled)


def _is_modality(token: _Token, following: list[_Token]) -> bool:
    """Return whether ``MR.``, ``Dr`` and the like are the modality and no title."""
    if not token.text.isupper() or not following:
        return False
    plain = is_safe(following[0].text) and not _is_ambiguous(following[0])
    return plain or not token.after.startswith(".")


def _drop_person(tokens: list[_Token], index: int, *, surely: bool) -> None:
    """Drop the words of a name that begins at ``index``."""
    while index < len(tokens) and (
        len(tokens[index].text) == 1 or _TITLES.fullmatch(tokens[index].text + ".")
    ):
        tokens[index].kept = False if surely else tokens[index].kept
        index += 1
    if index >= len(tokens):
        return
    first = tokens[index]
    if surely or _is_ambiguous(first):
        first.kept, first.name = False, True
    further = tokens[index + 1 : index + 2]
    if not first.kept and further and first.after.strip() in ("", ",", "-", "^"):
        second = further[0]
        if _is_ambiguous(second) or not is_safe(second.text):
            second.kept, second.name = False, True


def _drop_numbers(tokens: list[_Token]) -> None:
    """Drop long numbers, and short ones beside something that went."""
    for index, token in enumerate(tokens):
        if not token.kept or not token.text[0].isdigit():
            continue
        before = [item.folded for item in tokens[max(index - 3, 0) : index]]
        after = tokens[index + 1] if index + 1 < len(tokens) else None
        if token.text.isdigit() and len(token.text) > 3:
            unit = bool(after and after.folded in terms("units") and not token.after.strip())
            token.kept = token.text.isascii() and _is_quantity(token.text, before, unit)
        elif token.text.isdigit():
            measured = bool(after and after.kept and after.folded in terms("units"))
            left = tokens[index - 1] if index else None
            beside = (left and not left.kept) or (after and not after.kept)
            token.kept = token.text.isascii() and (measured or not beside)


def _is_quantity(digits: str, before: list[str], unit: bool) -> bool:
    """Return whether a number of four digits is a measured quantity."""
    if len(digits) > 4:
        return False
    if before and before[-1] in terms("quantities"):
        return True
    if unit and not _YEARS.fullmatch(digits):
        return True
    known = any(item in terms("diffusion") or re.fullmatch(r"b\d{1,4}", item) for item in before)
    return known and _ROUND.fullmatch(digits) is not None and digits not in ("1950",)


def _drop_beside_names(tokens: list[_Token]) -> None:
    """Drop words that are both vocabulary and a name where they stand beside a name."""
    for index, token in enumerate(tokens):
        left = tokens[index - 1] if index else None
        right = tokens[index + 1] if index + 1 < len(tokens) else None
        if token.kept and _is_ambiguous(token) and _is_beside_name(token, left, right):
            token.kept, token.name = False, True


def _is_beside_name(token: _Token, left: _Token | None, right: _Token | None) -> bool:
    """Return whether a given name or an initial makes a surname of a token."""
    if left and len(left.text) == 1 and left.after.startswith("."):
        return True
    if left and _is_given_name(left):
        return True
    return bool(right and _is_given_name(right) and token.after.strip() in (",", "^"))


def _is_given_name(token: _Token) -> bool:
    """Return whether a token was dropped and is a common given name."""
    given = word_list("given_names.txt")
    return not token.kept and not spellings(token.text).isdisjoint(given)


def _is_ambiguous(token: _Token) -> bool:
    """Return whether a token is a name as well."""
    return not spellings(token.text).isdisjoint(names())


def _is_eponym(token: _Token) -> bool:
    """Return whether a token is the name of a radiographic view."""
    return token.folded in word_list("eponyms.txt")


def _rebuilt(text: str, tokens: list[_Token]) -> str:
    """Join what was kept, with the signs between neighbours as they were."""
    pieces: list[str] = []
    if tokens[0].kept:
        pieces.append(text[: tokens[0].start])
    last: _Token | None = None
    for index, token in enumerate(tokens):
        if token.kept:
            if last is not None:
                pieces.append(last.after if tokens[index - 1] is last else _bridge(last.after))
            pieces.append(token.text)
            last = token
    if last is None:
        return ""
    pieces.append(last.after if last is tokens[-1] else _bridge(last.after).rstrip("_ \n"))
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
    return "".join(char for position, char in enumerate(text) if position not in drop)
