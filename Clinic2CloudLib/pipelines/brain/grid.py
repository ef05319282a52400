"""The working grid: any volume, however oblique, on an axis-aligned isotropic grid and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...dicom.model import Volume

#: Spacing of the working grid, mm: fine enough for the shape of the brain, eight times fewer
#: voxels than at 1 mm.
WORKING_MM = 2.0


@dataclass(frozen=True)
class Grid:
    """An axis-aligned grid in patient space.

    Attributes
    ----------
    origin : tuple of float
        LPS position of voxel (0, 0, 0), mm.
    spacing : float
        Distance between voxels along every axis, mm.
    shape : tuple of int
        (K, J, I): voxels along S, P and L.
    """

    origin: tuple[float, float, float]
    spacing: float
    shape: tuple[int, int, int]

    def ijk_to_lps(self) -> np.ndarray:
        """Return the 4 x 4 affine from (i, j, k, 1) to LPS, mm."""
        affine = np.diag([self.spacing] * 3 + [1.0])
        affine[:3, 3] = self.origin
        return affine

    def image(self, array: np.ndarray) -> Any:
        """Return a SimpleITK image (float32) of an array of this grid's shape."""
        import SimpleITK as sitk

        image = sitk.GetImageFromArray(np.ascontiguousarray(array, np.float32))
        image.SetOrigin(self.origin)
        image.SetSpacing([self.spacing] * 3)
        return image


def grid_around(volume: Volume, spacing: float = WORKING_MM) -> Grid:
    """Return the working grid that covers a volume.

    Parameters
    ----------
    volume : Volume
        Any geometry, sheared ones (gantry tilt) too.
    spacing : float
        mm.

    Returns
    -------
    Grid
        Axis-aligned, covering all voxel centres.
    """
    k, j, i = volume.stored.shape
    corners = np.array(
        [[x, y, z, 1] for x in (0, i - 1) for y in (0, j - 1) for z in (0, k - 1)], np.float64
    )
    lps = (volume.ijk_to_lps @ corners.T)[:3]
    low, high = lps.min(1), lps.max(1)
    size = np.ceil((high - low) / spacing).astype(int) + 1
    return Grid(
        (float(low[0]), float(low[1]), float(low[2])),
        spacing,
        (int(size[2]), int(size[1]), int(size[0])),
    )


def index_map(source: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return matrix and offset that take array indices (k, j, i) of one grid to another's.

    Parameters
    ----------
    source, target : numpy.ndarray
        4 x 4 ijk-to-LPS affines.

    Returns
    -------
    tuple of numpy.ndarray
        3 x 3 matrix and offset (3,), both in array order (k, j, i).
    """
    whole = np.linalg.inv(target) @ source
    return whole[:3, :3][::-1, ::-1].copy(), whole[:3, 3][::-1].copy()


def to_grid(values: np.ndarray, ijk_to_lps: np.ndarray, grid: Grid, outside: float) -> np.ndarray:
    """Resample a volume onto a grid, smoothed first where the grid is the coarser one.

    Parameters
    ----------
    values : numpy.ndarray
        Shape (K, J, I).
    ijk_to_lps : numpy.ndarray
        Its 4 x 4 affine, mm.
    grid : Grid
        The target.
    outside : float
        The value where the volume does not reach.

    Returns
    -------
    numpy.ndarray
        float32, ``grid.shape``.
    """
    from scipy import ndimage

    spacing = np.linalg.norm(ijk_to_lps[:3, :3], axis=0)[::-1]
    # A Gaussian of half the coarser voxel keeps what the coarse grid can show and no more.
    sigma = [0.5 * np.sqrt(max((grid.spacing / s) ** 2 - 1.0, 0.0)) for s in spacing]
    smooth = ndimage.gaussian_filter(values.astype(np.float32), sigma, mode="nearest")
    matrix, offset = index_map(grid.ijk_to_lps(), ijk_to_lps)
    return ndimage.affine_transform(
        smooth, matrix, offset, grid.shape, order=1, mode="constant", cval=outside
    )


def from_grid(
    array: np.ndarray,
    grid: Grid,
    ijk_to_lps: np.ndarray,
    shape: tuple[int, int, int],
    start: int = 0,
    outside: float | None = None,
) -> np.ndarray:
    """Resample an array of a grid onto slices of a volume.

    Parameters
    ----------
    array : numpy.ndarray
        ``grid.shape``.
    grid : Grid
        Where it lies.
    ijk_to_lps : numpy.ndarray
        The volume's affine.
    shape : tuple of int
        (K, J, I) of the wanted slices.
    start : int
        The first wanted slice.
    outside : float, optional
        The value outside the grid; without it the edge's values are repeated.

    Returns
    -------
    numpy.ndarray
        float32, ``shape``.
    """
    from scipy import ndimage

    matrix, offset = index_map(ijk_to_lps, grid.ijk_to_lps())
    offset = offset + matrix[:, 0] * start
    return ndimage.affine_transform(
        array.astype(np.float32),
        matrix,
        offset,
        shape,
        order=1,
        mode="nearest" if outside is None else "constant",
        cval=outside or 0.0,
    )
