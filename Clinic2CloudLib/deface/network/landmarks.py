"""The head's frame from the organs that define it: both eyes and the brainstem."""

from __future__ import annotations

import numpy as np

from ..frame import EYE_TO_BRAINSTEM_MM, HeadFrame, head_frame
from ..grid import mapped
from . import boxes

#: Landmarks in the head's own frame: centres of the left and the right eye, and of the brainstem.
LANDMARKS = np.array([[32.0, 0.0, 0.0], [-32.0, 0.0, 0.0], [0.0, EYE_TO_BRAINSTEM_MM, 0.0]])
#: An eye holds 6 mL and a brainstem 25: what is far smaller was not seen well enough.
EYE_LEAST_ML, BRAINSTEM_LEAST_ML = 1.5, 6.0
#: An organ has to lie near where all of the head has it, and so far inside the field of view, mm.
NEAR_MM, EYE_ROOM_MM, BRAINSTEM_ROOM_MM = 22.0, 14.0, 18.0
IN_VIEW = 0.98


def frame_of(
    organs: np.ndarray, inside: np.ndarray, grid_to_lps: np.ndarray, frame_to_lps: np.ndarray
) -> HeadFrame | None:
    """Return the frame that the rule for the face is written in.

    Parameters
    ----------
    organs : numpy.ndarray
        Probabilities of eyes and brainstem on ``boxes.FINE_GRID``, shape (2, 80, 80, 80).
    inside : numpy.ndarray
        Boolean: the field of view on that grid.
    grid_to_lps : numpy.ndarray
        4 x 4: where the grid lies, from its coordinates in mm to LPS.
    frame_to_lps : numpy.ndarray
        4 x 4: where the head lies by all of it, which parts left from right.

    Returns
    -------
    HeadFrame or None
        None where an eye or the brainstem is not seen whole.
    """
    centres = []
    to_frame = np.linalg.inv(frame_to_lps) @ grid_to_lps
    for number, mark in enumerate(LANDMARKS):
        eye = number < 2
        chance = organs[boxes.EYES if eye else boxes.BRAINSTEM]
        reach = NEAR_MM + (EYE_ROOM_MM if eye else BRAINSTEM_ROOM_MM)
        least = EYE_LEAST_ML if eye else BRAINSTEM_LEAST_ML
        own = _centre(chance * inside, mapped(np.linalg.inv(to_frame), mark), reach, least)
        if own is None:
            return None
        room = EYE_ROOM_MM if eye else BRAINSTEM_ROOM_MM
        if inside[_ball(own, room)].mean() < IN_VIEW:
            return None
        if np.linalg.norm(mapped(to_frame, own) - mark) > NEAR_MM:
            return None
        centres.append(mapped(grid_to_lps, own))
    return head_frame(*centres)


def _centre(
    chance: np.ndarray, start: np.ndarray, reach: float, least_ml: float
) -> np.ndarray | None:
    """Return the centre of an organ within ``reach`` of where it is expected, grid mm."""
    near = _ball(start, reach)
    weight = np.where(chance[near] > 0.5, chance[near], 0.0).astype(np.float64)
    if weight.sum() * boxes.FINE_MM**3 / 1000.0 < least_ml:
        return None
    k, j, i = (axis[weight > 0] for axis in near)
    points = boxes.FINE_GRID.origin + boxes.FINE_MM * np.stack([i, j, k], -1)
    return np.asarray(np.average(points, axis=0, weights=weight[weight > 0]))


def _ball(centre: np.ndarray, radius: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the indices (k, j, i) of the grid's voxels around a place, grid mm."""
    at = (centre - boxes.FINE_GRID.origin) / boxes.FINE_MM
    reach = radius / boxes.FINE_MM
    low = np.maximum(np.floor(at - reach), 0).astype(int)
    high = np.minimum(np.ceil(at + reach) + 1, boxes.FINE_GRID.shape[::-1]).astype(int)
    axes = [np.arange(a, max(b, a)) for a, b in zip(low, high, strict=True)]
    k, j, i = np.meshgrid(*axes[::-1], indexing="ij")
    close = (k - at[2]) ** 2 + (j - at[1]) ** 2 + (i - at[0]) ** 2 <= reach**2
    return k[close], j[close], i[close]
