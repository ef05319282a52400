"""The look at single images: every image before and after, painted boxes marked, memory bounded."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pydicom
import pytest

from Clinic2CloudLib.cases.case import Case
from Clinic2CloudLib.errors import Cancelled
from Clinic2CloudLib.steps import compare_pictures
from Clinic2CloudLib.steps.compare import compare
from Clinic2CloudLib.steps.deidentify import deidentify
from Clinic2CloudLib.steps.site import open_site
from Testing.singleimages import find_bright, write_ultrasound


@pytest.fixture(scope="module")
def ultrasound(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Case, Path]:
    """The source, its case, and the home with key and crosswalk."""
    folder = tmp_path_factory.mktemp("us")
    source = write_ultrasound(folder / "source")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLINIC2CLOUD_HOME", str(folder / "home"))
        patch.setattr("Clinic2CloudLib.steps.texts.find_text", find_bright)
        made = deidentify(source, folder / "cases", open_site(folder / "cases"))
    assert not made.set_aside
    case = made.series[0].case
    assert case is not None
    return source, case, folder / "home"


@pytest.fixture
def seen(
    ultrasound: tuple[Path, Case, Path], monkeypatch: pytest.MonkeyPatch
) -> compare_pictures.Pictures:
    source, case, home = ultrasound
    monkeypatch.setenv("CLINIC2CLOUD_HOME", str(home))
    found = compare(case.folder, source)
    assert found.after is None
    assert found.missing == ""
    assert found.pictures is not None
    return found.pictures


def test_every_image_is_there_before_and_after(
    ultrasound: tuple[Path, Case, Path], seen: compare_pictures.Pictures
) -> None:
    assert len(seen.shown) == 10
    assert seen.after.shape == seen.before.shape == (10, 260, 360, 3)
    assert (seen.missing, seen.undrawn, seen.left_out, seen.step) == (0, 0, 0, 1)
    cine = next(n for n, picture in enumerate(seen.shown) if picture.frames == 9)
    original = pydicom.dcmread(ultrasound[0] / "IM1.dcm").pixel_array
    assert np.array_equal(seen.before[cine], original[0])
    still = next(n for n, picture in enumerate(seen.shown) if picture.frames == 1)
    assert np.array_equal(seen.before[still], seen.after[still])
    assert not seen.after[still, :30].any()  # the smaller one lies in the middle
    assert seen.after[still, 30:230, 60:300].any()


def test_boxes_are_in_the_record_and_marked_in_the_pictures(
    ultrasound: tuple[Path, Case, Path], seen: compare_pictures.Pictures
) -> None:
    record = json.loads((ultrasound[1].folder / "case.json").read_text())
    (place,) = record["text"]["places"]
    assert sum(len(p["boxes"]) for p in record["text"]["places"]) == record["text"]["boxes"]
    for number, picture in enumerate(seen.shown):
        assert bool(picture.boxes) == (picture.file == place["file"])
        assert seen.changed[number].any() == bool(picture.boxes)
        differs = (seen.before[number] != seen.after[number]).any(axis=-1)
        assert not (differs & ~seen.changed[number]).any()
        for top, left, bottom, right in picture.boxes:
            assert seen.changed[number, top:bottom, left:right].all()
            assert np.ptp(seen.after[number, top:bottom, left:right]) == 0
    page = (ultrasound[1].folder / "report.html").read_text()
    top, left, bottom, right = place["boxes"][0]
    assert f"{top + 1} to {bottom}" in page
    assert f"{left + 1} to {right}" in page


def test_without_the_original_only_the_case_is_drawn(
    ultrasound: tuple[Path, Case, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, case, home = ultrasound
    monkeypatch.setenv("CLINIC2CLOUD_HOME", str(home))
    found = compare(case.folder, None)
    assert "not known here" in found.missing
    assert found.pictures is not None
    assert found.pictures.missing == len(found.pictures.shown) == 10
    assert found.pictures.after.any()
    assert not found.pictures.before.any()


def test_a_stack_too_large_leaves_out_frames_but_no_image(
    ultrasound: tuple[Path, Case, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    source, case, home = ultrasound
    monkeypatch.setenv("CLINIC2CLOUD_HOME", str(home))
    monkeypatch.setattr(compare_pictures, "LARGEST", 260 * 360 * 7 * 5)
    found = compare(case.folder, source).pictures
    assert found is not None
    assert [p.frame for p in found.shown if p.frames == 9] == [0, 3, 5, 8]
    assert len({picture.file for picture in found.shown}) == 2
    assert found.left_out == 5
    monkeypatch.setattr(compare_pictures, "LARGEST", 260 * 360 * 7)
    found = compare(case.folder, source).pictures
    assert found is not None
    assert [p.frame for p in found.shown if p.frames == 9] == [0, 4, 8]
    assert found.step == 2
    assert found.after.shape == (4, 130, 180, 3)
    for number, picture in enumerate(found.shown):
        assert found.changed[number].any() == bool(picture.boxes)


def test_cancelling_ends_the_look(
    ultrasound: tuple[Path, Case, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    source, case, home = ultrasound
    monkeypatch.setenv("CLINIC2CLOUD_HOME", str(home))

    def stop(fraction: float, message: str) -> None:
        if "image 2" in message:
            raise Cancelled("cancelled")

    with pytest.raises(Cancelled):
        compare(case.folder, source, progress=stop)


def test_values_beyond_eight_bits_are_stretched() -> None:
    assert compare_pictures._window(np.array([[0.0, 4000.0], [100.0, 200.0]]))[1] > 255
    flat = compare_pictures._window(np.full((4, 4), 7.0))
    assert flat[0] == 7.0 < flat[1]
