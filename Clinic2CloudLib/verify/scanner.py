"""Many tokens in many bytes: exact, in every encoding a file may use, and fast.

In long data the first four bytes of all tokens are looked for together (:mod:`.beginnings`), which
costs the same for one token and for a thousand; only what may be there is searched for, by
``bytes.find`` in lower-cased data, and a small pattern looks at what surrounds it.

In binary data a token may turn up by chance. In n bytes whose values occur with the frequencies
p(b), independently, a token t is expected n * prod p(t_i) times. A token is searched for in binary
data only where that is below :data:`ACCIDENTS`. Pixels are not independent of their neighbours,
which makes them more orderly than that: for them the exponent 1/2 counts only every other byte as
new, so that a dark 8-bit image whose values all lie between the codes of "0" and "9" is no source
of patient numbers.
"""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from .beginnings import Beginnings
from .tokens import Token, date_forms

#: Expected accidental hits of a token in a block of binary data above which it is not searched for.
ACCIDENTS = 1e-6
_LONG = 1 << 14  # bytes from which looking for beginnings pays
_LONG_WORD = 9  # letters beyond which a word is found inside another one too
_CODECS = (
    "utf-8",
    "latin-1",
    *(f"iso8859_{part}" for part in (2, 5, 6, 7, 8, 9)),
    *("shift_jis", "euc_jp", "iso2022_jp", "euc_kr", "gb18030", "big5", "tis_620", "cp1251"),
)
_OURS = b"clinic2cloud"


@dataclass(frozen=True)
class Needle:
    """One spelling of a token as bytes, lower-cased as far as ASCII goes."""

    token: Token
    key: bytes = field(repr=False)
    wide: bool
    pattern: re.Pattern[bytes] = field(repr=False)

    def count(self, lowered: bytes) -> int:
        """Return how often it stands by itself in lower-cased data."""
        return sum(1 for _ in self.pattern.finditer(lowered))


class _Index:
    """Needles by their first four bytes."""

    def __init__(self, needles: Iterable[Needle]) -> None:
        self._needles: dict[int, list[Needle]] = defaultdict(list)
        for needle in needles:
            self._needles[int.from_bytes(needle.key[:4], "little")].append(needle)
        self._beginnings = Beginnings(self._needles)

    def candidates(self, lowered: bytes) -> Iterator[Needle]:
        """Yield the needles of which at least the beginning is there."""
        for word in self._beginnings.found_in(lowered):
            yield from self._needles[word]


class Scanner:
    """Looks for tokens.

    Parameters
    ----------
    tokens : iterable of Token
        What to look for; those of kind ``short`` are not searched for in bytes.
    """

    def __init__(self, tokens: Iterable[Token]) -> None:
        self.tokens = tuple(tokens)
        self._needles = [
            Needle(token, key, _is_wide(token, key), _pattern(token, key))
            for token in self.tokens
            for key in sorted(_keys(token))
        ]
        self._narrow = [needle for needle in self._needles if not needle.wide]
        self._index = {False: _Index(self._needles), True: _Index(self._narrow)}

    def in_text(self, data: bytes) -> Iterator[tuple[Needle, int]]:
        """Yield what stands in bytes where nothing stands by chance, and how often."""
        lowered = data.lower()
        if _OURS in lowered:
            lowered = lowered.replace(_OURS, b"")
        yield from self._counted(lowered, self._candidates(lowered, pixels=False))

    def in_binary(self, data: bytes, *, pixels: bool) -> Iterator[tuple[Needle, int]]:
        """Yield what stands in binary data and cannot be there by chance.

        Parameters
        ----------
        data : bytes
            A block of binary data.
        pixels : bool
            Whether neighbouring bytes depend on each other, as in images.
        """
        lowered = data.lower()
        candidates = [*self._candidates(lowered, pixels=pixels)]
        if not candidates:
            return
        logs = _log_frequencies(data)
        weight = 0.5 if pixels else 1.0
        sure = [
            needle
            for needle in candidates
            if np.log(len(data)) + weight * float(logs[list(needle.key)].sum()) < np.log(ACCIDENTS)
        ]
        yield from self._counted(lowered, sure)

    def _candidates(self, lowered: bytes, *, pixels: bool) -> Iterator[Needle]:
        """Yield the needles that may be there. Nobody writes UTF-16 among pixels."""
        if len(lowered) < _LONG:
            needles = self._narrow if pixels else self._needles
            yield from (needle for needle in needles if needle.key in lowered)
        else:
            yield from self._index[pixels].candidates(lowered)

    @staticmethod
    def _counted(lowered: bytes, needles: Iterable[Needle]) -> Iterator[tuple[Needle, int]]:
        """Yield the needles that stand by themselves."""
        for needle in needles:
            count = needle.count(lowered) if needle.key in lowered else 0
            if count:
                yield needle, count


