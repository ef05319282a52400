"""The host loads modules and .ui files, shows views, messages and the DICOM database."""

from __future__ import annotations

import sqlite3
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

SAMPLE_UI = Path(__file__).parent / "sample" / "Resources" / "UI" / "Sample.ui"


def test_a_module_is_loaded_entered_and_cleaned_up(sample: Any, slicer: Any) -> None:
    from Testing import standin

    sample.ui.applyButton.click()
    assert sample.clicks == 1
    assert slicer.modules.sample.title == "Sample"
    assert slicer.util.modulePath("Sample").endswith("Sample.py")
    again = standin.reload_module("Sample")
    assert sample.cleaned
    assert again is slicer.modules.SampleWidget
    again.ui.applyButton.click()
    assert (again.clicks, sample.clicks) == (1, 1)


def test_a_ui_file_is_made_of_the_right_widgets(sample: Any) -> None:
    import ctk
    import qt

    assert type(sample.ui.inputs) is ctk.ctkCollapsibleButton
    assert type(sample.ui.keepAgeBox) is qt.QCheckBox
    assert sample.ui.reviewerEdit.property("SlicerParameterName") == "reviewer"
    assert sample.ui.applyButton.toolTip == "Do it"


def test_the_scene_reaches_the_choosers_through_the_ui_file(sample: Any, slicer: Any) -> None:
    slicer.util.addVolumeFromArray(np.zeros((2, 3, 4), np.int16), name="head")
    assert sample.ui.volumeSelector.nodeCount() == 1


def test_a_collapsed_section_hides_what_is_in_it(sample: Any) -> None:
    heard: list[bool] = []
    sample.ui.folded.connect("contentsCollapsed(bool)", heard.append)
    assert (sample.ui.folded.collapsed, sample.ui.hiddenLabel.visible) == (True, False)
    sample.ui.folded.collapsed = False
    assert sample.ui.hiddenLabel.visible
    sample.ui.folded.click()
    assert not sample.ui.hiddenLabel.visible
    assert heard == [False, True]


def test_an_unknown_widget_in_a_ui_file_is_an_error(slicer: Any, tmp_path: Path) -> None:
    text = SAMPLE_UI.read_text().replace("ctkPathLineEdit", "ctkNoSuchWidget")
    other = tmp_path / "Other.ui"
    other.write_text(text)
    with pytest.raises(RuntimeError, match="no widget ctkNoSuchWidget"):
        slicer.util.loadUI(str(other))


def test_messages_are_recorded_and_questions_answered_as_the_test_says(slicer: Any) -> None:
    from Testing import standin

    with (
        pytest.raises(ValueError, match="bad"),
        slicer.util.tryWithErrorDisplay("It failed.", waitCursor=True),
    ):
        raise ValueError("bad")
    assert standin.dialogs.errors == ["It failed.\n\nbad"]
    assert not slicer.util.confirmOkCancelDisplay("Send?")  # nobody agreed
    standin.dialogs.will_answer("confirm", True)
    assert slicer.util.confirmOkCancelDisplay("Send?")
    assert standin.dialogs.questions == ["Send?", "Send?"]


def test_settings_begin_empty_and_are_not_the_users(slicer: Any) -> None:
    from Testing import standin

    slicer.app.settings().setValue("Clinic2Cloud/Destination", "https://example.org")
    assert slicer.util.settingsValue("Clinic2Cloud/Destination", "") == "https://example.org"
    assert str(Path.home()) not in slicer.app.slicerUserSettingsFilePath
    standin.install()
    assert slicer.util.settingsValue("Clinic2Cloud/Destination", "none") == "none"


def test_a_process_runs_beside_the_event_loop(slicer: Any) -> None:
    from Testing import standin

    lines: list[str] = []
    codes: list[int] = []
    slicer.util.launchConsoleProcess(
        [sys.executable, "-c", "print('one'); print('two'); raise SystemExit(3)"],
        blocking=False,
        logCallback=lines.append,
        completedCallback=codes.append,
    )
    assert standin.run_until(lambda: bool(codes), seconds=20)
    assert (lines, codes) == (["one", "two"], [3])


def test_the_watchdog_finds_what_blocks_and_where(slicer: Any) -> None:
    import qt
    from Testing import standin

    def block_for_long() -> None:
        time.sleep(0.3)

    with standin.Watchdog() as dog:
        qt.QTimer.singleShot(10, block_for_long)
        standin.run_until(lambda: False, seconds=0.6)
    assert 0.25 < dog.longest < 0.45
    assert "block_for_long" in dog.where
    with standin.Watchdog() as calm:
        standin.run_until(lambda: False, seconds=0.3)
    assert calm.longest < 0.1
    assert calm.longest <= calm.longest_wall + 0.001


def test_packages_are_asked_for_and_not_installed(slicer: Any) -> None:
    from Testing import standin

    slicer.packaging.pip_ensure(["numpy>=1.20", "no-such-package>=2", "torch>=2"],
                                skip_packages=["torch"])  # fmt: skip
    slicer.util.pip_install("another-package")
    assert standin.installs.asked == ["no-such-package>=2", "another-package"]
    standin.installs.declined = True
    with pytest.raises(RuntimeError, match="declined"):
        slicer.packaging.pip_ensure(["no-such-package>=2"])


