"""The skin before and after, on a grid around face and ears."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from ..deface.background import padding_of
from ..deface.grid import Grid, corners, covering_grid, image_of, mapped, resample
from ..deface.headmask import largest_part
from ..deface.scan import cropped, hu_offset
from ..dicom.model import Volume

#: What padding counts as, HU: the air that it stands for.
AIR_HU = -1000.0
#: So close to the end of the field of view a body's border is no skin, mm.
BORDER_MM = 6.0


@dataclass(frozen=True)
class Scan:
    """Both versions on an isotropic grid along LPS.

    Attributes
    ----------
    grid : Grid
        Around face and ears.
    before, after : numpy.ndarray
        Modality values, lightly smoothed, float32, on ``grid``.
    inside : numpy.ndarray
        Boolean: well inside the field of view; where it ends is no skin.
    """

    grid: Grid
    before: np.ndarray
    after: np.ndarray
    inside: np.ndarray

    def mask(self, mask: np.ndarray, volume: Volume) -> np.ndarray:
        """Bring one of the volume's masks to the grid, a voxel larger: the skin is its border."""
        from scipy import ndimage

        like = self.grid.image(np.zeros(self.grid.shape, np.uint8))
        own = resample(image_of(mask.astype(np.float32), volume.ijk_to_lps), like) > 0.25
        return np.asarray(ndimage.maximum_filter(own.astype(np.uint8), 3) > 0)

    def air_off(self, body: np.ndarray) -> np.ndarray:
        """Return the original's values well off a body, shape (n,)."""
        from scipy import ndimage

        reach = 2 * round(BORDER_MM / self.grid.spacing) + 1
        near = ndimage.maximum_filter(body.astype(np.uint8), reach) > 0
        return np.asarray(self.before[self.inside & ~near])


def sampled(
    volume: Volume,
    after: np.ndarray,
    region: np.ndarray,
    spacing: float,
    around: float,
    smoothing: float,
) -> Scan:
    """Sample a volume and its new stored values around a region; all lengths in mm."""
    from scipy import ndimage

    grid = _grid_around(region, volume, spacing, around)
    like = grid.image(np.zeros(grid.shape, np.uint8))
    values = []
    for own in (volume, dataclasses.replace(volume, stored=after)):
        known = measured_values(own)
        image = image_of(known, volume.ijk_to_lps)
        flat = resample(image, like, outside=float(known.min())).astype(np.float32)
        values.append(ndimage.gaussian_filter(flat, smoothing / spacing))
    measured = image_of((~_never_measured(volume)).astype(np.uint8), volume.ijk_to_lps)
    view = resample(measured, like, nearest=True) > 0
    reach = 2 * round(BORDER_MM / spacing) + 1
    inside = ndimage.minimum_filter(view.astype(np.uint8), reach, mode="nearest") > 0
    return Scan(grid, values[0], values[1], np.asarray(inside))


def measured_values(volume: Volume) -> np.ndarray:
    """Return modality values, float32 (K, J, I), with air where a CT was never measured.

    Padding far below air would shift every level between air and skin.
    """
    values, padding = volume.values(), _never_measured(volume)
    if not padding.any():
        return values
    return np.where(padding, np.float32(AIR_HU - hu_offset(values, volume.modality)), values)


def _never_measured(volume: Volume) -> np.ndarray:
    """Say which voxels lie beyond the circle of a CT's view, boolean (K, J, I)."""
    values = volume.values()
    return padding_of(values, volume.modality, hu_offset(values, volume.modality))


def _grid_around(region: np.ndarray, volume: Volume, spacing: float, around: float) -> Grid:
    index = np.argwhere(region)[:, ::-1]
    lps = mapped(volume.ijk_to_lps, corners(index.min(0), index.max(0)))
    grid = covering_grid(volume.stored.shape, volume.ijk_to_lps, spacing)
    return cropped(grid, lps.min(0) - around, lps.max(0) + around)


def solid(values: np.ndarray, level: float) -> np.ndarray:
    """Return the body at a skin level: its largest part, so that specks of noise are no skin."""
    above = values > level
    return largest_part(above) if above.any() else above


def edge(body: np.ndarray) -> np.ndarray:
    """Return the outermost voxels of a body, those towards the open air around it."""
    air = largest_part(np.pad(~body, 1, constant_values=True))
    touches = np.zeros(body.shape, bool)
    for axis in range(3):
        inner = np.moveaxis(air, axis, 0)[:, 1:-1, 1:-1]
        touching = np.moveaxis(touches, axis, 0)
        touching |= inner[:-2]
        touching |= inner[2:]
    return body & touches


def crossings(values: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Return where values pass a level between the body's voxels and those before them.

    Parameters
    ----------
    values : numpy.ndarray
        Modality values on the grid.
    level : float
        Of the skin; the body is :func:`solid` at it.

    Returns
    -------
    places : numpy.ndarray
        z, y, x in voxels, float32, shape (n, 3): exact to a fraction of a voxel, unlike voxels.
    voxels : numpy.ndarray
        The body's voxel next to each, int, shape (n, 3).
    """
    inside = np.argwhere(edge(solid(values, level)))
    places, voxels = [], []
    for axis in range(3):
        for step in (-1, 1):
            beside = inside.copy()
            beside[:, axis] += step
            own = (beside[:, axis] >= 0) & (beside[:, axis] < values.shape[axis])
            at, off = inside[own], beside[own]
            here, there = values[tuple(at.T)], values[tuple(off.T)]
            passes = there <= level
            at, share = at[passes], (here - level)[passes] / (here - there)[passes]
            place = at.astype(np.float32)
            place[:, axis] += step * share
            places.append(place)
            voxels.append(at)
    return np.concatenate(places), np.concatenate(voxels)
