"""Resampling between a volume's own grid and an isotropic grid along the patient axes."""

from __future__ import annotations

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
    image = sitk.GetImageFromArray(array)
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

    Returns
    -------
    numpy.ndarray
        On the grid of ``like``, the pixel type of ``image``.
    """
    import SimpleITK as sitk

    resampler = sitk.ResampleImageFilter()
    resampler.SetReferenceImage(like)
    resampler.SetInterpolator(sitk.sitkNearestNeighbor if nearest else sitk.sitkLinear)
    resampler.SetDefaultPixelValue(outside)
    resampler.SetTransform(
        transform if transform is not None else sitk.Transform(3, sitk.sitkIdentity)
    )
    return sitk.GetArrayFromImage(resampler.Execute(image))


def to_voxels(
    array: np.ndarray, grid: Grid, shape: tuple[int, ...], ijk_to_lps: np.ndarray
) -> np.ndarray:
    """Sample an array on an isotropic grid at a volume's own voxels, shape (K, J, I), linearly.

    The grid's outermost values go on beyond it, so that the volume's outermost voxels, which may
    lie half a voxel outside the grid's centres, are not lost: a nose may touch the field of view.
    """
    import SimpleITK as sitk

    image = grid.image(array.astype(np.float32))
    extended = sitk.ZeroFluxNeumannPad(image, [4] * 3, [4] * 3)
    return resample(extended, image_of(np.zeros(shape, np.uint8), ijk_to_lps))


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
