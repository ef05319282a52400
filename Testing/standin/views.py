"""3D and slice views on slicer-core's displayable managers."""

from __future__ import annotations

from typing import Any

import slicer
import vtk
from PySide6.QtWidgets import QWidget

from .drawing import DrawnView, label_bar, with_bar
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
        self._controller = with_bar(self, self._view)

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
        label_bar(self._controller, node, (0.45, 0.5, 0.85))

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
        # Pixels are kept square, and all that was in the field of view stays in it.
        across, up, deep = node.GetFieldOfView()
        share = max(across / width, up / height)
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
        self._controller = with_bar(self, self._view)
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
            label_bar(self._controller, node, node.GetLayoutColor())

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


WIDGETS = (qMRMLThreeDWidget, qMRMLThreeDView, qMRMLSliceWidget, qMRMLSliceView)
