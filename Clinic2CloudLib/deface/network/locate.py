"""The first look: is there a head in the scan, and where does its frame lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...dicom.model import Volume
from ..grid import Grid, covering_grid, image_of, in_view, resample
from . import boxes
from .intensity import normalised
from .run import forward

if TYPE_CHECKING:
    import SimpleITK as sitk

#: Fewer head voxels than this (about 0.2 L) are no head.
FEWEST_VOXELS = 400
ROUNDS = 4
#: What lies this far from where the affine fit has it counts half, mm.
SOFT_MM = 6.0


@dataclass(frozen=True)
class Located:
    """A head as the coarse network sees it.

    Attributes
    ----------
    grid : Grid
        Isotropic, 8 mm, along LPS.
    head, brain : numpy.ndarray
        Probabilities on ``grid``, float32.
    frame_to_lps : numpy.ndarray
        Affine, 4 x 4.
    residual : float
        Root mean square of what the affine leaves of the network's places, mm.
    """

    grid: Grid
    head: np.ndarray
    brain: np.ndarray
    frame_to_lps: np.ndarray
    residual: float


def network_input(
    values: np.ndarray,
    volume: Volume,
    like: sitk.Image,
    spacing: float,
    transform: sitk.Transform | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Sample a scan on another grid, averaged over its voxels, as both networks take it.

    Parameters
    ----------
    values : numpy.ndarray
        Modality values, (K, J, I).
    volume : Volume
        Gives the geometry.
    like : SimpleITK.Image
        The grid.
    spacing : float
        Its spacing, mm.
    transform : SimpleITK.Transform, optional
        From points of the grid to LPS.

    Returns
    -------
    image, inside : numpy.ndarray
        Normalised values and the field of view, float32, shape (2, K, J, I), and the latter alone,
        boolean.
    """
    import SimpleITK as sitk

    image = image_of(values, volume.ijk_to_lps)
    shrink = [
        max(min(int(spacing / s), n // 2), 1)
        for s, n in zip(volume.spacing, values.shape[::-1], strict=True)
    ]
    if max(shrink) > 1:
        image = sitk.BinShrink(image, shrink)
    # Half a voxel beyond the outermost centres is still inside; linear sampling would give 0 there.
    extended = sitk.ZeroFluxNeumannPad(image, [1] * 3, [1] * 3)
    inside = in_view(values.shape, volume.ijk_to_lps, like, transform)
    seen = resample(extended, like, transform=transform).astype(np.float32)
    shown = normalised(seen, inside, volume.modality)
    return np.stack([shown, inside.astype(np.float32)]), inside


def locate(values: np.ndarray, volume: Volume) -> Located | None:
    """Find the head; None where the network sees none.

    Parameters
    ----------
    values : numpy.ndarray
        Modality values (CT: HU), (K, J, I).
    volume : Volume
        The scan.
    """
    grid = covering_grid(volume.stored.shape, volume.ijk_to_lps, boxes.COARSE_MM)
    like = grid.image(np.zeros(grid.shape, np.uint8))
    image, inside = network_input(values, volume, like, boxes.COARSE_MM)
    out = forward("coarse", image)
    head = (1.0 - out.chances[boxes.OUTSIDE]) * inside
    counted = largest(head > 0.5)
    if counted.sum() < FEWEST_VOXELS:
        return None
    where = np.moveaxis(out.places, 0, -1)[counted]
    matrix, residual = affine_fit(where, grid.points()[counted], head[counted])
    if matrix is None:
        return None
    return Located(grid, head * counted, out.chances[boxes.BRAIN] * counted, matrix, residual)


def largest(mask: np.ndarray) -> np.ndarray:
    """Return the largest connected part of a mask."""
    from ..headmask import largest_part

    return largest_part(mask)


def affine_fit(
    start: np.ndarray, end: np.ndarray, weight: np.ndarray
) -> tuple[np.ndarray | None, float]:
    """Fit the affine that takes points to points, robustly (iteratively reweighted).

    Parameters
    ----------
    start, end : numpy.ndarray
        Shape (n, 3), mm.
    weight : numpy.ndarray
        Shape (n,).

    Returns
    -------
    matrix, residual
        4 x 4 and the weighted root mean square in mm, measured where ``start`` lives; None where
        the points do not span space or the map would mirror.
    """
    # Fitted from end to start and inverted: the noise is in what the network says.
    design = np.column_stack([end.astype(np.float64), np.ones(len(end))])
    target = start.astype(np.float64)
    own: np.ndarray = weight.astype(np.float64)
    off: np.ndarray = np.zeros(len(end))
    solution = np.zeros((4, 3))
    for _ in range(ROUNDS):
        scaled = design * own[:, None]
        solution = np.linalg.lstsq(scaled.T @ design, scaled.T @ target, rcond=None)[0]
        x, y, z = (design @ solution - target).T
        off = np.sqrt(x * x + y * y + z * z)
        own = weight / (1.0 + (off / SOFT_MM) ** 2)
    back = np.eye(4)
    back[:3] = solution.T
    if np.linalg.det(back[:3, :3]) < 0.1:
        return None, float("inf")
    return np.linalg.inv(back), float(np.sqrt(np.average(off**2, weights=weight)))
