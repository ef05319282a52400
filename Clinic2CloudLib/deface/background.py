"""The scan's own background: what carved voxels are drawn from, and what is no background."""

from __future__ import annotations

import numpy as np

from ..dicom.model import Volume

#: What air measures on CT, HU, and below what a value is padding: scanners write -2000 or -3024
#: where their circle of view ends, which no matter has.
AIR_HU = (-1100.0, -800.0)
PADDING_HU = -1500.0
#: So many values are a pool to draw from.
FEWEST_VALUES = 200
#: The skin's outer voxels are half air: background is so far off the head, mm.
OFF_SKIN_MM = 6.0


def padding_of(values: np.ndarray, modality: str, hu_offset: float = 0.0) -> np.ndarray:
    """Say which voxels were never measured: beyond the circle of a CT's view. Never on MR."""
    if modality != "CT":
        return np.zeros(values.shape, bool)
    return np.asarray(values + hu_offset < PADDING_HU)


def air_values(
    values: np.ndarray, head: np.ndarray, whole: np.ndarray, volume: Volume, hu_offset: float
) -> np.ndarray:
    """Return the scan's own background values near the face, well off the skin.

    Parameters
    ----------
    values, head : numpy.ndarray
        Modality values of the part around the face, and the head in it.
    whole : numpy.ndarray
        Values of the whole volume, for a part that holds too little air.
    volume : Volume
        Gives geometry and modality.
    hu_offset : float
        What to add to a CT's values to get HU.

    Returns
    -------
    numpy.ndarray
        Never empty, shape (n,).
    """
    from scipy import ndimage

    steps = [max(int(np.ceil(OFF_SKIN_MM / s)), 1) for s in reversed(volume.spacing)]
    near = head
    for axis, step in enumerate(steps):
        near = ndimage.maximum_filter1d(near.astype(np.uint8), 2 * step + 1, axis=axis) > 0
    pool = values[~near]
    if volume.modality == "CT":
        low, high = (limit - hu_offset for limit in AIR_HU)
        for own in (pool, whole):
            air = own[(own >= low) & (own <= high)]
            if air.size >= FEWEST_VALUES:
                pool = air
                break
    if pool.size < FEWEST_VALUES:
        measured = whole[~padding_of(whole, volume.modality, hu_offset)]
        measured = measured if measured.size else whole.ravel()
        pool = measured[measured <= np.percentile(measured, 2.0)]
    # Head holders and wrapped tissue are no background: only what is as dark as air stays.
    middle = float(np.median(pool))
    spread = float(np.median(np.abs(pool - middle))) * 1.4826
    limit = 60.0 if volume.modality == "CT" else max(0.5 * abs(middle), 1.0)
    return np.asarray(pool[np.abs(pool - middle) <= max(4.0 * spread, limit)])
