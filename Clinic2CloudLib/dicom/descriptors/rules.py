"""What goes by its shape, whatever its words: dates, times, telephone numbers, addresses, links."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator

from .words import fold, terms, vocabulary

_SURE = "|".join(sorted(terms("months"), key=len, reverse=True))
_ALL = "|".join(sorted(terms("months") | terms("doubtful_months"), key=len, reverse=True))
_GAP = r"[\s._,/-]{0,3}"
_OF = r"(?:(?:de|del|di|of)\s{1,3})?"

_NUMERIC_DATE = re.compile(r"(?<!\d)(\d{1,4})([./\-_ ]|\. )(\d{1,2})\2(\d{1,4})(?!\d)")
_DAY_MONTH = re.compile(r"(?<![\d.,])(\d\d)[./-](\d\d)\.?(?![\d.,/x]|\s?(?:mm|cm|s|ms|t)\b)")
_BLANKS = re.compile(r"\s+")

_PLAIN: tuple[re.Pattern[str], ...] = tuple(
    re.compile(pattern)
    for pattern in (
        # days with the name of a month
        rf"(?<![^\W_])\d{{1,2}}(?:st|nd|rd|th|er|o)?{_GAP}{_OF}(?:{_SURE})(?![^\W\d_])\.?"
        rf"{_GAP}{_OF}(?:'?\d{{2,4}}(?!\d))?",
        rf"(?<![^\W_])\d{{1,2}}(?:st|nd|rd|th)?{_GAP}{_OF}(?:{_ALL})(?![^\W\d_])\.?{_GAP}'?\d{{2,4}}(?!\d)",
        rf"(?<![^\W\d_])(?:{_SURE})(?![^\W\d_])\.?{_GAP}\d{{1,2}}(?:st|nd|rd|th)?(?!\d)"
        r"(?:[\s,]{1,3}\d{2,4}(?!\d))?",
        rf"(?<![^\W\d_])(?:{_ALL})(?![^\W\d_])\.?{_GAP}{_OF}'?(?:19|20)\d\d(?!\d)",
        r"(?<![\d.])(?:19|20)\d\d[-/.](?:0[1-9]|1[0-2])(?![\d.])",
        r"(?<![\d.])(?:0[1-9]|1[0-2])[-/.](?:19|20)\d\d(?!\d)",
        # times of day
        r"(?<!\d)(?:[01]?\d|2[0-3])[:h][0-5]\d(?::[0-5]\d(?:\.\d+)?)?(?!\d)\s?(?:[ap]\.?m\b\.?)?",
        r"(?<![\d.])\d{1,2}(?:\.[0-5]\d)?\s?(?:am|pm|a\.m\.|p\.m\.|uhr)(?![^\W_])",
        # e-mail, links, addresses of machines, paths
        r"[^\s@]{0,80}@[^\s@]{1,80}",
        r"\b(?:https?|ftp|file|dicom)://\S{1,200}|\bwww\.\S{1,200}",
        r"(?<![^\W_])[\w-]{2,40}(?:\.[\w-]{2,40}){0,3}"
        r"\.(?:com|org|net|edu|gov|info|local|lan|intra|de|ch|at|fr|it|es|uk|eu|nl|us)(?![\w.])(?:/\S{0,100})?",
        r"(?<!\d)\d{1,3}(?:\.\d{1,3}){3,}(?!\d)",
        r"\\\\\S{1,100}|\b[a-z]:\\\S{1,100}",
        # streets with their number
        r"(?<![^\W_])\d{1,4}[a-z]?,?\s(?:[^\W\d_]{1,20}\.?\s){0,3}"
        r"(?:street|road|rd|avenue|ave|boulevard|blvd|str)(?![^\W_])\.?",
        r"(?<![^\W_])\d{1,4}(?:\s?bis|\s?ter)?,?\s(?:rue|chemin|quai|impasse|place|calle|via)\s"
        r"(?:[^\W\d_]{1,20}['’.]?\s?){1,4}",
        r"(?<![^\W_])(?:rue|calle|via|piazza|viale|avenue|chemin|avenida|plaza|platz|strada|rua)\s"
        r"(?:[^\W\d_]{1,20}['’.]?\s?){1,4},?\s?\d{1,4}(?![^\W_])",
    )
)
_GERMAN_STREET = re.compile(
    r"([^\W\d_]{2,30}[\s-]?(?:strass?e|str|weg|platz|gasse|allee|ring|damm|ufer|straat|laan))"
    r"(?![^\W\d_])\.?\s?\d{1,4}\s?[a-z]?(?![^\W_])"
)
_TELEPHONE = re.compile(r"(?<![^\W_])\+?\(?\d(?:[\s()./-]{0,2}\d){6,19}")
_SHORTEST_TELEPHONE = 7
_B_VALUES = re.compile(
    r"(?:b|bval|bvalue|bvalues|dwi|diff|diffusion|dti|ivim|ep2d|trace|adc)[\s=:_]*$"
)


def identifying_spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield where something identifies by its shape, as start and stop positions.

    Parameters
    ----------
    text : str
        The descriptor. Folding must keep its length: the caller passes text for which it does.
    """
    folded = fold(text)
    for match in _NUMERIC_DATE.finditer(folded):
        if _is_date(match):
            yield match.span()
    for match in _DAY_MONTH.finditer(folded):
        first, second = int(match[1]), int(match[2])
        if 1 <= min(first, second) <= 12 and max(first, second) <= 31:
            yield match.span()
    for pattern in _PLAIN:
        for match in pattern.finditer(folded):
            yield match.span()
    for match in _GERMAN_STREET.finditer(folded):
        if match[1] not in vocabulary():  # "monitoring 10" is no street
            yield match.span()
    for match in _TELEPHONE.finditer(folded):
        if not _is_list_of_values(folded, match):
            yield match.start() + _leading(match[0]), match.end()


