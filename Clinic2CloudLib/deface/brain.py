"""Where the brain may be: what the face's replacement never touches."""

from __future__ import annotations

import numpy as np

from .frame import HeadFrame
from .grid import Grid
from .region import ball, dilate, erode

#: Added around the brain as found, mm: the error of an affine alignment at the frontal pole.
MARGIN_MM = 5.0
#: Least atlas probability that counts as brain.
PRIOR = 0.25
BONE_HU = 200.0
#: In front of and below these, mm in the head's frame, tissue alike is orbit or nose.
ORBIT_Y, ORBIT_Z = 20.0, 10.0


def brain_mask(
    prior: np.ndarray,
    values: np.ndarray,
    outline_depth: np.ndarray,
    frame: HeadFrame,
    grid: Grid,
    modality: str,
) -> np.ndarray:
    """Return the brain with its safety margin.

    Parameters
    ----------
    prior : numpy.ndarray
        The atlas's brain probability, moved to this head, on ``grid``.
    values : numpy.ndarray
        Modality values (CT: HU).
    outline_depth : numpy.ndarray
        Distance below the skin, mm.
    frame : HeadFrame
        The head's frame.
    grid : Grid
        Isotropic, along LPS.
    modality : str
        CT or other.

    Returns
    -------
    numpy.ndarray
        Boolean: the prior's brain; on CT also all that lies inside the skull near it; grown by
        :data:`MARGIN_MM`. It errs towards too large.
    """
    brain = prior > PRIOR
    if modality == "CT":
        grown = _inside_skull(prior, values, grid)
    else:
        grown = _joined_tissue(prior, values, outline_depth, grid)
    # What has grown into orbits and nose is no brain: they lie in front of it and below.
    p = frame.from_lps(grid.points())
    brain |= grown & ~((p[..., 1] < ORBIT_Y) & (p[..., 2] < ORBIT_Z))
    return dilate(brain, MARGIN_MM, grid.spacing)


def _inside_skull(prior: np.ndarray, values: np.ndarray, grid: Grid) -> np.ndarray:
    """Soft tissue joined to the prior's core without passing bone, up to 12 mm beyond the prior."""
    from scipy import ndimage

    bone = dilate(values > BONE_HU, 0.75 * grid.spacing, grid.spacing)
    soft = (values > -20.0) & (values < 120.0) & ~bone
    reach = dilate(prior > 0.5, 12.0, grid.spacing)
    core = erode(prior > 0.5, 8.0, grid.spacing)
    grown = ndimage.binary_propagation(core & soft, mask=soft & reach)
    return ndimage.binary_opening(grown, ball(4.0, grid.spacing)) & reach


def _joined_tissue(
    prior: np.ndarray, values: np.ndarray, depth: np.ndarray, grid: Grid
) -> np.ndarray:
    """Tissue as bright as the prior's core and joined to it, at least 6 mm below the skin."""
    from scipy import ndimage

    core = erode(prior > 0.5, 6.0, grid.spacing)
    if not core.any():
        return np.zeros_like(core)
    low, high = np.percentile(values[core], [10.0, 97.0])
    alike = (values >= low) & (values <= high) & (depth >= 6.0)
    reach = dilate(prior > 0.5, 10.0, grid.spacing)
    opened = ndimage.binary_opening(alike & reach, ball(4.0, grid.spacing))
    return np.asarray(ndimage.binary_propagation(core, mask=opened | core))
