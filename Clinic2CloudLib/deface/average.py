"""The average head's skin, and a stranger's made of it: what new skins begin with.

A new skin that began with the patient's own, however smoothed, would have the width of their jaw
and the length of their face. The average of many heads (``training/make_average_face.py``) is laid
into the head's place instead, turned and scaled as the head is, but with proportions drawn at
random, differently for each case.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

import numpy as np

from .grid import Grid, affine_transform, mapped, resample
from .likeness import FEWEST, SkinSample, rigid_ways
from .surface import FAR_MM, OldSkin
from .waves import bumps, refined

if TYPE_CHECKING:
    import SimpleITK as sitk

#: Proportions, along x, y and z, differ by up to this from the average's, about the face's middle,
#: in the head's frame, mm.
PROPORTIONS, MIDDLE = np.array([0.10, 0.08, 0.10]), np.array([0.0, 30.0, -40.0])
#: And by wide waves of so many mm, of this width, mm: a jaw's, a cheek's.
BROAD_MM, BROAD_WIDTH_MM, BROAD_SOFTNESS = 6.0, 40.0, 0.8
#: So many strangers are drawn.
DRAWS = 16


@dataclass(frozen=True)
class AverageFace:
    """The average head's skin over face and ears, in the head's frame.

    Attributes
    ----------
    grid : Grid
        Where it lies, mm of a mean head.
    signed : numpy.ndarray
        Distance to the skin, mm, negative inside, float32.
    """

    grid: Grid
    signed: np.ndarray


@cache
def average_face() -> AverageFace:
    """Load the average face that is shipped with the package."""
    folder = resources.files(__name__.rpartition(".")[0]) / "atlas"
    with (folder / "average_face.npz").open("rb") as file:
        data = np.load(file, allow_pickle=False)
        signed = data["signed"].astype(np.float32) * float(data["step"])
        return AverageFace(Grid(data["origin"], float(data["spacing"]), signed.shape), signed)


@dataclass(frozen=True)
class Stranger:
    """Somebody who does not exist.

    Attributes
    ----------
    frame_to_lps : numpy.ndarray
        Where the average head lies, 4 x 4, its proportions drawn at random.
    broad : numpy.ndarray
        Wide waves between -1 and 1, from :func:`.waves.bumps`.
    """

    frame_to_lps: np.ndarray
    broad: np.ndarray

    @property
    def scale(self) -> float:
        """The head's size beside a mean one."""
        return float(np.cbrt(abs(np.linalg.det(self.frame_to_lps[:3, :3]))))

    def signed_at(self, points: np.ndarray, broad: np.ndarray) -> np.ndarray:
        """Return the signed distance, mm, at LPS points, (n, 3), given the waves there."""
        from scipy import ndimage

        average = average_face()
        at = mapped(np.linalg.inv(self.frame_to_lps), points)
        index = (at - average.grid.origin) / average.grid.spacing
        signed = ndimage.map_coordinates(average.signed, index[:, ::-1].T, order=1, mode="nearest")
        return np.asarray(self.scale * (signed + BROAD_MM * broad))

    def laid_on(self, moved: np.ndarray, skin: SkinSample) -> Stranger:
        """Return the stranger turned and moved onto the head's own skin.

        A face farther forwards or turned aside is nobody else's, but a registration of the whole
        head would be drawn along with it. ``moved`` as in :meth:`.likeness.SkinSample.unlikeness`.
        """
        if len(moved) < FEWEST:
            return self
        middle = skin.points.mean(0)
        ways = rigid_ways(skin.points, skin.normals)
        way = np.linalg.lstsq(ways, moved, rcond=None)[0]
        motion = np.eye(4)
        # The rotation nearest to what the small angles say.
        turn, _, back = np.linalg.svd(np.eye(3) + np.cross(np.eye(3), way[:3]))
        motion[:3, :3] = turn @ back
        motion[:3, 3] = middle + way[3:] - motion[:3, :3] @ middle
        return Stranger(motion @ self.frame_to_lps, self.broad)


def strangers_skin(
    frame_to_lps: np.ndarray, old: OldSkin, random: np.random.Generator
) -> np.ndarray:
    """Return a stranger's signed distance to the skin in a head's place, mm of this head.

    Of :data:`DRAWS` strangers, each laid onto the head's own skin, it is the one least like it.

    Parameters
    ----------
    frame_to_lps : numpy.ndarray
        Where the average head lies, 4 x 4.
    old : OldSkin
        Gives the working grid, and whose skin it shall not be.
    random : numpy.random.Generator
        What makes it this stranger.

    Returns
    -------
    numpy.ndarray
        On the working grid.
    """
    stranger = _least_alike(frame_to_lps, old, random)
    transform = affine_transform(np.linalg.inv(stranger.frame_to_lps))
    like = old.grid.image(np.zeros(old.grid.shape, np.uint8))
    signed = resample(_average_and_beyond(), like, transform=transform, outside=FAR_MM)
    return np.asarray(stranger.scale * (signed + BROAD_MM * refined(stranger.broad, old.grid)))


def _least_alike(frame_to_lps: np.ndarray, old: OldSkin, random: np.random.Generator) -> Stranger:
    """Draw strangers and return the one whose skin differs most from the head's own."""
    skin = SkinSample.of(old)
    outwards, inwards, own = (skin.at(field) for field in (*old.limits, old.signed))

    def drawn() -> Stranger:
        broad = bumps(random, old.grid, BROAD_WIDTH_MM, BROAD_SOFTNESS)
        stranger = Stranger(strangers_frame(frame_to_lps, random), broad)
        return stranger.laid_on(moved_to(stranger), skin)

    def moved_to(stranger: Stranger) -> np.ndarray:
        return stranger.signed_at(skin.points, stranger.broad[skin.where]) - own

    def unlike(stranger: Stranger) -> float:
        return skin.unlikeness(np.clip(moved_to(stranger), -outwards, inwards))

    return max((drawn() for _ in range(DRAWS)), key=unlike)


@cache
def _average_and_beyond() -> sitk.Image:
    """Return the average face's signed distance, its outermost values going on beyond it."""
    import SimpleITK as sitk

    average = average_face()
    return sitk.ZeroFluxNeumannPad(average.grid.image(average.signed), [40] * 3, [40] * 3)


def smoothed_stranger(
    frame_to_lps: np.ndarray, old: OldSkin, random: np.random.Generator, mm: float
) -> np.ndarray:
    """Return :func:`strangers_skin` without features: averaged over ``mm``."""
    from scipy import ndimage

    stranger = strangers_skin(frame_to_lps, old, random)
    return np.asarray(ndimage.gaussian_filter(stranger, mm / old.grid.spacing, mode="nearest"))


def strangers_frame(frame_to_lps: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return a head's frame as large and turned as this one, with other proportions; 4 x 4."""
    turn, sizes, own = np.linalg.svd(frame_to_lps[:3, :3])
    rotation = turn @ own
    drawn = 1.0 + PROPORTIONS * random.uniform(-1.0, 1.0, 3)
    result = np.eye(4)
    result[:3, :3] = rotation * float(np.cbrt(np.prod(sizes))) @ np.diag(drawn)
    middle = frame_to_lps[:3, :3] @ MIDDLE + frame_to_lps[:3, 3]
    result[:3, 3] = middle - result[:3, :3] @ MIDDLE
    return result
