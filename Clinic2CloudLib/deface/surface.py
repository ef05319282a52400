"""The old skin as the methods see it, and how a new one is blended into it.

What the methods share. They differ in the skin they want, and in what they put under it
(:mod:`.put_on`).

How much of the new skin counts is measured along the skin, not into the air before it: what stands
before kept skin is kept as well, so that no new skin overhangs it. The change begins a little
outside the region and grows over the width of a finger, so that no step shows where it ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from .ears import around_ears, strips_of, without_ears
from .grid import Grid, blank_image, covering_grid, mapped, resample, to_voxels
from .headmask import largest_part
from .region import dilate
from .replace import Scene

if TYPE_CHECKING:
    import SimpleITK as sitk

#: As fine as a new skin needs, which has no features.
WORK_MM = 2.5
FAR_MM = 45.0
#: How far a part's outermost values go on beyond it, voxels.
BEYOND = 8
#: How far off the region a new skin may stand.
REACH_MM = 20.0
#: Along the skin, mm: how far outside the region the new skin begins, and over how much it grows.
OUTSIDE_MM, FEATHER_MM = 10.0, 26.0
#: The same over the ears: they are small, with the face's widths little of them would change.
EAR_OUTSIDE_MM, EAR_FEATHER_MM = 14.0, 20.0
#: Kept tissue so deep holds the new skin off; what lies above it may follow the new skin, mm.
KEPT_DEEP_MM = 8.0
#: Over how much the new fades into what is kept below it, mm.
FADE_MM = 6.0
#: Below the side of the head without its ears, mm: so deep it goes with them.
UNDER_EARS_MM = 11.0
#: No part of a pinna lies farther off what was found of the ears, mm.
PINNA_MM = 32.0
#: Width of the zone over which the ears' treatment turns into the face's, mm.
EARS_SOFT_MM = 8.0
#: What is left of the room inwards, mm; how much of the way to the scan's end the skin may go, and
#: how far off it ends, mm; both limits are smoothed, over so many voxels, the room after the least
#: in so many was taken.
LEAST_LEFT_MM, END_SHARE, END_MM, LIMITS_SOFT, NARROW = 3.0, 0.7, 1.0, 2.5, 7
#: What the blending leaves of edges is rounded by this, mm.
ROUNDED_MM = 4.0
#: The staircase of a mask's voxels is smoothed by this, mm.
STAIRCASE_MM = 2.0


@dataclass(frozen=True)
class OldSkin:
    """The part as a method that makes a new skin sees it, on an isotropic grid along LPS.

    Attributes
    ----------
    grid : Grid
        Of :data:`WORK_MM`.
    head, region, brain : numpy.ndarray
        Boolean, on ``grid``.
    signed : numpy.ndarray
        Distance to the skin, mm, negative inside the head, at most :data:`FAR_MM`.
    earless : numpy.ndarray
        The same for the head without its ears.
    at_ears : numpy.ndarray
        From 0 to 1: how much the nearest skin belongs to an ear.
    along : numpy.ndarray
        From 0 to 1: how much of a new skin counts, by the place along the skin alone.
    off_kept, off_deep : numpy.ndarray
        Distance to what is kept, and to what of it lies deep or is brain, mm.
    room : numpy.ndarray
        How deep the nearest skin may be carved before it meets what is kept, mm.
    margin : numpy.ndarray
        How far the nearest skin lies from where the scan ends, mm.
    reach : numpy.ndarray
        Boolean: as far as a new skin may go; the far side of the box belongs to nobody's face.
    """

    grid: Grid
    head: np.ndarray
    region: np.ndarray
    brain: np.ndarray
    signed: np.ndarray
    earless: np.ndarray
    at_ears: np.ndarray
    along: np.ndarray
    off_kept: np.ndarray
    off_deep: np.ndarray
    room: np.ndarray
    margin: np.ndarray
    reach: np.ndarray

    @cached_property
    def weight(self) -> np.ndarray:
        """How much of a new skin counts: 0 at what is kept, 1 well inside the region."""
        near_skin = self.along * smooth_step(self.off_deep / FADE_MM)
        within = np.where(self.head, smooth_step(self.off_kept / FADE_MM), 0.0)
        return np.asarray(np.maximum(near_skin, within) * self.reach)

    @cached_property
    def limits(self) -> tuple[np.ndarray, np.ndarray]:
        """How far outwards and how far inwards a new skin may go, mm.

        Carved down to what is kept it would have holes; a nose that the scan's end cuts has a flat
        tip.
        """
        from scipy import ndimage

        # Smoothed as it is, a narrow place would be taken for a wider one: a frontal sinus opened.
        # An ear stands off the narrow side of the head, and is to go.
        least = ndimage.minimum_filter(self.room, NARROW)
        least += self.at_ears * (self.room - least)
        room, margin = (ndimage.gaussian_filter(way, LIMITS_SOFT) for way in (least, self.margin))
        outwards = np.maximum(END_SHARE * margin - END_MM, 0.0)
        return outwards, np.maximum(room - LEAST_LEFT_MM, 0.0)


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
    around = around_ears(ears, WORK_MM)
    bare = without_ears(head, around, scene.scale, WORK_MM)
    # A pinna's rim may be so thin that the head's mask lacks it; nearest to it is then kept skin.
    bright = extended((scene.values > scene.air.max()) & ~scene.head, scene, like) > 0.5
    whole = head | bright & dilate(ears, PINNA_MM, WORK_MM)
    signed = signed_distance(whole, WORK_MM, FAR_MM)
    earless = signed_distance(bare, WORK_MM, FAR_MM)
    strips = strips_of((head & ~region) | brain, around, WORK_MM)
    ears |= (strips | (whole & ~bare)) & ~brain
    region |= ears
    outermost = whole & (signed >= -WORK_MM)
    nearest = tuple(
        ndimage.distance_transform_edt(~outermost, return_distances=False, return_indices=True)
    )
    owned, at_ears = ((mask & outermost)[nearest] for mask in (region, ears))
    # Under the ears a little of the head's side goes as well, or its root would show in the cut.
    region |= at_ears & head & (earless > -UNDER_EARS_MM) & ~brain
    soft = _even(at_ears.astype(np.float64), EARS_SOFT_MM)
    kept = (head & ~region) | brain
    off_deep = _off((kept & (signed < -KEPT_DEEP_MM)) | brain)
    return OldSkin(
        grid,
        head,
        region,
        brain,
        _even(signed),
        _even(earless),
        soft,
        _along(owned, soft),
        _off(kept),
        off_deep,
        off_deep[nearest],
        _off_the_end(scene, grid)[nearest],
        ndimage.distance_transform_edt(~region, sampling=WORK_MM) <= REACH_MM,
    )


def _even(field: np.ndarray, mm: float = STAIRCASE_MM) -> np.ndarray:
    """Smooth a field on the working grid; by default as much as hides a mask's staircase."""
    from scipy import ndimage

    return np.asarray(ndimage.gaussian_filter(field, mm / WORK_MM, mode="nearest"))


