"""The ears: what goes with them, and the head as it is without them."""

from __future__ import annotations

import numpy as np

from .headmask import largest_part
from .region import dilate, erode

#: Kept skin narrower than twice this goes with the region, so near the ears, mm.
STRIP_MM, STRIPS_NEAR_MM = 8.0, 12.0
#: What a ball of this radius cannot enter from inside the head is an ear, mm of a mean head.
BALL_MM = 13.0


def without_strips(
    head: np.ndarray, region: np.ndarray, ears: np.ndarray, brain: np.ndarray, spacing: float
) -> tuple[np.ndarray, np.ndarray]:
    """Give narrow strips of kept skin around the ears to the region, and to the ears.

    Strips between ear and cheek, and crumbs of head in the ears' clefts, would hold the new skin
    where the old one was. Masks of one shape, ``spacing`` in mm.
    """
    if not ears.any():
        return region, ears
    kept = (head & ~region) | brain
    core = largest_part(dilate(erode(kept, STRIP_MM, spacing), STRIP_MM, spacing) & kept)
    strips = kept & ~core & ~brain & dilate(ears, STRIPS_NEAR_MM, spacing)
    return region | strips, ears | strips


def without_ears(head: np.ndarray, at_ears: np.ndarray, scale: float, spacing: float) -> np.ndarray:
    """Return the head with what stands out of its sides taken off.

    Parameters
    ----------
    head, at_ears : numpy.ndarray
        Boolean; the nearest skin belongs to an ear.
    scale : float
        The head's size, 1 for a mean one.
    spacing : float
        Of the grid, mm.
    """
    if not at_ears.any():
        return head
    radius = BALL_MM * scale
    opened = dilate(erode(head, radius, spacing), radius, spacing)
    return np.where(at_ears, head & opened, head)
