"""How unlike two skins are, as somebody would see who has both and lays them onto each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from .surface import OldSkin
from .waves import coarse

#: Ears' skin that moves no farther counts as unmoved, mm; ears wholly so count as a face that is
#: less unlike by so much, mm.
NEAR_MM, EARS_COUNT_MM = 2.5, 4.0
#: Fewer points of skin than this tell nothing.
FEWEST = 50
#: Who compares two skins may leave out where they differ most: they are unlike if they are so over
#: either of these shares of their points. The second's mean is made as large as the first's is.
SHARES = ((0.85, 1.0), (0.5, 1.6))


@dataclass(frozen=True)
class Sample:
    """Points of a head's own skin.

    Attributes
    ----------
    where : numpy.ndarray
        Boolean, where :func:`.waves.bumps` draws.
    weight : numpy.ndarray
        How much of a new skin counts there, shape (n,).
    """

    where: np.ndarray
    weight: np.ndarray

    def at(self, field: np.ndarray) -> np.ndarray:
        """Return a working grid's field at the sample's points, shape (n,)."""
        return np.asarray(coarse(field)[self.where])


@dataclass(frozen=True)
class SkinSample(Sample):
    """Those over its face, off the ears.

    Attributes
    ----------
    points, normals : numpy.ndarray
        LPS mm, and the direction outwards, shape (n, 3).
    """

    points: np.ndarray
    normals: np.ndarray

    @staticmethod
    def of(old: OldSkin) -> SkinSample:
        """Take the sample."""
        skin = (np.abs(old.signed) <= old.grid.spacing) & old.region & (old.at_ears < 0.5)
        where = coarse(skin)
        axes = np.moveaxis(old.grid.points(), -1, 0)
        slopes = np.gradient(old.signed, old.grid.spacing)[::-1]
        points, normals = (
            np.stack([coarse(axis)[where] for axis in each], axis=-1) for each in (axes, slopes)
        )
        return SkinSample(where, coarse(old.weight)[where], points, normals)

    def unlikeness(self, moved: np.ndarray) -> float:
        """Return how unlike the skin becomes that moves by so much, mm, shape (n,)."""
        return unlikeness(moved, self.points, self.normals)


class EarSample(Sample):
    """Those over its ears, of which there may be none."""

    @staticmethod
    def of(old: OldSkin) -> EarSample:
        """Take the sample."""
        near = np.abs(old.signed) <= 2.0 * old.grid.spacing
        where = coarse(old.region & near & (old.at_ears >= 0.5))
        return EarSample(where, coarse(old.weight)[where])

    def likeness(self, moved: np.ndarray) -> float:
        """Return by how much ears that move by so much, mm, (n,), make a face less unlike, mm."""
        if not len(moved):
            return 0.0
        return EARS_COUNT_MM * float((self.weight * np.abs(moved) <= NEAR_MM).mean())


def least_alike(
    old: OldSkin,
    waves: Iterable[np.ndarray],
    moved: Callable[..., np.ndarray],
    fields: Sequence[np.ndarray],
) -> np.ndarray:
    """Return that of some waves which leaves face and ears least like the old skin.

    Parameters
    ----------
    old : OldSkin
        The head.
    waves : iterable of numpy.ndarray
        From :func:`.waves.bumps`.
    moved : callable
        Given a wave and the fields at the same points, says how far the skin goes there, mm.
    fields : sequence of numpy.ndarray
        On the working grid.
    """
    face, ears = SkinSample.of(old), EarSample.of(old)
    on_face, on_ears = ([own.at(field) for field in fields] for own in (face, ears))

    def unlike(wave: np.ndarray) -> float:
        own = face.unlikeness(face.weight * moved(wave[face.where], *on_face))
        return own - ears.likeness(moved(wave[ears.where], *on_ears))

    return max(waves, key=unlike)


def unlikeness(moved: np.ndarray, points: np.ndarray, normals: np.ndarray) -> float:
    """Return by how much skins differ in shape, mm, after laying them on each other.

    Parameters
    ----------
    moved : numpy.ndarray
        How far the skin went along its normal, mm, shape (n,).
    points, normals : numpy.ndarray
        Where it was and its direction, mm, shape (n, 3).
    """
    if len(moved) < FEWEST:
        return 0.0
    # Turning, moving and scaling the whole, to first order, make nobody another person.
    growing = ((points - points.mean(0)) * normals).sum(1)
    ways = np.column_stack([rigid_ways(points, normals), growing])
    left = np.sort(np.abs(moved - ways @ np.linalg.lstsq(ways, moved, rcond=None)[0]))
    return float(min(factor * left[: int(share * len(left))].mean() for share, factor in SHARES))


def rigid_ways(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """Return how far points go along their normals when all turn or move a little, (n, 6)."""
    return np.column_stack([np.cross(points - points.mean(0), normals), normals])
