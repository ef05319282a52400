"""3D and slice views: slicer-core's displayable managers drawing into off-screen windows.

A view draws when it is told to (``forceRender``) or when :func:`standin.screenshot` is taken, never
by itself: software OpenGL needs a second for a volume, a graphics card does not, and what a test
measures must not be the stand-in's drawing. ``needs_render`` says that something changed since.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import slicer
import vtk
from Clinic2CloudLib.errors import OutputError
from Clinic2CloudLib.preview.opengl import off_screen_window
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from .pythonqt import native
from .qmrmlwidgets import qMRMLWidget

#: What Slicer's 3D views have of what concerns us.
THREE_D_MANAGERS = (
    "vtkMRMLCameraDisplayableManager",
    "vtkMRMLViewDisplayableManager",
    "vtkMRMLModelDisplayableManager",
    "vtkMRMLVolumeRenderingDisplayableManager",
    "vtkMRMLSegmentationsDisplayableManager3D",
)
SLICE_MANAGERS = (
    "vtkMRMLVolumeGlyphSliceDisplayableManager",
    "vtkMRMLModelSliceDisplayableManager",
    "vtkMRMLSegmentationsDisplayableManager2D",
)


def register_managers(application_logic: Any) -> None:
    """Tell slicer-core's factories which managers a view gets."""
    for factory_class, names in (
        (slicer.vtkMRMLThreeDViewDisplayableManagerFactory, THREE_D_MANAGERS),
        (slicer.vtkMRMLSliceViewDisplayableManagerFactory, SLICE_MANAGERS),
    ):
        factory = factory_class.GetInstance()
        factory.SetMRMLApplicationLogic(application_logic)
        for name in names:
            if not factory.IsDisplayableManagerRegistered(name):
                factory.RegisterDisplayableManager(name)


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
            self._group.AddObserver("UpdateEvent", lambda *_: self.scheduleRender())
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


@native
class qMRMLThreeDView(DrawnView):
    """A 3D view of a vtkMRMLViewNode."""

    def __init__(self, parent: QWidget | None = None) -> None:
        factory = slicer.vtkMRMLThreeDViewDisplayableManagerFactory.GetInstance()
        super().__init__(parent, factory)
        self._scene: Any = None

    def setMRMLScene(self, scene: Any) -> None:
        """Take the scene; the view node decides what is shown."""
        self._scene = scene

    def setMRMLViewNode(self, node: Any) -> None:
        """Show what a view node shows."""
        self._show_node(node)

    def mrmlViewNode(self) -> Any:
        """Return the view node."""
        return self._node

    def cameraNode(self) -> Any:
        """Return the camera node of the view node."""
        if self._node is None or self._node.GetScene() is None:
            return None
        scene = self._node.GetScene()
        for index in range(scene.GetNumberOfNodesByClass("vtkMRMLCameraNode")):
            camera = scene.GetNthNodeByClass(index, "vtkMRMLCameraNode")
            if camera.GetLayoutName() == self._node.GetLayoutName():
                return camera
        return None

    def resetFocalPoint(self) -> None:
        """Look at the middle of all that is shown."""
        bounds = [0.0] * 6
        self._renderer.ComputeVisiblePropBounds(bounds)
        camera = self.cameraNode()
        if camera is not None and bounds[0] <= bounds[1]:
            camera.SetFocalPoint(*((bounds[i] + bounds[i + 1]) / 2 for i in (0, 2, 4)))
        self._dirty = True

    def resetCamera(self, *arguments: Any) -> None:
        """Bring everything into the picture."""
        camera = self.cameraNode()
        if camera is not None:
            self._renderer.ResetCamera()
            camera.ResetClippingRange()
        self._dirty = True

    def rotateToViewAxis(self, axis: int) -> None:
        """Look from an axis, by the numbers of vtkMRMLCameraNode.Direction (2 is anterior)."""
        camera = self.cameraNode()
        if camera is not None:
            kind = slicer.vtkMRMLCameraNode
            names = ("Right", "Left", "Anterior", "Posterior", "Superior", "Inferior")
            camera.RotateTo(next(d for n in names if (d := getattr(kind, n)) == axis))
        self._dirty = True


