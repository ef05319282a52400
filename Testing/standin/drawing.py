"""A view's picture: an off-screen render window shown in a label.

A view draws when it is told to (``forceRender``) or when :func:`standin.screenshot` is taken, never
by itself: software OpenGL needs a second for a volume, a graphics card does not, and what a test
measures must not be the stand-in's drawing. ``needs_render`` says that something changed since.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import vtk
from Clinic2CloudLib.errors import OutputError
from Clinic2CloudLib.preview.opengl import off_screen_window
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from .observing import Weakly
from .pythonqt import native


@native
class DrawnView(QLabel):
    """The picture of an off-screen render window; the base of both kinds of view."""

    resized = Signal(QSize)

    def __init__(self, parent: QWidget | None, factory: Any) -> None:
        super().__init__(parent)
        self._factory = factory
        self._node: Any = None
        self._group: Any = None
        self._dirty = True
        self._renderer = vtk.vtkRenderer()
        try:
            self._window = off_screen_window()
            self._can_draw = True
        except OutputError:  # VTK would end the process when it draws into such a window
            self._window = vtk.vtkRenderWindow()
            self._can_draw = False
        self._window.SetMultiSamples(0)
        self._window.AddRenderer(self._renderer)
        self._interactor = vtk.vtkGenericRenderWindowInteractor()
        self._interactor.SetRenderWindow(self._window)
        self.setMinimumSize(QSize(120, 120))
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setStyleSheet("background: #22262e; color: #9aa3b2;")
        self.setText("not drawn yet")

    @property
    def needs_render(self) -> bool:
        """Tell whether something changed since the last picture (the stand-in's own)."""
        return self._dirty

    def _show_node(self, node: Any) -> None:
        if node is self._node:
            return
        self._node = node
        if self._group is None and node is not None:
            self._group = self._factory.InstantiateDisplayableManagers(self._renderer)
            self._group.AddObserver("UpdateEvent", Weakly(self.scheduleRender))
        if self._group is not None:
            self._group.SetMRMLDisplayableNode(node)
        self._dirty = True

    def scheduleRender(self) -> None:
        """Ask for a new picture before long; here: when one is next wanted."""
        self._dirty = True

    def forceRender(self) -> None:
        """Draw now."""
        if self._node is None or not self._can_draw:
            return
        width, height = max(self.width, 64), max(self.height, 64)
        self._window.SetSize(width, height)
        self._prepare(width, height)
        self._window.Render()
        grab = vtk.vtkWindowToImageFilter()
        grab.SetInput(self._window)
        grab.ReadFrontBufferOff()
        grab.SetInputBufferTypeToRGB()
        grab.Update()
        self.setPixmap(_pixmap(grab.GetOutput()))
        self._dirty = False

    def _prepare(self, width: int, height: int) -> None:
        """Do what a kind of view needs before it draws."""

    def renderWindow(self) -> Any:
        """Return the vtkRenderWindow."""
        return self._window

    def interactor(self) -> Any:
        """Return the interactor; it has no events of its own here."""
        return self._interactor

    def firstRenderer(self) -> Any:
        """Return the renderer."""
        return self._renderer

    def displayableManagerByClassName(self, name: str) -> Any:
        """Return a displayable manager."""
        return self._group.GetDisplayableManagerByClassName(name) if self._group else None

    def resizeEvent(self, event: Any) -> None:
        """Ask for a picture of the new size."""
        super().resizeEvent(event)
        self._dirty = True


def with_bar(widget: QWidget, view: QWidget) -> QLabel:
    layout = QVBoxLayout(widget)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    bar = QLabel(widget)
    bar.setFixedHeight(18)
    layout.addWidget(bar)
    layout.addWidget(view, 1)
    return bar


def label_bar(bar: QLabel, node: Any, colour: Sequence[float]) -> None:
    if node is not None:
        red, green, blue = (round(255 * part) for part in colour)
        bar.setText(node.GetLayoutLabel() or node.GetLayoutName())
        bar.setStyleSheet(f"background: rgb({red},{green},{blue}); color: black; padding-left: 6px")


def _pixmap(image: Any) -> QPixmap:
    """Turn RGB vtkImageData, whose rows go up, into a pixmap."""
    from vtkmodules.util.numpy_support import vtk_to_numpy

    width, height, _ = image.GetDimensions()
    rows = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(height, width, 3)[::-1]
    data = rows.tobytes()
    return QPixmap.fromImage(
        QImage(data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
    )
