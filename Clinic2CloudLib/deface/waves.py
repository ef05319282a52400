"""Random waves: what makes a new skin another one for every case, and nobody's."""

from __future__ import annotations

import numpy as np

from .grid import Grid
from .replace import gaussian_noise

#: Waves are drawn on every so many voxels of a grid, and linear between: nothing in them is finer.
STEP = 3


def bumps(random: np.random.Generator, grid: Grid, width: float, softness: float) -> np.ndarray:
    """Draw a smooth random field on every :data:`STEP`-th voxel of a grid, mostly near 1 or -1.

    A field of normal distribution would leave a third of the skin where it was; this one crosses
    zero the quicker the smaller ``softness`` is. ``width`` in mm. :func:`refined` brings it to all
    voxels.
    """
    from scipy import ndimage

    shape = tuple((n - 2) // STEP + 2 for n in grid.shape)
    noise = gaussian_noise(random, int(np.prod(shape))).reshape(shape).astype(np.float64)
    field = ndimage.gaussian_filter(noise, width / (STEP * grid.spacing), mode="wrap")
    return np.asarray(np.tanh(field / field.std() / softness))


def coarse(array: np.ndarray) -> np.ndarray:
    """Return an array's values where :func:`bumps` draws; beyond the array its last ones."""
    more = [(0, (STEP - (n - 1) % STEP) % STEP) for n in array.shape]
    return np.pad(array, more, mode="edge")[::STEP, ::STEP, ::STEP]


def refined(field: np.ndarray, grid: Grid) -> np.ndarray:
    """Bring a field from :func:`bumps` to all voxels of its grid."""
    from scipy import ndimage

    wide = [((n - 1) * STEP + 1) / n for n in field.shape]
    k, j, i = grid.shape
    return np.asarray(ndimage.zoom(field, wide, order=1)[:k, :j, :i])
