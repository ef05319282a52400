"""From named voxels to masks that hold together: the brain, the skull cavity, the tissues."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .atlas import CSF, GREY, WHITE


@dataclass(frozen=True)
class Masks:
    """Boolean masks, shape (K, J, I) of the volume.

    ``brain``: grey and white matter, without the ventricles; ``cavity``: the whole content of the
    skull (brain and all CSF); ``grey``, ``white``, ``csf``: parts of the cavity that do not
    overlap; grey and white are None where the contrast cannot tell them apart (CT).
    """

    brain: np.ndarray
    cavity: np.ndarray
    csf: np.ndarray
    grey: np.ndarray | None
    white: np.ndarray | None


def distance_within(mask: np.ndarray, spacing: tuple[float, float, float]) -> np.ndarray:
    """Return how deep each voxel lies inside the mask, mm, the image's edge counting as inside."""
    from scipy import ndimage

    padded = np.pad(mask, 1, mode="edge")
    depth = ndimage.distance_transform_edt(padded, sampling=spacing[::-1])
    return depth[1:-1, 1:-1, 1:-1]


def largest(mask: np.ndarray) -> np.ndarray:
    """Return the largest connected part (faces touching)."""
    from scipy import ndimage

    labels, count = ndimage.label(mask)
    if count <= 1:
        return mask
    return labels == 1 + int(np.argmax(np.bincount(labels.ravel())[1:]))


def opened(mask: np.ndarray, spacing: tuple[float, float, float], radius: float) -> np.ndarray:
    """Return the mask without what is thinner than ``radius`` (mm) either side or hangs on it.

    The core deeper than the radius is grown back by the radius inside the mask.
    """
    from scipy import ndimage

    core = largest(distance_within(mask, spacing) > radius)
    if not core.any():
        return core
    reach = ndimage.distance_transform_edt(~core, sampling=spacing[::-1])
    return mask & (reach <= radius + max(spacing))


def closed(mask: np.ndarray, spacing: tuple[float, float, float], radius: float) -> np.ndarray:
    """Return the mask with gaps narrower than twice the radius (mm) filled."""
    from scipy import ndimage

    pad = [int(np.ceil(radius / s)) + 1 for s in spacing[::-1]]
    padded = np.pad(mask, [(p, p) for p in pad])
    reach = ndimage.distance_transform_edt(~padded, sampling=spacing[::-1]) <= radius
    back = ndimage.distance_transform_edt(reach, sampling=spacing[::-1]) > radius
    inner = tuple(slice(p, -p) for p in pad)
    return back[inner] | mask


def cavity_from_classes(classes: np.ndarray, spacing: tuple[float, float, float]) -> np.ndarray:
    """Return the skull cavity from the named voxels: one solid body.

    Parameters
    ----------
    classes : numpy.ndarray
        Class of each voxel, shape (K, J, I).
    spacing : tuple of float
        Along i, j, k, mm.

    Returns
    -------
    numpy.ndarray
        Boolean; empty when nothing holds together.
    """
    from scipy import ndimage

    cavity = opened(np.isin(classes, (CSF, GREY, WHITE)), spacing, 3.0)
    # Bridging vessels and dura named "soft" inside the cavity belong to its content.
    return ndimage.binary_fill_holes(closed(cavity, spacing, 3.0))


def masks_from_classes(classes: np.ndarray, spacing: tuple[float, float, float]) -> Masks:
    """Return clean masks from the named voxels of an MR image; empty ones when there is no brain.

    Parameters
    ----------
    classes : numpy.ndarray
        Class of each voxel, shape (K, J, I).
    spacing : tuple of float
        Along i, j, k, mm.
    """
    cavity = cavity_from_classes(classes, spacing)
    brain = opened(np.isin(classes, (GREY, WHITE)) & cavity, spacing, 1.2)
    csf = cavity & ~brain
    return Masks(brain, cavity, csf, brain & (classes == GREY), brain & (classes == WHITE))
