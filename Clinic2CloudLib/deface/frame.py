"""The head's own coordinate frame, which the rule for the face is written in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: Mean distance from the midpoint between the eyes to the brainstem's centre over the project's
#: training heads, mm; a head's size relative to it scales the rule.
EYE_TO_BRAINSTEM_MM = 84.5


@dataclass(frozen=True)
class HeadFrame:
    """Origin between the eyes; x to the patient's left, y backwards, z up, in mm of a mean head.

    Attributes
    ----------
    origin : numpy.ndarray
        Midpoint between the centres of the eyes, LPS mm, shape (3,).
    axes : numpy.ndarray
        Rows are the unit vectors of x, y and z in LPS, shape (3, 3). y points from the eyes to the
        brainstem, which is close to the Frankfurt plane.
    scale : float
        This head's size relative to the mean head.
    """

    origin: np.ndarray
    axes: np.ndarray
    scale: float

    def from_lps(self, points: np.ndarray) -> np.ndarray:
        """Map LPS points, mm, shape (..., 3), to frame coordinates in mm of a mean head."""
        return (points - self.origin) @ self.axes.T / self.scale

    def to_lps(self, points: np.ndarray) -> np.ndarray:
        """Map frame coordinates, shape (..., 3), to LPS mm."""
        return points * self.scale @ self.axes + self.origin


def head_frame(left_eye: np.ndarray, right_eye: np.ndarray, brainstem: np.ndarray) -> HeadFrame:
    """Return the frame given by the centres of both eyes and of the brainstem, LPS mm."""
    origin = (left_eye + right_eye) / 2
    x = left_eye - right_eye
    x = x / np.linalg.norm(x)
    back = brainstem - origin
    y = back - (back @ x) * x
    y = y / np.linalg.norm(y)
    scale = float(np.linalg.norm(back) / EYE_TO_BRAINSTEM_MM)
    return HeadFrame(origin, np.stack([x, y, np.cross(x, y)]), scale)
