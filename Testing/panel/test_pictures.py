"""Cases without a volume are looked at image by image before they may leave."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import run_panel

from Clinic2CloudLib.cases.case import load_case
from Testing.singleimages import find_bright, write_ultrasound


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """An ultrasound series, the home and the folder of cases after it was de-identified once."""
    from Clinic2CloudLib.steps.check import check_case
    from Clinic2CloudLib.steps.deidentify import deidentify
    from Clinic2CloudLib.steps.site import open_site

    folder = tmp_path_factory.mktemp("ultrasound")
    source, cases = write_ultrasound(folder / "source"), folder / "cases"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLINIC2CLOUD_HOME", str(folder / "home"))
        patch.setattr("Clinic2CloudLib.steps.texts.find_text", find_bright)
        result = deidentify(source, cases, open_site(cases))
        assert result.series[0].case is not None
        check_case(result.series[0].case.folder)
    return source, folder / "home", cases


@pytest.fixture
def looking(
    stand_in: None, made: tuple[Path, Path, Path], tmp_path: Path, own_home: Path
) -> Iterator[Any]:
    """The panel with the ultrasound case shown."""
    import shutil

    shutil.copytree(made[1], own_home, dirs_exist_ok=True)
    shutil.copytree(made[2], tmp_path / "cases")
    running = run_panel(tmp_path, made[0])
    driver = next(running)
    (folder,) = driver.cases.iterdir()
    driver.panel.review.present(folder)
    driver.until(lambda: driver.panel.review.shown)
    yield driver
    yield from running


def offsets(driver: Any) -> list[float]:
    from Clinic2CloudWidgets.pictures import AFTER, BEFORE
    from Clinic2CloudWidgets.views import sliceNodes

    return [sliceNodes(tag)[0].GetSliceOffset() for tag in (BEFORE, AFTER)]


def test_approve_needs_a_look_at_every_image(looking: Any) -> None:
    ui = looking.ui
    assert ui.pictureWidget.isVisibleTo(ui.pictureWidget.parentWidget())
    assert not ui.angleWidget.isVisibleTo(ui.angleWidget.parentWidget())
    assert not ui.approveButton.enabled
    assert "3 are left" in ui.approveButton.toolTip
    assert "outlined" in ui.viewStatus.text
    assert "painted over, 1 box" in ui.factsBrowser.plainText
    # Which of the two images is the first depends on the key, and so does the name.
    assert re.search(r"painted over in 0000[12]\.dcm: rows", ui.factsBrowser.plainText)
    labels = [ui.pictureLabel.text]
    while ui.nextPictureButton.enabled:
        assert not ui.approveButton.enabled
        ui.nextPictureButton.click()
        labels.append(ui.pictureLabel.text)
        assert offsets(looking) == [ui.pictureSlider.value] * 2
    assert len(labels) == 4
    assert sum("frame" in text for text in labels) == 3  # first, middle and last of the cine
    assert sum("1 painted over" in text for text in labels) == 3
    assert labels[-1].endswith("✓")
    assert ui.approveButton.enabled
    looking.picture("3-review-pictures")
    ui.approveButton.click()
    looking.until(lambda: load_case(next(looking.cases.iterdir())).state == "approved")


def test_scrolling_in_a_view_counts_and_takes_the_other_along(looking: Any) -> None:
    from Clinic2CloudWidgets.pictures import AFTER
    from Clinic2CloudWidgets.views import sliceNodes

    look = looking.panel.review.pictures
    sliceNodes(AFTER)[0].SetSliceOffset(7)
    assert look.at == 7
    assert looking.ui.pictureSlider.value == 7
    assert look.seen == {0, 7}
    assert offsets(looking) == [7, 7]
    looking.ui.pictureSlider.setValue(2)
    assert offsets(looking) == [2, 2]
    looking.ui.previousPictureButton.click()
    # The cine's first frame: behind the single image where the key put that one first.
    assert look.at == (1 if look._pictures[0]["frames"] == 1 else 0)


def test_the_views_show_before_and_after_with_the_box_outlined(looking: Any) -> None:
    from Clinic2CloudWidgets import scene
    from Clinic2CloudWidgets.pictures import AFTER, BEFORE

    from Testing import standin

    manager = looking.slicer.app.layoutManager()
    manager.viewport().resize(1000, 420)
    look = looking.panel.review.pictures
    look.go(next(n for n, picture in enumerate(look._pictures) if picture["boxes"]))
    looking.picture("3-views-pictures", manager.viewport())
    standin.screenshot(manager.viewport())
    drawn = {}
    for tag in (BEFORE, AFTER):
        image = manager.sliceWidget(tag).sliceView().grab().toImage()
        image = image.convertToFormat(image.Format.Format_RGB888)
        rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
        drawn[tag] = rows[:, : 3 * image.width()].reshape(image.height(), -1, 3).astype(int)
    orange = {tag: (pixels[..., 0] - pixels[..., 2] > 100).sum() for tag, pixels in drawn.items()}
    assert min(orange.values()) > 100, "the box is not outlined"
    bright = {tag: (pixels.min(axis=-1) > 225).sum() for tag, pixels in drawn.items()}
    assert bright[BEFORE] > 50, "the name is not shown before"
    assert bright[AFTER] == 0, "something of the name is shown after"
    name = load_case(next(looking.cases.iterdir())).id
    assert scene.ownNodes(name, "before")[0].GetClassName() == "vtkMRMLVectorVolumeNode"
    assert {node.GetSaveWithScene() for node in scene.ownNodes(name)} == {0}


def test_a_deleted_image_voids_the_look_and_closing_gives_the_layout_back(looking: Any) -> None:
    from Clinic2CloudWidgets import layout, scene

    look = looking.panel.review.pictures
    manager = looking.slicer.app.layoutManager()
    assert manager.layout == layout.PICTURES
    (node,) = scene.ownNodes(looking.panel.review.case.id, "after")
    looking.slicer.mrmlScene.RemoveNode(node)
    looking.until(lambda: "was deleted" in looking.ui.viewStatus.text)
    assert not look.active
    assert not looking.ui.approveButton.enabled
    looking.panel.review.views.close()
    assert manager.layout not in (layout.PICTURES, layout.VOLUMES)


def test_without_the_original_the_images_are_still_looked_at(looking: Any) -> None:
    looking.panel.source = None
    looking.panel.review._showChosen()
    looking.until(lambda: looking.panel.review.shown)
    assert "Only the de-identified images" in looking.ui.viewStatus.text
    assert "are left" in looking.panel.review.lacking()


def test_of_a_cine_the_first_middle_and_last_frame_have_to_be_seen(looking: Any) -> None:
    from Clinic2CloudWidgets.look import wantedOf

    assert wantedOf([{"file": "a"}] * 7 + [{"file": "b"}] + [{"file": "c"}] * 2) == [
        0,
        3,
        6,
        7,
        8,
        9,
    ]