def is_text(data: bytes) -> bool:
    """Return whether bytes are mostly printable, so that nothing stands in them by chance."""
    if not data:
        return False
    histogram = np.bincount(np.frombuffer(data[:65536], np.uint8), minlength=256)
    printable = int(histogram[32:127].sum() + histogram[9:14].sum())
    return printable >= 0.85 * int(histogram.sum())


def _keys(token: Token) -> set[bytes]:
    """Return a token's bytes in every encoding, lower-cased."""
    if token.kind == "short":
        return set()
    texts = [token.text]
    if token.kind == "date":
        texts = [token.text, *date_forms(token.text)]
    keys: set[bytes] = set()
    for text in texts:
        for form in (
            {text, text.upper(), text.lower(), text.title()} if not text.isascii() else (text,)
        ):
            keys.update(_encodings(form))
    return keys


@functools.lru_cache(4096)
def _encodings(text: str) -> frozenset[bytes]:
    """Return a text in all encodings, UTF-16 without the byte in which its two orders differ."""
    keys = {text.encode("utf-16-le", "surrogatepass")[:-1].lower()}
    if text.isascii():
        return frozenset(keys | {text.encode("ascii").lower()})
    for codec in _CODECS:
        try:
            key = text.encode(codec).lower()
        except UnicodeEncodeError:
            continue
        if len(key) >= 4:  # "é" alone is two bytes of UTF-8 and found everywhere
            keys.add(key)
    return frozenset(keys)


def _is_wide(token: Token, key: bytes) -> bool:
    """Return whether a token's bytes are UTF-16."""
    return b"\0" in key and "\0" not in token.text


def _pattern(token: Token, key: bytes) -> re.Pattern[bytes]:
    """Return the pattern that a token's bytes match where they stand by themselves."""
    wide = _is_wide(token, key)
    zero = rb"\x00" if wide else b""
    body = re.escape(key)
    if token.kind in ("uid", "number", "date"):
        around = (rb"0-9", rb"\.?" + zero)
    elif token.kind == "code":
        around = (rb"0-9a-z", b"")
    elif len(token.text) < _LONG_WORD:
        around = (rb"a-z", b"")
    else:
        return re.compile(body)
    signs, point = around
    before = rb"(?<![" + signs + rb"]" + zero + rb")"
    if point:
        before += rb"(?<![.]" + zero + rb")"
    # UTF-16 of one byte order ends, of the other begins with a zero that the key leaves out.
    after = rb"(?!" + (rb"\x00?" if wide else b"") + point + rb"[" + signs + rb"])"
    return re.compile(before + body + after)


def _log_frequencies(data: bytes) -> np.ndarray:
    """Return log p(b) for each lower-cased byte, never less often than once."""
    histogram = np.bincount(np.frombuffer(data, np.uint8), minlength=256).astype(np.float64)
    upper, lower = slice(ord("A"), ord("Z") + 1), slice(ord("a"), ord("z") + 1)
    histogram[lower] += histogram[upper]
    logs: np.ndarray = np.log(np.maximum(histogram, 1.0) / len(data))
    return logs
