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

import numpy as np

from .grid import Grid, affine_transform, resample
from .surface import FAR_MM, OldSkin
from .waves import bumps, refined

#: Proportions, along x, y and z, differ by up to this from the average's, about the face's middle,
#: in the head's frame, mm.
PROPORTIONS, MIDDLE = np.array([0.10, 0.08, 0.10]), np.array([0.0, 30.0, -40.0])
#: And by wide waves of so many mm, of this width, mm: a jaw's, a cheek's.
BROAD_MM, BROAD_WIDTH_MM, BROAD_SOFTNESS = 6.0, 40.0, 0.8


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


def strangers_skin(
    frame_to_lps: np.ndarray, old: OldSkin, random: np.random.Generator
) -> np.ndarray:
    """Return a stranger's signed distance to the skin in a head's place, mm of this head.

    Parameters
    ----------
    frame_to_lps : numpy.ndarray
        Where the average head lies, 4 x 4.
    old : OldSkin
        Gives the working grid.
    random : numpy.random.Generator
        What makes it this stranger.

    Returns
    -------
    numpy.ndarray
        On the working grid.
    """
    import SimpleITK as sitk

    average, matrix = average_face(), strangers_frame(frame_to_lps, random)
    transform = affine_transform(np.linalg.inv(matrix))
    like = old.grid.image(np.zeros(old.grid.shape, np.uint8))
    image = sitk.ZeroFluxNeumannPad(average.grid.image(average.signed), [40] * 3, [40] * 3)
    signed = resample(image, like, transform=transform, outside=FAR_MM)
    scale = float(np.cbrt(abs(np.linalg.det(matrix[:3, :3]))))
    broad = refined(bumps(random, old.grid, BROAD_WIDTH_MM, BROAD_SOFTNESS), old.grid)
    return np.asarray(scale * (signed + BROAD_MM * broad))


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
