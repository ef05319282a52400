"""From distances to how often the attacker names the right person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Outcome:
    """How often the nearest original was the right one.

    Attributes
    ----------
    right, tried, gallery : int
        Hits, attempts, and how many persons there were to choose from.
    attackers : int
        Of how many attackers this is the best: the bound is the higher (Bonferroni).
    """

    right: int
    tried: int
    gallery: int
    attackers: int = 1

    @property
    def rate(self) -> float:
        """Rank-1 rate."""
        return self.right / max(self.tried, 1)

    @property
    def expected(self) -> float:
        """Hits that blind guessing makes."""
        return self.tried / max(self.gallery, 1)

    @property
    def most_by_chance(self) -> int:
        """Hits that blind guessing exceeds in less than 5 % of such experiments (binomial)."""
        from scipy.stats import binom

        return int(binom.ppf(1 - 0.05 / self.attackers, self.tried, 1 / max(self.gallery, 1)))

    @property
    def at_chance(self) -> bool:
        """Whether these hits are no more than blind guessing makes."""
        return self.right <= self.most_by_chance

    def words(self) -> str:
        """Return hits, attempts and the bound."""
        return f"{self.right}/{self.tried} ({self.expected:.1f}, <= {self.most_by_chance})"


def outcome(
    away: np.ndarray,
    results: Sequence[str],
    originals: Sequence[str],
    attackers: int = 1,
) -> Outcome:
    """Count hits; ties go to the attacker.

    Parameters
    ----------
    away : numpy.ndarray
        Distance of each result to each original, shape (results, originals); infinite or NaN where
        there is nothing to compare.
    results, originals : sequence of str
        Whose they are.
    attackers : int
        See :class:`Outcome`.

    Returns
    -------
    Outcome
        A result that cannot be compared with any original of the same person is no attempt.
    """
    known = np.nan_to_num(np.asarray(away, float), nan=np.inf, posinf=np.inf)
    right = tried = 0
    for row, person in zip(known, results, strict=True):
        own = np.array([other == person for other in originals])
        if not own.any() or not np.isfinite(row[own]).any():
            continue
        tried += 1
        right += bool(row[own].min() <= row[~own].min(initial=np.inf))
    return Outcome(right, tried, len(set(originals)), attackers)
