"""The head atlas: averages over the project's training heads (see ``training/make_atlas.py``)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np

from ..grid import Grid, affine_transform, resample


@dataclass(frozen=True)
class HeadAtlas:
    """Average head in its own frame (:mod:`Clinic2CloudLib.deface.frame`), coordinates in mm.

    Attributes
    ----------
    grid : Grid
        Where the averages lie.
    averages : dict of str to numpy.ndarray
        Probabilities from 0 to 1, float32: csf, gray, white, soft, bone, skin, eye, brain,
        outline, face, ears.
    cover : numpy.ndarray
        How many heads' fields of view cover each voxel.
    landmarks : numpy.ndarray
        Centres of the left eye, the right eye and the brainstem, shape (3, 3).
    """

    grid: Grid
    averages: dict[str, np.ndarray]
    cover: np.ndarray
    landmarks: np.ndarray


@cache
def head_atlas() -> HeadAtlas:
    """Load the atlas that is shipped with the package."""
    with (resources.files(__name__) / "head_atlas.npz").open("rb") as file:
        data = np.load(file, allow_pickle=False)
        averages = {
            str(name): data["averages"][n].astype(np.float32) / 255.0
            for n, name in enumerate(data["names"])
        }
        grid = Grid(data["origin"], float(data["spacing"]), averages["brain"].shape)
        return HeadAtlas(grid, averages, data["cover"], data["landmarks"])


def moved(atlas: HeadAtlas, name: str, matrix: np.ndarray, grid: Grid) -> np.ndarray:
    """Return one of the atlas's averages on a grid in the scan's space."""
    transform = affine_transform(np.linalg.inv(matrix))
    like = grid.image(np.zeros(grid.shape, np.uint8))
    return resample(atlas.grid.image(atlas.averages[name]), like, transform=transform)
