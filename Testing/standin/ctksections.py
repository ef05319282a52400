"""ctk's sections that fold up."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Property, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPolygon
from PySide6.QtWidgets import QAbstractButton, QGroupBox, QWidget

from .pythonqt import native

HEADER = 24


@native
class ctkCollapsibleButton(QAbstractButton):
    """A section with a header; collapsed is the opposite of checked."""

    contentsCollapsed = Signal(bool)

    def __init__(self, text: Any = None, parent: QWidget | None = None) -> None:
        super().__init__(text if isinstance(text, QWidget) else parent)
        if isinstance(text, str):
            self.setText(text)
        self._hidden_here: list[QWidget] = []
        self.setCheckable(True)
        self.setChecked(True)
        self.setContentsMargins(0, HEADER, 0, 0)
        self.toggled.connect(self._follow)

    def _is_collapsed(self) -> bool:
        return not self.isChecked()

    def setCollapsed(self, collapsed: bool) -> None:
        """Fold the section up or open it."""
        self.setChecked(not collapsed)

    collapsed = Property(bool, _is_collapsed, setCollapsed)

    def _follow(self, opened: bool) -> None:
        direct = [c for c in self.children() if isinstance(c, QWidget)]
        if opened:
            for child in self._hidden_here:
                child.show()
            self._hidden_here = []
        else:
            self._hidden_here = [c for c in direct if not c.isHidden()]
            for child in self._hidden_here:
                child.hide()
        self.updateGeometry()
        self.contentsCollapsed.emit(not opened)

    def showEvent(self, event: Any) -> None:
        """Fold up at last what the .ui added after ``collapsed`` was set."""
        super().showEvent(event)
        if not self.isChecked():
            for child in self.children():
                if isinstance(child, QWidget) and not child.isHidden():
                    self._hidden_here.append(child)
                    child.hide()

    def sizeHint(self) -> QSize:
        """Return the header's height, and the contents' when open."""
        width = self.fontMetrics().horizontalAdvance(self.text) + 40
        layout = self.layout()
        if self.isChecked() and layout is not None:
            inner = layout.sizeHint()
            return QSize(max(width, inner.width()), max(HEADER, inner.height()))
        return QSize(width, HEADER)

    def minimumSizeHint(self) -> QSize:
        """Return the least that shows the contents."""
        layout = self.layout()
        if self.isChecked() and layout is not None:
            return QSize(60, max(HEADER, layout.minimumSize().height()))
        return QSize(60, HEADER)

    def hitButton(self, position: QPoint) -> bool:
        """Take clicks on the header alone."""
        return bool(position.y() < HEADER)

    def paintEvent(self, event: Any) -> None:
        """Draw the header and its triangle."""
        painter = QPainter(self)
        head = QRect(0, 0, self.rect.width(), HEADER - 2)
        painter.fillRect(head, self.palette.button().color().darker(112))
        painter.setPen(self.palette.buttonText().color())
        painter.setBrush(self.palette.buttonText())
        if self.isChecked():
            points = [QPoint(6, 8), QPoint(16, 8), QPoint(11, 15)]
        else:
            points = [QPoint(8, 6), QPoint(8, 16), QPoint(15, 11)]
        painter.drawPolygon(QPolygon(points))
        box = QRect(22, 0, self.rect.width() - 24, HEADER - 2)
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, self.text)
        painter.end()


@native
class ctkCollapsibleGroupBox(QGroupBox):
    """A group box that folds up; its contents stay where they are when unfolded again."""

    def __init__(self, title: Any = None, parent: QWidget | None = None) -> None:
        super().__init__(title if isinstance(title, QWidget) else parent)
        if isinstance(title, str):
            self.setTitle(title)
        self.setCheckable(True)
        self.setChecked(True)
        self.toggled.connect(self._follow)

    def _is_collapsed(self) -> bool:
        return not self.isChecked()

    def setCollapsed(self, collapsed: bool) -> None:
        """Fold the box up or open it."""
        self.setChecked(not collapsed)

    collapsed = Property(bool, _is_collapsed, setCollapsed)

    def _follow(self, opened: bool) -> None:
        self.setMaximumHeight(16777215 if opened else HEADER)