def _along(owned: np.ndarray, at_ears: np.ndarray) -> np.ndarray:
    """Return how much of a new skin counts, given whose column each voxel belongs to."""
    inwards = _even(signed_distance(~owned, WORK_MM, FAR_MM))
    outside = OUTSIDE_MM + (EAR_OUTSIDE_MM - OUTSIDE_MM) * at_ears
    feather = FEATHER_MM + (EAR_FEATHER_MM - FEATHER_MM) * at_ears
    return smooth_step((inwards + outside) / feather)


def smooth_step(share: np.ndarray) -> np.ndarray:
    """Return 0 up to 0, 1 from 1 on, and a curve without a kink between."""
    t = np.clip(share, 0.0, 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t))


def _off(mask: np.ndarray) -> np.ndarray:
    """Return how far off a mask each voxel of the working grid lies, mm, 0 inside it."""
    from scipy import ndimage

    if not mask.any():
        return np.full(mask.shape, FAR_MM)
    away = ndimage.distance_transform_edt(~mask, sampling=WORK_MM) - 0.5 * WORK_MM
    return np.asarray(np.maximum(away, 0.0))


def _off_the_end(scene: Scene, grid: Grid) -> np.ndarray:
    """Return how far each voxel lies from where the part ends, mm.

    Where the scan goes on beyond the part, that is so far off face and ears that nothing depends
    on it.
    """
    index = mapped(np.linalg.inv(scene.ijk_to_lps), grid.points())
    size = np.array(scene.values.shape[::-1])
    off = np.minimum(index + 0.5, size - 0.5 - index) * scene.spacing_kji[::-1]
    return np.asarray(off.min(-1))


