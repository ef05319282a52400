"""The stages of finding brain and tissues, each a function that Dask can run anywhere."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ...dicom.model import Volume
from .align import Alignment, polished, priors_on, refine, rigid_alignment
from .atlas import CSF, GREY, SOFT, WHITE, load_atlas
from .grid import Grid, from_grid, grid_around, to_grid
from .shading import FIELD_MM, bias_field, coarse, head_mask
from .tissues import FIELD_STRENGTH, Mixture, fit_mixture, posteriors, remaining_shading, usable

#: How often the priors are bent to the tissues found, and how strongly (demons iterations).
BENDS = (20, 30, 30)
#: How much a head of another size or shape than the atlas's must be better explained.
SIZE_PENALTY = 1.0
#: About how many voxels the intensities are fitted to at full resolution.
FIT_VOXELS = 400_000
#: The cavity is looked for where the unbent atlas gives it this probability, or this near, mm.
LEAST_PRIOR = 0.05
REACH_MM = 4.0


@dataclass(frozen=True)
class Prepared:
    """A head on the working grid.

    Attributes
    ----------
    grid, coarse_grid, field_grid : Grid
        The working grid, the one of the alignment and the one of the bias field.
    values : numpy.ndarray
        Bias-corrected values on ``grid``.
    coarse_values : numpy.ndarray
        The same on ``coarse_grid``.
    field : numpy.ndarray
        The bias field on ``field_grid``.
    head : numpy.ndarray
        The head on ``coarse_grid``, boolean.
    """

    grid: Grid
    coarse_grid: Grid
    field_grid: Grid
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
    small_grid, field_grid = coarse(grid), coarse(grid, FIELD_MM)
    outside = -1000.0 if volume.modality == "CT" else 0.0
    working = to_grid(values, volume.ijk_to_lps, grid, outside)
    small = to_grid(working, grid.ijk_to_lps(), small_grid, outside)
    head = head_mask(small, volume.modality)
    field = np.ones(field_grid.shape, np.float32)
    if volume.modality != "CT" and head.any():
        shaded = to_grid(working, grid.ijk_to_lps(), field_grid, outside)
        field = bias_field(shaded, field_grid, head_mask(shaded, volume.modality))
        working = working / from_grid(field, field_grid, grid.ijk_to_lps(), grid.shape)
        small = small / from_grid(field, field_grid, small_grid.ijk_to_lps(), small_grid.shape)
    return Prepared(grid, small_grid, field_grid, working, small, field, head)


@dataclass(frozen=True)
class Fit:
    """An alignment and how well it explains the image.

    ``likelihood`` is the mixture's mean log-likelihood over the head, less a penalty for heads of
    an unusual size or shape. Unlike mutual information it can be compared between the atlas's
    looks and between images cut differently.
    """

    alignment: Alignment
    likelihood: float


def align(prepared: Prepared, modality: str, levels: tuple[float, ...], above: float) -> Fit:
    """Align the atlas from one start; see :func:`rigid_alignment`."""
    alignment = rigid_alignment(
        prepared.coarse_values,
        prepared.head,
        prepared.coarse_grid,
        load_atlas(),
        modality,
        levels,
        above,
    )
    return explained(prepared, alignment)[0]


@dataclass(frozen=True)
class Model:
    """What the last step needs to name the tissue of every voxel of the volume.

    Attributes
    ----------
    priors : numpy.ndarray
        The bent class priors on ``grid``, shape (6, K, J, I).
    reach : numpy.ndarray
        Where the unbent atlas allows the skull cavity at all, boolean, on ``grid``.
    shading : numpy.ndarray
        What the first bias correction left, a factor on ``grid``.
    mixture : Mixture
        The intensities of the classes.
    grid : Grid
        Where the priors lie.
    """

    priors: np.ndarray
    reach: np.ndarray
    shading: np.ndarray
    mixture: Mixture
    grid: Grid


def polish(prepared: Prepared, fit: Fit, rounds: int = 6) -> Fit:
    """Improve an alignment by the tissues it finds, as long as the image agrees."""
    best = fit
    for _ in range(rounds):
        mixture, priors = explained(prepared, best.alignment)[1:]
        found = posteriors(prepared.coarse_values, priors, mixture, 1, FIELD_STRENGTH)
        nearer = polished(load_atlas(), best.alignment, found, prepared.coarse_grid)
        improved = explained(prepared, nearer)[0]
        if improved.likelihood <= best.likelihood:
            break
        best = improved
    return best


def explained(prepared: Prepared, alignment: Alignment) -> tuple[Fit, Mixture, np.ndarray]:
    """Return how well an alignment explains the head, the mixture behind it and its priors."""
    priors = priors_on(load_atlas(), alignment, prepared.coarse_grid)
    # Every third voxel of the head tells as much about a handful of Gaussians.
    values = prepared.coarse_values[prepared.head][::3]
    expected = priors[:, prepared.head][:, ::3]
    mixture = fit_mixture(values, expected, 12)
    density = (mixture.likelihood(values) * expected).sum(0)
    scales = np.linalg.svd(alignment.matrix[:3, :3], compute_uv=False)
    penalty = SIZE_PENALTY * float((np.log(np.maximum(scales, 1e-3)) ** 2).sum())
    fit = Fit(alignment, float(np.log(density + 1e-9).mean()) - penalty)
    return fit, mixture, priors


def model_tissues(prepared: Prepared, alignment: Alignment, modality: str) -> Model:
    """Fit intensities and bend the atlas in turns on the working grid around the brain."""
    from scipy import ndimage

    grid, values = crop_to_atlas(prepared, alignment)
    priors = priors_on(load_atlas(), alignment, grid)
    allowed = priors[[CSF, GREY, WHITE]].sum(0) > LEAST_PRIOR
    reach = ndimage.distance_transform_edt(~allowed) * grid.spacing <= REACH_MM
    mixture = fitted(values, priors)
    shading = np.ones(grid.shape, np.float32)
    for bend in BENDS:
        found = posteriors(values / shading, priors, mixture, 3, FIELD_STRENGTH)
        if modality != "CT":
            shading = shading * remaining_shading(values / shading, found, mixture, grid.spacing)
        priors = refine(priors, found, grid, bend)
        mixture = fitted(values / shading, priors)
    return Model(priors.astype(np.float32), reach, shading, mixture, grid)


def sharpen(
    model: Model,
    values: np.ndarray,
    ijk_to_lps: np.ndarray,
    shading: np.ndarray,
    shading_grid: Grid,
) -> Model:
    """Fit the intensities anew on the volume's own voxels, whose partial volumes are fewer.

    Parameters
    ----------
    model : Model
        Fitted on the working grid.
    values : numpy.ndarray
        Modality values, shape (K, J, I).
    ijk_to_lps : numpy.ndarray
        Their affine.
    shading : numpy.ndarray
        The bias field.
    shading_grid : Grid
        Where it lies.
    """
    step = max(1, int(np.ceil((values.size / FIT_VOXELS) ** (1 / 3))))
    sample = values[::step, ::step, ::step]
    affine = ijk_to_lps @ np.diag([step, step, step, 1.0])
    shape = (int(sample.shape[0]), int(sample.shape[1]), int(sample.shape[2]))
    field = from_grid(shading, shading_grid, affine, shape)
    field *= from_grid(model.shading, model.grid, affine, shape)
    priors = np.stack([from_grid(p, model.grid, affine, shape) for p in model.priors])
    covered = from_grid(np.ones(model.grid.shape), model.grid, affine, shape, outside=0.0) > 0.5
    where = usable(sample, priors) & covered
    return replace(model, mixture=fit_mixture((sample / field)[where], priors[:, where]))


def fitted(values: np.ndarray, priors: np.ndarray) -> Mixture:
    """Fit the mixture where head is expected, on every second voxel along each axis."""
    values, priors = values[::2, ::2, ::2], priors[:, ::2, ::2, ::2]
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


def atlas_box(model: Model, volume: Volume) -> tuple[slice, slice, slice]:
    """Return the part (K, J, I) of a volume in which the skull cavity may lie."""
    k, j, i = np.nonzero(model.reach)
    edges = [(int(n.min()) - 1, int(n.max()) + 1) for n in (i, j, k)]
    corners = np.array(
        [[x, y, z, 1] for x in edges[0] for y in edges[1] for z in edges[2]], np.float64
    )
    ijk = (np.linalg.inv(volume.ijk_to_lps) @ model.grid.ijk_to_lps() @ corners.T)[:3]
    box = []
    for axis, size in zip((2, 1, 0), volume.stored.shape, strict=True):
        low = int(np.clip(np.floor(ijk[axis].min()), 0, size - 1))
        high = int(np.clip(np.ceil(ijk[axis].max()) + 1, low + 1, size))
        box.append(slice(low, high))
    return (box[0], box[1], box[2])


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
    field *= from_grid(model.shading, model.grid, ijk_to_lps, shape, first)
    priors = np.stack([from_grid(p, model.grid, ijk_to_lps, shape, first) for p in model.priors])
    reach = from_grid(model.reach, model.grid, ijk_to_lps, shape, first, outside=0.0) > 0.5
    classes = posteriors(values / field, priors, model.mixture, 4, FIELD_STRENGTH)
    named = classes.argmax(0).astype(np.uint8)
    named[~reach & np.isin(named, (CSF, GREY, WHITE))] = SOFT
    return named[start - first : start - first + (stop - start)]
