"""Lay the atlas on a head: mutual information, then tissues, then the fine deformation.

Every SimpleITK filter runs on one thread: its sums depend on the number of threads, and the same
input must give the same bytes on every machine. The cores are used by Dask, which runs several
starts of the alignment side by side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .atlas import Atlas
from .grid import Grid

#: Values of air, CSF, grey, white, bone and soft tissue in a picture of tissues.
PICTURE = (0.0, 1.0, 2.0, 3.0, 0.3, 0.6)
#: How far the crown of the head may lie above the top of the image, mm: images are cut there, CT of
#: face and neck far down.
CROWN_ABOVE_MM = {"MR": (0.0, 25.0, 60.0), "CT": (0.0, 25.0, 60.0, 100.0)}


@dataclass(frozen=True)
class Alignment:
    """An affine from atlas LPS to patient LPS (4 x 4, mm) and how well it fits (more is better)."""

    matrix: np.ndarray
    score: float


def starting_translation(head: np.ndarray, grid: Grid, atlas: Atlas, above: float) -> np.ndarray:
    """Return the shift (mm, LPS) that lays the atlas's crown on the crown of the head.

    Parameters
    ----------
    head : numpy.ndarray
        The head on ``grid``, boolean.
    grid : Grid
        Its grid.
    atlas : Atlas
        The atlas.
    above : float
        How far above the top of the image the crown is taken to lie, mm.

    Returns
    -------
    numpy.ndarray
        (3,), mm.
    """

    def crown(solid: np.ndarray, where: Grid, depth: float) -> np.ndarray:
        k, j, i = np.nonzero(solid)
        top = np.percentile(k, 99.9)
        near = k >= top - depth / where.spacing
        centre = np.array([i[near].mean(), j[near].mean(), top])
        return np.array(where.origin) + centre * where.spacing

    # Of a head cut below the crown only the upper rest of the 12 cm is compared.
    atlas_head = atlas.probabilities[0] < 0.5
    target = crown(head, grid, max(120.0 - above, 40.0))
    target[2] += above
    return target - crown(atlas_head, atlas.grid, 120.0)


def rigid_alignment(
    values: np.ndarray,
    head: np.ndarray,
    grid: Grid,
    atlas: Atlas,
    modality: str,
    levels: tuple[float, ...],
    above: float,
) -> Alignment:
    """Align the atlas with a head by Mattes mutual information, without changing its size.

    Size is left to :func:`polished`: mutual information alone blows the atlas up on T2, until its
    bright rim of CSF lies on the bright scalp.

    Only the skull, what is in it and a rim around it are compared, so that a replaced or removed
    face has no say.

    Parameters
    ----------
    values : numpy.ndarray
        Bias-corrected values on ``grid`` (coarse).
    head : numpy.ndarray
        The head, boolean.
    grid : Grid
        Their grid.
    atlas : Atlas
        The atlas.
    modality : str
        MR or CT.
    levels : tuple of float
        The look of the atlas, one of ``LOOKS``.
    above : float
        Start: how far above the top of the image the crown is taken to lie, mm.

    Returns
    -------
    Alignment
        The affine; ``score`` is the mutual information times the root of the share of
        the atlas seen: an overlap of a few voxels must not win, a head cut in half may.
    """
    import SimpleITK as sitk
    from scipy import ndimage

    fixed = atlas.grid.image(atlas.shown(levels))
    near = ndimage.binary_dilation(atlas.cavity() > 0.5, iterations=7)
    mask = sitk.Cast(atlas.grid.image(near), sitk.sitkUInt8)
    if modality == "CT":
        shown = np.clip(values, -200.0, 400.0)
    else:
        shown = np.clip(values, 0.0, float(np.percentile(values[head], 99)))
    moving = grid.image(shown)
    shift = starting_translation(head, grid, atlas, above)
    centre = np.array(fixed.TransformContinuousIndexToPhysicalPoint(
        [(n - 1) / 2 for n in fixed.GetSize()]
    ))  # fmt: skip

    def register(start: Any, shrink: list[int], smooth: list[float], step: float) -> Any:
        method = sitk.ImageRegistrationMethod()
        method.SetNumberOfThreads(1)
        method.SetMetricAsMattesMutualInformation(32)
        method.SetMetricFixedMask(mask)
        method.SetInterpolator(sitk.sitkLinear)
        method.SetShrinkFactorsPerLevel(shrink)
        method.SetSmoothingSigmasPerLevel(smooth)
        method.SmoothingSigmasAreSpecifiedInPhysicalUnitsOn()
        method.SetOptimizerAsRegularStepGradientDescent(step, 0.02, 80, 0.6)
        method.SetOptimizerScalesFromPhysicalShift()
        method.SetInitialTransform(start, inPlace=False)
        final = method.Execute(fixed, moving)
        return final, -float(method.GetMetricValue())

    rigid = sitk.VersorRigid3DTransform()
    rigid.SetCenter(centre.tolist())
    rigid.SetTranslation(shift.tolist())
    final, fit = register(rigid, [4, 2], [4.0, 2.0], 4.0)
    matrix = matrix_of(final)
    seen = seen_share(near, atlas.grid, matrix, grid)
    return Alignment(matrix, fit * float(np.sqrt(seen)))


def matrix_of(transform: Any) -> np.ndarray:
    """Return the 4 x 4 of an affine SimpleITK transform."""
    matrix = np.eye(4)
    origin = np.array(transform.TransformPoint((0.0, 0.0, 0.0)))
    for axis in range(3):
        point = np.zeros(3)
        point[axis] = 1.0
        matrix[:3, axis] = np.array(transform.TransformPoint(point.tolist())) - origin
    matrix[:3, 3] = origin
    return matrix


def polished(atlas: Atlas, alignment: Alignment, found: np.ndarray, grid: Grid) -> Alignment:
    """Align the atlas's tissues with the tissues found so far: whatever the contrast was.

    Parameters
    ----------
    atlas : Atlas
        The atlas.
    alignment : Alignment
        Where it lies now.
    found : numpy.ndarray
        Class probabilities on ``grid``, shape (6, K, J, I).
    grid : Grid
        Their grid.

    Returns
    -------
    Alignment
        A near-by affine with the smallest squared difference around the skull cavity.
    """
    import SimpleITK as sitk
    from scipy import ndimage

    near = ndimage.binary_dilation(atlas.cavity() > 0.5, iterations=4)
    start = sitk.AffineTransform(3)
    start.SetMatrix(alignment.matrix[:3, :3].ravel().tolist())
    start.SetTranslation(alignment.matrix[:3, 3].tolist())
    method = sitk.ImageRegistrationMethod()
    method.SetNumberOfThreads(1)
    method.SetMetricAsMeanSquares()
    method.SetMetricFixedMask(sitk.Cast(atlas.grid.image(near), sitk.sitkUInt8))
    method.SetInterpolator(sitk.sitkLinear)
    method.SetShrinkFactorsPerLevel([2])
    method.SetSmoothingSigmasPerLevel([2.0])
    method.SmoothingSigmasAreSpecifiedInPhysicalUnitsOn()
    method.SetOptimizerAsRegularStepGradientDescent(1.0, 0.02, 40, 0.6)
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetInitialTransform(start, inPlace=False)
    final = method.Execute(
        atlas.grid.image(picture(atlas.probabilities)), grid.image(picture(found))
    )
    return Alignment(matrix_of(final), alignment.score)


def picture(classes: np.ndarray) -> np.ndarray:
    """Return one value for each voxel that tells its tissue, from class probabilities."""
    return (classes * np.array(PICTURE, np.float32)[:, None, None, None]).sum(0)


def seen_share(near: np.ndarray, atlas_grid: Grid, matrix: np.ndarray, grid: Grid) -> float:
    """Return the share of the atlas's voxels ``near`` that lands inside the image."""
    k, j, i = np.nonzero(near)
    points = atlas_grid.ijk_to_lps() @ np.stack([i, j, k, np.ones_like(i)])
    ijk = np.linalg.inv(grid.ijk_to_lps()) @ matrix @ points
    limit = np.array(grid.shape)[::-1][:, None]
    inside = np.all((ijk[:3] >= -0.5) & (ijk[:3] <= limit - 0.5), axis=0)
    return float(inside.mean())


