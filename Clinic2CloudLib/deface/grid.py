"""Resampling between a volume's own grid and an isotropic grid along the patient axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import SimpleITK as sitk


@dataclass(frozen=True)
class Grid:
    """An isotropic grid along the LPS axes.

    Attributes
    ----------
    origin : numpy.ndarray
        Centre of the first voxel, LPS mm, shape (3,).
    spacing : float
        Distance between voxel centres, mm.
    shape : tuple of int
        (nz, ny, nx), as an array on this grid is indexed.
    """

    origin: np.ndarray
    spacing: float
    shape: tuple[int, int, int]

    def points(self) -> np.ndarray:
        """Return the LPS coordinates of all voxel centres, mm, float32, shape (nz, ny, nx, 3)."""
        nz, ny, nx = self.shape
        z = self.origin[2] + self.spacing * np.arange(nz)
        y = self.origin[1] + self.spacing * np.arange(ny)
        x = self.origin[0] + self.spacing * np.arange(nx)
        zz, yy, xx = np.meshgrid(z, y, x, indexing="ij")
        return np.stack([xx, yy, zz], axis=-1).astype(np.float32)

    def corners(self) -> np.ndarray:
        """Return the centres of the eight outermost voxels, shape (8, 3)."""
        last = self.origin + self.spacing * (np.array(self.shape[::-1]) - 1)
        return corners(self.origin, last)

    def image(self, array: np.ndarray) -> sitk.Image:
        """Wrap an array on this grid as a SimpleITK image."""
        import SimpleITK as sitk

        image = sitk.GetImageFromArray(array)
        image.SetOrigin([float(c) for c in self.origin])
        image.SetSpacing([float(self.spacing)] * 3)
        return image


def image_of(array: np.ndarray, ijk_to_lps: np.ndarray) -> sitk.Image:
    """Wrap an array of shape (K, J, I) with its affine as a SimpleITK image (LPS).

    The direction is the nearest rotation (or rotation with a flip), as ITK asks for one; the
    volumes that come here have orthogonal axes, so it differs in the last digits only.
    """
    import SimpleITK as sitk

    if array.dtype == bool:
        array = array.astype(np.uint8)
    return _placed(sitk.GetImageFromArray(array), ijk_to_lps)


def blank_image(shape: tuple[int, ...], ijk_to_lps: np.ndarray) -> sitk.Image:
    """Return an image of zeros for an array of shape (K, J, I): where voxels lie, and no more."""
    import SimpleITK as sitk

    return _placed(sitk.Image([int(n) for n in shape[::-1]], sitk.sitkUInt8), ijk_to_lps)


def _placed(image: sitk.Image, ijk_to_lps: np.ndarray) -> sitk.Image:
    spacing = np.linalg.norm(ijk_to_lps[:3, :3], axis=0)
    u, _, vt = np.linalg.svd(ijk_to_lps[:3, :3] / spacing)
    image.SetSpacing([float(s) for s in spacing])
    image.SetDirection([float(d) for d in (u @ vt).ravel()])
    image.SetOrigin([float(c) for c in ijk_to_lps[:3, 3]])
    return image


def resample(
    image: sitk.Image,
    like: sitk.Image,
    *,
    transform: sitk.Transform | None = None,
    nearest: bool = False,
    outside: float = 0.0,
    real: bool = False,
) -> np.ndarray:
    """Sample ``image`` at the voxels of ``like`` (after ``transform``, LPS to LPS, mm).

    Parameters
    ----------
    image, like : SimpleITK.Image
        What is sampled, and the grid it is sampled on.
    transform : SimpleITK.Transform, optional
        Maps points of ``like`` to points of ``image``.
    nearest : bool
        Nearest neighbour instead of linear interpolation.
    outside : float
        Value where ``image`` has no voxels.
    real : bool
        Return float32, whatever the pixel type of ``image``.

    Returns
    -------
    numpy.ndarray
        On the grid of ``like``, the pixel type of ``image`` unless ``real``.
    """
    import SimpleITK as sitk

    resampler = sitk.ResampleImageFilter()
    resampler.SetReferenceImage(like)
    resampler.SetInterpolator(sitk.sitkNearestNeighbor if nearest else sitk.sitkLinear)
    resampler.SetDefaultPixelValue(outside)
    if real:
        resampler.SetOutputPixelType(sitk.sitkFloat32)
    resampler.SetTransform(
        transform if transform is not None else sitk.Transform(3, sitk.sitkIdentity)
    )
    return sitk.GetArrayFromImage(resampler.Execute(image))


def in_view(
    shape: tuple[int, ...],
    ijk_to_lps: np.ndarray,
    like: sitk.Image,
    transform: sitk.Transform | None = None,
) -> np.ndarray:
    """Say which voxels of ``like`` (after ``transform``) lie in a volume's field of view."""
    blank = blank_image(shape, ijk_to_lps)
    return resample(blank, like, transform=transform, nearest=True, outside=1.0) == 0


def to_voxels(
    array: np.ndarray, grid: Grid, shape: tuple[int, ...], ijk_to_lps: np.ndarray
) -> np.ndarray:
    """Sample an array on an isotropic grid at a volume's own voxels, shape (K, J, I), linearly.

    The grid's outermost values go on beyond it, so that the volume's outermost voxels, which may
    lie half a voxel outside the grid's centres, are not lost: a nose may touch the field of view.
    """
    image = grid.image(array.astype(np.float32))
    return resample(_extended(image), blank_image(shape, ijk_to_lps))


