"""The second look: the face drawn in the head's own frame, and the frame made exact."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...dicom.model import Volume
from ..frame import HeadFrame
from ..grid import affine_transform, mapped
from . import boxes
from .landmarks import frame_of
from .locate import affine_fit, network_input
from .run import both_ways

#: A frame that was off by more than this, mm, is looked at once more from where it should be.
OFF_MM = 4.0


@dataclass(frozen=True)
class Drawn:
    """What the fine network says, on ``boxes.FINE_GRID`` laid into the head's frame.

    Attributes
    ----------
    chances : numpy.ndarray
        Probabilities of the five classes, float32, shape (5, 80, 80, 80).
    inside : numpy.ndarray
        Boolean, shape (80, 80, 80): inside the field of view.
    grid_to_lps : numpy.ndarray
        4 x 4: where the grid lies, from its coordinates in mm to LPS.
    frame_to_lps : numpy.ndarray
        4 x 4: where the mean head lies, by all of what this look sees.
    frame : HeadFrame or None
        The frame that the rule is written in, by eyes and brainstem; None where one of them is not
        in view.
    correction : float
        By how much, mm, root mean square over the head.
    residual : float
        What no affine explains of the network's places, mm.
    """

    chances: np.ndarray
    inside: np.ndarray
    grid_to_lps: np.ndarray
    frame_to_lps: np.ndarray
    frame: HeadFrame | None
    correction: float
    residual: float


def draw(values: np.ndarray, volume: Volume, frame_to_lps: np.ndarray) -> Drawn | None:
    """Draw face, ears, brain and head; None where there is next to no head in the frame.

    Parameters
    ----------
    values : numpy.ndarray
        Modality values (CT: HU), (K, J, I).
    volume : Volume
        The scan.
    frame_to_lps : numpy.ndarray
        From the first look.
    """
    drawn = _once(values, volume, frame_to_lps)
    if drawn is not None and drawn.correction > OFF_MM:
        again = _once(values, volume, drawn.frame_to_lps)
        drawn = again or drawn
    return drawn


def _once(values: np.ndarray, volume: Volume, grid_to_lps: np.ndarray) -> Drawn | None:
    grid = boxes.FINE_GRID
    like = grid.image(np.zeros(grid.shape, np.uint8))
    place = affine_transform(grid_to_lps)
    image, inside = network_input(values, volume, like, boxes.FINE_MM, place)
    points = grid.points()
    out = both_ways("fine", image)
    head = (1.0 - out.chances[boxes.OUTSIDE]) * inside
    counted = head > 0.5
    if counted.sum() < 1000:
        return None
    own = points[counted].astype(np.float64)
    said = np.moveaxis(out.places, 0, -1)[counted]
    matrix, residual = affine_fit(said, own, head[counted])
    if matrix is None:
        return None
    correction = float(np.sqrt(np.square(mapped(matrix, own) - own).sum(1).mean()))
    frame_to_lps = grid_to_lps @ matrix
    frame = frame_of(out.organs, inside, grid_to_lps, frame_to_lps)
    return Drawn(out.chances, inside, grid_to_lps, frame_to_lps, frame, correction, residual)
