"""The synthetic head: a valid series, a believable head, and patient data to be found."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pydicom
import pytest

from Clinic2CloudLib.demo.head import invented_identifiers, make_head, write_head_series
from Clinic2CloudLib.errors import InputError, OutputError


@pytest.fixture(scope="module", params=["MR", "CT"])
def series(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("head") / request.param
    return write_head_series(folder, size="small", modality=request.param)


def test_every_planted_identifier_is_in_the_files(series: Path) -> None:
    everything = b"".join(file.read_bytes() for file in sorted(series.iterdir()))
    modality = series.name
    other = {"MR": "CT", "CT": "MR"}[modality]
    from Clinic2CloudLib.demo.patient import series_uid

    missing = [text for text in invented_identifiers() if text.encode() not in everything]
    assert missing == [series_uid(0, other)]


def test_slices_lie_evenly_and_span_a_human_head(series: Path) -> None:
    slices = [pydicom.dcmread(file) for file in sorted(series.iterdir())]
    corners = np.array([s.ImagePositionPatient for s in slices], float)
    steps = np.diff(corners, axis=0)
    assert np.allclose(steps, steps[0], atol=1e-4)
    assert np.isclose(np.linalg.norm(steps[0]), float(slices[0].SliceThickness), atol=1e-4)
    assert len({s.SOPInstanceUID for s in slices}) == len(slices)
    volume = np.stack([s.pixel_array for s in slices]).astype(float)
    spacing = np.array([slices[0].SliceThickness, *slices[0].PixelSpacing], float)
    head = volume > (150 if series.name == "MR" else 1024 - 300)
    extent = [np.ptp(np.flatnonzero(head.any(axis=tuple({0, 1, 2} - {a})))) for a in range(3)]
    millimetres = np.array(extent) * spacing
    sideways, deep, high = millimetres[[0, 2, 1] if series.name == "MR" else [2, 1, 0]]
    assert 175 < sideways < 200  # ears included
    assert 200 < deep < 230  # nose included
    assert high > 230  # vertex to neck


def test_a_dicom_validator_finds_no_error(series: Path) -> None:
    validator = shutil.which("dciodvfy")
    if validator is None:
        pytest.skip("dciodvfy (Debian: dicom3tools) is not installed")
    file = sorted(series.iterdir())[20]
    said = subprocess.run([validator, "-new", str(file)], capture_output=True, text=True).stderr
    assert "Error" not in said
    assert "Image" in said  # it did recognise the object


def test_the_brain_is_human_sized_and_has_tissue_contrast() -> None:
    head = make_head(size=(65, 88, 80))
    spacing = np.linalg.norm(head.ijk_to_ras[:3, :3], axis=0)[::-1]
    assert 1200 < head.brain.sum() * spacing.prod() / 1000 < 1650  # mL
    extent = [np.ptp(np.flatnonzero(head.brain.any(axis=tuple({0, 1, 2} - {a})))) for a in range(3)]
    wide, _, long = np.array(extent) * spacing
    assert 125 < wide < 142
    assert 150 < long < 172
    inside = head.stored[head.brain].astype(float)
    counts, _ = np.histogram(inside, bins=np.arange(0, 900, 75))
    grey, white = counts[4:6].sum(), counts[7:9].sum()
    assert grey > 0.15 * inside.size
    assert white > 0.15 * inside.size


def test_same_seed_same_bytes_other_seed_other_person(tmp_path: Path) -> None:
    first = write_head_series(tmp_path / "a", size=(20, 24, 24), seed=5)
    again = write_head_series(tmp_path / "b", size=(20, 24, 24), seed=5)
    other = write_head_series(tmp_path / "c", size=(20, 24, 24), seed=6)
    for file in first.iterdir():
        assert file.read_bytes() == (again / file.name).read_bytes()
    uids = [pydicom.dcmread(f / "IM00001.dcm").StudyInstanceUID for f in (first, other)]
    assert uids[0] != uids[1]
    assert not np.array_equal(
        make_head(size="small", seed=5).stored, make_head(size="small", seed=6).stored
    )


def test_a_head_without_a_face_differs_only_in_front_of_the_brain() -> None:
    whole, bare = make_head(size="small"), make_head(size="small", face=False)
    changed = np.abs(whole.stored.astype(float) - bare.stored) > 150
    assert changed.sum() > 2000
    # At 3.2 mm a scanner's blur carries a little of the skull base over the brain's border.
    assert (changed & whole.brain).sum() < 0.002 * whole.brain.sum()


def test_wrong_wishes_are_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="MR or CT"):
        make_head(modality="US")
    with pytest.raises(InputError, match="small, standard, fine"):
        make_head(size="huge")
    with pytest.raises(InputError, match="from 8 to 1024"):
        make_head(size=(1, 2, 3))
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="cannot make"):
        write_head_series(tmp_path / "file" / "sub", size="small")
