"""The look and the decision: what must be seen and said before a case may leave."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from Clinic2CloudLib.cases.case import load_case, require_approved, save_case
from Clinic2CloudLib.errors import NotApprovedError


def choose(driver: Any) -> Path:
    (folder,) = driver.cases.iterdir()
    driver.panel.review.present(folder)
    driver.until(lambda: driver.panel.review.shown)
    return Path(folder)


def test_approve_needs_all_angles_and_a_name(reviewing: Any) -> None:
    ui = reviewing.ui
    folder = choose(reviewing)
    assert not ui.approveButton.enabled
    assert "other angles" in ui.approveButton.toolTip
    for angle in ("left_oblique", "right_oblique", "left_profile"):
        getattr(ui, f"{angle}_Button").click()
        assert not ui.approveButton.enabled
    ui.right_profile_Button.click()
    assert ui.right_profile_Button.text.endswith("✓")
    assert ui.approveButton.enabled
    ui.reviewerEdit.setText("  ")
    assert not ui.approveButton.enabled
    assert "name" in ui.approveButton.toolTip
    ui.reviewerEdit.setText("Dr. Example")
    ui.approveButton.click()
    reviewing.until(lambda: load_case(folder).state == "approved")
    assert require_approved(folder).review["reviewer"] == "Dr. Example"


def test_the_keyboard_does_what_the_buttons_do(reviewing: Any) -> None:
    import qt

    folder = choose(reviewing)
    keys = {s.key.toString(): s for s in reviewing.panel.widget.findChildren(qt.QShortcut)}
    assert set(keys) == {*"12345", "N", ",", ".", "Ctrl+Shift+A", "Ctrl+Shift+R"}
    keys["Ctrl+Shift+A"].activated.emit()
    assert load_case(folder).review is None, "no key gets round the look"
    for number in "12345":
        keys[number].activated.emit()
    assert reviewing.ui.right_profile_Button.text.endswith("✓")
    keys["Ctrl+Shift+A"].activated.emit()
    reviewing.until(lambda: load_case(folder).state == "approved")


def test_reject_takes_a_name_and_a_note(reviewing: Any) -> None:
    ui = reviewing.ui
    folder = choose(reviewing)
    assert not ui.rejectButton.enabled
    ui.noteEdit.setText("the ear is still there")
    assert ui.rejectButton.enabled
    ui.rejectButton.click()
    reviewing.until(lambda: load_case(folder).state == "rejected")
    assert load_case(folder).review["note"] == "the ear is still there"
    with pytest.raises(NotApprovedError):
        require_approved(folder)
    reviewing.idle()
    assert reviewing.panel.send.leaving() == []


def test_doubts_ask_for_a_note_and_findings_forbid_approval(reviewing: Any) -> None:
    ui = reviewing.ui
    (folder,) = reviewing.cases.iterdir()
    case = load_case(folder)
    save_case(dataclasses.replace(case, needs_review=("the face was hard to locate",)))
    reviewing.panel.casesChanged()
    reviewing.panel.review.present(folder)
    reviewing.look()
    assert "hard to locate" in ui.factsBrowser.plainText
    assert not ui.approveButton.enabled
    ui.noteEdit.setText("looked twice")
    assert ui.approveButton.enabled
    finding = {"kind": "leak", "file": "f", "text": "t"}
    found = {"ok": False, "checks": ["one"], "findings": [finding]}
    save_case(dataclasses.replace(case, verification=found))
    reviewing.panel.casesChanged()
    reviewing.panel.review._showChosen()
    reviewing.look()
    ui.noteEdit.setText("looked twice")
    assert not ui.approveButton.enabled
    assert "only be rejected" in ui.approveButton.toolTip
    assert ui.rejectButton.enabled


def test_a_case_that_was_made_anew_has_to_be_seen_anew(reviewing: Any) -> None:
    ui = reviewing.ui
    folder = choose(reviewing)
    reviewing.look()
    assert ui.approveButton.enabled
    save_case(dataclasses.replace(load_case(folder), digest="0" * 64))
    ui.approveButton.click()  # the panel has not noticed yet; the step does
    reviewing.until(lambda: "made anew" in ui.reviewStatus.text)
    assert load_case(folder).review is None
    reviewing.until(lambda: reviewing.panel.review.shown)
    assert not ui.approveButton.enabled


def test_before_and_after_are_seen_alike_and_each_in_its_own_view(reviewing: Any) -> None:
    from Clinic2CloudWidgets import scene, views

    folder = choose(reviewing)
    slicer, name = reviewing.slicer, load_case(folder).id
    shown = {}
    for display in slicer.util.getNodesByClass("vtkMRMLVolumeRenderingDisplayNode"):
        assert display.GetNumberOfViewNodeIDs() == 1
        shown[display.GetNthViewNodeID(0)] = display
    before, after = (shown[views.viewNode(tag).GetID()] for tag in (views.BEFORE, views.AFTER))
    assert before.GetVolumeNode() is scene.ownNodes(name, "before")[0]
    assert after.GetVolumeNode() is scene.ownNodes(name, "after")[0]
    points = [[0.0] * 4, [0.0] * 4]
    looks = [d.GetVolumePropertyNode().GetScalarOpacity() for d in (before, after)]
    assert looks[0].GetSize() == looks[1].GetSize()
    for index in range(looks[0].GetSize()):
        for look, values in zip(looks, points, strict=True):
            look.GetNodeValue(index, values)
        assert points[0] == points[1]
    values = slicer.util.arrayFromVolume(before.GetVolumeNode())
    opaque = np.array([looks[0].GetValue(v) for v in np.percentile(values, [1, 90])])
    assert opaque[0] == 0.0  # air is clear
    assert opaque[1] > 0.8  # tissue of this very image is not


def test_one_camera_for_both(reviewing: Any) -> None:
    from Clinic2CloudWidgets import views

    choose(reviewing)
    before, after = views.cameraNode(views.BEFORE), views.cameraNode(views.AFTER)
    seen = set()
    for angle in views.ANGLES:
        reviewing.panel.review.angles.lookFrom(angle)
        assert before.GetPosition() == after.GetPosition()
        seen.add(tuple(round(v) for v in before.GetPosition()))
    assert len(seen) == len(views.ANGLES)
    after.SetPosition(10.0, 20.0, 30.0)  # a hand on the right view turns the left one
    assert before.GetPosition() == (10.0, 20.0, 30.0)
    before.SetViewUp(0.0, 1.0, 0.0)
    assert after.GetViewUp() == (0.0, 1.0, 0.0)


def test_slices_show_both_sides_with_the_change_outlined(reviewing: Any) -> None:
    from Clinic2CloudWidgets import scene, views

    name = load_case(choose(reviewing)).id
    (changed,) = scene.ownNodes(name, "changed")
    for tag, (side, _) in views.SLICES.items():
        slice_, composite = views.sliceNodes(tag)
        assert composite.GetBackgroundVolumeID() == scene.ownNodes(name, side)[0].GetID()
        assert composite.GetLabelVolumeID() == changed.GetID()
        assert slice_.GetUseLabelOutline()


def test_the_faces_rendering_is_another_after(reviewing: Any) -> None:
    """What the two 3D views draw: the front differs much, the back of the head hardly."""
    from Testing import standin

    choose(reviewing)
    manager = reviewing.slicer.app.layoutManager()
    manager.viewport().resize(700, 500)
    share = {}
    for angle in ("front", "back"):
        reviewing.panel.review.views.lookFrom(angle)
        standin.screenshot(manager.viewport())
        pictures = []
        for tag in ("C2CBefore", "C2CAfter"):
            image = manager.threeDWidget(tag).threeDView().grab().toImage()
            image = image.convertToFormat(image.Format.Format_RGB888)
            rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
            # The middle of the head: the ears, seen from behind as well, are replaced too.
            third = image.width() // 3
            pictures.append(rows[:, 3 * third : 6 * third].astype(int))
        shown = np.abs(pictures[0] - pictures[0][0, 0]).max() > 30
        assert shown, "nothing was drawn"
        share[angle] = float(np.mean(np.abs(pictures[0] - pictures[1]) > 25))
    assert share["front"] > 0.01
    assert share["back"] < share["front"] / 3


def test_a_deleted_volume_voids_what_was_seen(reviewing: Any) -> None:
    from Clinic2CloudWidgets import scene

    folder = choose(reviewing)
    reviewing.look()
    assert reviewing.ui.approveButton.enabled
    (node,) = scene.ownNodes(load_case(folder).id, "after")
    reviewing.slicer.mrmlScene.RemoveNode(node)
    reviewing.until(lambda: "was deleted" in reviewing.ui.viewStatus.text)
    assert not reviewing.ui.approveButton.enabled
    choose(reviewing)
    assert "other angles" in reviewing.panel.review.lacking()


def test_closing_the_scene_keeps_the_cases_and_voids_the_look(reviewing: Any) -> None:
    from Clinic2CloudWidgets import scene

    from Testing import standin

    choose(reviewing)
    reviewing.look()
    standin.close_scene()
    assert not reviewing.ui.approveButton.enabled
    assert scene.ownNodes() == []
    reviewing.panel.parameters.casesFolder = reviewing.cases
    assert reviewing.ui.caseTree.topLevelItemCount == 1
    reviewing.panel.parameters.reviewer = "Dr. Example"
    choose(reviewing)
    reviewing.look()
    assert reviewing.ui.approveButton.enabled


def test_closing_the_scene_while_a_case_is_read(reviewing: Any) -> None:
    from Testing import standin

    (folder,) = reviewing.cases.iterdir()
    reviewing.panel.review.present(folder)
    reviewing.until(lambda: reviewing.panel.review.busy)
    standin.close_scene()
    reviewing.idle()
    assert not reviewing.panel.review.shown


def test_without_the_original_only_the_case_is_shown(reviewing: Any) -> None:
    reviewing.panel.source = None
    choose(reviewing)
    assert "Only the de-identified volume" in reviewing.ui.viewStatus.text


def test_the_originals_do_not_get_into_a_saved_scene(reviewing: Any, tmp_path: Path) -> None:
    from Clinic2CloudWidgets import scene

    choose(reviewing)
    assert {node.GetSaveWithScene() for node in scene.ownNodes()} == {0}
