"""Whatever a window, an inversion or a filter brings back is doubted, and nothing else is."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "deface"))

from face_scans import found
from weak_changes import blurred, covered, inverted, scaled, under_noise

from Clinic2CloudLib.deface import FaceMethod, replace_face
from Clinic2CloudLib.facecheck import FaceCheck, check_face

MODALITIES = ("MR", "CT")
#: Mask only, as a tool would; and with the air before the face, as an attacker of the check would.
AROUND_MM = (0.0, 10.0)


def checked(modality: str, after: np.ndarray, method: FaceMethod = "reface") -> FaceCheck:
    """The check by the limits of ``reface``, whose doubts every other method's include."""
    volume, _, finding = found(modality)
    check = check_face(volume, after, finding, method)
    assert check is not None
    return check


def doubts(check: FaceCheck) -> dict[str, str]:
    return {part.name: part.doubt for part in check.parts if part.doubt is not None}


@pytest.mark.parametrize("around", AROUND_MM)
@pytest.mark.parametrize("gain", [0.75, 0.5, 0.2])
@pytest.mark.parametrize("modality", MODALITIES)
def test_dimmed_face_is_doubted(modality: str, gain: float, around: float) -> None:
    volume, _, finding = found(modality)
    check = checked(modality, scaled(volume, covered(volume, finding, around), gain))
    seen = doubts(check)
    assert check.verdict == "doubtful"
    assert {"nose", "mouth", "cheeks"} <= set(seen)
    assert set(seen.values()) <= {"unmoved", "dimmed", "faint"}


@pytest.mark.parametrize("modality", MODALITIES)
def test_dimmed_face_is_said_to_come_back(modality: str) -> None:
    volume, _, finding = found(modality)
    check = checked(modality, scaled(volume, covered(volume, finding), 0.5))
    assert doubts(check)["nose"] == "dimmed"
    assert check.sentences[-len(check.doubts) :] == check.doubts
    said = next(sentence for sentence in check.doubts if "nose" in sentence)
    assert "darker" in said and "another window" in said


@pytest.mark.parametrize("modality", MODALITIES)
def test_face_with_bright_and_dark_exchanged_is_doubted(modality: str) -> None:
    volume, _, finding = found(modality)
    turned = scaled(volume, covered(volume, finding, 10.0), -1.0, 2.0)
    check = checked(modality, turned)
    assert doubts(check)["nose"] == "inverted" and doubts(check)["mouth"] == "inverted"
    assert "Bright and dark were exchanged" in check.doubts[-1]


@pytest.mark.parametrize("around", AROUND_MM)
@pytest.mark.parametrize("modality", MODALITIES)
def test_face_mirrored_in_its_own_values_is_doubted(modality: str, around: float) -> None:
    volume, _, finding = found(modality)
    where = covered(volume, finding, around)
    changed = inverted(volume, where) if around else scaled(volume, where, -1.0, 2.0)
    assert len(doubts(checked(modality, changed))) >= 3


@pytest.mark.parametrize("around", AROUND_MM)
@pytest.mark.parametrize("strength", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("modality", MODALITIES)
def test_face_under_noise_is_doubted(modality: str, strength: float, around: float) -> None:
    volume, _, finding = found(modality)
    hidden = under_noise(volume, covered(volume, finding, around), strength)
    assert {"eyes", "nose", "mouth", "cheeks"} <= set(doubts(checked(modality, hidden)))


@pytest.mark.parametrize("modality", MODALITIES)
def test_noise_is_named(modality: str) -> None:
    volume, _, finding = found(modality)
    hidden = under_noise(volume, covered(volume, finding, 10.0), 2.0)
    check = checked(modality, hidden)
    assert doubts(check)["nose"] == "noise"
    assert "smoothing brings it back" in check.doubts[-1]


@pytest.mark.parametrize("around", AROUND_MM)
@pytest.mark.parametrize("modality", MODALITIES)
def test_blurred_face_is_doubted(modality: str, around: float) -> None:
    volume, _, finding = found(modality)
    soft = blurred(volume, covered(volume, finding, around), 3.0)
    assert {"eyes", "nose", "mouth", "cheeks"} <= set(doubts(checked(modality, soft)))


@settings(max_examples=8, deadline=None)
@given(
    gain=st.floats(0.1, 1.0).flatmap(lambda size: st.sampled_from([size, -size])),
    offset=st.floats(0.0, 1.0),
)
def test_no_gain_and_offset_hides_a_face(gain: float, offset: float) -> None:
    volume, _, finding = found("MR")
    changed = scaled(volume, covered(volume, finding, 10.0), gain, offset + max(-gain, 0.0) * 2)
    assert {"nose", "mouth"} <= set(doubts(checked("MR", changed)))


@cache
def replaced(modality: str, method: FaceMethod, seed: int) -> np.ndarray:
    volume, _, finding = found(modality)
    return replace_face(volume, finding, method, seed).stored


@pytest.mark.parametrize(("modality", "seed"), [("MR", 0), ("MR", 1), ("CT", 0)])
@pytest.mark.parametrize("method", ["smooth", "reface", "remove"])
def test_replaced_face_is_not_doubted(modality: str, seed: int, method: FaceMethod) -> None:
    seen = doubts(checked(modality, replaced(modality, method, seed), method))
    # The small head's ears happen to be the average's, on CT.
    allowed = {"left ear", "right ear"} if (modality, method) == ("CT", "reface") else set()
    assert set(seen) <= allowed


@pytest.mark.parametrize("padding", [-2000, -3024])
def test_padding_beyond_the_circle_of_view_is_air(padding: int) -> None:
    volume, _, finding = found("CT")
    _, rows, columns = volume.stored.shape
    y, x = np.mgrid[:rows, :columns] - np.array([[[rows / 2]], [[columns / 2]]])
    # As near the face as a circle of view may come.
    beyond = np.broadcast_to(np.hypot(y, x) > 0.5 * max(rows, columns), volume.stored.shape)
    assert beyond.any()
    padded = replace(volume, stored=np.where(beyond, padding, volume.stored).astype(np.int16))
    where = covered(volume, finding) & ~beyond
    dimmed = check_face(padded, scaled(padded, where, 0.2), finding, "smooth")
    honest = np.where(beyond, padding, replaced("CT", "smooth", 0)).astype(np.int16)
    moved = check_face(padded, honest, finding, "smooth")
    assert dimmed is not None and moved is not None
    assert {"nose", "mouth", "cheeks"} <= set(doubts(dimmed)) and moved.verdict == "changed"
    plain = checked("CT", replaced("CT", "smooth", 0), "smooth")
    assert moved.parts[1].median_mm == pytest.approx(plain.parts[1].median_mm, abs=1.0)
