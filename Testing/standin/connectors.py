"""What widgets a parameter node's fields can be bound to, as strict as Slicer's connectors.

Slicer compares a widget's exact type and the field's type; a pair it does not know is an error when
the GUI is connected. Two surprises are kept: a combo box is emptied and refilled from the field's
``Choice`` (or the enum's labels), and a slider must have a range.
"""

from __future__ import annotations

import enum
import pathlib
from collections.abc import Callable
from typing import Any

from PySide6 import QtWidgets

from .ctkwidgets import ctkDirectoryButton, ctkPathLineEdit, ctkSliderWidget
from .qmrmlwidgets import qMRMLNodeComboBox


class Connector:
    """A widget's value: how to read it, how to write it, what tells of a change."""

    def __init__(self, signal: Any, read: Callable[[], Any], write: Callable[[Any], None]) -> None:
        self._signal = signal
        self.read = read
        self.write = write
        self._called: Any = None

    def listen(self, callback: Callable[[], None] | None) -> None:
        """Call back at each change; None ends it."""
        if self._called is not None:
            self._signal.disconnect(self._called)
            self._called = None
        if callback is not None:
            self._called = lambda *_: callback()
            self._signal.connect(self._called)


def connector_for(widget: Any, parameter: Any) -> Connector:
    """Return the connector of a widget to a field.

    Raises
    ------
    RuntimeError
        When Slicer has none for this pair.
    """
    kind, exact = parameter.kind, type(widget)
    is_class = isinstance(kind, type)
    if kind is bool and exact in (QtWidgets.QCheckBox, QtWidgets.QPushButton):
        if exact is QtWidgets.QPushButton:
            widget.setCheckable(True)
        return Connector(widget.toggled, lambda: widget.checked, widget.setChecked)
    if kind is int and exact in (QtWidgets.QSlider, QtWidgets.QSpinBox):
        _set_range(widget, parameter, -(2**31), 2**31 - 1, exact is QtWidgets.QSlider)
        return Connector(widget.valueChanged, lambda: widget.value, widget.setValue)
    if kind is float and exact in (QtWidgets.QDoubleSpinBox, ctkSliderWidget):
        _set_range(widget, parameter, -1e300, 1e300, exact is ctkSliderWidget)
        return Connector(widget.valueChanged, lambda: widget.value, widget.setValue)
    if exact is QtWidgets.QComboBox and is_class and issubclass(kind, enum.Enum):
        label = getattr(kind, "label", lambda member: member.name)
        return _combo(widget, list(kind), [label(member) for member in kind])
    if exact is QtWidgets.QComboBox and kind in (int, float, str, bool):
        choices = [v.choices for v in parameter.validators if hasattr(v, "choices")]
        if not choices:
            raise RuntimeError("ComboBoxToStringableConnector requires the Choice annotation")
        return _combo(widget, list(choices[0]), [str(c) for c in choices[0]])
    if kind is str and exact is QtWidgets.QLineEdit:
        return Connector(widget.textChanged, lambda: widget.text, _if_other(widget, "text"))
    if kind is str and exact is QtWidgets.QTextEdit:
        return Connector(widget.textChanged, widget.toPlainText, _if_other(widget, "plainText"))
    if is_class and issubclass(kind, pathlib.PurePath) and exact is ctkPathLineEdit:
        return Connector(
            widget.currentPathChanged,
            lambda: kind(widget.currentPath),
            lambda v: _if_other(widget, "currentPath")(str(v)),
        )
    if is_class and issubclass(kind, pathlib.PurePath) and exact is ctkDirectoryButton:
        return Connector(
            widget.directoryChanged,
            lambda: kind(widget.directory),
            lambda v: widget.setDirectory(str(v)),
        )
    if parameter.is_node and exact is qMRMLNodeComboBox:
        widget.nodeTypes = [kind.__name__]
        return Connector(widget.currentNodeChanged, widget.currentNode, widget.setCurrentNode)
    raise RuntimeError(
        f"Unable to create GUI connector from datatype '{kind}' to widget type '{exact.__name__}'"
    )


def _if_other(widget: Any, name: str) -> Callable[[Any], None]:
    """Write only what differs: writing moves a text cursor."""

    def write(value: Any) -> None:
        if getattr(widget, name) != value:
            setattr(widget, name, value)

    return write


def _combo(widget: Any, values: list[Any], labels: list[str]) -> Connector:
    widget.clear()
    widget.addItems(labels)

    def write(value: Any) -> None:
        if value not in values:
            raise ValueError(f"Unable to find value {value} in choices {values}")
        widget.setCurrentIndex(values.index(value))

    return Connector(widget.currentIndexChanged, lambda: values[widget.currentIndex], write)


def _set_range(widget: Any, parameter: Any, low: Any, high: Any, must: bool) -> None:
    lows = [v.minimum for v in parameter.validators if hasattr(v, "minimum")]
    highs = [v.maximum for v in parameter.validators if hasattr(v, "maximum")]
    if must and not (lows and highs):
        raise RuntimeError(f"Cannot have a connection to {type(widget).__name__} without a range")
    for annotation in parameter.annotations:
        name = {"Decimals": "decimals", "SingleStep": "singleStep"}.get(type(annotation).__name__)
        if name is not None:
            setattr(widget, name, annotation.value)
    widget.minimum = lows[0] if lows else low
    widget.maximum = highs[0] if highs else high
