"""A typed parameter node lives in the scene and is bound to a panel, as Slicer's wrapper does."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pytest


def test_fields_have_their_defaults_and_are_kept_in_the_scene(sample: Any, slicer: Any) -> None:
    sample.parameters.reviewer = "Dr. Example"
    sample.parameters.workers = 5
    node = slicer.mrmlScene.GetSingletonNode("Sample", "vtkMRMLScriptedModuleNode")
    assert node.GetParameter("reviewer") == "Dr. Example"
    assert (node.GetParameter("workers"), node.GetParameter("keepAge")) == ("5", "True")
    assert node.GetParameter("method") == "SMOOTH"
    again = type(sample.parameters)(node)
    assert (again.reviewer, again.workers, again.keepAge, again.policy) == (
        "Dr. Example", 5, True, "research",
    )  # fmt: skip


def test_what_is_typed_arrives_and_what_is_set_is_shown(sample: Any) -> None:
    sample.ui.reviewerEdit.text = "Dr. Typed"
    sample.ui.keepAgeBox.click()
    sample.ui.workersBox.value = 7
    sample.ui.methodBox.currentIndex = 1
    sample.ui.folderEdit.currentPath = "/cases"
    parameters = sample.parameters
    assert (parameters.reviewer, parameters.keepAge, parameters.workers) == ("Dr. Typed", False, 7)
    assert (parameters.method.name, parameters.folder) == ("REMOVE", Path("/cases"))
    parameters.reviewer, parameters.policy = "Dr. Set", "strict"
    assert (sample.ui.reviewerEdit.text, sample.ui.policyBox.currentText) == ("Dr. Set", "strict")


def test_a_combo_box_shows_the_labels_of_an_enum_and_the_choices(sample: Any) -> None:
    def items(box: Any) -> list[str]:
        return [box.itemText(index) for index in range(box.count)]

    assert items(sample.ui.methodBox) == ["Smooth", "Remove"]
    assert items(sample.ui.policyBox) == ["strict", "research"]


def test_a_node_field_follows_the_chooser_and_the_deletion_of_the_node(
    sample: Any, slicer: Any
) -> None:
    volume = slicer.util.addVolumeFromArray(np.zeros((2, 3, 4), np.int16), name="head")
    assert sample.parameters.volume is None
    sample.ui.volumeSelector.setCurrentNode(volume)
    assert sample.parameters.volume is volume
    slicer.mrmlScene.RemoveNode(volume)
    assert sample.parameters.volume is None
    assert sample.ui.volumeSelector.currentNode() is None


def test_values_that_are_not_allowed_are_refused(sample: Any) -> None:
    with pytest.raises(ValueError, match="within"):
        sample.parameters.workers = 9
    with pytest.raises(ValueError, match="not one of"):
        sample.parameters.policy = "none"
    with pytest.raises(TypeError):
        sample.parameters.keepAge = "yes"
    assert sample.parameters.workers == 2


def test_a_pair_that_slicer_cannot_bind_is_an_error(slicer: Any) -> None:
    import qt
    from slicer.parameterNodeWrapper import parameterNodeWrapper

    @parameterNodeWrapper
    class Fields:
        note: str
        share: Annotated[float, "no range"] = 0.5

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScriptedModuleNode")
    fields = Fields(node)
    with pytest.raises(RuntimeError, match="Choice"):
        fields.connectParametersToGui({"note": qt.QComboBox()})
    with pytest.raises(RuntimeError, match="Unable to create GUI connector"):
        fields.connectParametersToGui({"note": qt.QSpinBox()})
    with pytest.raises(ValueError, match="Cannot find a param"):
        fields.connectParametersToGui({"nope": qt.QLineEdit()})


def test_closing_the_scene_begins_with_defaults(sample: Any) -> None:
    from Testing import standin

    sample.ui.reviewerEdit.text = "Dr. Example"
    standin.close_scene()
    assert (sample.parameters.reviewer, sample.ui.reviewerEdit.text) == ("nobody", "nobody")


def test_a_disconnected_panel_no_longer_writes(sample: Any) -> None:
    sample.parameters.disconnectGui(sample.tag)
    sample.ui.reviewerEdit.text = "Dr. Unheard"
    assert sample.parameters.reviewer == "nobody"
    sample.bind()