@native
class qMRMLThreeDWidget(qMRMLWidget):
    """A 3D view; of its controller bar the label alone."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = qMRMLThreeDView(self)
        self._controller = _with_bar(self, self._view)

    def threeDView(self) -> qMRMLThreeDView:
        """Return the view."""
        return self._view

    def threeDController(self) -> QWidget:
        """Return the controller bar: a label here."""
        return self._controller

    def setMRMLScene(self, scene: Any) -> None:
        """Take the scene."""
        super().setMRMLScene(scene)
        self._view.setMRMLScene(scene)

    def setMRMLViewNode(self, node: Any) -> None:
        """Show what a view node shows."""
        self._view.setMRMLViewNode(node)
        _label(self._controller, node, (0.45, 0.5, 0.85))

    def mrmlViewNode(self) -> Any:
        """Return the view node."""
        return self._view.mrmlViewNode()


@native
class qMRMLSliceView(DrawnView):
    """A slice view; the image itself comes from the slice logic."""

    def __init__(self, parent: QWidget | None = None) -> None:
        factory = slicer.vtkMRMLSliceViewDisplayableManagerFactory.GetInstance()
        super().__init__(parent, factory)
        self._logic: Any = None
        self._renderer.GetActiveCamera().ParallelProjectionOn()
        self._mapper = vtk.vtkImageMapper()
        self._mapper.SetColorWindow(255)
        self._mapper.SetColorLevel(127.5)
        self._actor = vtk.vtkActor2D()
        self._actor.SetMapper(self._mapper)
        self._actor.GetProperty().SetDisplayLocationToBackground()
        self._renderer.AddViewProp(self._actor)

    def _prepare(self, width: int, height: int) -> None:
        node = self._node
        if node is None or self._logic is None:
            return
        node.SetDimensions(width, height, 1)
        # Fields of view are kept square, as qMRMLSliceView does when it is resized.
        across, up, deep = node.GetFieldOfView()
        longest = max(across, up)
        share = longest / max(min(width, height), 1)
        node.SetFieldOfView(width * share, height * share, deep)
        self._logic.GetBlend().Update()
        data = self._logic.GetImageDataConnection()
        self._actor.SetVisibility(data is not None)
        if data is not None:
            self._mapper.SetInputConnection(data)


@native
class qMRMLSliceWidget(qMRMLWidget):
    """A slice view; of its controller bar the label and colour alone."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = qMRMLSliceView(self)
        self._controller = _with_bar(self, self._view)
        self._logic: Any = None

    def sliceView(self) -> qMRMLSliceView:
        """Return the view."""
        return self._view

    def sliceController(self) -> QWidget:
        """Return the controller bar: a label here."""
        return self._controller

    def setMRMLSliceNode(self, node: Any) -> None:
        """Show what a slice node shows."""
        if node is not None and node is not self.mrmlSliceNode():
            logic = slicer.vtkMRMLSliceLogic()
            logic.SetMRMLApplicationLogic(slicer.app.applicationLogic())
            slicer.app.applicationLogic().GetSliceLogics().AddItem(logic)
            logic.SetMRMLScene(node.GetScene())
            logic.SetSliceNode(node)
            self._logic = self._view._logic = logic
        self._view._show_node(node)
        if node is not None:
            _label(self._controller, node, node.GetLayoutColor())

    def mrmlSliceNode(self) -> Any:
        """Return the slice node."""
        return self._view._node

    def sliceLogic(self) -> Any:
        """Return the real vtkMRMLSliceLogic."""
        return self._logic

    def fitSliceToBackground(self) -> None:
        """Fit the background volume into the view."""
        if self._logic is not None:
            self._logic.FitSliceToAll()
        self._view.scheduleRender()


def _with_bar(widget: QWidget, view: QWidget) -> QLabel:
    layout = QVBoxLayout(widget)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    bar = QLabel(widget)
    bar.setFixedHeight(18)
    layout.addWidget(bar)
    layout.addWidget(view, 1)
    return bar


def _label(bar: QLabel, node: Any, colour: Sequence[float]) -> None:
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


WIDGETS = (qMRMLThreeDWidget, qMRMLThreeDView, qMRMLSliceWidget, qMRMLSliceView)
