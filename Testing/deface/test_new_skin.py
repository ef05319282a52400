"""What a user sees of the new skin: no horns, no crumbs, nothing in the air, padding kept."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from face_scans import found, volume_of

from Clinic2CloudLib.deface import FaceFinding, FaceMethod, replace_face
from Clinic2CloudLib.deface.ears import strips_of
from Clinic2CloudLib.deface.grid import mapped
from Clinic2CloudLib.deface.region import dilate, erode
from Clinic2CloudLib.dicom.model import Volume

METHODS: tuple[FaceMethod, ...] = ("reface", "smooth", "remove")
CT_SKIN_HU, PADDING_HU = -300, -3024
#: Narrower than this is a fold, mm.
FOLD_MM = 6.5


@cache
def replaced(method: FaceMethod, seed: int) -> np.ndarray:
    """The made CT's stored values, which are HU, after a replacement."""
    volume, _, finding = found("CT")
    return replace_face(volume, finding, method, seed).stored


def behind(volume: Volume, body: np.ndarray) -> np.ndarray:
    """The silhouette from behind: the body seen along the axis that runs from front to back."""
    return np.asarray(body.any(axis=2 - int(np.abs(volume.ijk_to_lps[1, :3]).argmax())))


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("method", METHODS)
def test_nothing_stands_out_beside_the_head_seen_from_behind(method: FaceMethod, seed: int) -> None:
    """Over the ears no new skin stands farther out than the old ear did: no horns."""
    from scipy import ndimage

    volume, _, _ = found("CT")
    old = behind(volume, volume.stored > CT_SKIN_HU)
    new = behind(volume, replaced(method, seed) > CT_SKIN_HU)
    a_voxel_more = ndimage.binary_dilation(old, np.ones((3, 3)))
    assert not (new & ~a_voxel_more).any()


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("method", METHODS)
def test_no_piece_hangs_in_the_air_before_the_face(method: FaceMethod, seed: int) -> None:
    from scipy import ndimage

    volume, _, finding = found("CT")
    assert finding.head is not None
    parts, _ = ndimage.label(replaced(method, seed) > CT_SKIN_HU, np.ones((3, 3, 3)))
    sizes = np.bincount(parts.ravel())[1:] * float(np.prod(volume.spacing))
    assert np.sort(sizes)[:-1].sum() < 150.0, "mm3 beside the head itself"


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("method", ["smooth", "remove"])
def test_no_rim_and_no_cleft_of_the_ears_is_left(method: FaceMethod, seed: int) -> None:
    """Where the ears were the new skin may stand out, but is even: no fold of them is told."""
    volume, _, finding = found("CT")
    assert finding.ears is not None
    step = float(np.mean(volume.spacing))
    around = dilate(finding.ears, 12.0, step)

    def folds(stored: np.ndarray) -> int:
        body = stored > CT_SKIN_HU
        opened = dilate(erode(body, FOLD_MM, step), FOLD_MM, step)
        closed = erode(dilate(body, FOLD_MM, step), FOLD_MM, step)
        return int((((body & ~opened) | (closed & ~body)) & around).sum())

    assert folds(volume.stored) > 300
    assert folds(replaced(method, seed)) < 0.35 * folds(volume.stored)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("method", ["smooth", "remove"])
def test_skin_above_the_ears_moves_as_well(method: FaceMethod, seed: int) -> None:
    """Who looks at an ear's place sees it; unmoved it was enough to tell whose ear was there."""
    from scipy import ndimage

    volume, _, finding = found("CT")
    assert finding.frame_to_lps is not None
    old, new = (outermost(stored) for stored in (volume.stored, replaced(method, seed)))
    index = np.argwhere(old)
    lps = mapped(volume.ijk_to_lps, index[:, ::-1].astype(float))
    x, y, z = mapped(np.linalg.inv(finding.frame_to_lps), lps).T
    above = (np.abs(x) >= 60.0) & (y >= 66.0) & (y <= 110.0) & (z >= 0.0) & (z <= 20.0)
    away = ndimage.distance_transform_edt(~new, sampling=volume.spacing[::-1])[tuple(index.T)]
    assert above.sum() > 100
    assert (away[above] < max(volume.spacing)).mean() < 0.68


def outermost(stored: np.ndarray) -> np.ndarray:
    """The voxels of the body that touch air, boolean."""
    from scipy import ndimage

    body = stored > CT_SKIN_HU
    return np.asarray(body & ~ndimage.binary_erosion(body))


def test_a_strip_of_skin_between_ear_and_cheek_goes_with_the_ear() -> None:
    """4 mm of skin between two regions go; the head behind it, far wider, stays."""
    kept = np.zeros((20, 40, 40), bool)
    kept[:, 20:, :] = True
    kept[:, 5:20, 18:20] = True
    ears = np.zeros_like(kept)
    ears[:, 5:15, 20:26] = True
    strips = strips_of(kept, dilate(ears, 12.0, 2.0), 2.0)
    assert strips[10, 6:16, 18:20].all()
    assert not strips[:, 24:, :].any()


@pytest.mark.parametrize("method", METHODS)
def test_padding_of_a_ct_stays_and_no_air_is_drawn_from_it(method: FaceMethod) -> None:
    """Scanners write -2000 or -3024 beyond their circle of view, which no matter has."""
    from scipy import ndimage

    volume, _, finding = found("CT")
    assert finding.head is not None
    off_head = ndimage.distance_transform_edt(~finding.head, sampling=volume.spacing[::-1])
    padding = off_head > 16.0
    stored = np.where(padding, PADDING_HU, volume.stored).astype(volume.stored.dtype)
    stored[padding & (off_head > 30.0)] = -2000
    padded = replace(volume, stored=stored)
    result = replace_face(padded, finding, method, 1)
    assert not (result.mask & padding).any()
    assert np.array_equal(result.stored[padding], stored[padding])
    carved = result.mask & (result.stored < CT_SKIN_HU)
    assert carved.any()
    assert result.stored[carved].min() > -1100


@pytest.mark.parametrize("seed", [1, 2])
def test_a_small_head_gets_small_waves(seed: int) -> None:
    """On a head of 70 % of the size the new skin stands out 70 % as far as on the whole one."""
    step = max(shrunk(0.7)[0].spacing)
    small, whole = (standing_out(*shrunk(size), seed) for size in (0.7, 1.0))
    assert step < small <= 0.7 * whole + step


def standing_out(volume: Volume, finding: FaceFinding, seed: int) -> float:
    """How far, mm, the farthest of the new skin lies before the old."""
    from scipy import ndimage

    new = replace_face(volume, finding, "smooth", seed).stored > CT_SKIN_HU
    old = volume.stored > CT_SKIN_HU
    return float(ndimage.distance_transform_edt(~old, sampling=volume.spacing[::-1])[new].max())


def shrunk(size: float) -> tuple[Volume, FaceFinding]:
    """The made CT as a head of another size, and where its face is then."""
    volume, _, finding = found("CT")
    assert finding.frame_to_lps is not None
    smaller = np.diag([size, size, size, 1.0])
    return (
        volume_of(volume.stored, smaller @ volume.ijk_to_lps, "CT"),
        replace(finding, frame_to_lps=smaller @ finding.frame_to_lps),
    )
