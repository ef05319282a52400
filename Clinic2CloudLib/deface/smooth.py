"""The method ``smooth``: the skin carved and filled to a smoothed, randomly bumped surface.

The head's signed distance is blended, over face and ears, to its own Gaussian average over 15 mm
with random bumps. What stood out of the new surface becomes background noise; what lay below it,
eyes, nasal cavity and teeth with it, becomes the tissue's local mean with the scan's own texture.
Neither is a filter of the original face: the surface is random to several mm and the inside is
drawn anew, so that no sharpening brings the face back (a plain blur is reversible).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..progress import Progress
from .grid import Grid, covering_grid, image_of, resample, to_voxels
from .replace import Scene, gaussian_noise

if TYPE_CHECKING:
    import SimpleITK as sitk

WORK_MM = 2.0
SMOOTHING_MM = 15.0
BUMP_MM, BUMP_WIDTH_MM, BUMP_SOFTNESS = 7.0, 11.0, 0.5
FEATHER_MM, EAR_FEATHER_MM = 8.0, 3.0
RIM_MM, RIM_WEIGHT = 3.0, 0.3
FAR_MM = 45.0
MEAN_MM = 10.0
#: Soft tissue on CT, HU: what the filling's mean is taken from (no air, no bone, no metal).
SOFT_HU = (-150.0, 160.0)


@dataclass(frozen=True)
class NewSurface:
    """The new skin, on the part's own voxels.

    Attributes
    ----------
    weight : numpy.ndarray
        0 where nothing changes to 1 where all does, float32.
    inside : numpy.ndarray
        Boolean: below the new skin.
    """

    weight: np.ndarray
    inside: np.ndarray


def smooth(scene: Scene, progress: Progress) -> tuple[np.ndarray, np.ndarray]:
    """Carve and fill; see :mod:`Clinic2CloudLib.deface.smooth`.

    Returns
    -------
    values, changed : numpy.ndarray
        New modality values and the voxels that changed.
    """
    surface = new_surface(scene)
    progress(0.5, "Filling the new surface")
    weight = np.where(scene.brain, 0.0, surface.weight)
    # The skin's outer voxels are half air: they lie just outside the head's mask and go as well.
    rim = _grown(scene.head, scene, RIM_MM)
    # So does whatever is brighter than air before the face: a nose's tip that a weak signal parted
    # from the head, a tube, a mask.
    rim |= scene.values > scene.air.max()
    # (Where hardly anything changes the rim stays, or a notch would ring the region.)
    carved = rim & ~surface.inside & (weight > np.where(scene.head, 0.0, RIM_WEIGHT))
    below = surface.inside & (weight > 0)
    changed = (carved | below) & ~scene.brain
    values = scene.values.copy()
    picks = scene.random.integers(0, scene.air.size, size=int(carved.sum()))
    values[carved] = scene.air[picks]
    mean, texture = tissue(scene)
    fresh = mean[below] + texture * gaussian_noise(scene.random, int(below.sum()))
    # Air that is filled has no old tissue to blend with; old tissue fades into the new one.
    share = np.where(scene.head[below], weight[below], 1.0)
    values[below] = share * fresh + (1.0 - share) * scene.values[below]
    progress(1.0, "Face smoothed")
    return values, changed


def new_surface(scene: Scene) -> NewSurface:
    """Blend the head's signed distance to its smoothed, bumped self over the region."""
    from scipy import ndimage

    shape = scene.values.shape
    grid = covering_grid(shape, scene.ijk_to_lps, WORK_MM)
    like = grid.image(np.zeros(grid.shape, np.uint8))

    def coarse(mask: np.ndarray) -> np.ndarray:
        return _extended(mask, scene, like) > 0.5

    head, region, brain = coarse(scene.head), coarse(scene.region), coarse(scene.brain)
    outside = ndimage.distance_transform_edt(~head, sampling=WORK_MM)
    within = ndimage.distance_transform_edt(head, sampling=WORK_MM)
    signed = np.clip(
        np.where(head, 0.5 * WORK_MM - within, outside - 0.5 * WORK_MM), -FAR_MM, FAR_MM
    )
    target = ndimage.gaussian_filter(signed, SMOOTHING_MM / WORK_MM, mode="nearest")
    target += bumps(scene.random, grid)
    weight = _weight((head & ~region) | brain, region, coarse(scene.ears))
    blended = (1.0 - weight) * signed + weight * target
    fine_weight = to_voxels(weight, grid, shape, scene.ijk_to_lps)
    fine_signed = to_voxels(blended, grid, shape, scene.ijk_to_lps)
    return NewSurface(fine_weight, fine_signed <= 0.0)


