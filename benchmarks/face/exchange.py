"""Hand a head to another program as a file, and lay what comes back on the same voxels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from Clinic2CloudLib.deface.grid import image_of
from Clinic2CloudLib.dicom.model import Volume

if TYPE_CHECKING:
    import SimpleITK as sitk

#: Below this a CT shows nothing but what the scanner paints outside its circle, HU.
CT_BLANK = -1024.0
#: Axes of the files that are handed over: what converters write and networks are trained on.
AXES = "RAS"
#: An affine may differ by so much of a voxel at a corner: files keep it in single precision.
TOLERANCE = 0.1


def base(volume: Volume) -> float:
    """Return the value that is handed over as zero.

    Every peer removes by writing zeros. In HU that would be water, a block of it before the head.
    """
    if volume.modality != "CT":
        return 0.0
    return max(float(volume.values().min()), CT_BLANK)


def handed_over(volume: Volume) -> sitk.Image:
    """Return a volume as a peer gets it: float32, along :data:`AXES`, air of a CT at zero."""
    import SimpleITK as sitk

    values = volume.values()
    if volume.modality == "CT":
        zero = base(volume)
        values = np.maximum(values, zero) - zero
    return sitk.DICOMOrient(image_of(values, volume.ijk_to_lps), AXES)


def mask_handed_over(mask: np.ndarray, volume: Volume) -> sitk.Image:
    """Return a mask on the same voxels as :func:`handed_over`."""
    import SimpleITK as sitk

    return sitk.DICOMOrient(image_of(mask, volume.ijk_to_lps), AXES)


def taken_back(path: Path, volume: Volume) -> tuple[np.ndarray, np.ndarray]:
    """Read a peer's result.

    Parameters
    ----------
    path : Path
        What the peer wrote, in any orientation of the voxels it was given.
    volume : Volume
        What was handed over.

    Returns
    -------
    stored : numpy.ndarray
        As the volume's; what the peer left alone is left alone to the bit.
    mask : numpy.ndarray
        What it changed.
    """
    import SimpleITK as sitk

    new = laid_on(sitk.ReadImage(str(path), sitk.sitkFloat64), volume)
    old, zero, kind = volume.values(), base(volume), np.iinfo(volume.stored.dtype)
    given = np.maximum(old, zero) - zero if volume.modality == "CT" else old
    slope = np.array([s.slope for s in volume.slices])[:, None, None]
    intercept = np.array([s.intercept for s in volume.slices])[:, None, None]
    stored = np.rint((np.nan_to_num(new) + zero - intercept) / slope)
    stored = np.clip(stored, kind.min, kind.max).astype(volume.stored.dtype)
    mask = (np.abs(new - given) > 0.5 * np.abs(slope)) & (stored != volume.stored)
    return np.where(mask, stored, volume.stored), mask


def laid_on(image: sitk.Image, volume: Volume) -> np.ndarray:
    """Return an image's values in the order of a volume's voxels, shape (K, J, I).

    Raises
    ------
    ValueError
        If its voxels are not the volume's, turned and flipped.
    """
    import SimpleITK as sitk

    size = np.array(volume.stored.shape[::-1])
    # From the volume's (i, j, k) to the image's. What was handed over is what it must agree with.
    like = affine_of(image_of(np.zeros(volume.stored.shape, np.uint8), volume.ijk_to_lps))
    across = np.linalg.inv(affine_of(image)) @ like
    turn = np.rint(across[:3, :3])
    if (np.abs(turn).sum(0) != 1).any() or (np.abs(turn).sum(1) != 1).any():
        raise ValueError("turned by no right angle")
    array = sitk.GetArrayFromImage(image).transpose(2, 1, 0)
    array = array.transpose(np.abs(turn).argmax(0))
    if array.shape != tuple(size):
        raise ValueError("other voxels")
    exact = np.eye(4)
    exact[:3, :3] = turn
    exact[:3, 3] = ((turn < 0) @ (size - 1)).astype(float)
    ends = np.array([[*(size - 1), 1.0], [0.0, 0.0, 0.0, 1.0]])
    if np.abs(ends @ (across - exact).T).max() > TOLERANCE:
        raise ValueError("moved")
    array = np.flip(array, tuple(axis for axis in range(3) if turn[:, axis].min() < 0))
    return np.ascontiguousarray(array.transpose(2, 1, 0))


def affine_of(image: sitk.Image) -> np.ndarray:
    """Return an image's affine to LPS, mm."""
    affine = np.eye(4)
    affine[:3, :3] = np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing()
    affine[:3, 3] = image.GetOrigin()
    return affine
