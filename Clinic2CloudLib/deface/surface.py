"""A new skin over face and ears: blended into the old one where the region ends, then filled.

What the methods ``smooth`` and ``reface`` share. They differ in the skin they want, and in what
they put under it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .grid import Grid, covering_grid, image_of, resample, to_voxels
from .headmask import largest_part
from .region import dilate, erode
from .replace import Scene, gaussian_noise

if TYPE_CHECKING:
    import SimpleITK as sitk

WORK_MM = 2.0
FEATHER_MM, EAR_FEATHER_MM = 8.0, 3.0
RIM_MM = 3.0
#: Below this weight nothing changes; from this one on what stands out of the new skin is gone.
LEAST_WEIGHT, QUICK_WEIGHT = 0.02, 0.3
FAR_MM = 45.0
#: How far off the region a new skin may stand.
REACH_MM = 20.0
#: Kept skin narrower than twice this goes with the region, so near the ears, mm.
STRIP_MM, STRIPS_NEAR_MM = 8.0, 12.0


@dataclass(frozen=True)
class OldSkin:
    """The part as a method that makes a new skin sees it, on an isotropic grid along LPS.

    Attributes
    ----------
    grid : Grid
        2 mm.
    head, region, ears, brain : numpy.ndarray
        Boolean, on ``grid``.
    signed : numpy.ndarray
        Distance to the skin, mm, negative inside the head, at most :data:`FAR_MM`.
    at_ears : numpy.ndarray
        Boolean: the nearest voxel of the region belongs to an ear.
    reach : numpy.ndarray
        Boolean: as far as a new skin may go; the far side of the box belongs to nobody's face.
    """

    grid: Grid
    head: np.ndarray
    region: np.ndarray
    ears: np.ndarray
    brain: np.ndarray
    signed: np.ndarray
    at_ears: np.ndarray
    reach: np.ndarray


@dataclass(frozen=True)
class NewSkin:
    """The new skin, on the part's own voxels.

    Attributes
    ----------
    weight : numpy.ndarray
        0 where nothing changes to 1 where all does, float32.
    depth : numpy.ndarray
        Below the new skin, mm, negative outside it, float32.
    """

    weight: np.ndarray
    depth: np.ndarray


def old_skin(scene: Scene) -> OldSkin:
    """Bring a scene's masks to the working grid and measure the distance to its skin."""
    from scipy import ndimage

    grid = covering_grid(scene.values.shape, scene.ijk_to_lps, WORK_MM)
    like = grid.image(np.zeros(grid.shape, np.uint8))
    head, region, ears, brain = (
        extended(mask, scene, like) > 0.5
        for mask in (scene.head, scene.region, scene.ears, scene.brain)
    )
    region, ears = _without_strips(head, region, ears, brain)
    off_region, nearest = ndimage.distance_transform_edt(
        ~region, sampling=WORK_MM, return_indices=True
    )
    signed = signed_distance(head, WORK_MM, FAR_MM)
    at_ears, reach = ears[tuple(nearest)], off_region <= REACH_MM
    return OldSkin(grid, head, region, ears, brain, signed, at_ears, reach)