def _weight(kept: np.ndarray, region: np.ndarray, ears: np.ndarray) -> np.ndarray:
    """Return how much of the new surface counts: 0 at what is kept, 1 well inside the region."""
    from scipy import ndimage

    if not kept.any():
        return region.astype(np.float64)
    away = ndimage.distance_transform_edt(~kept, sampling=WORK_MM) - 0.5 * WORK_MM
    off_region, nearest = ndimage.distance_transform_edt(
        ~region, sampling=WORK_MM, return_indices=True
    )
    # An ear is thin: with the face's wide feather hardly anything of it would change.
    feather = np.where(ears[tuple(nearest)], EAR_FEATHER_MM, FEATHER_MM)
    t = np.clip(away / feather, 0.0, 1.0)
    # Only near the region: the far side of the box belongs to nobody's face.
    return np.asarray(t * t * (3.0 - 2.0 * t) * (off_region <= 20.0))


def _grown(mask: np.ndarray, scene: Scene, mm: float) -> np.ndarray:
    """Grow a mask by about ``mm``, at least one voxel, along each axis in turn."""
    from scipy import ndimage

    grown = mask.astype(np.uint8)
    for axis, step in enumerate(scene.spacing_kji):
        reach = max(round(mm / step), 1)
        grown = ndimage.maximum_filter1d(grown, 2 * reach + 1, axis=axis)
    return np.asarray(grown > 0)


def bumps(random: np.random.Generator, grid: Grid) -> np.ndarray:
    """Return a smooth random field on a grid, mm: mostly near plus or minus :data:`BUMP_MM`.

    A field of normal distribution would leave a third of the skin where it was; this one crosses
    zero quickly.
    """
    from scipy import ndimage

    noise = gaussian_noise(random, int(np.prod(grid.shape))).reshape(grid.shape).astype(np.float64)
    field = ndimage.gaussian_filter(noise, BUMP_WIDTH_MM / WORK_MM, mode="wrap")
    return np.asarray(BUMP_MM * np.tanh(field / field.std() / BUMP_SOFTNESS))


def tissue(scene: Scene) -> tuple[np.ndarray, float]:
    """Return the tissue's local mean (K, J, I) and its texture's standard deviation.

    The mean is a normalised Gaussian average over soft tissue in and around the region: wide
    enough (10 mm) that no feature of the face is left in it.
    """
    from scipy import ndimage

    near = scene.head & ~scene.brain
    inside = scene.values[near]
    if scene.modality == "CT":
        low, high = (limit - scene.hu_offset for limit in SOFT_HU)
    else:
        low, high = (float(q) for q in np.percentile(inside, [25.0, 90.0]))
    soft = near & (scene.values >= low) & (scene.values <= high)
    if soft.sum() < 100:
        soft = near
    mean = _local_mean(soft, scene)
    fine = 1.5 * np.maximum(scene.spacing_kji.min() / scene.spacing_kji, 0.3)
    share = ndimage.gaussian_filter(soft.astype(np.float32), fine)
    total = ndimage.gaussian_filter(np.where(soft, scene.values, 0).astype(np.float32), fine)
    rest = (scene.values - total / np.maximum(share, 1e-3))[soft]
    return mean, float(1.4826 * np.median(np.abs(rest)))


def _local_mean(soft: np.ndarray, scene: Scene) -> np.ndarray:
    """Average the values over ``soft`` within 10 mm; on a coarse grid, as nothing fine is in it."""
    from scipy import ndimage

    overall = float(np.median(scene.values[soft]))
    grid = covering_grid(scene.values.shape, scene.ijk_to_lps, 2.0 * WORK_MM)
    like = grid.image(np.zeros(grid.shape, np.uint8))
    share = _extended(soft, scene, like)
    total = _extended(np.where(soft, scene.values - overall, 0.0), scene, like)
    sigma = MEAN_MM / grid.spacing
    wide = ndimage.gaussian_filter(share, sigma)
    mean = overall + ndimage.gaussian_filter(total, sigma) / (wide + 1e-3)
    return to_voxels(mean, grid, scene.values.shape, scene.ijk_to_lps)


def _extended(mask: np.ndarray, scene: Scene, like: sitk.Image) -> np.ndarray:
    import SimpleITK as sitk

    image = sitk.ZeroFluxNeumannPad(
        image_of(mask.astype(np.float32), scene.ijk_to_lps), [8] * 3, [8] * 3
    )
    return resample(image, like)