def _is_date(match: re.Match[str]) -> bool:
    """Return whether three numbers can be a year, a month and a day in some order."""
    first, middle, last = match[1], match[3], match[4]
    if match[2] == " " and min(map(len, (first, middle, last))) < 2:
        return False  # "3 5 10" may be anything
    if len(first) == 4:
        year, others = first, (middle, last)
    elif len(last) in (2, 4):
        year, others = last, (first, middle)
    elif len(first) == 2:
        year, others = first, (middle, last)
    else:
        return False
    if len(year) not in (2, 4) or max(map(len, others)) > 2:
        return False
    if len(year) == 4 and not 1850 <= int(year) <= 2150:
        return False
    small, large = sorted(int(other) for other in others)
    return 1 <= small <= 12 and large <= 31


def _is_list_of_values(folded: str, match: re.Match[str]) -> bool:
    """Return whether what looks like a telephone number is b-values or single digits."""
    groups = re.findall(r"\d+", match[0])
    if sum(len(group) for group in groups if len(group) > 1) < _SHORTEST_TELEPHONE:
        return True  # single digits: levels of the spine, thickness and gap
    numbers = [int(group) for group in groups]
    rising = all(a < b for a, b in itertools.pairwise(numbers))
    round_values = all(number % 10 == 0 and number <= 5000 for number in numbers)
    return rising and round_values and bool(_B_VALUES.search(folded[: match.start()]))


def _leading(number: str) -> int:
    """Return where the first group of two or more digits begins: "3 12345678" is two things."""
    found = re.search(r"\+?\(?\d{2}", number)
    return found.start() if found else 0


def folds_in_place(text: str) -> str:
    """Return the text with characters replaced that folding would make longer or shorter."""
    return "".join(char if len(fold(char)) == 1 else _first(char, fold) for char in text)


def _first(char: str, folding: Callable[[str], str]) -> str:
    """Return one character that stands for another whose folded form has another length."""
    folded = folding(char)
    return folded[0] if folded else " "
