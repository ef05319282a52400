"""Random waves: what makes a new skin another one for every case, and nobody's."""

from __future__ import annotations

import numpy as np

from .grid import Grid
from .replace import gaussian_noise


def bumps(random: np.random.Generator, grid: Grid, width: float, softness: float) -> np.ndarray:
    """Return a smooth random field on a grid, mostly near plus or minus 1.

    A field of normal distribution would leave a third of the skin where it was; this one crosses
    zero the quicker the smaller ``softness`` is. ``width`` in mm.
    """
    from scipy import ndimage

    noise = gaussian_noise(random, int(np.prod(grid.shape))).reshape(grid.shape).astype(np.float64)
    field = ndimage.gaussian_filter(noise, width / grid.spacing, mode="wrap")
    return np.asarray(np.tanh(field / field.std() / softness))
