"""No head passes unsearched because its header misnames it or its slices are cut into pieces."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest

from Clinic2CloudLib.demo.head import write_head_series
from Clinic2CloudLib.dicom.model import Series
from Clinic2CloudLib.dicom.series import find_series
from Clinic2CloudLib.dicom.source import open_source
from Clinic2CloudLib.errors import NotDeidentifiableError
from Clinic2CloudLib.steps.faces import FaceOutcome, remove_faces

KEY = bytes(range(32))


@pytest.fixture(scope="module")
def head(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_head_series(tmp_path_factory.mktemp("source") / "head", size="small")


@pytest.fixture
def altered(head: Path, tmp_path: Path) -> Callable[[Callable[[pydicom.Dataset, int], None]], Path]:
    """Returns a function that copies the head with each of its headers changed."""

    def make(change: Callable[[pydicom.Dataset, int], None]) -> Path:
        folder = tmp_path / "altered"
        folder.mkdir()
        files = sorted(path for path in head.rglob("*") if path.is_file())
        for number, path in enumerate(files):
            dataset = pydicom.dcmread(path)
            change(dataset, number)
            dataset.save_as(folder / f"{number:04d}.dcm")
        return folder

    return make


def searched(folder: Path) -> FaceOutcome:
    with open_source(folder) as source:
        series: Series = find_series(source).series[0]
        return remove_faces(series, "auto", KEY, "2.25.1")


def test_a_head_without_a_modality_is_searched(altered: Callable[..., Path]) -> None:
    def change(dataset: pydicom.Dataset, number: int) -> None:
        dataset.Modality = ""

    outcome = searched(altered(change))
    assert outcome.record is not None
    assert outcome.record["status"] == "found"


def test_one_image_of_another_modality_does_not_hide_the_rest(altered: Callable[..., Path]) -> None:
    def change(dataset: pydicom.Dataset, number: int) -> None:
        dataset.Modality = "PT" if number == 0 else dataset.Modality

    outcome = searched(altered(change))
    assert outcome.record is not None
    assert outcome.record["status"] == "found"


def test_a_volume_of_another_kind_waits_for_a_persons_word(altered: Callable[..., Path]) -> None:
    def change(dataset: pydicom.Dataset, number: int) -> None:
        dataset.Modality = "PT"
        dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.128"
        dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID

    outcome = searched(altered(change))
    assert outcome.record is None
    assert any("this PT was not searched" in reason for reason in outcome.needs_review)


def test_a_head_cut_into_thin_stacks_is_set_aside(altered: Callable[..., Path]) -> None:
    def change(dataset: pydicom.Dataset, number: int) -> None:
        across, down = dataset.PixelSpacing
        wider = 1 + 0.02 * (number // 6)
        dataset.PixelSpacing = [float(across) * wider, float(down) * wider]

    with pytest.raises(NotDeidentifiableError, match="several thin stacks"):
        searched(altered(change))


def test_a_survey_of_three_planes_is_no_head_cut_up(altered: Callable[..., Path]) -> None:
    planes = ([1, 0, 0, 0, 1, 0], [1, 0, 0, 0, 0, -1], [0, 1, 0, 0, 0, -1])

    def change(dataset: pydicom.Dataset, number: int) -> None:
        plane, step = planes[number % 3], 10.0 * (number // 3)
        if number >= 15:
            plane, step = planes[0], 0.0  # the same place again
        dataset.ImageOrientationPatient = plane
        dataset.ImagePositionPatient = [step, step, step]

    folder = altered(change)
    for path in sorted(folder.iterdir())[15:]:
        path.unlink()
    outcome = searched(folder)
    assert not outcome.edits
    assert any("too thin" in sentence for sentence in outcome.not_claimed)
