"""Qt objects behave as PythonQt's do in Slicer."""

from __future__ import annotations

from typing import Any

import pytest


def test_a_meta_property_is_a_value_and_a_setter_stays_a_call(slicer: Any) -> None:
    import qt

    button = qt.QPushButton("Apply")
    assert button.text == "Apply"
    button.text = "Cancel"
    assert button.text == "Cancel"
    button.setText("Apply")
    assert (button.text, button.enabled, button.checked) == ("Apply", True, False)
    button.checkable = True
    button.checked = True
    assert button.isChecked()
    with pytest.raises(TypeError):
        button.text()


def test_the_name_of_an_object_is_name(slicer: Any) -> None:
    import qt

    label = qt.QLabel()
    label.name = "status"
    assert (label.name, label.objectName) == ("status", "status")


def test_a_subclass_in_python_keeps_what_it_overrides(slicer: Any) -> None:
    import qt

    class Wide(qt.QPushButton):
        def sizeHint(self) -> Any:
            return qt.QSize(345, 20)

    holder = qt.QWidget()
    row = qt.QHBoxLayout(holder)
    row.addWidget(Wide())
    assert holder.sizeHint.width() > 345


def test_cpp_objects_take_no_new_attributes_but_python_subclasses_do(slicer: Any) -> None:
    import ctk
    import qt

    for widget in (qt.QPushButton(), ctk.ctkPathLineEdit(), slicer.qMRMLNodeComboBox()):
        with pytest.raises(AttributeError, match="no new attributes"):
            widget.caseId = 3

    class Row(qt.QWidget):
        pass

    row = Row()
    row.caseId = 3
    assert row.caseId == 3


def test_signals_connect_by_their_signature(slicer: Any) -> None:
    import qt

    box, heard = qt.QCheckBox(), []
    box.connect("toggled(bool)", heard.append)
    box.connect("clicked()", lambda: heard.append("clicked"))
    box.click()
    assert heard == [True, "clicked"]
    assert box.disconnect("toggled(bool)", heard.append)
    box.click()
    assert heard == [True, "clicked", "clicked"]


def test_a_function_gets_no_more_than_it_takes(slicer: Any) -> None:
    import qt

    button, heard = qt.QPushButton(), []
    button.connect("clicked(bool)", lambda: heard.append("nothing"))
    button.clicked.connect(lambda: heard.append("nothing"))
    button.click()
    assert heard == ["nothing", "nothing"]


def test_a_misspelt_signal_is_an_error(slicer: Any) -> None:
    import qt

    with pytest.raises(ValueError, match="has no signal cliked"):
        qt.QPushButton().connect("cliked()", print)


def test_file_dialogs_answer_with_a_path_alone(slicer: Any) -> None:
    import qt
    from Testing import standin

    standin.dialogs.will_answer("getSaveFileName", "/somewhere/report.html")
    assert qt.QFileDialog.getSaveFileName(None, "Save") == "/somewhere/report.html"
    assert qt.QFileDialog.getExistingDirectory() == ""  # cancelled unless the test says else


def test_what_a_slot_raises_is_recorded(slicer: Any, capsys: pytest.CaptureFixture[str]) -> None:
    import qt
    from Testing import standin

    button = qt.QPushButton()
    button.connect("clicked()", lambda: 1 / 0)
    button.click()
    assert [type(error) for error in standin.slot_errors] == [ZeroDivisionError]
    standin.slot_errors.clear()
    assert "ZeroDivisionError" in capsys.readouterr().err
