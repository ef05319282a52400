"""The word lists shipped with the package, and how words are compared.

All lists were written for this project. Words are compared folded: without case and accents, and
with German and Scandinavian letters also in their two-letter spelling, so that ``Müller``,
``MUELLER`` and ``muller`` are one word.
"""

from __future__ import annotations

import functools
import tomllib
import unicodedata
from importlib import resources

VOCABULARY_FILES = (
    "technique.txt",
    "anatomy_english.txt",
    "words_german.txt",
    "words_french.txt",
    "words_spanish.txt",
    "words_italian.txt",
    "words_general.txt",
)
_TWO_LETTERS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})
_ONE_LETTER = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe"}
)


def fold(text: str) -> str:
    """Return text without case, accents and compatibility forms (``Œdème`` as ``oedeme``)."""
    plain = text.casefold()
    if plain.isascii():
        return plain
    plain = unicodedata.normalize("NFKD", plain.translate(_ONE_LETTER))
    return "".join(char for char in plain if not unicodedata.combining(char))


@functools.lru_cache(1 << 14)
def spellings(word: str) -> frozenset[str]:
    """Return the folded forms under which a word may be met: ``muller`` and ``mueller``."""
    if word.isascii():
        return frozenset((word.casefold(),))
    composed = unicodedata.normalize("NFC", word.casefold())
    return frozenset((fold(composed), fold(composed.translate(_TWO_LETTERS))))


@functools.cache
def word_list(file: str) -> frozenset[str]:
    """Return one list of the package, each word in all its spellings."""
    text = (resources.files(__package__) / file).read_text("utf-8")
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return frozenset(form for line in lines for word in line.split() for form in spellings(word))


@functools.cache
def terms(name: str) -> frozenset[str]:
    """Return one of the short lists of ``terms.toml``."""
    text = (resources.files(__package__) / "terms.toml").read_text("utf-8")
    return frozenset(tomllib.loads(text)[name].split())


@functools.cache
def names() -> frozenset[str]:
    """Return given names and surnames."""
    return word_list("given_names.txt") | word_list("surnames.txt")


@functools.cache
def vocabulary() -> frozenset[str]:
    """Return the words that may stay: radiology's, less what is also a name and not reviewed."""
    words = frozenset[str]().union(*(word_list(file) for file in VOCABULARY_FILES))
    return words - (names() - word_list("ambiguous.txt"))
