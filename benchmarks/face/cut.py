"""Cut a head's skin to what is attacked: the face, its upper half, one ear.

The cut is made in the head's frame as the finder gave it. For a result the attacker would have to
find that frame again, and would not find quite the same one; so the cut of a result (and of the
control) is displaced a little at random, or its rim alone would name the head.
"""

from __future__ import annotations

import numpy as np

from Clinic2CloudLib.deface.average import average_face
from Clinic2CloudLib.deface.grid import mapped
from Clinic2CloudLib.deface.region import in_face
from Clinic2CloudLib.dicom.model import Volume

#: What is attacked. The upper half is there for scans that end at the mouth; the inner face is the
#: face without its rim, where the new skin must meet the old.
ZONES = ("face", "upper face", "left ear", "right ear", "inner face")
#: Brow, chin and the foot of the nose, z; how far back the cheeks go, y; mm of a mean head.
BROW_Z, CHIN_Z, NOSE_Z, CHEEK_Y = 20.0, -105.0, -42.0, 46.0
INNER_TOP_Z, INNER_BOTTOM_Z, INNER_BACK_Y = 8.0, -95.0, 28.0
#: Where the middle 90 % of the ears' skin lies over the heads here, |x|, y, z.
EAR_X, EAR_Y, EAR_Z = 60.0, (66.0, 110.0), (-48.0, 20.0)
#: A zone is in view when so much of an average head's skin there is.
IN_VIEW = 0.85
#: How well a frame is found again: standard deviations in mm, degrees, and relative size.
OFF_MM, OFF_DEGREES, OFF_SIZE = 2.0, 2.0, 0.02


def zone(points: np.ndarray, name: str) -> np.ndarray:
    """Say which skin points, in the head's frame, belong to a zone.

    Parameters
    ----------
    points : numpy.ndarray
        Shape (n, 3), mm of a mean head.
    name : str
        One of :data:`ZONES`.
    """
    x, y, z = points.T
    if name.endswith("ear"):
        side = x if name == "left ear" else -x
        along = (y >= EAR_Y[0]) & (y <= EAR_Y[1]) & (z >= EAR_Z[0]) & (z <= EAR_Z[1])
        return np.asarray((side >= EAR_X) & along)
    if name == "inner face":
        inner = (z <= INNER_TOP_Z) & (z >= INNER_BOTTOM_Z) & (y <= INNER_BACK_Y)
        return np.asarray(inner & in_face(points, np.zeros(len(points))))
    lowest = CHIN_Z if name == "face" else NOSE_Z
    between = (z <= BROW_Z) & (z >= lowest) & (y <= CHEEK_Y)
    return np.asarray(between & in_face(points, np.zeros(len(points))))


def cut(points: np.ndarray, frame_to_lps: np.ndarray, name: str) -> np.ndarray:
    """Return the LPS points, mm, that lie in a zone."""
    return points[zone(mapped(np.linalg.inv(frame_to_lps), points), name)]


def found_again(frame_to_lps: np.ndarray, seed: int) -> np.ndarray:
    """Return a frame as another finding of the same head might give it, 4 x 4."""
    from scipy.spatial.transform import Rotation

    random = np.random.default_rng(seed)
    off = np.eye(4)
    turn = Rotation.from_rotvec(np.radians(random.normal(0.0, OFF_DEGREES, 3))).as_matrix()
    off[:3, :3] = turn * (1.0 + random.normal(0.0, OFF_SIZE))
    off[:3, 3] = random.normal(0.0, OFF_MM, 3)
    return np.asarray(frame_to_lps @ off)


def average_skin(frame_to_lps: np.ndarray) -> np.ndarray:
    """Return the points of an average head's skin in a head's frame, LPS, mm: nobody's face."""
    average = average_face()
    step = average.grid.spacing
    slope = np.stack(np.gradient(average.signed, step)[::-1], axis=-1)
    near = (np.abs(average.signed) <= step) & (np.linalg.norm(slope, axis=-1) > 0.5)
    along = slope[near] / (slope[near] ** 2).sum(-1, keepdims=True)
    own = average.grid.points()[near] - average.signed[near][:, None] * along
    return mapped(frame_to_lps, own)


def in_view(volume: Volume, frame_to_lps: np.ndarray, name: str) -> float:
    """Return the share of an average head's skin in a zone that the scan's field of view holds."""
    average = average_face()
    points = average.grid.points()[np.abs(average.signed) <= average.grid.spacing].astype(float)
    own = points[zone(points, name)]
    index = mapped(np.linalg.inv(volume.ijk_to_lps) @ frame_to_lps, own)
    inside = (index >= 0) & (index <= np.array(volume.stored.shape[::-1]) - 1)
    return float(inside.all(1).mean())
