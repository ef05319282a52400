"""A scan made ready for finding: coarse, isotropic, along LPS, with its body masked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..dicom.model import Volume
from .grid import Grid, covering_grid, image_of, in_view, resample
from .headmask import body_masks, object_threshold


@dataclass(frozen=True)
class CoarseScan:
    """A scan on an isotropic LPS grid.

    Attributes
    ----------
    grid : Grid
        The grid.
    values : numpy.ndarray
        Modality values (CT: HU, with a lost intercept put back), float32.
    contrast : numpy.ndarray
        The values as the registration takes them: CT clipped to soft tissue and bone, MR scaled
        and its root taken, so that neither metal nor bright fat rules.
    valid, body, outline : numpy.ndarray
        Boolean: inside the field of view; the body; the body with its cavities.
    threshold : float
        Between background and body, in ``values``.
    """

    grid: Grid
    values: np.ndarray
    contrast: np.ndarray
    valid: np.ndarray
    body: np.ndarray
    outline: np.ndarray
    threshold: float


def hu_offset(values: np.ndarray, modality: str) -> float:
    """Return what a CT's values lack to be HU: -1024 for one that lost its rescale intercept."""
    if modality != "CT" or float(np.percentile(values[::2, ::4, ::4], 1.0)) < -500.0:
        return 0.0
    return -1024.0


def working_values(volume: Volume) -> np.ndarray:
    """Return modality values, float32 (K, J, I); a CT that lost its intercept is put back to HU.

    Only for finding: what is written never goes through this.
    """
    values = volume.values()
    return values + np.float32(hu_offset(values, volume.modality))


def coarse_scan(
    values: np.ndarray,
    volume: Volume,
    spacing: float,
    threshold: float | None = None,
    box: tuple[np.ndarray, np.ndarray] | None = None,
) -> CoarseScan:
    """Sample a volume on an isotropic grid and mask its body.

    Parameters
    ----------
    values : numpy.ndarray
        From :func:`working_values`.
    volume : Volume
        Gives the geometry.
    spacing : float
        Of the grid, mm.
    threshold : float, optional
        Between background and body; found when not given.
    box : pair of numpy.ndarray, optional
        Lowest and highest LPS corner, mm: only this part.
    """
    import SimpleITK as sitk

    image = image_of(values, volume.ijk_to_lps)
    shrink = [max(int(spacing / s), 1) for s in volume.spacing]
    if max(shrink) > 1:
        image = sitk.BinShrink(image, shrink)
    grid = covering_grid(volume.stored.shape, volume.ijk_to_lps, spacing)
    if box is not None:
        grid = cropped(grid, *box)
    like = grid.image(np.zeros(grid.shape, np.uint8))
    valid = in_view(volume.stored.shape, volume.ijk_to_lps, like)
    # Half a voxel beyond the outermost centres is still inside; linear sampling would give 0 there.
    extended = sitk.ZeroFluxNeumannPad(image, [1] * 3, [1] * 3)
    sampled = resample(extended, like, outside=float(values.min())).astype(np.float32)
    if threshold is None:
        threshold = object_threshold(sampled[valid], volume.modality)
    body, outline = body_masks(sampled, valid, spacing, threshold)
    return CoarseScan(
        grid,
        sampled,
        contrast_of(sampled, valid & body, volume.modality),
        valid,
        body,
        outline,
        threshold,
    )


#: Of the rank in the registration's contrast.
RANK_SHARE = 0.5


def contrast_of(values: np.ndarray, body: np.ndarray, modality: str) -> np.ndarray:
    """Return the values as the registration takes them, float32."""
    if modality == "CT":
        return (np.clip(values, -400.0, 500.0) / 500.0).astype(np.float32)
    if not body.any():
        return np.zeros(values.shape, np.float32)
    # Half of each voxel's rank among the body's, half of its root: fat near a coil may be ten times
    # as bright as brain, and a rank alone would make noise of a uniform tissue.
    levels = np.percentile(values[body], np.linspace(0.0, 100.0, 41))
    levels = np.maximum.accumulate(levels + 1e-6 * (1.0 + abs(levels[-1])) * np.arange(41))
    rank = np.interp(values, levels, np.linspace(0.0, 1.0, 41))
    root = np.sqrt(np.clip(values / max(levels[36], 1e-6), 0.0, 1.5))
    return (RANK_SHARE * rank + (1.0 - RANK_SHARE) * root).astype(np.float32)


def cropped(grid: Grid, low: np.ndarray, high: np.ndarray) -> Grid:
    """Return the part of a grid between two LPS corners, mm; at least one voxel."""
    size = np.array(grid.shape[::-1])
    first = np.clip(np.floor((low - grid.origin) / grid.spacing).astype(int), 0, size - 1)
    last = np.clip(np.ceil((high - grid.origin) / grid.spacing).astype(int), first, size - 1)
    counts = last - first + 1
    return Grid(
        grid.origin + first * grid.spacing,
        grid.spacing,
        (int(counts[2]), int(counts[1]), int(counts[0])),
    )
