"""The rule that says what the face is, and what the ears are.

The rule is written in the head's own frame (:mod:`.frame`), in mm of a mean head, so that it can
be applied alike to a label map, to a scan, and by a person with a ruler. ``training/README.md``
shows it.

* **Face**: inside the head's outline (with nose, sinuses and mouth counted in), below the brow
  (z <= 26), in front of a back boundary that runs from the front of the orbits (y = 4 at eye
  level) through the nasal cavity (y = 18) and behind the rows of teeth (y = 28) to the chin, down
  to z = -130; and the skin of the cheeks and the jaw's side, 14 mm deep, back to y = 52. Above the
  eyes only what lies within 12 mm of the skin.
* **Ears**: what stands out of the head's side: the head less its opening with a ball of 11 mm,
  inside a zone around the ear canal, grown by 8 mm so that the concha and the root go with it.
"""

from __future__ import annotations

import numpy as np

from .frame import HeadFrame
from .grid import Grid

#: Where the face ends towards the back: y over z, linear between the points.
BACK_OF_FACE = ((-130.0, 34.0), (-75.0, 28.0), (-40.0, 18.0), (-15.0, 8.0), (0.0, 4.0), (26.0, 4.0))
BROW_Z, CHIN_Z = 26.0, -130.0
BROW_DEPTH, CHEEK_DEPTH = 12.0, 14.0
CHEEK_BACK_Y, CHEEK_TOP_Z = 52.0, 5.0
EAR_X, EAR_Y, EAR_Z = 52.0, (45.0, 125.0), (-65.0, 40.0)
EAR_BALL, EAR_GROWTH = 11.0, 8.0


def ball(radius: float, spacing: float) -> np.ndarray:
    """Return a ball as a boolean structuring element; radius and spacing in mm."""
    r = int(np.floor(radius / spacing + 1e-6))
    z, y, x = np.ogrid[-r : r + 1, -r : r + 1, -r : r + 1]
    return (x * x + y * y + z * z) * spacing**2 <= radius**2 + 1e-6


def depth_below(outline: np.ndarray, spacing: float) -> np.ndarray:
    """Return the distance in mm from each voxel of the outline to its outside, 0 outside it."""
    from scipy import ndimage

    return ndimage.distance_transform_edt(outline, sampling=spacing).astype(np.float32)


def face_of(outline: np.ndarray, depth: np.ndarray, frame: HeadFrame, grid: Grid) -> np.ndarray:
    """Apply the rule for the face.

    Parameters
    ----------
    outline : numpy.ndarray
        The head with its cavities, boolean, on ``grid``.
    depth : numpy.ndarray
        Distance below the skin, mm, on ``grid`` (:func:`depth_below`).
    frame : HeadFrame
        The head's frame.
    grid : Grid
        Isotropic, along LPS.

    Returns
    -------
    numpy.ndarray
        Boolean, the shape of ``grid``.
    """
    return outline & in_face(frame.from_lps(grid.points()), depth / frame.scale)


def in_face(points: np.ndarray, depth: np.ndarray) -> np.ndarray:
    """Say which points of a head belong to the face by the rule.

    Parameters
    ----------
    points : numpy.ndarray
        In the head's frame, mm of a mean head, shape (..., 3).
    depth : numpy.ndarray
        Below the skin, mm of a mean head, shape (...).

    Returns
    -------
    numpy.ndarray
        Boolean, shape (...).
    """
    y, z = points[..., 1], points[..., 2]
    zs, ys = zip(*BACK_OF_FACE, strict=True)
    between = (z <= BROW_Z) & (z >= CHIN_Z)
    front = between & (y <= np.interp(z, zs, ys)) & ((z <= CHEEK_TOP_Z) | (depth <= BROW_DEPTH))
    cheeks = between & (y <= CHEEK_BACK_Y) & (z <= CHEEK_TOP_Z) & (depth <= CHEEK_DEPTH)
    return np.asarray(front | cheeks)


def in_ear_zone(points: np.ndarray) -> np.ndarray:
    """Say which points lie where ears may be; parameters and result as in :func:`in_face`."""
    x, y, z = np.moveaxis(points, -1, 0)
    across, along = np.abs(x) >= EAR_X, (y >= EAR_Y[0]) & (y <= EAR_Y[1])
    return np.asarray(across & along & (z >= EAR_Z[0]) & (z <= EAR_Z[1]))


def ears_of(outline: np.ndarray, frame: HeadFrame, grid: Grid) -> np.ndarray:
    """Apply the rule for the ears; parameters and result as in :func:`face_of`."""
    from scipy import ndimage

    zone = in_ear_zone(frame.from_lps(grid.points()))
    radius = EAR_BALL * frame.scale
    sticking_out = outline & ~opened(outline, radius, grid.spacing) & zone
    parts, n = ndimage.label(sticking_out)
    if n == 0:
        return sticking_out
    sizes = np.bincount(parts.ravel()) * grid.spacing**3
    sizes[0] = 0
    kept = (sizes >= 200.0 * frame.scale**3)[parts]
    return dilate(kept, EAR_GROWTH * frame.scale, grid.spacing) & outline & zone


def dilate(mask: np.ndarray, radius: float, spacing: float) -> np.ndarray:
    """Grow a mask by ``radius`` mm, measured exactly (distance transform)."""
    from scipy import ndimage

    if not mask.any():
        return mask.copy()
    return ndimage.distance_transform_edt(~mask, sampling=spacing) <= radius


def erode(mask: np.ndarray, radius: float, spacing: float) -> np.ndarray:
    """Shrink a mask by ``radius`` mm; what lies beyond the array counts as inside."""
    return ~dilate(~mask, radius, spacing)


def opened(mask: np.ndarray, radius: float, spacing: float) -> np.ndarray:
    """Return what a ball of ``radius`` mm reaches from inside a mask (morphological opening)."""
    return dilate(erode(mask, radius, spacing), radius, spacing)
