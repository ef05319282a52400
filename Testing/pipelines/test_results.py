"""Results come back as DICOM that lies exactly on the images and belongs to their study."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from sources import FRAME, STUDY, oblique, write_classic, write_enhanced

from Clinic2CloudLib.errors import InputError
from Clinic2CloudLib.pipelines import read_results
from Clinic2CloudLib.pipelines.brain.clean import Masks
from Clinic2CloudLib.pipelines.brain.measure import segments_of, volumes_of
from Clinic2CloudLib.pipelines.brain.segment import Outcome
from Clinic2CloudLib.pipelines.inputs import Study, read_study
from Clinic2CloudLib.pipelines.results.identity import run_of
from Clinic2CloudLib.pipelines.results.report import make_report
from Clinic2CloudLib.pipelines.results.segmentation import make_segmentation
from Clinic2CloudLib.pipelines.results.writing import write_results

SHAPE = (9, 14, 18)


def images() -> np.ndarray:
    return np.random.default_rng(5).integers(0, 1000, SHAPE).astype(np.uint16)


def outcome(shape: tuple[int, ...]) -> Outcome:
    """Lopsided masks, so that a flip, shift or swap of axes shows."""
    kji = np.indices(shape)
    grey = (kji[0] > 2) & (kji[1] > 4) & (kji[2] < 11) & (kji.sum(0) % 5 > 0)
    white = (kji[0] == 2) & (kji[1] < 6) & (kji[2] > 7)
    csf = (kji[0] == 0) & (kji[1] == 3)
    return Outcome(
        Masks(grey | white, grey | white | csf, csf, grey, white), "MR", ("A remark.", "Warning: x")
    )


def results(study: Study, out: Path, outlines: bool = True, version: str = "1") -> list[Path]:
    found = outcome(study.volume.stored.shape)
    run = run_of("test", version, {"segmentation": outlines}, study.uids)
    segments = segments_of(found)
    seg = make_segmentation(study, segments, run, "Test", 9030) if outlines else None
    report = make_report(
        study, volumes_of(segments, study.volume), found.remarks, seg, run, "Test", 9031
    )
    return list(write_results(out, {"segmentation.dcm": seg, "report.dcm": report}))


def positions(segmentation: Dataset, number: int) -> set[tuple[float, ...]]:
    """Where the voxels of a segment lie (LPS, 0.01 mm), read with nothing but pydicom."""
    shared = segmentation.SharedFunctionalGroupsSequence[0]
    orientation = np.array(shared.PlaneOrientationSequence[0].ImageOrientationPatient, float)
    rows, columns = (float(x) for x in shared.PixelMeasuresSequence[0].PixelSpacing)
    found = set()
    for item, pixels in zip(
        segmentation.PerFrameFunctionalGroupsSequence, segmentation.pixel_array, strict=True
    ):
        if item.SegmentIdentificationSequence[0].ReferencedSegmentNumber != number:
            continue
        origin = np.array(item.PlanePositionSequence[0].ImagePositionPatient, float)
        for j, i in np.argwhere(pixels):
            point = origin + orientation[:3] * columns * i + orientation[3:] * rows * j
            found.add(tuple(np.round(point, 2) + 0.0))
    return found


def expected(mask: np.ndarray, affine: np.ndarray) -> set[tuple[float, ...]]:
    k, j, i = np.nonzero(mask)
    points = (affine @ np.stack([i, j, k, np.ones_like(i)]))[:3].T
    return {tuple(np.round(point, 2) + 0.0) for point in points}


def close(one: set[tuple[float, ...]], other: set[tuple[float, ...]]) -> bool:
    from scipy.spatial import cKDTree

    if len(one) != len(other):
        return False
    distance, nearest = cKDTree(sorted(one)).query(sorted(other))
    return bool(distance.max() < 0.03) and len(set(nearest.tolist())) == len(other)


@pytest.mark.parametrize("kind", ["classic", "enhanced"])
def test_outlines_lie_on_the_voxels_of_an_oblique_volume(kind: str, tmp_path: Path) -> None:
    affine = oblique()
    write = write_classic if kind == "classic" else write_enhanced
    paths = write(tmp_path / "in", images(), affine)
    study = read_study(paths, ("MR",))
    written = results(study, tmp_path / "out")
    segmentation = dcmread(written[0])
    assert segmentation.FrameOfReferenceUID == FRAME
    truth = outcome(study.volume.stored.shape).masks
    for number, mask in enumerate(
        (truth.brain, truth.grey, truth.white, truth.csf, truth.cavity), 1
    ):
        assert mask is not None
        assert mask.any()
        assert close(positions(segmentation, number), expected(mask, study.volume.ijk_to_lps))


def test_highdicom_reads_the_outlines_back_on_the_source_images(tmp_path: Path) -> None:
    from highdicom.seg import segread

    paths = write_classic(tmp_path / "in", images(), oblique())
    study = read_study(paths, ("MR",))
    written = results(study, tmp_path / "out")
    read = segread(written[0])
    order = [study.headers[header].SOPInstanceUID for header, _ in study.frames]
    masks = read.get_pixels_by_source_instance(
        order, segment_numbers=[2], assert_missing_frames_are_empty=True
    )
    assert np.array_equal(masks[..., 0] > 0, outcome(SHAPE).masks.grey)
    assert [s.SegmentedPropertyTypeCodeSequence[0].CodeValue for s in read.SegmentSequence] == [
        "12738006", "389081007", "389080008", "65216001", "128319008",
    ]  # fmt: skip


@pytest.mark.skipif(not shutil.which("dciodvfy"), reason="needs dciodvfy (dicom3tools)")
@pytest.mark.parametrize("kind", ["classic", "enhanced"])
@pytest.mark.parametrize("outlines", [True, False])
def test_dciodvfy_finds_no_error(kind: str, outlines: bool, tmp_path: Path) -> None:
    write = write_classic if kind == "classic" else write_enhanced
    study = read_study(write(tmp_path / "in", images(), oblique()), ("MR",))
    for path in results(study, tmp_path / "out", outlines):
        said = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
        assert "Error" not in said.stdout + said.stderr


def test_results_belong_to_the_study_and_say_they_are_deidentified(tmp_path: Path) -> None:
    study = read_study(write_classic(tmp_path / "in", images(), oblique()), ("MR",))
    for path in results(study, tmp_path / "out"):
        result = dcmread(path)
        assert result.StudyInstanceUID == STUDY
        assert (result.PatientID, str(result.PatientName)) == ("PSEUDO1", "Pseudonym^One")
        assert result.PatientIdentityRemoved == "YES"
        assert [c.CodeValue for c in result.DeidentificationMethodCodeSequence] == ["113100"]
        assert result.ContentDate == "20010203"
        assert result.SeriesInstanceUID not in study.uids


def test_a_repeat_gives_the_same_bytes_whatever_the_order(tmp_path: Path) -> None:
    paths = write_classic(tmp_path / "in", images(), oblique())
    digests = []
    for name, order in (("one", paths), ("two", paths[::-1])):
        written = results(read_study(order, ("MR",)), tmp_path / name)
        digests.append([hashlib.sha256(path.read_bytes()).hexdigest() for path in written])
    assert digests[0] == digests[1]


def test_another_version_or_option_gives_other_instances(tmp_path: Path) -> None:
    study = read_study(write_classic(tmp_path / "in", images(), oblique()), ("MR",))
    uids = {
        dcmread(results(study, tmp_path / f"{n}", *settings)[-1]).SOPInstanceUID
        for n, settings in enumerate([(True, "1"), (False, "1"), (True, "2")])
    }
    assert len(uids) == 3


@pytest.mark.parametrize("outlines", [True, False])
def test_the_report_reads_as_rows(outlines: bool, tmp_path: Path) -> None:
    study = read_study(write_classic(tmp_path / "in", images(), oblique()), ("MR",))
    results(study, tmp_path / "out", outlines)
    rows = read_results(tmp_path / "out")
    masks = outcome(SHAPE).masks
    voxel = 1.5 * 1.25 * 2.0 / 1000
    assert masks.grey is not None
    assert [(row.name, row.unit) for row in rows] == [
        ("Brain", "mL"), ("Grey matter", "mL"), ("White matter", "mL"),
        ("Cerebrospinal fluid", "mL"), ("Intracranial volume", "mL"),
        ("Remark", ""), ("Remark", ""),
    ]  # fmt: skip
    assert float(rows[1].value) == pytest.approx(masks.grey.sum() * voxel, abs=0.06)
    assert [row.value for row in rows[-2:]] == ["A remark.", "Warning: x"]


def test_old_images_without_a_frame_of_reference_get_one(tmp_path: Path) -> None:
    paths = write_classic(tmp_path / "in", images(), oblique())
    for path in paths:
        image = dcmread(path)
        del image.FrameOfReferenceUID
        image.save_as(path)
    written = results(read_study(paths, ("MR",)), tmp_path / "out")
    assert str(dcmread(written[0]).FrameOfReferenceUID).startswith("2.25.")


def test_images_that_are_not_deidentified_are_refused(tmp_path: Path) -> None:
    paths = write_classic(tmp_path / "in", images(), oblique(), deidentified=False)
    with pytest.raises(InputError, match="not marked as de-identified"):
        read_study(paths, ("MR",))


def test_other_modalities_are_refused(tmp_path: Path) -> None:
    paths = write_classic(tmp_path / "in", images(), oblique())
    with pytest.raises(InputError, match="no CT image"):
        read_study(paths, ("CT",))


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read the images"):
        read_study([tmp_path / "gone.dcm"], ("MR", "CT"))
