"""What a header says about who it belongs to, and how to find that again in text that stays."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from . import tables
from .actions import Attribute, describe
from .charset import decode, encode

__all__ = ["Identifier", "Known", "identifier_kind", "learn"]

#: One value as found: kind, the bytes, the character set they are in.
Identifier = tuple[str, bytes, bytes]

_NAMES = tables.group("names")
_ACCESSIONS = frozenset(("AccessionNumber", "SpecimenAccessionNumber"))
_IDS = tables.group("ids")
_INSTITUTIONS = tables.group("institutions")
_DEVICES = tables.group("devices")
_ADDRESSES = tables.group("addresses")

#: Stand-ins that say nothing about anybody, met as values of names and IDs.
_PLACEHOLDERS = tables.group("placeholders")
#: Words that many institutions share and that occur in any description of an examination.
_COMMON = tables.group("common_words")
_SHORTEST = 3  # characters of a name's part; of a number, see below
_SHORTEST_NUMBER = 4
_IN_BINARY = 6  # bytes: fewer turn up by chance
_ESCAPE = re.compile(rb"\x1b[\x20-\x2f]+[\x30-\x7e]")  # ISO 2022: which set follows
_PARTS = re.compile(r"[\^=\s,;]+")


def identifier_kind(attribute: Attribute) -> str | None:
    """Return which kind of identifier an attribute holds; None for descriptions and the like."""
    keyword, vr = attribute.keyword, attribute.vr
    for kind, members in (
        ("name", _NAMES),
        ("accession", _ACCESSIONS),
        ("id", _IDS),
        ("institution", _INSTITUTIONS),
        ("device", _DEVICES),
        ("address", _ADDRESSES),
    ):
        if keyword in members:
            return kind
    by_vr = {"PN": "person", "DA": "date", "DT": "date", "AE": "device"}
    return by_vr.get(vr)


def kind_of(tag: int) -> str | None:
    """Return the kind of identifier that a tag holds."""
    attribute = describe(tag)
    return identifier_kind(attribute) if attribute else None


@dataclass(frozen=True, eq=False)
class Known:
    """What one header gave away, ready to be looked for; told apart by identity.

    Attributes
    ----------
    by_kind : mapping
        Kind to original values.
    strong : tuple of str
        Tokens that are removed wherever they stand: names' parts, numbers, dates, phrases.
    weak : tuple of str
        Words of an institution's name or address, removed from free text alone.
    needles : tuple of bytes
        Lower-case bytes of the strong tokens in the character sets used, for a fast first look.
    numbers : frozenset of str
        Identifiers made of digits alone.
    values : frozenset of str
        All original values, for the cleaner.
    """

    by_kind: Mapping[str, frozenset[str]] = field(repr=False)
    strong: tuple[str, ...]
    weak: tuple[str, ...]
    needles: tuple[bytes, ...]
    numbers: frozenset[str] = frozenset()
    values: frozenset[str] = frozenset()

    @functools.cached_property
    def pattern(self) -> re.Pattern[str] | None:
        """The strong tokens as whole words."""
        return _pattern(set(self.strong))

    @functools.cached_property
    def weak_pattern(self) -> re.Pattern[str] | None:
        """The weak tokens as whole words."""
        return _pattern(set(self.weak))

    def without(self, text: str, weak: bool) -> str:
        """Return a text without any of the tokens, and without the gaps they leave."""
        left = self.pattern.sub(" ", text) if self.pattern else text
        if weak and self.weak_pattern:
            left = self.weak_pattern.sub(" ", left)
        if left == text:
            return text
        return re.sub(r"\s{2,}", " ", left).strip(" ^_-,;:/()[]")

    def in_bytes(self, blob: bytes) -> bool:
        """Return whether lower-case bytes may hold a token (a quick look, sure only in its no)."""
        return any(needle in blob for needle in self.needles)

    def in_payload(self, raw: bytes) -> bool:
        """Return whether compressed or binary data hold a token long enough not to be chance."""
        lower = raw.lower()
        return any(needle in lower for needle in self.needles if len(needle) >= _IN_BINARY)


def learn(found: Iterable[Identifier]) -> Known:
    """Gather what a header gave away.

    Parameters
    ----------
    found : iterable of (kind, value, character set)
        The values of identifying attributes that do not stay, as bytes of the data set.
    """
    by_kind: dict[str, set[str]] = {}
    charsets: set[bytes] = set()
    for kind, raw, charset in found:
        text = decode(raw, charset)
        if text is None:
            text = raw.decode("latin-1")
        charsets.add(charset)
        parts = [part.strip(" \0") for part in text.split("\\")]
        by_kind.setdefault(kind, set()).update(part for part in parts if len(set(part)) > 1)
    strong: set[str] = set()
    weak: set[str] = set()
    for kind, values in by_kind.items():
        for value in values:
            strong.update(_strong(kind, value))
            if kind in ("institution", "address"):
                weak.update(_words(value))
    strong = {token for token in strong if token.casefold() not in _PLACEHOLDERS}
    weak -= {token.casefold() for token in strong}
    numbers = {
        value for kind in ("id", "accession", "device") for value in by_kind.get(kind, ())
    }  # fmt: skip
    return Known(
        by_kind={kind: frozenset(values) for kind, values in by_kind.items()},
        strong=tuple(sorted(strong)),
        weak=tuple(sorted(weak)),
        needles=tuple(sorted(_needles(strong, charsets))),
        values=frozenset(value for values in by_kind.values() for value in values),
        numbers=frozenset(n for n in numbers if n.isdigit() and len(n) > _SHORTEST_NUMBER),
    )


def _strong(kind: str, value: str) -> set[str]:
    """Return the tokens that one value gives."""
    if kind == "date":
        return _dates(value)
    if kind in ("name", "person"):
        parts = {part.strip("._-'") for part in _PARTS.split(value)}
        tokens = {part for part in parts if _is_long_enough(part) and not part.isdigit()}
        for group in value.split("="):
            words = [word for word in re.split(r"[\^\s,]+", group) if word]
            if _is_ideographic(group):
                tokens.add("".join(words))
            for phrase in (" ".join(words), " ".join(reversed(words)), ", ".join(words)):
                if len(phrase) > _SHORTEST_NUMBER:
                    tokens.add(phrase)
        return tokens
    if len(value) > _SHORTEST_NUMBER or (len(value) == _SHORTEST_NUMBER and value.isdigit()):
        if value.casefold() in _COMMON:
            return set()
        return {value}
    return set()


def _is_ideographic(text: str) -> bool:
    """Return whether a text is of a script that writes no gaps between words."""
    return any(character >= "\u2e80" for character in text)


def _is_long_enough(part: str) -> bool:
    """Return whether a part of a name is told from chance: three letters, or two ideographs."""
    return len(part) >= (2 if _is_ideographic(part) else _SHORTEST)


def _words(value: str) -> set[str]:
    """Return the words of an institution's name or an address that are its own."""
    words = {word.casefold() for word in re.findall(r"[^\W\d_]{4,}", value)}
    return words - _COMMON - _PLACEHOLDERS


