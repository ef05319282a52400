"""The shape attack: whose skin surface is nearest to the one that was made unrecognisable?

An attacker has the original faces of a gallery, and a result. Both are cut to the face alone, or to
an ear, and laid onto each other by themselves (iterative closest points: Besl and McKay 1992; to
the tangent plane: Chen and Medioni 1992; trimmed), from several rotated starts, so that the head
around them does not help. The nearest original is the guess.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

#: Points a surface is thinned to; of these so many are moved, first roughly and then finely.
DENSE, ROUGH, FINE = 3000, 120, 400
#: Root mean square distance of a face's points from their centre, about, mm.
SIZE_MM = 55.0
#: Fewer points than this are no surface to compare.
FEWEST = 120
ROUGH_STEPS, FINE_STEPS = 5, 8
#: Share of pairs that draw the surfaces together: what was changed most shall not rule.
DRAWING = 0.7
#: Attackers, by the share of nearest points that they average over: half the face may be enough.
SHARES = (0.85, 0.5)
#: Beyond this the tangent plane says nothing and the distance itself counts, mm.
PLANE_MM = 8.0
#: Starts: as it lies, and nodded and turned to either side, degrees.
TURN = 15.0
#: Originals looked at finely, the best few of the rough look; the others come after them, mm.
SHORTLIST, RULED_OUT = 8, 1e3


@dataclass(frozen=True)
class Surface:
    """A surface's points, mm, shape (n, 3), in random order, and about their own centre."""

    points: np.ndarray

    @staticmethod
    def of(points: np.ndarray, seed: int = 0, one_size: bool = False) -> Surface | None:
        """Thin points out, centre them and perhaps bring them to one size; None for too few."""
        if len(points) < FEWEST:
            return None
        random = np.random.default_rng(seed)
        chosen = random.permutation(len(points))[:DENSE]
        own = points[chosen].astype(np.float64)
        own -= own.mean(0)
        spread = float(np.sqrt((own**2).sum(1).mean()))
        return Surface(own * (SIZE_MM / spread) if one_size and spread else own)

    @cached_property
    def tree(self) -> Any:
        """For nearest neighbours."""
        from scipy.spatial import cKDTree

        return cKDTree(self.points)

    @cached_property
    def normals(self) -> np.ndarray:
        """Return the direction across the surface at each point, of either sign."""
        near = self.points[self.tree.query(self.points, k=min(12, len(self.points)))[1]]
        near = near - near.mean(1, keepdims=True)
        return np.asarray(np.linalg.eigh(np.einsum("nki,nkj->nij", near, near))[1][:, :, 0])


def turned(vectors: np.ndarray) -> np.ndarray:
    """Return the rotations by rotation vectors in radians, (n, 3) to (n, 3, 3)."""
    from scipy.spatial.transform import Rotation

    return np.asarray(Rotation.from_rotvec(vectors).as_matrix())


def starts() -> np.ndarray:
    """Return the rotations to start from, shape (n, 3, 3)."""
    about = np.array([[0, 0, 0], [1, 0, 0], [-1, 0, 0], [0, 0, 1], [0, 0, -1]])
    return turned(np.radians(TURN) * about)


@dataclass(frozen=True)
class Ways:
    """Several ways of laying a surface onto another: rotations (n, 3, 3), translations (n, 3)."""

    turns: np.ndarray
    moves: np.ndarray

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """Move points in each way, (m, 3) to (n, m, 3)."""
        return points @ self.turns.transpose(0, 2, 1) + self.moves[:, None]


