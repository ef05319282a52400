"""What the shipped networks say of whole scans."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from face_scans import made_head, read_scan

from Clinic2CloudLib.deface import FaceFinding, default_finder
from Clinic2CloudLib.deface.network import NetworkFinder
from Clinic2CloudLib.dicom.model import Volume

pytest.importorskip("torch")
pytest.importorskip("monai")
pytest.importorskip("safetensors")


def millilitres(mask: np.ndarray, volume: Volume) -> float:
    return float(mask.sum() * np.prod(volume.spacing)) / 1000.0


def parts(finding: FaceFinding) -> tuple[np.ndarray, ...]:
    masks = (finding.face, finding.ears, finding.brain, finding.head)
    assert all(mask is not None for mask in masks)
    return tuple(mask for mask in masks if mask is not None)


def test_the_networks_are_asked_where_they_can_run() -> None:
    assert isinstance(default_finder(), NetworkFinder)


@pytest.mark.parametrize("modality", ["MR", "CT"])
def test_a_made_head_is_found_twice_alike(modality: str) -> None:
    volume, brain = made_head(modality)
    finding = NetworkFinder().find(volume)
    assert finding.status == "found", finding.reasons
    assert finding.confidence > 0.8
    face, ears, kept, head = parts(finding)
    assert 300 < millilitres(face, volume) < 900
    assert 5 < millilitres(ears, volume) < 80
    assert (brain & ~kept).sum() < 0.02 * brain.sum()
    assert not ((face | ears) & (brain | kept)).any()
    assert not ((face | ears) & ~head).any()
    again = parts(NetworkFinder().find(volume))
    assert all(np.array_equal(a, b) for a, b in zip((face, ears, kept, head), again, strict=True))


def test_no_rim_of_head_is_left_before_the_face() -> None:
    """Seen from in front, what one meets first where there is face is the face itself.

    A rim of kept voxels would hold the old skin where it was.
    """
    volume, _ = made_head("MR")
    face, ears, _, head = parts(NetworkFinder().find(volume))
    axis = 2 - int(np.abs(volume.ijk_to_lps[1, :3]).argmax())
    backwards = volume.ijk_to_lps[1, 2 - axis] > 0
    face, ears, head = (np.moveaxis(m, axis, 0) for m in (face, ears, head))
    if not backwards:
        face, ears, head = face[::-1], ears[::-1], head[::-1]
    first = head.argmax(axis=0)[None]
    met = np.take_along_axis(face | ears, first, axis=0)[0]
    assert met[face.any(axis=0)].mean() > 0.98


def test_a_real_head_that_was_never_trained_on_is_found(shared_data: Path) -> None:
    scan = read_scan(shared_data / "heads" / "dev" / "ct" / "openkbp_pt_17.nii.gz", "CT")
    finding = NetworkFinder().find(scan)
    assert finding.status == "found", finding.reasons
    face, ears, kept, _ = parts(finding)
    assert 400 < millilitres(face, scan) < 1100
    assert millilitres(ears, scan) > 15
    assert 1000 < millilitres(kept, scan) < 2500