def priors_on(atlas: Atlas, alignment: Alignment, grid: Grid) -> np.ndarray:
    """Return the atlas's class probabilities on a patient's grid.

    Returns
    -------
    numpy.ndarray
        float32, shape (6, *grid.shape). Outside the atlas: what its nearest edge shows, without
        brain.
    """
    from scipy import ndimage

    index_from_patient = np.linalg.inv(alignment.matrix @ atlas.grid.ijk_to_lps())
    whole = index_from_patient @ grid.ijk_to_lps()
    matrix, offset = whole[:3, :3][::-1, ::-1], whole[:3, 3][::-1]
    return np.stack([
        ndimage.affine_transform(p, matrix, offset, grid.shape, order=1, mode="nearest")
        for p in atlas.probabilities
    ])  # fmt: skip


def refine(priors: np.ndarray, found: np.ndarray, grid: Grid, iterations: int) -> np.ndarray:
    """Deform the priors towards the tissues found so far (diffeomorphic demons).

    Parameters
    ----------
    priors, found : numpy.ndarray
        Class probabilities, shape (6, K, J, I) on ``grid``.
    grid : Grid
        Their grid.
    iterations : int
        Of the demons.

    Returns
    -------
    numpy.ndarray
        The deformed priors.
    """
    import SimpleITK as sitk

    def smooth(classes: np.ndarray) -> Any:
        smoothing = sitk.SmoothingRecursiveGaussianImageFilter()
        smoothing.SetNumberOfThreads(1)
        smoothing.SetSigma(2.0)
        return sitk.Shrink(smoothing.Execute(grid.image(picture(classes))), [2, 2, 2])

    demons = sitk.FastSymmetricForcesDemonsRegistrationFilter()
    demons.SetNumberOfThreads(1)
    demons.SetNumberOfIterations(iterations)
    demons.SetStandardDeviations(1.25)
    field = demons.Execute(smooth(found), smooth(priors))
    transform = sitk.DisplacementFieldTransform(sitk.Cast(field, sitk.sitkVectorFloat64))
    resample = sitk.ResampleImageFilter()
    resample.SetNumberOfThreads(1)
    resample.SetTransform(transform)
    resample.SetInterpolator(sitk.sitkLinear)
    moved = []
    for prior in priors:
        image = grid.image(prior)
        resample.SetReferenceImage(image)
        moved.append(sitk.GetArrayFromImage(resample.Execute(image)))
    result = np.maximum(np.stack(moved), 0.0)
    return result / np.maximum(result.sum(0), 1e-6)
