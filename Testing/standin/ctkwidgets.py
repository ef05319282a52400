"""The ctk widgets that Slicer's panels are made of: their properties, signals and plain looks."""

from __future__ import annotations

import types
from typing import Any

from PySide6.QtCore import Property, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSlider,
    QWidget,
)

from .ctksections import ctkCollapsibleButton, ctkCollapsibleGroupBox
from .pythonqt import native


@native
class ctkPathLineEdit(QWidget):
    """A line for a path with a browse button; the history is not kept."""

    currentPathChanged = Signal(str)
    validInputChanged = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._filters = 0
        self._name_filters: list[str] = []
        self._setting_key = ""
        self._history: list[str] = []
        self._edit = QLineEdit(self)
        self._browse = QPushButton("...", self)
        self._browse.setMaximumWidth(28)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._edit)
        row.addWidget(self._browse)
        self._edit.textChanged.connect(self.currentPathChanged)
        self._browse.clicked.connect(lambda: self.browse())

    def _path(self) -> str:
        return str(self._edit.text)

    def setCurrentPath(self, path: str) -> None:
        """Put a path on the line."""
        self._edit.setText(str(path))

    def _show_browse(self) -> bool:
        return not self._browse.isHidden()

    def _set_show_browse(self, shown: bool) -> None:
        self._browse.setVisible(shown)

    currentPath = Property(str, _path, setCurrentPath)
    showBrowseButton = Property(bool, _show_browse, _set_show_browse)
    filters = Property(int, lambda s: s._filters, lambda s, v: setattr(s, "_filters", v))
    nameFilters = Property(
        "QStringList", lambda s: s._name_filters, lambda s, v: setattr(s, "_name_filters", v)
    )
    settingKey = Property(str, lambda s: s._setting_key, lambda s, v: setattr(s, "_setting_key", v))

    def browse(self) -> None:
        """Ask for a path as the filters say (the answer is scripted)."""
        import qt

        chosen = qt.QFileDialog.getExistingDirectory(self)
        if chosen:
            self.setCurrentPath(chosen)

    def addCurrentPathToHistory(self) -> None:
        """Remember the path for the life of the widget."""
        self._history.append(self._path())


# PythonQt has the filter flags of ctkPathLineEdit on the class.
for _index, _name in enumerate(("Dirs", "Files", "Drives"), 0):
    setattr(ctkPathLineEdit, _name, 1 << _index)
for _name, _value in {"Readable": 0x10, "Writable": 0x20, "Executable": 0x40}.items():
    setattr(ctkPathLineEdit, _name, _value)


@native
class ctkDirectoryButton(QPushButton):
    """A button that shows a folder and asks for another."""

    directoryChanged = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._directory = ""
        self.clicked.connect(lambda: self.browse())

    def _get_directory(self) -> str:
        return self._directory

    def setDirectory(self, path: str) -> None:
        """Show a folder."""
        if path != self._directory:
            self._directory = str(path)
            self.setText(self._directory)
            self.directoryChanged.emit(self._directory)

    directory = Property(str, _get_directory, setDirectory)

    def browse(self) -> None:
        """Ask for a folder (the answer is scripted)."""
        import qt

        chosen = qt.QFileDialog.getExistingDirectory(self)
        if chosen:
            self.setDirectory(chosen)


@native
class ctkSliderWidget(QWidget):
    """A slider and a spin box with one value of type float."""

    valueChanged = Signal(float)
    STEPS = 1000

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._spin = QDoubleSpinBox(self)
        self._slider = QSlider(Qt.Orientation.Horizontal, self)
        self._slider.setRange(0, self.STEPS)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._slider)
        row.addWidget(self._spin)
        self._spin.valueChanged.connect(self._from_spin)
        self._slider.sliderMoved.connect(self._from_slider)

    def _from_spin(self, value: float) -> None:
        self._place()
        self.valueChanged.emit(value)

    def _from_slider(self, step: int) -> None:
        low, high = self._spin.minimum, self._spin.maximum
        self._spin.setValue(low + (high - low) * step / self.STEPS)

    def _place(self) -> None:
        low, high = self._spin.minimum, self._spin.maximum
        share = (self._spin.value - low) / (high - low) if high > low else 0.0
        self._slider.setValue(round(share * self.STEPS))

    def setValue(self, value: float) -> None:
        """Set the value within the range."""
        self._spin.setValue(value)

    value = Property(float, lambda s: s._spin.value, lambda s, v: s._spin.setValue(v))
    minimum = Property(float, lambda s: s._spin.minimum, lambda s, v: s._spin.setMinimum(v))
    maximum = Property(float, lambda s: s._spin.maximum, lambda s, v: s._spin.setMaximum(v))
    singleStep = Property(
        float, lambda s: s._spin.singleStep, lambda s, v: s._spin.setSingleStep(v)
    )
    decimals = Property(int, lambda s: s._spin.decimals, lambda s, v: s._spin.setDecimals(v))
    suffix = Property(str, lambda s: s._spin.suffix, lambda s, v: s._spin.setSuffix(v))


@native
class ctkComboBox(QComboBox):
    """A combo box that shows a text while nothing is chosen."""

    defaultText = Property(str, lambda s: s.placeholderText, lambda s, v: s.setPlaceholderText(v))


@native
class ctkCheckableComboBox(QComboBox):
    """A combo box of items to tick."""

    checkedIndexesChanged = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model().itemChanged.connect(lambda item: self.checkedIndexesChanged.emit())

    def checkedIndexes(self) -> list[Any]:
        """Return the model indexes that are ticked."""
        every = [self.model().index(row, 0) for row in range(self.count)]
        return [i for i in every if self.checkState(i) == Qt.CheckState.Checked]

    def checkState(self, index: Any) -> Any:
        """Tell whether an index is ticked."""
        item = self.model().itemFromIndex(index)
        return item.checkState() if item.isCheckable() else Qt.CheckState.Unchecked

    def setCheckState(self, index: Any, state: Any) -> None:
        """Tick an index, or not."""
        item = self.model().itemFromIndex(index)
        item.setCheckable(True)
        item.setCheckState(state)


@native
class ctkSearchBox(QLineEdit):
    """A line to search with; it can be cleared."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setClearButtonEnabled(True)
        self._icon = True

    showSearchIcon = Property(bool, lambda s: s._icon, lambda s, v: setattr(s, "_icon", v))


WIDGETS = (
    ctkCollapsibleButton,
    ctkCollapsibleGroupBox,
    ctkPathLineEdit,
    ctkDirectoryButton,
    ctkSliderWidget,
    ctkComboBox,
    ctkCheckableComboBox,
    ctkSearchBox,
)


def make_ctk() -> types.ModuleType:
    """Make the module ``ctk``."""
    module = types.ModuleType("ctk", "Stand-in of the ctk module: only the widgets named in it")
    for widget in WIDGETS:
        setattr(module, widget.__name__, widget)
    return module
