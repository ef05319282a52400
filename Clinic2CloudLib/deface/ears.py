"""The ears: what goes with them, and the head as it is without them."""

from __future__ import annotations

import numpy as np

from .headmask import largest_part
from .region import dilate, opened

#: Kept skin narrower than twice this goes with the ears, so far around them, mm.
STRIP_MM, AROUND_MM = 8.0, 12.0
#: What a ball of this radius cannot enter from inside the head is an ear, mm of a mean head.
BALL_MM = 13.0


def around_ears(ears: np.ndarray, spacing: float) -> np.ndarray:
    """Return the ears and what is so near them that it may go with them; ``spacing`` in mm."""
    return dilate(ears, AROUND_MM, spacing)


def without_ears(head: np.ndarray, around: np.ndarray, scale: float, spacing: float) -> np.ndarray:
    """Return the head with what stands out of its sides at the ears taken off.

    Parameters
    ----------
    head, around : numpy.ndarray
        Boolean; the second from :func:`around_ears`.
    scale : float
        The head's size, 1 for a mean one.
    spacing : float
        Of the grid, mm.
    """
    if not around.any():
        return head
    return np.where(around, head & opened(head, BALL_MM * scale, spacing), head)


def strips_of(kept: np.ndarray, around: np.ndarray, spacing: float) -> np.ndarray:
    """Return narrow strips and crumbs of what is kept, near the ears.

    Between ear and cheek, and in the ears' clefts, they would hold the new skin where the old one
    was. Boolean, of the shape of ``kept``; ``spacing`` in mm.
    """
    if not around.any():
        return around
    core = largest_part(opened(kept, STRIP_MM, spacing) & kept)
    return np.asarray(kept & ~core & around)
