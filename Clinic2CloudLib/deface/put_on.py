"""Putting a new skin on: what stands out of it is carved, what lies below it is filled."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .beside import both
from .replace import Scene
from .surface import KEPT_DEEP_MM, NewSkin

#: The skin's outer voxels lie so far outside the head's mask, mm.
RIM_MM = 3.0
#: Below this weight nothing changes; from this one on what stands out of the new skin is gone.
LEAST_WEIGHT, QUICK_WEIGHT = 0.02, 0.3

#: Given where (boolean, (K, J, I)), returns new values there, shape (n,).
Filling = Callable[[np.ndarray], np.ndarray]


def put_on(scene: Scene, skin: NewSkin, filling: Filling) -> tuple[np.ndarray, np.ndarray]:
    """Carve what stands out of the new skin, fill what lies below it.

    Returns
    -------
    values, changed : numpy.ndarray
        New modality values and the voxels that changed; none of the brain.
    """
    weight = np.where(scene.brain, 0.0, skin.weight)
    # The skin's outer voxels are half air: they lie just outside the head's mask and go as well.
    rim, deep = both(lambda: grown(scene.head, scene, RIM_MM), lambda: deep_and_kept(scene))
    # So does whatever is brighter than air before the face: a nose's tip that a weak signal parted
    # from the head, a tube, a mask.
    rim |= scene.values > scene.air.max()
    # A voxel that the new skin passes through is part tissue and part air, as a scanner has it.
    solid = np.clip(0.5 + skin.depth / float(scene.spacing_kji.mean()), 0.0, 1.0)
    changed = (weight > LEAST_WEIGHT) & (rim | (solid > 0)) & ~scene.brain & ~deep
    solid, weight = solid[changed], weight[changed]
    picks = scene.random.integers(0, scene.air.size, size=len(solid))
    fresh = solid * filling(changed) + (1.0 - solid) * scene.air[picks]
    # Old tissue fades into new; what was the head's and is no more, or was air, is new at once.
    # So is a cavity: half filled, it would gape in the new skin.
    tissue = scene.head[changed] & (scene.values[changed] > scene.air.max())
    fades = (tissue & (solid == 1.0)) | (~scene.head[changed] & (solid == 0.0))
    share = np.where(fades, weight, np.minimum(weight / QUICK_WEIGHT, 1.0))
    values = scene.values.copy()
    values[changed] = share * fresh + (1.0 - share) * scene.values[changed]
    return values, changed


def deep_and_kept(scene: Scene) -> np.ndarray:
    """Return what is kept and lies deep: coarse as the weight is, it reaches a voxel farther."""
    deep = ~grown(~scene.head, scene, KEPT_DEEP_MM)
    return np.asarray(deep & ~scene.region)


def grown(mask: np.ndarray, scene: Scene, mm: float) -> np.ndarray:
    """Grow a mask by about ``mm``, at least one voxel, along each axis in turn."""
    from scipy import ndimage

    result = mask.astype(np.uint8)
    for axis, step in enumerate(scene.spacing_kji):
        reach = max(round(mm / step), 1)
        result = ndimage.maximum_filter1d(result, 2 * reach + 1, axis=axis)
    return np.asarray(result > 0)
