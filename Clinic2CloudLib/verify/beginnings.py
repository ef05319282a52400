"""Find at which of many four-byte beginnings anything in a block of bytes may start."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np


class Beginnings:
    """Many four-byte words, looked for together.

    A table of 65,536 entries says of two bytes whether a word begins with them; each position of
    the block is looked up in it, and the few that pass are compared as whole words.

    Parameters
    ----------
    words : iterable of int
        Four bytes each, as little-endian numbers.
    """

    def __init__(self, words: Iterable[int]) -> None:
        self._words = np.array(sorted(words), dtype=np.uint32)
        self._starts = np.zeros(1 << 16, dtype=bool)
        self._starts[self._words & 0xFFFF] = True

    def found_in(self, data: bytes) -> list[int]:
        """Return the words that stand somewhere in the data, in ascending order."""
        if not self._words.size or len(data) < 4:
            return []
        block = np.frombuffer(data, np.uint8)
        found = [self._at(block, shift) for shift in (0, 1)]
        return [int(word) for word in np.union1d(*found)]

    def _at(self, block: np.ndarray, shift: int) -> np.ndarray:
        """Return the words that stand at even (shift 0) or odd (shift 1) positions."""
        length = (block.size - shift) // 2
        pairs = block[shift : shift + 2 * length].view("<u2")
        # A word's second pair follows its first at the same parity.
        places = np.flatnonzero(self._starts[pairs[:-1]])
        values = pairs[places].astype(np.uint32) | (pairs[places + 1].astype(np.uint32) << 16)
        return np.intersect1d(values, self._words)