def laid_onto(points: np.ndarray, fixed: Surface, ways: Ways, steps: int) -> Ways:
    """Improve each way of laying points onto a surface, step by step."""
    turns, moves = ways.turns, ways.moves
    last = int(DRAWING * (len(points) - 1))
    for _ in range(steps):
        own = Ways(turns, moves)(points)
        away, at = fixed.tree.query(own)
        counts = (away <= np.partition(away, last, axis=1)[:, last, None]).astype(float)
        normal = fixed.normals[at]
        centre = own.mean(1, keepdims=True)
        rows = np.concatenate([np.cross(own - centre, normal), normal], axis=2)
        gap = ((fixed.points[at] - own) * normal).sum(2) * counts
        square = rows.transpose(0, 2, 1) @ (rows * counts[..., None])
        # A patch of a ball could turn and slide for ever: what no point resists stays as it is.
        square += 1e-3 * np.einsum("nii->ni", square).mean(1)[:, None, None] * np.eye(6)
        change = np.linalg.solve(square, (rows * gap[..., None]).sum(1)[..., None])[..., 0]
        small = turned(change[:, :3])
        turns = small @ turns
        moves = np.einsum("nij,nj->ni", small, moves - centre[:, 0]) + centre[:, 0] + change[:, 3:]
    return Ways(turns, moves)


def residuals(points: np.ndarray, fixed: Surface) -> np.ndarray:
    """Return how far points lie off a surface, mm, in ascending order along the last axis."""
    away, at = fixed.tree.query(points)
    across = np.abs(((points - fixed.points[at]) * fixed.normals[at]).sum(-1))
    return np.sort(np.where(away <= PLANE_MM, across, away), axis=-1)


def trimmed(ascending: np.ndarray, share: float) -> np.ndarray:
    """Return the mean over the lower share along the last axis."""
    return np.asarray(ascending[..., : max(int(share * ascending.shape[-1]), 1)].mean(-1))


def roughly(moving: Surface, fixed: Surface) -> tuple[float, Ways]:
    """Lay one surface onto another from all starts; return the least distance and two ways."""
    own, turns = moving.points[:ROUGH], starts()
    ways = laid_onto(own, fixed, Ways(turns, np.zeros((len(turns), 3))), ROUGH_STEPS)
    away = trimmed(residuals(ways(own), fixed), DRAWING)
    best = np.argsort(away, kind="stable")[:2]
    return float(away[best[0]]), Ways(ways.turns[best], ways.moves[best])


def finely(moving: Surface, fixed: Surface, ways: Ways) -> np.ndarray:
    """Return for each of SHARES the trimmed mean distance, both ways, after the best way, mm."""
    own, other = moving.points[:FINE], fixed.points[:FINE]
    ways = laid_onto(own, fixed, ways, FINE_STEPS)
    there = residuals(ways(own), fixed)
    back = residuals((other - ways.moves[:, None]) @ ways.turns, moving)
    found = [(trimmed(there, share) + trimmed(back, share)) / 2 for share in SHARES]
    return np.array(found).min(1)


#: What is laid onto its like each by itself and judged together: one face, or two ears.
Parts = tuple[Surface | None, ...]


def distances(result: Parts, gallery: Sequence[Parts]) -> np.ndarray:
    """Return the distance of a result to each original, shape (SHARES, gallery).

    Infinite where a part is no surface; beyond :data:`RULED_OUT` where the rough look was enough.

    Parameters
    ----------
    result : tuple of Surface
        The attacked one.
    gallery : sequence of tuple of Surface
        The originals, with as many parts.
    """
    away = np.full((len(SHARES), len(gallery)), np.inf)
    rough = {}
    for n, original in enumerate(gallery):
        pairs = [(a, b) for a, b in zip(result, original, strict=True) if a and b]
        if len(pairs) == len(result):
            looks = [(*roughly(a, b), a, b) for a, b in pairs]
            rough[n] = (sum(look[0] for look in looks), looks)
    for place, n in enumerate(sorted(rough, key=lambda n: rough[n][0])):
        if place < SHORTLIST:
            fine = [finely(a, b, ways) for _, ways, a, b in rough[n][1]]
            away[:, n] = np.mean(fine, axis=0)
        else:
            away[:, n] = RULED_OUT + rough[n][0]
    return away
