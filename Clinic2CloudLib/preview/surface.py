"""From a volume to a skin surface: resampling, the level of the skin, the triangles.

A surface rather than a ray-cast volume: it costs less without a graphics card, it is the same for
every viewer, and it cannot hide a face behind a semi-transparent veil. The level is set low, close
above the noise, so that a face which was only dimmed still shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

#: The surface is taken from a grid of about this many voxels at most.
MOST_VOXELS = 6_000_000
#: No finer than this, mm; coarser voxels are interpolated down to it, which hides the staircase.
FINEST = 1.1
#: Standard deviation of the smoothing against noise, mm.
SMOOTHING = 0.9
#: Skin in CT, Hounsfield units.
CT_SKIN = -300.0


@dataclass(frozen=True)
class Transfer:
    """What of an image is shown as skin; taken from the original, used for both.

    Attributes
    ----------
    level : float
        Modality values from here on are body.
    air : float
        The value of the air around it: what lies beyond the field of view.
    """

    level: float
    air: float


@dataclass(frozen=True)
class Resampled:
    """Values on a smooth grid with an affine of its own, shape (K, J, I) and 4 x 4 in RAS."""

    values: np.ndarray
    ijk_to_ras: np.ndarray


def resample(values: np.ndarray, ijk_to_ras: np.ndarray) -> Resampled:
    """Smooth a volume and bring it to nearly cubic voxels, in the directions it has.

    One small matrix an axis does both: a Gaussian where voxels are fine, a cubic spline through
    the samples and then the Gaussian where they are coarse, for a Gaussian wide enough to hide
    voxels of 5 mm would take the nose off. The kernels are normalised
    at the border. The affine is only scaled, so oblique volumes stay as they lie in the patient;
    the result is right-handed.

    Parameters
    ----------
    values : numpy.ndarray
        Shape (K, J, I), modality values.
    ijk_to_ras : numpy.ndarray
        4 x 4, mm.
    """
    if np.linalg.det(ijk_to_ras[:3, :3]) < 0:
        # A left-handed volume would give triangles seen from behind, lit from within: a face in
        # the dark. Counting i from the other end makes it right-handed and moves no voxel.
        mirror = np.diag([-1.0, 1, 1, 1])
        mirror[0, 3] = values.shape[2] - 1
        values, ijk_to_ras = values[:, :, ::-1], ijk_to_ras @ mirror
    spacing = np.linalg.norm(ijk_to_ras[:3, :3], axis=0)
    extent = spacing * (np.array(values.shape[::-1]) - 1)
    wanted = max(FINEST, float(np.prod(np.maximum(extent, FINEST)) / MOST_VOXELS) ** (1 / 3))
    result = np.asarray(values, np.float32)
    scale = np.ones(3)
    for axis in range(3):
        n, mm = values.shape[2 - axis], spacing[axis]
        if n < 2:
            continue
        count = max(2, round(extent[axis] / wanted) + 1)
        scale[axis] = (n - 1) / (count - 1)
        matrix = _resampling_matrix(n, count, max(SMOOTHING, 0.5 * wanted, 0.4 * mm) / mm)
        result = np.moveaxis(np.tensordot(matrix, result, axes=(1, 2 - axis)), 0, 2 - axis)
    return Resampled(np.ascontiguousarray(result), ijk_to_ras @ np.diag([*scale, 1.0]))


def _resampling_matrix(n: int, count: int, sigma: float) -> np.ndarray:
    """Weights of ``n`` samples for each of ``count`` evenly spread places; sigma in samples."""
    places = np.linspace(0, n - 1, count)
    if sigma >= 0.8:
        matrix = _gaussian(places, np.arange(n), sigma)
    else:
        matrix = _gaussian(places, places, sigma) @ _spline_matrix(n, places)
    return np.asarray(matrix, np.float32)


def _gaussian(places: np.ndarray, samples: np.ndarray, sigma: float) -> np.ndarray:
    weights = np.exp(-0.5 * ((places[:, None] - samples) / sigma) ** 2)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _spline_matrix(n: int, places: np.ndarray) -> np.ndarray:
    """Weights of the cubic B-spline that passes through ``n`` samples, mirrored at the ends.

    Unser, "Splines: a perfect fit for signal and image processing", IEEE SPM 1999.
    """

    def basis(at: np.ndarray) -> np.ndarray:
        total = np.zeros((len(at), n))
        knots = np.arange(n)
        for images in (knots, -knots[1:], 2 * (n - 1) - knots[:-1]):
            away = np.abs(at[:, None] - images)
            value = np.where(
                away < 1, 2 / 3 - away**2 + away**3 / 2, np.maximum(2 - away, 0) ** 3 / 6
            )
            first = 1 if len(images) < n and images[0] < 0 else 0
            total[:, first : first + len(images)] += value
        return total

    return np.asarray(np.linalg.solve(basis(np.arange(n)).T, basis(places).T).T)


def skin_transfer(values: np.ndarray, modality: str) -> Transfer:
    """Find the level of the skin.

    Parameters
    ----------
    values : numpy.ndarray
        Modality values of the ORIGINAL, any shape, best after :func:`resample`.
    modality : str
        In any case. CT shows skin at -300 HU, unless its values are plainly not HU (cone beam);
        everything else by its own statistics.

    Returns
    -------
    Transfer
        For MR: Otsu's threshold (1979) parts air from tissue, then the level is set at a fifth of
        the way from the air's median to the tissue's, and above the air's noise.
    """
    finite = values[np.isfinite(values)].ravel()
    if not finite.size or finite.min() == finite.max():
        only = float(finite[0]) if finite.size else 0.0
        return Transfer(only + 1, only)
    sample = finite[:: max(1, finite.size // 500_000)]
    if modality.upper() == "CT" and np.mean(sample < -600) > 0.02:
        return Transfer(CT_SKIN, float(min(-1000.0, sample.min())))
    low, high = np.percentile(sample, [0.5, 99.5])
    clipped = np.clip(sample, low, high)
    parting = _otsu(clipped)
    air, tissue = clipped[clipped <= parting], clipped[clipped > parting]
    if not air.size or not tissue.size:
        return Transfer(float(parting), float(low))
    dark, bright = float(np.median(air)), float(np.median(tissue))
    noise = 1.4826 * float(np.median(np.abs(air - dark)))
    level = dark + max(0.2 * (bright - dark), min(6 * noise, 0.5 * (bright - dark)))
    return Transfer(level, float(finite.min()))


def _otsu(values: np.ndarray) -> float:
    counts, edges = np.histogram(values, 256)
    centres = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    sums = np.cumsum(counts * centres)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    return float(edges[1 + int(np.argmax(np.nan_to_num(between)))])


def skin_surface(volume: Resampled, transfer: Transfer) -> Any:
    """Return the skin as vtkPolyData in the volume's index coordinates, with normals.

    A border of air closes the surface where the field of view ends.
    """
    from vtkmodules.util.numpy_support import numpy_to_vtk
    from vtkmodules.vtkCommonDataModel import vtkImageData
    from vtkmodules.vtkFiltersCore import vtkFlyingEdges3D

    air = min(transfer.air, transfer.level - 1)
    padded = np.pad(np.nan_to_num(volume.values, nan=air), 1, constant_values=air)
    image = vtkImageData()
    image.SetDimensions(*padded.shape[::-1])
    image.SetOrigin(-1, -1, -1)
    image.GetPointData().SetScalars(numpy_to_vtk(padded.ravel(), deep=False))
    edges = vtkFlyingEdges3D()
    edges.SetInputData(image)
    edges.SetValue(0, transfer.level)
    edges.ComputeNormalsOn()
    edges.ComputeScalarsOff()
    edges.Update()
    return edges.GetOutput()
