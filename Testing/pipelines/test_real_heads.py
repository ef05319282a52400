"""brain-volumetry against known tissues and on real images of the development set (slow)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from heads import (
    CSF_LABELS,
    GREY_LABELS,
    WHITE_LABELS,
    as_volume,
    dice,
    read_labels,
    render_mr,
)

from Clinic2CloudLib.dicom.model import Volume
from Clinic2CloudLib.dicom.series import find_series
from Clinic2CloudLib.dicom.source import open_source
from Clinic2CloudLib.dicom.volume import read_volumes
from Clinic2CloudLib.pipelines.brain.segment import Outcome, segment_brain
from Clinic2CloudLib.progress import silent

pytestmark = pytest.mark.slow


def largest_volume(folder: Path) -> Volume:
    with open_source(folder) as source:
        listing = find_series(source)
        return read_volumes(listing.series[0]).volumes[0]


def millilitres(mask: np.ndarray | None, volume: Volume) -> float:
    assert mask is not None
    return float(mask.sum() * np.prod(volume.spacing) / 1000)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("look", ["T1", "T2"])
@pytest.mark.parametrize("number", ["10", "15"])
def test_tissues_of_rendered_label_maps(number: str, look: str, shared_data: Path) -> None:
    labels, affine = read_labels(shared_data / f"heads/dev/labels/synthseg_{number}.nii.gz")
    volume = as_volume(render_mr(labels, look), affine)
    masks = segment_brain(volume, silent).masks
    truth = {
        "brain": np.isin(labels, GREY_LABELS + WHITE_LABELS),
        "grey": np.isin(labels, GREY_LABELS),
        "white": np.isin(labels, WHITE_LABELS),
    }
    for name, least in (("brain", 0.96), ("grey", 0.90), ("white", 0.92)):
        assert dice(truth[name], getattr(masks, name)) >= least
        volume_error = getattr(masks, name).sum() / truth[name].sum() - 1
        assert abs(volume_error) <= 0.10
    # The maps' CSF goes on into the spinal canal; the pipeline's ends with the cerebellum.
    cavity = truth["brain"] | np.isin(labels, CSF_LABELS)
    assert dice(cavity, masks.cavity) >= 0.94


@pytest.fixture(scope="module")
def adi_t1(shared_data: Path) -> tuple[Volume, Outcome]:
    volume = largest_volume(shared_data / "heads/dev/mr_dicom/adi_T1")
    return volume, segment_brain(volume, silent)


@pytest.mark.timeout(900)
def test_t1_and_t2_of_one_person_agree(adi_t1: tuple[Volume, Outcome], shared_data: Path) -> None:
    volume, outcome = adi_t1
    other = largest_volume(shared_data / "heads/dev/mr_dicom/adi_T2")
    again = segment_brain(other, silent)
    for name in ("cavity", "brain", "grey", "white"):
        one = millilitres(getattr(outcome.masks, name), volume)
        two = millilitres(getattr(again.masks, name), other)
        assert two == pytest.approx(one, rel=0.10), name
    assert not any(remark.startswith("Warning") for remark in outcome.remarks)
    assert any("field of view" in remark for remark in again.remarks)


@pytest.mark.timeout(900)
def test_a_carved_face_changes_nothing_that_matters(adi_t1: tuple[Volume, Outcome]) -> None:
    volume, outcome = adi_t1
    affine = volume.ijk_to_lps
    k, j, i = np.nonzero(outcome.masks.cavity)
    inside = (affine @ np.stack([i, j, k, np.ones_like(i)]))[:3]
    front, low = inside[1].min(), inside[2].min()
    k, j, i = np.indices(volume.stored.shape)
    y, z = (np.tensordot(affine[r, :3], (i, j, k), 1) + affine[r, 3] for r in (1, 2))
    face = (y + 0.6 * (z - low) < front + 30) & (z < low + 60) & ~outcome.masks.cavity
    carved = volume.stored.copy()
    carved[face] = 0
    without = segment_brain(Volume(carved, affine, volume.slices, volume.modality), silent).masks
    assert (face & (volume.stored > 60)).sum() * np.prod(volume.spacing) > 200_000
    for name, least, error in (
        ("cavity", 0.98, 0.02),
        ("brain", 0.98, 0.03),
        ("grey", 0.93, 0.06),
        ("white", 0.95, 0.06),
        ("csf", 0.93, 0.08),
    ):
        one, two = getattr(outcome.masks, name), getattr(without, name)
        print(name, dice(one, two), two.sum() / one.sum() - 1)
        assert dice(one, two) >= least, name
        assert two.sum() == pytest.approx(one.sum(), rel=error), name


@pytest.mark.timeout(900)
def test_another_scanner_and_a_cut_ct(shared_data: Path) -> None:
    head = largest_volume(shared_data / "heads/dev/mr_dicom/ctk_mrhead")
    outcome = segment_brain(head, silent)
    assert 1450 < millilitres(outcome.masks.cavity, head) < 1750
    assert 0.70 < outcome.masks.brain.sum() / outcome.masks.cavity.sum() < 0.82
    cut = largest_volume(shared_data / "heads/dev/ct_dicom/slicer_cthead")
    outcome = segment_brain(cut, silent)
    # Only the skull base and the lower third of the brain were imaged.
    assert 300 < millilitres(outcome.masks.cavity, cut) < 420
    remarks = " ".join(outcome.remarks)
    assert "field of view" in remarks
    assert "no Hounsfield offset" in remarks
    assert "outside the plausible range" in remarks
