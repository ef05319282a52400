"""The stages of finding brain and tissues, each a function that Dask can run anywhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...dicom.model import Volume
from .align import (
    Alignment,
    affine_alignment,
    bias_field,
    coarse,
    head_mask,
    priors_on,
    refine,
)
from .atlas import SOFT, load_atlas
from .grid import Grid, from_grid, grid_around, to_grid
from .tissues import FIELD_STRENGTH, Mixture, fit_mixture, posteriors, usable

#: How often the priors are bent to the tissues found, and how strongly (demons iterations).
BENDS = (15, 20, 20)


@dataclass(frozen=True)
class Prepared:
    """A head on the working grid.

    Attributes
    ----------
    grid, coarse_grid : Grid
        The working grid and the one of bias field and alignment.
    values : numpy.ndarray
        Bias-corrected values on ``grid``.
    coarse_values : numpy.ndarray
        The same on ``coarse_grid``.
    field : numpy.ndarray
        The bias field on ``coarse_grid``.
    head : numpy.ndarray
        The head on ``coarse_grid``, boolean.
    """

    grid: Grid
    coarse_grid: Grid
    values: np.ndarray
    coarse_values: np.ndarray
    field: np.ndarray
    head: np.ndarray


def prepare(values: np.ndarray, volume: Volume) -> Prepared:
    """Bring a volume onto the working grid and take the coil's shading out of MR.

    Parameters
    ----------
    values : numpy.ndarray
        Modality values, float32, shape (K, J, I).
    volume : Volume
        For its geometry and modality.
    """
    grid = grid_around(volume)
    small_grid = coarse(grid)
    outside = -1000.0 if volume.modality == "CT" else 0.0
    small = to_grid(values, volume.ijk_to_lps, small_grid, outside)
    head = head_mask(small, volume.modality)
    working = to_grid(values, volume.ijk_to_lps, grid, outside)
    if volume.modality == "CT" or not head.any():
        return Prepared(grid, small_grid, working, small, np.ones_like(small), head)
    field = bias_field(small, small_grid, head)
    fine_field = from_grid(field, small_grid, grid.ijk_to_lps(), grid.shape)
    return Prepared(grid, small_grid, working / fine_field, small / field, field, head)


def align(prepared: Prepared, modality: str, levels: tuple[float, ...], above: float) -> Alignment:
    """Align the atlas from one start; see :func:`affine_alignment`."""
    return affine_alignment(
        prepared.coarse_values,
        prepared.head,
        prepared.coarse_grid,
        load_atlas(),
        modality,
        levels,
        above,
    )


@dataclass(frozen=True)
class Model:
    """What the last step needs to name the tissue of every voxel of the volume.

    Attributes
    ----------
    priors : numpy.ndarray
        The bent class priors on ``grid``, shape (6, K, J, I).
    mixture : Mixture
        The intensities of the classes.
    grid : Grid
        Where the priors lie.
    """

    priors: np.ndarray
    mixture: Mixture
    grid: Grid


def model_tissues(prepared: Prepared, alignment: Alignment) -> Model:
    """Fit intensities and bend the atlas in turns on the working grid around the brain."""
    atlas = load_atlas()
    grid, values = crop_to_atlas(prepared, alignment)
    priors = priors_on(atlas, alignment, grid)
    mixture = fitted(values, priors)
    for bend in BENDS:
        found = posteriors(values, priors, mixture, 3, FIELD_STRENGTH)
        priors = refine(priors, found, grid, bend)
        mixture = fitted(values, priors)
    return Model(priors.astype(np.float32), mixture, grid)


def fitted(values: np.ndarray, priors: np.ndarray) -> Mixture:
    """Fit the mixture where head is expected."""
    where = usable(values, priors)
    return fit_mixture(values[where], priors[:, where])


def crop_to_atlas(prepared: Prepared, alignment: Alignment) -> tuple[Grid, np.ndarray]:
    """Return the part of the working grid that the atlas covers, and its values."""
    atlas = load_atlas().grid
    k, j, i = atlas.shape
    corners = np.array([[x, y, z, 1] for x in (0, i - 1) for y in (0, j - 1) for z in (0, k - 1)])
    lps = (alignment.matrix @ atlas.ijk_to_lps() @ corners.T)[:3]
    grid = prepared.grid
    low = np.floor((lps.min(1) - grid.origin) / grid.spacing).astype(int)
    high = np.ceil((lps.max(1) - grid.origin) / grid.spacing).astype(int) + 1
    size = np.array(grid.shape)[::-1]
    low, high = np.clip(low, 0, size - 1), np.clip(high, 1, size)
    high = np.maximum(high, low + 1)
    part = prepared.values[low[2] : high[2], low[1] : high[1], low[0] : high[0]]
    origin = np.array(grid.origin) + low * grid.spacing
    cropped = Grid((float(origin[0]), float(origin[1]), float(origin[2])), grid.spacing, part.shape)
    return cropped, part


def name_slab(
    values: np.ndarray,
    start: int,
    stop: int,
    ijk_to_lps: np.ndarray,
    model: Model,
    shading: np.ndarray,
    shading_grid: Grid,
    halo: int,
) -> np.ndarray:
    """Return the class of every voxel of slices ``start`` to ``stop`` at full resolution.

    Parameters
    ----------
    values : numpy.ndarray
        Modality values of the slab and up to ``halo`` slices either side, as far as there are.
    start, stop : int
        The slab's slices in the volume.
    ijk_to_lps : numpy.ndarray
        The volume's affine.
    model : Model
        The fitted model.
    shading : numpy.ndarray
        The bias field.
    shading_grid : Grid
        Where it lies.
    halo : int
        Slices either side, so that the neighbours' votes do not end at a slab's edge.

    Returns
    -------
    numpy.ndarray
        uint8, shape (stop - start, J, I): index into ``CLASSES``.
    """
    first = max(0, start - halo)
    shape = (int(values.shape[0]), int(values.shape[1]), int(values.shape[2]))
    field = from_grid(shading, shading_grid, ijk_to_lps, shape, first)
    priors = np.stack([from_grid(p, model.grid, ijk_to_lps, shape, first) for p in model.priors])
    inside = from_grid(np.ones(model.grid.shape), model.grid, ijk_to_lps, shape, first) > 0
    classes = posteriors(values / field, priors, model.mixture, 4, FIELD_STRENGTH)
    named = classes.argmax(0).astype(np.uint8)
    named[~inside] = SOFT
    return named[start - first : start - first + (stop - start)]