def _without_strips(
    head: np.ndarray, region: np.ndarray, ears: np.ndarray, brain: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Give narrow strips of kept skin around the ears to the region.

    Strips between ear and cheek, and crumbs of head in the ears' clefts, would hold the new skin
    where the old one was.
    """
    if not ears.any():
        return region, ears
    kept = _kept(head, region, brain)
    core = largest_part(dilate(erode(kept, STRIP_MM, WORK_MM), STRIP_MM, WORK_MM) & kept)
    strips = kept & ~core & ~brain & dilate(ears, STRIPS_NEAR_MM, WORK_MM)
    return region | strips, ears | strips


def _kept(head: np.ndarray, region: np.ndarray, brain: np.ndarray) -> np.ndarray:
    """Say what of the head stays as it is, the brain first of all."""
    return (head & ~region) | brain


def off_kept(old: OldSkin) -> np.ndarray:
    """Return how far off what is kept each voxel of the working grid lies, mm, 0 inside it."""
    from scipy import ndimage

    kept = _kept(old.head, old.region, old.brain)
    if not kept.any():
        return np.full(old.head.shape, FAR_MM)
    away = ndimage.distance_transform_edt(~kept, sampling=WORK_MM) - 0.5 * WORK_MM
    return np.asarray(np.maximum(away, 0.0))


def signed_distance(head: np.ndarray, spacing: float, farthest: float) -> np.ndarray:
    """Return the distance to a mask's border, mm, negative inside, at most ``farthest``."""
    from scipy import ndimage

    outside = ndimage.distance_transform_edt(~head, sampling=spacing)
    within = ndimage.distance_transform_edt(head, sampling=spacing)
    half = 0.5 * spacing
    return np.asarray(np.clip(np.where(head, half - within, outside - half), -farthest, farthest))


def blended(scene: Scene, old: OldSkin, wanted: np.ndarray) -> NewSkin:
    """Blend the old skin into the wanted one, a signed distance on the working grid.

    It is the old one at what is kept, the brain first of all, and the wanted one well inside the
    region.
    """
    weight = _weight(old)
    signed = _in_one_piece((1.0 - weight) * old.signed + weight * wanted, weight)
    shape, affine = scene.values.shape, scene.ijk_to_lps
    return NewSkin(
        to_voxels(weight, old.grid, shape, affine), -to_voxels(signed, old.grid, shape, affine)
    )


def _weight(old: OldSkin) -> np.ndarray:
    """Return how much of the new skin counts: 0 at what is kept, 1 well inside the region."""
    # An ear is thin: with the face's wide feather hardly anything of it would change.
    feather = np.where(old.at_ears, EAR_FEATHER_MM, FEATHER_MM)
    t = np.clip(off_kept(old) / feather, 0.0, 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t) * old.reach)


def _in_one_piece(signed: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Take away what the new skin would leave hanging in the air before the face."""
    body = signed < 0
    if not body.any():
        return signed
    loose = body & ~largest_part(body) & (weight > 0)
    return np.where(loose, WORK_MM, signed)


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
    rim = grown(scene.head, scene, RIM_MM)
    # So does whatever is brighter than air before the face: a nose's tip that a weak signal parted
    # from the head, a tube, a mask.
    rim |= scene.values > scene.air.max()
    # A voxel that the new skin passes through is part tissue and part air, as a scanner has it.
    solid = np.clip(0.5 + skin.depth / float(scene.spacing_kji.mean()), 0.0, 1.0)
    changed = (weight > LEAST_WEIGHT) & (rim | (solid > 0)) & ~scene.brain
    solid, weight = solid[changed], weight[changed]
    picks = scene.random.integers(0, scene.air.size, size=len(solid))
    fresh = solid * filling(changed) + (1.0 - solid) * scene.air[picks]
    # Old tissue fades into new; what was the head's and is no more, or was air, is new at once.
    fades = (scene.head[changed] & (solid == 1.0)) | (~scene.head[changed] & (solid == 0.0))
    share = np.where(fades, weight, np.minimum(weight / QUICK_WEIGHT, 1.0))
    values = scene.values.copy()
    values[changed] = share * fresh + (1.0 - share) * scene.values[changed]
    return values, changed


def grown(mask: np.ndarray, scene: Scene, mm: float) -> np.ndarray:
    """Grow a mask by about ``mm``, at least one voxel, along each axis in turn."""
    from scipy import ndimage

    result = mask.astype(np.uint8)
    for axis, step in enumerate(scene.spacing_kji):
        reach = max(round(mm / step), 1)
        result = ndimage.maximum_filter1d(result, 2 * reach + 1, axis=axis)
    return np.asarray(result > 0)


def extended(values: np.ndarray, scene: Scene, like: sitk.Image) -> np.ndarray:
    """Sample a part's array on the working grid; its outermost values go on beyond it."""
    import SimpleITK as sitk

    image = sitk.ZeroFluxNeumannPad(
        image_of(values.astype(np.float32), scene.ijk_to_lps), [8] * 3, [8] * 3
    )
    return resample(image, like)


def bumps(random: np.random.Generator, grid: Grid, width: float, softness: float) -> np.ndarray:
    """Return a smooth random field on a grid, mostly near plus or minus 1.

    A field of normal distribution would leave a third of the skin where it was; this one crosses
    zero the quicker the smaller ``softness`` is. ``width`` in mm.
    """
    from scipy import ndimage

    noise = gaussian_noise(random, int(np.prod(grid.shape))).reshape(grid.shape).astype(np.float64)
    field = ndimage.gaussian_filter(noise, width / grid.spacing, mode="wrap")
    return np.asarray(np.tanh(field / field.std() / softness))
