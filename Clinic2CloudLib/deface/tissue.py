"""What lies under the skin of this scan: levels and texture that a new face is filled with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .grid import covering_grid, to_voxels
from .put_on import Filling
from .replace import Scene, gaussian_noise
from .surface import WORK_MM, NewSkin, OldSkin, extended

MEAN_MM = 10.0
#: Soft tissue on CT, HU: what the filling's mean is taken from (no air, no bone, no metal).
SOFT_HU = (-150.0, 160.0)
#: The layers under the skin are measured down to here, in steps of 1 mm.
LAYERS_MM = 14
#: Layers are measured on kept skin no farther than this from the region, mm.
NEAR_MM = 45.0
FEWEST_VOXELS = 300


@dataclass(frozen=True)
class Tissue:
    """Levels of the soft tissue in and around the region.

    Attributes
    ----------
    mean : numpy.ndarray
        Local mean, (K, J, I): wide enough (10 mm) that no feature of the face is left in it.
    overall : float
        Its median.
    texture : float
        Standard deviation of what is finer.
    """

    mean: np.ndarray
    overall: float
    texture: float


def tissue_of(scene: Scene) -> Tissue:
    """Measure the soft tissue of a scene."""
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
    overall = float(np.median(scene.values[soft]))
    fine = 1.5 * np.maximum(scene.spacing_kji.min() / scene.spacing_kji, 0.3)
    share = ndimage.gaussian_filter(soft.astype(np.float32), fine)
    total = ndimage.gaussian_filter(np.where(soft, scene.values, 0).astype(np.float32), fine)
    rest = (scene.values - total / np.maximum(share, 1e-3))[soft]
    texture = float(1.4826 * np.median(np.abs(rest)))
    return Tissue(_local_mean(soft, overall, scene), overall, texture)


def _local_mean(soft: np.ndarray, overall: float, scene: Scene) -> np.ndarray:
    """Average the values over ``soft`` within 10 mm; on a coarse grid, as nothing fine is in it."""
    from scipy import ndimage

    grid = covering_grid(scene.values.shape, scene.ijk_to_lps, 2.0 * WORK_MM)
    like = grid.image(np.zeros(grid.shape, np.uint8))
    share = extended(soft, scene, like)
    total = extended(np.where(soft, scene.values - overall, 0.0), scene, like)
    sigma = MEAN_MM / grid.spacing
    wide = ndimage.gaussian_filter(share, sigma)
    mean = overall + ndimage.gaussian_filter(total, sigma) / (wide + 1e-3)
    return to_voxels(mean, grid, scene.values.shape, scene.ijk_to_lps)


def layers(scene: Scene, old: OldSkin, tissue: Tissue) -> np.ndarray:
    """Return the median level at each millimetre below this scan's kept skin, shape (n,).

    Skin, the fat under it, then muscle: whatever the contrast, they are bright or dark as this scan
    shows them. Where too little skin is kept, the soft tissue's overall level.
    """
    from scipy import ndimage

    like = old.grid.image(np.zeros(old.grid.shape, np.uint8))
    values = extended(scene.values, scene, like)
    apart = ndimage.distance_transform_edt(~old.region, sampling=WORK_MM)
    kept = old.head & ~old.brain & (apart > 2 * WORK_MM) & (apart < NEAR_MM)
    depth = -old.signed
    levels = np.full(LAYERS_MM, tissue.overall)
    if kept.sum() < FEWEST_VOXELS:
        return levels
    for n in range(LAYERS_MM):
        layer = kept & (np.abs(depth - n - 0.5) <= 1.0)
        if layer.sum() >= FEWEST_VOXELS // 10:
            levels[n] = float(np.median(values[layer]))
    # What is deep is muscle here and bone there: it fades into the overall level.
    fade = np.linspace(0.0, 1.0, LAYERS_MM) ** 2
    return (1.0 - fade) * ndimage.gaussian_filter1d(levels, 0.7) + fade * tissue.overall


def layered(scene: Scene, old: OldSkin, skin: NewSkin, tissue: Tissue) -> Filling:
    """Return what fills a new skin: this scan's layers by depth, with its shading and texture."""
    levels = layers(scene, old, tissue)
    shading = _shading(scene, tissue)

    def filling(where: np.ndarray) -> np.ndarray:
        level = np.interp(skin.depth[where], np.arange(len(levels)) + 0.5, levels)
        noise = gaussian_noise(scene.random, int(where.sum()))
        return np.asarray(level * shading[where] + tissue.texture * noise)

    return filling


def evenly(scene: Scene, old: OldSkin, skin: NewSkin, tissue: Tissue) -> Filling:
    """Return what fills a skin without features: the local mean, with this scan's texture.

    Layers are truer to the eye, but with them under so strange a skin the brain's volume, measured
    on the result, changed by 1 % instead of 0.3.
    """

    def filling(where: np.ndarray) -> np.ndarray:
        noise = gaussian_noise(scene.random, int(where.sum()))
        return np.asarray(tissue.mean[where] + tissue.texture * noise)

    return filling


def _shading(scene: Scene, tissue: Tissue) -> np.ndarray:
    """Return the receive coil's slow shading, 1 on average, within reason; on CT there is none."""
    if scene.modality == "CT" or tissue.overall <= 0:
        return np.ones(scene.values.shape, np.float32)
    return np.clip(tissue.mean / tissue.overall, 0.4, 2.5)
