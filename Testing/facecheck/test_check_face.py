"""The face check tells a face that moved from one that did not."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "deface"))

from face_scans import found

from Clinic2CloudLib.deface import FaceMethod, replace_face
from Clinic2CloudLib.deface.grid import mapped
from Clinic2CloudLib.facecheck import check_face


def test_unchanged_face_is_doubted_in_every_part() -> None:
    volume, _, finding = found("MR")
    check = check_face(volume, volume.stored, finding, "smooth")
    assert check is not None and check.verdict == "doubtful"
    assert {"eyes", "nose", "mouth", "cheeks"} <= {part.name for part in check.parts}
    assert all(part.near == 1.0 and part.median_mm == 0.0 for part in check.parts)
    assert "Look closely at: " in check.sentences[-1] and "nose" in check.sentences[-1]


def test_face_that_was_dimmed_a_little_is_doubted() -> None:
    """Dimmed by a quarter the surface is still the person's, and still above the skin's level."""
    volume, _, finding = found("MR")
    assert finding.face is not None
    dimmed = volume.stored.copy()
    dimmed[finding.face] = (dimmed[finding.face] * 0.75).astype(dimmed.dtype)
    check = check_face(volume, dimmed, finding, "remove")
    assert check is not None and check.verdict == "doubtful"


@pytest.mark.parametrize("method", ["reface", "smooth", "remove"])
def test_replaced_face_has_moved(method: FaceMethod) -> None:
    volume, _, finding = found("MR")
    result = replace_face(volume, finding, method, b"seed")
    check = check_face(volume, result.stored, finding, method)
    assert check is not None
    parts = {part.name: part for part in check.parts}
    # An average face lies close to every face.
    least, most = (1.5, 0.75) if method == "reface" else (2.0, 0.6)
    assert parts["nose"].median_mm > least and parts["nose"].near < most
    assert "The nose has moved by" in " ".join(check.sentences)


def test_skin_above_the_brow_may_stay() -> None:
    """There the new skin runs into the old, and nobody is known by it."""
    volume, _, finding = found("MR")
    assert finding.frame_to_lps is not None
    new = replace_face(volume, finding, "smooth", b"seed").stored
    index = np.stack(np.indices(new.shape)[::-1], axis=-1)
    above = mapped(np.linalg.inv(finding.frame_to_lps) @ volume.ijk_to_lps, index)[..., 2] > 22.0
    kept, plain = (
        check_face(volume, stored, finding, "smooth")
        for stored in (np.where(above, volume.stored, new), new)
    )
    assert kept is not None and plain is not None
    assert kept.parts[0].name == "eyes"
    assert kept.parts[0].near == pytest.approx(plain.parts[0].near, abs=0.02)
    assert kept.parts[0].outline == pytest.approx(plain.parts[0].outline, abs=0.02)


def test_record_is_plain_and_rounded() -> None:
    volume, _, finding = found("MR")
    check = check_face(volume, volume.stored, finding, "smooth")
    assert check is not None
    record = check.record()
    assert record["verdict"] == "doubtful"
    unmoved = {"median_mm": 0.0, "near": 1.0, "outline": 1.0, "doubt": "unmoved"}
    assert record["parts"]["nose"] == unmoved


def test_without_a_frame_nothing_is_claimed() -> None:
    volume, _, finding = found("MR")
    assert check_face(volume, volume.stored, replace(finding, frame_to_lps=None), "smooth") is None


def test_no_skin_left_is_no_doubt() -> None:
    volume, _, finding = found("MR")
    check = check_face(volume, np.zeros_like(volume.stored), finding, "remove")
    assert check is not None and check.verdict == "changed"
