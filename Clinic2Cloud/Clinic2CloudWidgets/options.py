"""The form of a pipeline's options, made from what the server says of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import qt


class OptionsForm:
    """Widgets for bool, int, float, text and choice options."""

    def __init__(self, widget: Any, changed: Callable[[], None]) -> None:
        self._form = widget.layout()
        self._changed = changed
        self._readers: dict[str, Callable[[], str]] = {}

    def show(self, options: list[dict]) -> None:
        """Replace the form."""
        while self._form.rowCount():
            self._form.removeRow(0)
        self._readers = {}
        for option in options:
            self._add(option)

    def values(self) -> dict[str, str]:
        """Return the options as a work item carries them: as text."""
        return {name: read() for name, read in self._readers.items()}

    def _add(self, option: dict) -> None:
        name, kind, default = option["name"], option["kind"], option["default"]
        if kind == "bool":
            widget = qt.QCheckBox()
            widget.setChecked(bool(default))
            widget.connect("toggled(bool)", lambda _v: self._changed())
            self._readers[name] = lambda: "true" if widget.checked else "false"
        elif kind in ("int", "float"):
            widget = qt.QSpinBox() if kind == "int" else qt.QDoubleSpinBox()
            widget.setRange(-1_000_000, 1_000_000)
            widget.setValue(default or 0)
            signal = "valueChanged(int)" if kind == "int" else "valueChanged(double)"
            widget.connect(signal, lambda _v: self._changed())
            self._readers[name] = lambda: str(widget.value)
        elif kind == "choice":
            widget = qt.QComboBox()
            widget.addItems(option["choices"])
            widget.setCurrentText(str(default))
            widget.connect("currentIndexChanged(int)", lambda _v: self._changed())
            self._readers[name] = lambda: widget.currentText
        else:
            widget = qt.QLineEdit(str(default or ""))
            widget.connect("textChanged(QString)", lambda _v: self._changed())
            self._readers[name] = lambda: widget.text
        widget.setObjectName(f"option_{name}")
        widget.setToolTip(option["help"])
        self._form.addRow(f"{name.replace('_', ' ').capitalize()}:", widget)