def test_a_database_answers_as_ctks_does(slicer: Any, head: Path, tmp_path: Path) -> None:
    from Testing import standin

    path = standin.make_dicom_database(head, tmp_path / "db")
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT Version FROM SchemaInfo").fetchone() == ("0.8.1",)
    connection.close()
    database = standin.install(database=path).dicomDatabase
    (patient,) = database.patients()
    (study,) = database.studiesForPatient(patient)
    (series,) = database.seriesForStudy(study)
    files = database.filesForSeries(series)
    assert len(files) == len(list(head.iterdir()))
    assert all(Path(file).is_file() for file in files)
    assert database.fieldForSeries("Modality", series) == "MR"
    assert database.fileValue(files[0], "0008,0060") == "MR"
    assert database.fileValue(files[0], "0019,1001") == ""
    assert database.seriesForFile(files[0]) == series
    assert (database.databaseDirectory, database.isOpen) == (str(path.parent), True)


def test_the_library_reads_the_database_that_the_host_makes(head: Path, tmp_path: Path) -> None:
    from Clinic2CloudLib.dicom.series import find_series
    from Clinic2CloudLib.dicom.source import open_source
    from Testing import standin

    if standin.missing():
        pytest.skip(standin.missing())
    for relative in (False, True):
        path = standin.make_dicom_database(head, tmp_path / f"db{relative}", relative=relative)
        with open_source(path) as source:
            (series,) = find_series(source).series
        assert len(series.instances) == len(list(head.iterdir()))


def test_an_unopened_database_answers_with_nothing(slicer: Any) -> None:
    assert slicer.dicomDatabase.patients() == []
    assert slicer.dicomDatabase.filesForSeries("1.2.3") == []
    assert not slicer.dicomDatabase.isOpen


def test_a_volume_is_loaded_with_the_instances_it_came_from(
    slicer: Any, head: Path, tmp_path: Path
) -> None:
    from DICOMLib import DICOMUtils
    from Testing import standin

    standin.install(database=standin.make_dicom_database(head, tmp_path / "db"))
    database = slicer.dicomDatabase
    series = database.seriesForStudy(database.studiesForPatient(database.patients()[0])[0])[0]
    (identifier,) = DICOMUtils.loadSeriesByUID([series])
    node = slicer.mrmlScene.GetNodeByID(identifier)
    uids = node.GetAttribute("DICOM.instanceUIDs").split()
    assert len(uids) == node.GetImageData().GetDimensions()[2] == len(list(head.iterdir()))
    assert database.fileForInstance(uids[0]) in database.filesForSeries(series)
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    assert hierarchy.GetItemLevel(hierarchy.GetItemParent(hierarchy.GetItemByDataNode(node)))


def test_views_show_a_volume_in_the_layout_asked_for(slicer: Any, tmp_path: Path) -> None:
    from Testing import standin

    k, j, i = np.mgrid[-20:20, -20:20, -20:20]
    ball = ((k**2 + j**2 + i**2) < 200).astype(np.int16) * 900
    matrix = np.diag([4.0, 4.0, 4.0, 1.0])
    matrix[:3, 3] = -80
    volume = slicer.util.addVolumeFromArray(ball, matrix, "ball")
    manager = slicer.app.layoutManager()
    node = manager.layoutLogic().GetLayoutNode()
    node.AddLayoutDescription(
        812,
        '<layout type="horizontal"><item><view class="vtkMRMLViewNode" singletontag="X">'
        '<property name="viewlabel" action="default">Before</property></view></item>'
        '<item><view class="vtkMRMLSliceNode" singletontag="Red"/></item></layout>',
    )
    manager.setLayout(812)
    assert (manager.threeDViewCount, manager.sliceViewNames()) == (1, ["Red"])
    logic = slicer.modules.volumerendering.logic()
    display = logic.CreateDefaultVolumeRenderingNodes(volume)
    display.GetVolumePropertyNode().Copy(logic.GetPresetByName("MR-Default"))
    display.SetVisibility(True)
    slicer.util.setSliceViewerLayers(background=volume)
    slicer.util.resetSliceViews()
    manager.viewport().resize(500, 260)
    view = manager.threeDWidget("X").threeDView()
    if not view._can_draw:
        pytest.skip("no OpenGL here: apt-get install libegl1 libgl1-mesa-dri")
    standin.process_events()
    manager.resetThreeDViews()
    standin.screenshot(manager.viewport(), tmp_path / "views.png")
    for drawn in (view, manager.sliceWidget("Red").sliceView()):
        image = drawn.grab().toImage()
        middle = image.pixelColor(image.width() // 2, image.height() // 2)
        corner = image.pixelColor(3, 3)
        far = zip(middle.getRgb(), corner.getRgb(), strict=True)
        assert sum(abs(one - other) for one, other in far) > 100
        assert not drawn.needs_render
    display.SetVisibility(False)
    assert view.needs_render
    red = manager.sliceWidget("Red")
    field = red.mrmlSliceNode().GetFieldOfView()
    red.sliceView().forceRender()
    assert red.mrmlSliceNode().GetFieldOfView() == pytest.approx(field)


def test_without_a_main_window_there_is_no_layout_manager() -> None:
    """Asked in a process of its own: an application is started once."""
    import subprocess

    from Testing import standin

    if standin.missing():
        pytest.skip(standin.missing())
    code = (
        "from Testing import standin; slicer = standin.install(main_window=False);"
        "print(slicer.app.layoutManager(), slicer.app.commandOptions().noMainWindow)"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert done.stdout.split() == ["None", "True"], done.stderr
