"""The finder says where face, ears and brain are, and when there is none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from face_scans import found, made_head, read_scan, read_series, volume_of

from Clinic2CloudLib.deface import AtlasFinder, FaceFinding, find_face
from Clinic2CloudLib.dicom.model import Volume
from Clinic2CloudLib.errors import Cancelled


def millilitres(mask: np.ndarray, volume: Volume) -> float:
    return float(mask.sum() * np.prod(volume.spacing) / 1000.0)


def lps_centre(mask: np.ndarray, volume: Volume) -> np.ndarray:
    centre = np.argwhere(mask)[:, ::-1].mean(0)
    return volume.ijk_to_lps[:3, :3] @ centre + volume.ijk_to_lps[:3, 3]


@pytest.mark.parametrize("modality", ["MR", "CT"])
def test_made_head_is_found_with_its_brain_covered(modality: str) -> None:
    volume, brain, finding = found(modality)
    assert finding.status == "found", finding.reasons
    assert finding.finder == AtlasFinder.name == "atlas registration (classical)"
    assert finding.face is not None and finding.ears is not None and finding.brain is not None
    assert finding.face.shape == volume.stored.shape and finding.face.dtype == bool
    assert 300 < millilitres(finding.face, volume) < 900
    assert millilitres(finding.ears, volume) > 2
    assert (brain & ~finding.brain).sum() < 0.02 * brain.sum()
    assert not (finding.face & finding.brain).any()
    assert not (finding.ears & finding.brain).any()
    assert not (finding.face & brain).any()
    face, inside = lps_centre(finding.face, volume), lps_centre(brain, volume)
    assert face[1] < inside[1] - 40, "the face lies in front of the brain"
    assert face[2] < inside[2] - 40, "and below it"


def test_orientation_of_the_slices_does_not_matter() -> None:
    volume, _, one = found("CT")
    turned = np.ascontiguousarray(volume.stored.transpose(2, 0, 1)[:, ::-1])
    affine = np.empty((4, 4))
    m = volume.ijk_to_lps
    affine[:, 0], affine[:, 1], affine[:, 2] = m[:, 1], -m[:, 2], m[:, 0]
    affine[:, 3] = m[:, 3] + m[:, 2] * (volume.stored.shape[0] - 1)
    other = AtlasFinder().find(volume_of(turned, affine, "CT"))
    assert one.face is not None and other.face is not None
    back = other.face[:, ::-1].transpose(1, 2, 0)
    dice = 2 * (one.face & back).sum() / (one.face.sum() + back.sum())
    assert dice > 0.97


def test_same_scan_gives_the_same_finding() -> None:
    volume, _, first = found("CT")
    second = AtlasFinder().find(volume)
    assert first.face is not None and second.face is not None
    assert np.array_equal(first.face, second.face)
    assert first.confidence == second.confidence


def phantom(shape: str) -> Volume:
    z, y, x = np.meshgrid(*(np.linspace(-160, 160, 80),) * 3, indexing="ij")
    body = {
        "bottle": (x**2 + y**2 < 60**2) & (abs(z) < 110),
        "abdomen": (x / 165) ** 2 + (y / 110) ** 2 < 1,
        "ball": x**2 + y**2 + z**2 < 85**2,
        "leg": ((x - 70) ** 2 + y**2 < 55**2) | ((x + 70) ** 2 + y**2 < 55**2),
        "noise": np.zeros_like(x, bool),
    }[shape]
    random = np.random.default_rng(3)
    values = np.where(body, 700, 10) + random.integers(0, 30, body.shape)
    affine = np.diag([4.05, 4.05, 4.05, 1.0])
    affine[:3, 3] = -160
    return volume_of(values.astype(np.int16), affine, "MR")


@pytest.mark.parametrize("shape", ["bottle", "abdomen", "ball", "leg", "noise"])
def test_what_is_no_head_is_left_alone(shape: str) -> None:
    finding = find_face(phantom(shape))
    assert finding.status == "no_head", (finding.status, finding.reasons)
    assert finding.face is None and finding.reasons


def test_shoulders_and_chest_are_no_head(shared_data: Path) -> None:
    whole = read_scan(shared_data / "heads" / "train" / "ct" / "openkbp_pt_2.nii.gz", "CT")
    chest = volume_of(whole.stored[:50], whole.ijk_to_lps, "CT")
    finding = find_face(chest)
    assert finding.status in ("no_head", "no_face"), finding.reasons


def test_thin_slab_is_no_head() -> None:
    volume, _ = made_head("CT")
    slab = volume_of(volume.stored[30:36], volume.ijk_to_lps, "CT")
    finding = find_face(slab)
    assert finding.status == "no_head"
    assert "thin" in finding.reasons[0]


def test_head_without_a_face_is_not_called_found() -> None:
    volume, _ = made_head("CT", 0, face=False)
    assert find_face(volume).status == "already_removed"


def test_mr_head_made_without_a_face_is_at_least_held() -> None:
    """Its fit is too poor to say that the face was removed: a person decides."""
    volume, _ = made_head("MR", 0, face=False)
    assert find_face(volume).status in ("already_removed", "uncertain")


def test_cancel_stops_the_search() -> None:
    def stop(fraction: float, message: str) -> None:
        if fraction > 0.1:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        find_face(made_head("MR")[0], stop)


@pytest.mark.parametrize(
    "name",
    [
        "adi_T2",
        pytest.param("adi_T1", marks=pytest.mark.slow),
        pytest.param("ctk_mrhead", marks=pytest.mark.slow),
    ],
)
def test_development_mr_heads_are_found(shared_data: Path, name: str) -> None:
    volume = read_series(shared_data / "heads" / "dev" / "mr_dicom" / name)
    check_found(find_face(volume), volume)


def test_development_ct_series_is_found(shared_data: Path) -> None:
    volume = read_series(shared_data / "heads" / "dev" / "ct_dicom" / "slicer_cthead")
    check_found(find_face(volume), volume)


@pytest.mark.slow
def test_development_cts_are_all_found(shared_data: Path) -> None:
    for path in sorted((shared_data / "heads" / "dev" / "ct").glob("*.nii.gz")):
        volume = read_scan(path, "CT")
        check_found(find_face(volume), volume)


def check_found(finding: FaceFinding, volume: Volume) -> None:
    assert finding.status == "found", finding.reasons
    assert finding.face is not None and finding.brain is not None
    assert millilitres(finding.face, volume) > 200
    assert not (finding.face & finding.brain).any()
