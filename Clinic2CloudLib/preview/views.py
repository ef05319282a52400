"""The views: where a camera stands around the patient, in patient axes, not in array axes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

#: The views of a sheet, in its order.
SHEET_VIEWS = ("front", "left_oblique", "right_oblique", "left_profile")

#: Degrees from the front towards the patient's left: the camera stands there and looks back.
AZIMUTH = {
    "front": 0.0,
    "left_30": 30.0,
    "right_30": -30.0,
    "left_oblique": 40.0,
    "right_oblique": -40.0,
    "left_60": 60.0,
    "right_60": -60.0,
    "left_profile": 90.0,
    "right_profile": -90.0,
    "back": 180.0,
}

#: What a person reads under a picture.
TITLES = {
    "front": "front",
    "left_30": "30° from the left",
    "right_30": "30° from the right",
    "left_oblique": "oblique, left side",
    "right_oblique": "oblique, right side",
    "left_60": "60° from the left",
    "right_60": "60° from the right",
    "left_profile": "profile, left side",
    "right_profile": "profile, right side",
    "back": "back",
}

#: Opening of the camera, degrees: a portrait lens, so that proportions look natural.
VIEW_ANGLE = 18.0


#: Room around the body, as a factor.
MARGIN = 1.06
#: A body higher than this (mm) is more than a head: then this much from its top fills the picture.
WHOLE_UP_TO, HEAD = 310.0, 230.0


@dataclass(frozen=True)
class Frame:
    """What all cameras of a comparison share: the point they look at and how far they stand.

    Both in mm, the point in RAS.
    """

    centre: tuple[float, float, float]
    distance: float


def direction(view: str) -> np.ndarray:
    """Return where the camera stands, seen from the patient: a unit vector in RAS."""
    angle = np.radians(AZIMUTH[view])
    # The patient's left is -x and the front +y.
    return np.array([-np.sin(angle), np.cos(angle), 0.0])


def frame_of(points: np.ndarray) -> Frame:
    """Return the frame whose pictures hold all points (n, 3), RAS, mm, from every side.

    Of a body that goes on below the neck only the upper part counts, or the face would be small.
    """
    if not len(points):
        return Frame((0.0, 0.0, 0.0), 1000.0)
    top = points[:, 2].max()
    if top - points[:, 2].min() > WHOLE_UP_TO:
        points = points[points[:, 2] > top - HEAD]
    low, high = points.min(axis=0), points.max(axis=0)
    centre = (low + high) / 2
    offset = points[:: max(1, len(points) // 50_000)] - centre
    opening = np.tan(np.radians(VIEW_ANGLE / 2)) / MARGIN
    distance = 1.0
    for view in AZIMUTH:
        towards = direction(view)
        aside = np.array([towards[1], -towards[0], 0.0])
        reach = np.maximum(np.abs(offset @ aside), np.abs(offset[:, 2]))
        distance = max(distance, float((offset @ towards + reach / opening).max()))
    return Frame((float(centre[0]), float(centre[1]), float(centre[2])), distance)


def aim(camera: Any, frame: Frame, view: str) -> None:
    """Point a vtkCamera: superior is up, the whole frame in the picture."""
    camera.SetFocalPoint(*frame.centre)
    camera.SetPosition(*(np.array(frame.centre) + frame.distance * direction(view)))
    camera.SetViewUp(0, 0, 1)
    camera.SetViewAngle(VIEW_ANGLE)
