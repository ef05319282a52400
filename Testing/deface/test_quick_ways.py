"""What is computed in a box, or two at a time, is what the plain way gives, to the bit."""

from __future__ import annotations

from threading import get_ident

import numpy as np
import pytest
from scipy import ndimage

from Clinic2CloudLib.deface.beside import both
from Clinic2CloudLib.deface.grid import Grid, image_of, in_view, laid, mask_to_voxels, to_voxels
from Clinic2CloudLib.deface.region import dilate, erode

SPACING = 2.5


def blob(*, at_the_end: bool = False) -> np.ndarray:
    """Return a ragged mask, inside its array or cut by its end."""
    noise = np.random.default_rng(3).normal(size=(24, 30, 28))
    mask = ndimage.gaussian_filter(noise, 2.0) > 0.02
    mask[:, 20:] = False
    if not at_the_end:
        mask[[0, 1, 2, -3, -2, -1]] = False
        mask[:, :3] = False
        mask[..., :4] = mask[..., -4:] = False
    return np.asarray(mask)


def tilted() -> np.ndarray:
    """Return an affine from voxels of 1.1 x 1.1 x 3 mm, not along the patient's axes."""
    c, s = np.cos(0.3), np.sin(0.3)
    affine = np.eye(4)
    affine[:3, :3] = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]]) * [1.1, 1.1, 3.0]
    affine[:3, 3] = [4.0, -9.0, -6.0]
    return affine


MASKS = [
    blob(),
    blob(at_the_end=True),
    np.zeros((5, 6, 7), bool),
    np.ones((5, 6, 7), bool),
]


@pytest.mark.parametrize("mask", MASKS, ids=["inside", "cut", "empty", "full"])
@pytest.mark.parametrize("radius", [1.0, 6.0, 11.3])
def test_masks_grow_and_shrink_as_in_the_whole_array(mask: np.ndarray, radius: float) -> None:
    def plain(of: np.ndarray) -> np.ndarray:
        if not of.any():
            return of
        return np.asarray(ndimage.distance_transform_edt(~of, sampling=SPACING) <= radius)

    assert np.array_equal(dilate(mask, radius, SPACING), plain(mask))
    assert np.array_equal(erode(mask, radius, SPACING), ~plain(~mask))


@pytest.mark.parametrize("mask", MASKS, ids=["inside", "cut", "empty", "full"])
def test_masks_come_to_the_voxels_as_if_all_were_sampled(mask: np.ndarray) -> None:
    grid, shape = Grid(np.array([-20.0, -15.0, -12.0]), SPACING, mask.shape), (26, 70, 80)
    whole = to_voxels(mask, grid, shape, tilted()) > 0.5
    assert np.array_equal(mask_to_voxels(mask, grid, shape, tilted()), whole)


def test_a_mask_on_a_grid_askew_covers_as_much_as_it_should() -> None:
    grid, turned = Grid(np.array([-12.0, -10.0, -8.0]), SPACING, (24, 30, 28)), tilted()
    turned[:3, :3] /= [1.1, 1.1, 3.0]
    like = image_of(np.zeros((40, 90, 90), np.uint8), np.diag([1.3, 1.3, 2.0, 1.0]))
    covered = laid(blob(), grid, turned, like).sum() * 1.3 * 1.3 * 2.0
    # Some of the mask lies beside the image.
    assert 0.3 < covered / (blob().sum() * SPACING**3) < 1.0


def test_the_field_of_view_ends_half_a_voxel_beyond_the_outermost_centres() -> None:
    like = image_of(np.zeros((1, 1, 12), np.uint8), np.diag([0.5, 1.0, 1.0, 1.0]))
    seen = in_view((3, 3, 3), np.eye(4), like)
    # At 0.0, 0.5, ... mm; the voxels' centres at 0, 1 and 2 mm.
    assert seen.ravel().tolist() == [at < 2.5 for at in np.arange(12) * 0.5]


def test_two_pieces_of_work_both_come_back_or_fail() -> None:
    one, other = both(get_ident, get_ident)
    assert one == get_ident() != other
    for work in ((lambda: 1 // 0, get_ident), (get_ident, lambda: 1 // 0)):
        with pytest.raises(ZeroDivisionError):
            both(*work)