def _dates(value: str) -> set[str]:
    """Return a date as people write it: 20240131, 2024-01-31, 31.01.2024, 01/31/2024 and so on."""
    match = re.match(r"(\d{4})[.]?(\d{2})[.]?(\d{2})", value)
    if not match:
        return set()
    year, month, day = match.groups()
    tokens = {year + month + day}
    for mark in "-./":
        tokens.add(mark.join((year, month, day)))
        tokens.add(mark.join((day, month, year)))
        tokens.add(mark.join((month, day, year)))
    return tokens


def _needles(tokens: set[str], charsets: set[bytes]) -> set[bytes]:
    """Return the tokens' bytes in each character set used, in lower case where it is ASCII."""
    needles = set()
    for token in tokens:
        spellings = {token, token.upper(), token.lower(), token.title()}
        plain = unicodedata.normalize("NFKD", token).encode("ascii", "ignore")
        if len(plain) >= _SHORTEST:
            needles.add(plain.lower())
        for spelling in spellings:
            if spelling.isascii():
                continue
            needles.add(spelling.encode("utf-8", "surrogatepass").lower())
            for charset in charsets:
                written = encode(spelling, charset)
                if written:
                    needles.add(_ESCAPE.sub(b"", written).lower())
    return needles


def _pattern(tokens: set[str]) -> re.Pattern[str] | None:
    """Return a pattern for any of the tokens as a whole word, longest first."""
    spelled = set(tokens)
    for token in tokens:
        plain = unicodedata.normalize("NFKD", token).encode("ascii", "ignore").decode()
        if len(plain) >= _SHORTEST:
            spelled.add(plain)
    if not spelled:
        return None
    ordered = sorted(spelled, key=lambda token: (-len(token), token))
    dense = "|".join(re.escape(token) for token in ordered if _is_ideographic(token))
    words = "|".join(re.escape(token) for token in ordered if not _is_ideographic(token))
    bounded = rf"(?<![^\W_])(?:{words})(?![^\W_])" if words else ""
    return re.compile("|".join(part for part in (bounded, dense) if part), re.IGNORECASE)
