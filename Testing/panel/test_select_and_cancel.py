"""Choosing series, and stopping at any moment: nothing half-made, no process, a way on."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import MODULE, run_panel
from panelmaker import approved_case, cloud, drop, gone, point_at

from Clinic2CloudLib.cases.case import load_case


@pytest.fixture
def empty(stand_in: None, tmp_path: Path, own_home: Path) -> Iterator[Any]:
    """The panel over a database without images."""
    (tmp_path / "nothing").mkdir()
    yield from run_panel(tmp_path, tmp_path / "nothing")


def test_an_empty_database_says_what_to_do(empty: Any) -> None:
    empty.until(lambda: "holds no series" in empty.ui.selectStatus.text)
    assert "Import images" in empty.ui.selectStatus.text
    assert not empty.ui.applyButton.enabled
    assert empty.ui.applyButton.toolTip == "Tick a series first"


def test_a_database_that_is_not_open(empty: Any) -> None:
    empty.slicer.dicomDatabase.closeDatabase()
    empty.ui.databaseButton.click()
    assert "no DICOM database" in empty.ui.selectStatus.text


def test_the_list_filters_and_says_what_will_be_done(driver: Any) -> None:
    driver.listed()
    (item,) = driver.panel.select.items.values()
    assert "face looked for" in item.text(3)
    assert "policy research" in item.toolTip(3)
    patient = item.parent().parent()
    driver.ui.seriesFilter.setText("no such words")
    driver.until(lambda: patient.isHidden())
    driver.ui.seriesFilter.setText("mprage marenholz")
    driver.until(lambda: not patient.isHidden())


def test_another_policy_plans_anew(driver: Any) -> None:
    driver.listed()
    (item,) = driver.panel.select.items.values()
    driver.ui.policyComboBox.setCurrentIndex(2)
    driver.ui.faceComboBox.setCurrentIndex(4)
    assert driver.panel.parameters.face.value == "off"
    driver.until(lambda: "policy strict" in item.toolTip(3))
    assert "left in place" in item.toolTip(3)


def test_a_folder_that_is_dropped_is_listed(empty: Any, head: Path) -> None:
    empty.panel.select.takeFolder(head)
    empty.listed()
    assert "1 series in head" in empty.ui.selectStatus.text
    assert empty.panel.source == head


def test_a_dropped_path_comes_through_the_list(empty: Any, head: Path) -> None:
    drop(empty, head)
    empty.listed()


def test_many_dropped_files_are_listed_as_the_series_they_make(empty: Any, head: Path) -> None:
    files = sorted(head.iterdir())
    drop(empty, *files)
    empty.listed()
    (item,) = empty.panel.select.items.values()
    assert item.text(2) == str(len(files))


def test_a_volume_of_the_scene_ticks_its_series(driver: Any) -> None:
    from DICOMLib import DICOMUtils

    driver.listed()
    (uid,) = driver.panel.select.items
    (node,) = DICOMUtils.loadSeriesByUID([uid])
    driver.ui.sceneVolumeSelector.setCurrentNodeID(node)
    assert driver.panel.select.selected() == [uid]
    assert driver.panel.parameters.sceneVolume.GetID() == node


def test_a_volume_without_headers_is_told(driver: Any) -> None:
    driver.listed()
    node = driver.slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "drawn")
    driver.ui.sceneVolumeSelector.setCurrentNode(node)
    assert "no headers" in driver.ui.selectStatus.text
    assert driver.panel.select.selected() == []


@pytest.mark.parametrize(
    "moment",
    ["at once", "while it works", pytest.param("while it writes", marks=pytest.mark.slow)],
)
def test_cancel_leaves_no_half_made_case_and_no_process(driver: Any, moment: str) -> None:
    driver.listed()
    ui = driver.ui
    driver.panel.select.tick(next(iter(driver.panel.select.items)))
    ui.applyButton.click()
    worker = driver.panel.deidentify.worker
    row = ui.progressTree.topLevelItem(0)
    if moment == "while it works":
        driver.until(lambda: row.text(1) not in ("", "0 %"))
    elif moment == "while it writes":
        driver.until(lambda: "de-identifying" in row.text(2) or "rendering" in row.text(2))
    ui.applyButton.click()
    assert not ui.applyButton.enabled
    driver.until(lambda: "Cancelled" in ui.deidentifyStatus.text, 15)
    assert gone(worker.pid)
    assert not driver.cases.exists() or list(driver.cases.iterdir()) == []
    assert row.text(2) == "cancelled"
    assert ui.applyButton.text == "De-identify 1 series"
    assert ui.applyButton.enabled


@pytest.mark.slow
def test_a_worker_that_does_not_listen_is_ended_by_force(
    driver: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import signal

    from Clinic2CloudWidgets import process

    monkeypatch.setattr(process, "GRACE_S", 0.3)
    driver.listed()
    driver.panel.select.tick(next(iter(driver.panel.select.items)))
    driver.ui.applyButton.click()
    worker = driver.panel.deidentify.worker
    row = driver.ui.progressTree.topLevelItem(0)
    driver.until(lambda: "de-identifying" in row.text(2))
    assert list(driver.cases.glob(".case-*.part"))
    os.kill(worker.pid, signal.SIGSTOP)
    driver.ui.applyButton.click()
    driver.until(lambda: "Cancelled" in driver.ui.deidentifyStatus.text, 15)
    assert gone(worker.pid)
    assert list(driver.cases.iterdir()) == []


def test_a_folder_of_other_files_is_refused_with_the_way_out(driver: Any) -> None:
    driver.listed()
    driver.cases.mkdir()
    (driver.cases / "thesis.txt").write_text("mine")
    driver.panel.select.tick(next(iter(driver.panel.select.items)))
    driver.ui.applyButton.click()
    driver.until(lambda: "holds other files" in driver.ui.deidentifyStatus.text)
    assert "Choose another folder" in driver.ui.deidentifyStatus.text
    assert (driver.cases / "thesis.txt").exists()


def test_pause_keeps_the_upload_and_resume_after_a_restart_ends_it(
    reviewing: Any, tmp_path: Path
) -> None:
    from Testing import standin

    driver, ui = reviewing, reviewing.ui
    folder = approved_case(driver)
    with cloud(tmp_path / "cloud") as running:
        point_at(driver, running)
        driver.until(lambda: ui.pipelineComboBox.count > 1)
        ui.consentCheckBox.click()
        ui.uploadButton.click()
        worker = driver.panel.send.worker
        driver.until(lambda: load_case(folder).state == "queued" or not worker.running)
        ui.uploadButton.click()
        driver.until(lambda: not worker.running)
        assert gone(worker.pid)
        driver.until(lambda: ui.resumeButton.isVisibleTo(ui.resumeButton.parentWidget()))
        assert "Paused" in ui.sendStatus.text
        assert not ui.uploadButton.enabled  # it waits in the outbox, and is not offered twice
        standin.unload_module("Clinic2Cloud")
        again = standin.load_module(MODULE)
        again.panel.parameters.casesFolder = driver.cases
        again.enter()
        assert standin.run_until(lambda: bool(again.panel.send.waiting), 30)
        assert "were not finished" in again.ui.sendStatus.text
        again.ui.resumeButton.click()
        assert standin.run_until(lambda: "verified" in again.ui.sendStatus.text, 60)
        assert load_case(folder).state == "uploaded"


def test_a_server_that_is_down_is_told_with_the_way_out_and_loses_nothing(
    reviewing: Any, tmp_path: Path
) -> None:
    driver, ui = reviewing, reviewing.ui
    folder = approved_case(driver)
    token = tmp_path / "token"
    token.write_text("secret-token")
    token.chmod(0o600)
    driver.panel.open("send")
    ui.destinationEdit.setText("http://127.0.0.1:9/dicom-web")
    ui.tokenFile.setCurrentPath(str(token))
    driver.until(lambda: "refuses the connection" in ui.serverStatus.text)
    assert "Check the address" in ui.serverStatus.text
    ui.consentCheckBox.click()
    ui.uploadButton.click()
    driver.until(lambda: "refuses the connection" in ui.sendStatus.text)
    driver.until(lambda: driver.panel.send.waiting)
    ui.giveUpButton.click()
    driver.until(lambda: not driver.panel.send.waiting)
    assert load_case(folder).state == "approved"
    settings = driver.slicer.app.settings()
    stored = " ".join(str(settings.value(key)) for key in settings.allKeys())
    assert "127.0.0.1:9" in stored
    assert "secret-token" not in stored


def test_consent_falls_when_what_it_was_given_for_changes(reviewing: Any) -> None:
    driver, ui = reviewing, reviewing.ui
    folder = approved_case(driver)
    ui.destinationEdit.setText("https://one.example/dicom-web")
    assert "go to one.example" in ui.consentCheckBox.text
    ui.consentCheckBox.click()
    assert ui.uploadButton.enabled
    ui.destinationEdit.setText("https://two.example/dicom-web")
    assert not ui.consentCheckBox.checked
    assert not ui.uploadButton.enabled
    ui.consentCheckBox.click()
    other = driver.cases / "case-ffffffffffff"
    shutil.copytree(folder, other)
    driver.panel.casesChanged()
    assert not ui.consentCheckBox.checked
