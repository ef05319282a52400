"""The shape attack: whose skin surface is nearest to the one that was made unrecognisable?

An attacker has the original faces of a gallery, and a result. Both are cut to the face alone (brow
to chin), or to the ears, and laid onto each other by themselves (iterative closest points, Besl and
McKay 1992, trimmed), starting from their centres: the head around them does not help. The nearest
original is the guess.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

#: Points a surface, iterations, and the share of pairs that count.
POINTS, STEPS, KEPT = 1500, 25, 0.85


@dataclass(frozen=True)
class Outcome:
    """How often the nearest original was the right one.

    Attributes
    ----------
    right, tried, gallery : int
        Hits, attempts, and how many faces there were to choose from.
    ranks : tuple of int
        Where the right one stood, 1 for the nearest.
    """

    right: int
    tried: int
    gallery: int
    ranks: tuple[int, ...]

    @property
    def rate(self) -> float:
        """Rank-1 rate."""
        return self.right / max(self.tried, 1)

    @property
    def chance(self) -> float:
        """What blind guessing reaches."""
        return 1.0 / max(self.gallery, 1)

    @property
    def most_by_chance(self) -> int:
        """Hits that blind guessing exceeds in less than 5 % of such experiments (binomial)."""
        from scipy.stats import binom

        return int(binom.ppf(0.95, self.tried, self.chance))


def sparse(points: np.ndarray, seed: int = 0) -> np.ndarray:
    """Return at most POINTS of a surface's points, centred."""
    random = np.random.default_rng(seed)
    if len(points) > POINTS:
        points = points[random.choice(len(points), POINTS, replace=False)]
    return np.asarray(points - points.mean(0))


def distance(moving: np.ndarray, fixed: np.ndarray) -> float:
    """Return the trimmed mean distance of two surfaces after laying one onto the other, mm."""
    from scipy.spatial import cKDTree

    tree = cKDTree(fixed)
    own = moving
    for _ in range(STEPS):
        away, at = tree.query(own)
        near = away <= np.quantile(away, KEPT)
        a, b = own[near], fixed[at[near]]
        ca, cb = a.mean(0), b.mean(0)
        u, _, vt = np.linalg.svd((a - ca).T @ (b - cb))
        flip = np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
        turn = (u @ flip @ vt).T
        own = (own - ca) @ turn.T + cb
    there = np.sort(tree.query(own)[0])
    back = np.sort(cKDTree(own).query(fixed)[0])
    return float(there[: int(KEPT * len(there))].mean() + back[: int(KEPT * len(back))].mean()) / 2


def attack(results: Sequence[np.ndarray], originals: Sequence[np.ndarray]) -> Outcome:
    """Guess for each result whose it is; ``results[n]`` was made from ``originals[n]``.

    Parameters
    ----------
    results, originals : sequence of numpy.ndarray
        Points of the skin, mm, shape (n, 3).
    """
    gallery = [sparse(points, seed=1) for points in originals]
    ranks = []
    for number, points in enumerate(results):
        own = sparse(points, seed=2)
        distances = np.array([distance(own, other) for other in gallery])
        ranks.append(int((distances < distances[number]).sum()) + 1)
    return Outcome(sum(rank == 1 for rank in ranks), len(ranks), len(gallery), tuple(ranks))
