"""The rule that says what the face is, and what the ears are.

The rule is written in the head's own frame (:mod:`.frame`), in mm of a mean head, so that it can
be applied alike to a label map, to a scan, and by a person with a ruler. ``training/README.md``
shows it.

* **Face**: inside the head's outline (with nose, sinuses and mouth counted in), below the brow
  (z <= 26), in front of a back boundary that runs from the front of the orbits (y = 4 at eye
  level) through the nasal cavity (y = 18) and behind the rows of teeth (y = 28) to the chin, down
  to z = -130; and the skin of the cheeks and the jaw's side, 14 mm deep, back to y = 52. Above the
  eyes only what lies within 12 mm of the skin.
* **Ears**: the side of the head about the ear canal, within an ellipse that holds the ears of all
  heads seen so far: what stands out of the head's opening with a ball of 11 mm, and what lies less
  than 9 mm below it, so that the concha and the root go with it. An ear that lies flat has as much
  of it as one that stands off.
* **Neither** holds the brain, nor what lies within 5 mm of it.
"""

from __future__ import annotations

import numpy as np

from .frame import HeadFrame
from .grid import Grid, box_around

#: Where the face ends towards the back: y over z, linear between the points.
BACK_OF_FACE = ((-130.0, 34.0), (-75.0, 28.0), (-40.0, 18.0), (-15.0, 8.0), (0.0, 4.0), (26.0, 4.0))
BROW_Z, CHIN_Z = 26.0, -130.0
BROW_DEPTH, CHEEK_DEPTH = 12.0, 14.0
CHEEK_BACK_Y, CHEEK_TOP_Z = 52.0, 5.0
#: An ellipse along x: how far to the side it begins, its middle (y, z), and half its axes.
EAR_X, EAR_MIDDLE, EAR_REACH = 52.0, (86.0, -22.0), (30.0, 40.0)
EAR_BALL, EAR_DEPTH = 11.0, 9.0
BRAIN_MARGIN = 5.0


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
    along, up = (y - EAR_MIDDLE[0]) / EAR_REACH[0], (z - EAR_MIDDLE[1]) / EAR_REACH[1]
    return np.asarray((np.abs(x) >= EAR_X) & (along**2 + up**2 <= 1.0))


def ears_of(outline: np.ndarray, frame: HeadFrame, grid: Grid) -> np.ndarray:
    """Apply the rule for the ears; parameters and result as in :func:`face_of`."""
    points = frame.from_lps(grid.points())
    return outline & in_ears(points, outline, grid.spacing / frame.scale)


def in_ears(points: np.ndarray, outline: np.ndarray, spacing: float) -> np.ndarray:
    """Say which voxels of a head belong to the ears by the rule; so does the air off them.

    Parameters
    ----------
    points : numpy.ndarray
        The voxels in the head's frame, mm of a mean head, shape (K, J, I, 3).
    outline : numpy.ndarray
        The head with its cavities, boolean, shape (K, J, I).
    spacing : float
        Of the isotropic voxels, mm of a mean head.

    Returns
    -------
    numpy.ndarray
        Boolean, shape (K, J, I).
    """
    side = opened(outline, EAR_BALL, spacing)
    return np.asarray(in_ear_zone(points) & (depth_below(side, spacing) <= EAR_DEPTH))


def dilate(mask: np.ndarray, radius: float, spacing: float) -> np.ndarray:
    """Grow a mask by ``radius`` mm, measured exactly (distance transform)."""
    from scipy import ndimage

    grown = np.zeros_like(mask)
    part = box_around(mask, [int(np.ceil(radius / spacing))] * 3)
    if part is not None:
        grown[part] = ndimage.distance_transform_edt(~mask[part], sampling=spacing) <= radius
    return grown


def erode(mask: np.ndarray, radius: float, spacing: float) -> np.ndarray:
    """Shrink a mask by ``radius`` mm; what lies beyond the array counts as inside."""
    from scipy import ndimage

    left = np.zeros_like(mask)
    # What lies nearest outside a mask lies no farther than next to the box around it.
    part = None if mask.all() else box_around(mask, (1, 1, 1))
    if part is None:
        return mask.copy()
    left[part] = ndimage.distance_transform_edt(mask[part], sampling=spacing) > radius
    return left


def opened(mask: np.ndarray, radius: float, spacing: float) -> np.ndarray:
    """Return what a ball of ``radius`` mm reaches from inside a mask (morphological opening)."""
    return dilate(erode(mask, radius, spacing), radius, spacing)