def signed_distance(head: np.ndarray, spacing: float, farthest: float) -> np.ndarray:
    """Return the distance to a mask's border, mm, negative inside, at most ``farthest``."""
    import SimpleITK as sitk

    if head.all() or not head.any():
        return np.full(head.shape, -farthest if head.any() else farthest)
    image = sitk.GetImageFromArray(head.astype(np.uint8))
    # Measured from the outermost voxels within, half a voxel inside the border.
    away = sitk.SignedMaurerDistanceMap(
        image, insideIsPositive=False, squaredDistance=False, useImageSpacing=False
    )
    signed = spacing * (sitk.GetArrayFromImage(away).astype(np.float64) - 0.5)
    return np.asarray(np.clip(signed, -farthest, farthest))


def blended(scene: Scene, old: OldSkin, wanted: np.ndarray) -> NewSkin:
    """Blend the old skin into the wanted one, a signed distance on the working grid.

    It is the old one at what is kept, the brain first of all, and the wanted one well inside the
    region.
    """
    weight = old.weight
    signed = (1.0 - weight) * old.signed + weight * wanted
    signed = np.where(weight > 0, np.maximum(signed, beside(old)), signed)
    signed += weight * (_even(signed, ROUNDED_MM) - signed)
    signed = _in_one_piece(signed, weight)
    shape, affine = scene.values.shape, scene.ijk_to_lps
    return NewSkin(
        to_voxels(weight, old.grid, shape, affine), -to_voxels(signed, old.grid, shape, affine)
    )


def beside(old: OldSkin) -> np.ndarray:
    """Return how far beside the head each voxel lies as seen from behind, mm, negative within.

    No new skin stands there: a horn beside a head is seen from any side. Shape (nz, 1, nx).
    """
    shadow: np.ndarray = np.any(old.head, axis=1, keepdims=True)
    return _even(signed_distance(shadow, WORK_MM, FAR_MM))


def _in_one_piece(signed: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Take away what the new skin would leave hanging in the air before the face."""
    body = signed < 0
    if not body.any():
        return signed
    loose = body & ~largest_part(body) & (weight > 0)
    return np.where(loose, WORK_MM, signed)


def extended(values: np.ndarray, scene: Scene, like: sitk.Image) -> np.ndarray:
    """Sample a part's array on the working grid; its outermost values go on beyond it."""
    import SimpleITK as sitk

    # A mask stays one byte a voxel, and NumPy repeats edges quicker than ITK.
    kind = np.uint8 if values.dtype == bool else np.float32
    image = sitk.GetImageFromArray(np.pad(values.astype(kind), BEYOND, mode="edge"))
    own = blank_image(values.shape, scene.ijk_to_lps)
    image.SetOrigin(own.TransformIndexToPhysicalPoint([-BEYOND] * 3))
    image.SetSpacing(own.GetSpacing())
    image.SetDirection(own.GetDirection())
    return resample(image, like, real=True)