#: How far :func:`to_voxels` lets a grid's outermost values go on, voxels.
BEYOND = 4


def mask_to_voxels(
    chances: np.ndarray, grid: Grid, shape: tuple[int, ...], ijk_to_lps: np.ndarray
) -> np.ndarray:
    """Say where :func:`to_voxels` of a mask, or of chances that it is there, is more than half."""
    image = grid.image(chances.astype(np.float32))
    like = blank_image(shape, ijk_to_lps)
    inside = np.zeros(shape, bool)
    box = _box_of(chances > 0, grid, BEYOND)
    part = None if box is None else part_within(like, box)
    if part is not None:
        inside[part] = resample(_extended(image), cut(like, part)) > 0.5
    return inside


def _extended(image: sitk.Image) -> sitk.Image:
    import SimpleITK as sitk

    return sitk.ZeroFluxNeumannPad(image, [BEYOND] * 3, [BEYOND] * 3)


def laid(mask: np.ndarray, grid: Grid, grid_to_lps: np.ndarray, like: sitk.Image) -> np.ndarray:
    """Say which voxels of ``like`` lie in a mask on a grid that itself lies askew, 4 x 4."""
    inside = np.zeros(like.GetSize()[::-1], bool)
    box = _box_of(mask, grid)
    part = None if box is None else part_within(like, mapped(grid_to_lps, box))
    if part is not None:
        transform = affine_transform(np.linalg.inv(grid_to_lps))
        image = grid.image(mask.astype(np.float32))
        inside[part] = resample(image, cut(like, part), transform=transform) > 0.5
    return inside


def box_around(mask: np.ndarray, more: Sequence[int]) -> tuple[slice, slice, slice] | None:
    """Return the part of an array that a mask lies in, so many voxels larger along each axis.

    It stays within the array; None for an empty mask.
    """
    slices = []
    for axis, (count, extra) in enumerate(zip(mask.shape, more, strict=True)):
        places = np.flatnonzero(mask.any(axis=tuple({0, 1, 2} - {axis})))
        if not len(places):
            return None
        slices.append(
            slice(max(int(places[0]) - extra, 0), min(int(places[-1]) + extra + 1, count))
        )
    return slices[0], slices[1], slices[2]


def _box_of(mask: np.ndarray, grid: Grid, beyond: int = 0) -> np.ndarray | None:
    """Return the corners of what sampling a mask reaches, mm, (8, 3); None for an empty one.

    At the grid's end it reaches ``beyond`` voxels farther.
    """
    part = box_around(mask, (0, 0, 0))
    if part is None:
        return None
    ends = []
    for own, count in zip(part[::-1], mask.shape[::-1], strict=True):
        first = own.start - 1 - (beyond if own.start == 0 else 0)
        last = own.stop + (beyond if own.stop == count else 0)
        ends.append((first, last))
    low, high = (grid.origin + grid.spacing * np.array(end) for end in zip(*ends, strict=True))
    return corners(low, high)


def part_within(like: sitk.Image, lps: np.ndarray) -> tuple[slice, slice, slice] | None:
    """Return the part of an image's array that holds all points of a body with these corners."""
    index = np.array([like.TransformPhysicalPointToContinuousIndex(p.tolist()) for p in lps])
    slices = []
    for axis, count in enumerate(like.GetSize()):
        first = max(int(np.floor(index[:, axis].min())), 0)
        end = min(int(np.ceil(index[:, axis].max())) + 1, count)
        if first >= end:
            return None
        slices.append(slice(first, end))
    return slices[2], slices[1], slices[0]


def cut(image: sitk.Image, part: tuple[slice, slice, slice]) -> sitk.Image:
    """Return a part of an image, given as of its array."""
    return image[part[2], part[1], part[0]]


def covering_grid(
    shape: tuple[int, int, int], ijk_to_lps: np.ndarray, spacing: float, margin: float = 0.0
) -> Grid:
    """Return the isotropic LPS grid that covers a volume of shape (K, J, I), and a margin."""
    first, last = np.full(3, -0.5), np.array(shape[::-1]) - 0.5
    lps = mapped(ijk_to_lps, corners(first, last))
    low, high = lps.min(0) - margin, lps.max(0) + margin
    counts = np.maximum(np.ceil((high - low) / spacing).astype(int), 1)
    origin = (low + high) / 2 - (counts - 1) * spacing / 2
    return Grid(origin, spacing, (int(counts[2]), int(counts[1]), int(counts[0])))


def corners(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return the corners of a box, shape (8, 3)."""
    return np.array([[x, y, z] for x, y, z in product(*zip(low, high, strict=True))], float)


def mapped(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Map points of shape (..., 3) by an affine, 4 x 4."""
    return np.asarray(points @ matrix[:3, :3].T + matrix[:3, 3])


def affine_transform(matrix: np.ndarray) -> sitk.AffineTransform:
    """Wrap an affine, 4 x 4, as a SimpleITK transform."""
    import SimpleITK as sitk

    transform = sitk.AffineTransform(3)
    transform.SetMatrix([float(m) for m in matrix[:3, :3].ravel()])
    transform.SetTranslation([float(t) for t in matrix[:3, 3]])
    return transform
