"""The head as a body, and the coil's shading taken out of it."""

from __future__ import annotations

import numpy as np

from .grid import Grid

#: Spacing for the alignment and for the bias field, mm.
COARSE_MM = 4.0
FIELD_MM = 6.0


def coarse(grid: Grid, spacing: float = COARSE_MM) -> Grid:
    """Return the same extent at a larger spacing (mm)."""
    factor = spacing / grid.spacing
    k, j, i = (int(np.ceil(n / factor)) for n in grid.shape)
    return Grid(grid.origin, spacing, (k, j, i))


def head_mask(values: np.ndarray, modality: str) -> np.ndarray:
    """Return the head as a solid body, by Otsu's threshold (MR) or -300 HU (CT)."""
    import SimpleITK as sitk
    from scipy import ndimage

    if modality == "CT":
        inside = values > -300.0
    else:
        # The logarithm spreads skin and muscle away from the noise even beside bright fat.
        floor = max(float(np.percentile(values, 99)), 1e-6) * 0.01
        image = sitk.GetImageFromArray(np.log(np.maximum(values, floor)).astype(np.float32))
        inside = sitk.GetArrayFromImage(sitk.OtsuThreshold(image, 0, 1)) > 0
    inside = ndimage.binary_opening(inside)
    labels, count = ndimage.label(inside)
    if count == 0:
        return np.zeros(values.shape, bool)
    largest = 1 + int(np.argmax(np.bincount(labels.ravel())[1:]))
    return ndimage.binary_fill_holes(ndimage.binary_closing(labels == largest, iterations=2))


def bias_field(values: np.ndarray, grid: Grid, head: np.ndarray) -> np.ndarray:
    """Return the smooth multiplicative shading of an MR image (N4, Tustison 2010).

    Parameters
    ----------
    values : numpy.ndarray
        Modality values on ``grid`` (coarse), not negative.
    grid : Grid
        Their grid.
    head : numpy.ndarray
        Where to look, boolean.

    Returns
    -------
    numpy.ndarray
        float32, ``grid.shape``, about 1 on average inside the head.
    """
    import SimpleITK as sitk

    positive = np.maximum(values, 1e-3 * max(float(values.max()), 1e-6))
    image, mask = grid.image(positive), sitk.Cast(grid.image(head), sitk.sitkUInt8)
    n4 = sitk.N4BiasFieldCorrectionImageFilter()
    n4.SetNumberOfThreads(1)
    n4.SetMaximumNumberOfIterations([20, 15, 10])
    n4.SetConvergenceThreshold(1e-3)
    n4.Execute(image, mask)
    field = np.exp(sitk.GetArrayFromImage(n4.GetLogBiasFieldAsImage(image)))
    return (field / max(float(field[head].mean()), 1e-6)).astype(np.float32)
