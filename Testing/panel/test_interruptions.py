"""The look and the fetching interrupted: nothing half-made, no process, and a way on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from panelmaker import approved_case, cloud, gone, send_all

from Clinic2CloudLib.cases.case import load_case


def begin_look(driver: Any) -> tuple[Path, int]:
    """Choose the case and wait until the other process reads it."""
    (folder,) = driver.cases.iterdir()
    review = driver.panel.review
    review.present(folder)
    driver.until(lambda: review.worker is not None and review.worker.task == "compare")
    return Path(folder), review.worker.pid


def test_closing_the_scene_ends_the_look(reviewing: Any) -> None:
    folder, pid = begin_look(reviewing)
    reviewing.slicer.mrmlScene.Clear(0)
    reviewing.until(lambda: gone(pid), 15)
    assert not reviewing.panel.review.shown
    assert not reviewing.ui.approveButton.enabled
    assert load_case(folder).state == "verified"
    assert reviewing.slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode") == []
    reviewing.panel.parameters.casesFolder = reviewing.cases  # (a new scene has new parameters)
    reviewing.panel.review.present(folder)
    reviewing.until(lambda: reviewing.panel.review.shown)


def test_a_new_scene_begins_with_what_was_chosen(reviewing: Any) -> None:
    """The folder of cases above all: the next patient's case belongs beside the last one's."""
    from conftest import MODULE

    from Testing import standin

    ui = reviewing.ui
    ui.policyComboBox.setCurrentIndex(2)
    ui.keepAgeCheckBox.setChecked(True)
    ui.reviewerEdit.setText("Dr. Example")
    standin.close_scene()
    chosen = reviewing.panel.parameters
    assert chosen.casesFolder == reviewing.cases
    assert Path(ui.casesFolder.currentPath) == reviewing.cases
    assert ui.caseTree.topLevelItemCount == 1
    assert chosen.policy.value == "strict"
    assert reviewing.panel.policyRequest()["policy"] == "strict"
    assert ui.keepAgeCheckBox.checked
    assert ui.reviewerEdit.text == "Dr. Example"
    # Another session knows the folder; it begins with the default policy and nobody's name.
    standin.unload_module("Clinic2Cloud")
    standin.close_scene()
    again = standin.load_module(MODULE)
    again.enter()
    assert again.panel.parameters.casesFolder == reviewing.cases
    assert again.ui.caseTree.topLevelItemCount == 1
    assert again.panel.parameters.policy.value == "research"
    assert again.ui.reviewerEdit.text == ""


def test_a_scene_that_is_opened_brings_its_own_choices(reviewing: Any, tmp_path: Path) -> None:
    reviewing.ui.faceComboBox.setCurrentIndex(2)
    scene = reviewing.slicer.mrmlScene
    scene.SetURL(str(tmp_path / "scene.mrml"))
    assert scene.Commit()
    reviewing.ui.faceComboBox.setCurrentIndex(0)
    assert scene.Connect()
    assert reviewing.panel.parameters.face.value == "remove"
    assert reviewing.panel.parameters.casesFolder == reviewing.cases


def test_reloading_the_module_during_the_look_leaves_no_process(reviewing: Any) -> None:
    from Testing import standin

    _, pid = begin_look(reviewing)
    standin.reload_module("Clinic2Cloud")
    assert standin.run_until(lambda: gone(pid), 15)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_cancel_while_results_are_fetched_leaves_nothing_half_made(
    reviewing: Any, tmp_path: Path
) -> None:
    from Clinic2CloudWidgets.cases import resultsFolder

    driver, ui = reviewing, reviewing.ui
    folder = approved_case(driver)
    with cloud(tmp_path / "cloud") as running:
        send_all(driver, running)
        jobs = driver.panel.send.server
        driver.until(lambda: jobs.jobs and jobs.jobs[0]["state"] == "done", 300)
        driver.idle()
        ui.loadResultsButton.click()
        assert ui.loadResultsButton.text == "Cancel"
        pid = driver.panel.results.worker.pid
        ui.loadResultsButton.click()
        driver.until(lambda: gone(pid), 15)
        driver.until(lambda: ui.loadResultsButton.text == "Load results")
        assert driver.slicer.util.getNodesByClass("vtkMRMLSegmentationNode") == []
        out = resultsFolder(driver.cases) / folder.name
        cancelled = {p.name for p in out.rglob("*")} if out.exists() else set()
        ui.loadResultsButton.click()
        driver.until(lambda: "in the scene" in ui.resultsStatus.text, 60)
        assert len(driver.slicer.util.getNodesByClass("vtkMRMLSegmentationNode")) == 1
        whole = {p.name for p in out.rglob("*")}
        assert whole, "the results are where this test looks for them"
        assert cancelled <= whole, "a cancelled fetch leaves whole files or none"
