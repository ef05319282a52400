"""``slicer.app``: application, settings, layout manager, module manager."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import slicer
from PySide6 import QtCore, QtWidgets
from PySide6.QtCore import Property, Signal

from .layouts import arrange
from .observing import Weakly
from .pythonqt import native
from .views import qMRMLSliceWidget, qMRMLThreeDWidget


@native
class LayoutManager(QtCore.QObject):
    """Makes the views that the real vtkMRMLLayoutLogic's layout asks for."""

    layoutChanged = Signal(int)

    def __init__(self, scene: Any) -> None:
        super().__init__()
        self._viewport = QtWidgets.QWidget()
        self._row = QtWidgets.QVBoxLayout(self._viewport)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._holder: QtWidgets.QWidget | None = None
        self._logic = slicer.vtkMRMLLayoutLogic()
        self._logic.SetMRMLScene(scene)
        self._scene = scene
        self._views: dict[str, Any] = {}
        self._shown: list[str] = []
        self._arrangement = -1
        node = self._logic.GetLayoutNode()
        node.AddObserver("ModifiedEvent", Weakly(self._follow))
        if node.GetViewArrangement() < 1:
            node.SetViewArrangement(node.SlicerLayoutFourUpView)
        self._follow()

    def layoutLogic(self) -> Any:
        """Return the real vtkMRMLLayoutLogic, whose node takes custom layouts."""
        return self._logic

    def setLayout(self, arrangement: int) -> None:
        """Choose a layout by number."""
        self._logic.GetLayoutNode().SetViewArrangement(arrangement)

    def _follow(self) -> None:
        arrangement = self._logic.GetLayoutNode().GetViewArrangement()
        description = self._logic.GetLayoutNode().GetCurrentLayoutDescription()
        if arrangement == self._arrangement or not description:
            return  # (there is no description while a scene is closed)
        self._arrangement = arrangement
        nodes = self._logic.GetViewNodes()
        wanted = [nodes.GetItemAsObject(i) for i in range(nodes.GetNumberOfItems())]
        self._shown = []
        for node in wanted:
            widget = self._views.get(node.GetID()) or self._make(node)
            if widget is not None:
                self._shown.append(node.GetID())
        self._arrange()
        self.layoutChanged.emit(arrangement)

    def _arrange(self) -> None:
        """Put the views where the description wants them; those it does not name are hidden."""
        for widget in self._views.values():
            widget.hide()
            widget.setParent(self._viewport)
        if self._holder is not None:
            self._row.removeWidget(self._holder)
            self._holder.deleteLater()
        description = self._logic.GetLayoutNode().GetCurrentLayoutDescription()
        self._holder = arrange(description, self._find)
        self._row.addWidget(self._holder)
        self._holder.show()

    def _find(self, kind: str, tag: str) -> Any:
        node = self._scene.GetSingletonNode(tag, kind) if kind else None
        return self._views.get(node.GetID()) if node is not None else None

    def _make(self, node: Any) -> Any:
        if node.IsA("vtkMRMLViewNode"):
            widget = qMRMLThreeDWidget(self._viewport)
            widget.setMRMLScene(self._scene)
            widget.setMRMLViewNode(node)
        elif node.IsA("vtkMRMLSliceNode"):
            widget = qMRMLSliceWidget(self._viewport)
            widget.setMRMLScene(self._scene)
            widget.setMRMLSliceNode(node)
        else:
            return None
        self._views[node.GetID()] = widget
        return widget

    def _of(self, kind: type) -> list[Any]:
        return [self._views[i] for i in self._shown if isinstance(self._views[i], kind)]

    def threeDWidget(self, which: int | str) -> Any:
        """Return a 3D widget by its number or its layout name."""
        found = self._of(qMRMLThreeDWidget)
        if isinstance(which, str):
            every = [v for v in self._views.values() if isinstance(v, qMRMLThreeDWidget)]
            return next((w for w in every if w.mrmlViewNode().GetLayoutName() == which), None)
        return found[which] if which < len(found) else None

    def sliceWidget(self, name: str) -> Any:
        """Return a slice widget by its layout name."""
        every = [v for v in self._views.values() if isinstance(v, qMRMLSliceWidget)]
        return next((w for w in every if w.mrmlSliceNode().GetLayoutName() == name), None)

    def sliceViewNames(self) -> list[str]:
        """Return the layout names of the slice views shown."""
        return [w.mrmlSliceNode().GetLayoutName() for w in self._of(qMRMLSliceWidget)]

    def viewport(self) -> QtWidgets.QWidget:
        """Return the widget that holds the views."""
        return self._viewport

    def resetThreeDViews(self) -> None:
        """Bring everything into every 3D picture."""
        for widget in self._of(qMRMLThreeDWidget):
            widget.threeDView().resetFocalPoint()
            widget.threeDView().resetCamera()

    def resetSliceViews(self) -> None:
        """Fit every slice view to its volume."""
        for widget in self._of(qMRMLSliceWidget):
            widget.fitSliceToBackground()

    layout = Property(int, lambda s: s._arrangement, setLayout)
    threeDViewCount = Property(int, lambda s: len(s._of(qMRMLThreeDWidget)))
    tableViewCount = Property(int, lambda s: 0)
    plotViewCount = Property(int, lambda s: 0)


@native
class ModuleManager(QtCore.QObject):
    """Knows the modules there are."""

    moduleAboutToBeUnloaded = Signal(str)
    moduleLoaded = Signal(str)

    def module(self, name: str) -> Any:
        """Return a module by name, or None."""
        return getattr(slicer.modules, name.lower(), None)

    def loadedModuleNames(self) -> list[str]:
        """Return the names of what was loaded."""
        return [m.name for m in vars(slicer.modules).values() if hasattr(m, "widgetRepresentation")]

    modulesNames = loadedModuleNames

    def factoryManager(self) -> ModuleManager:
        """Return itself: one object does for both here."""
        return self


class CommandOptions:
    """What the application was started with."""

    def __init__(self, main_window: bool) -> None:
        self.noMainWindow = not main_window
        self.testingEnabled = False


class Application:
    """``slicer.app``: what of qSlicerApplication a panel uses; the rest is QApplication's."""

    applicationName = "Slicer"
    mainApplicationName = "Slicer"
    applicationVersion = "5.12.3"
    majorVersion = 5
    minorVersion = 12
    revision = "34000"
    os = "linux"
    documentationBaseUrl = "https://slicer.readthedocs.io/en/latest/"

    def __init__(self, qt_application: QtWidgets.QApplication, main_window: bool) -> None:
        self._qt = qt_application
        self._folder = tempfile.TemporaryDirectory(prefix="standin-")
        self._testing = False
        self._options = CommandOptions(main_window)
        self._module_manager = ModuleManager()
        QtCore.QSettings.setDefaultFormat(QtCore.QSettings.Format.IniFormat)
        QtCore.QSettings.setPath(
            QtCore.QSettings.Format.IniFormat, QtCore.QSettings.Scope.UserScope, self._folder.name
        )
        qt_application.setOrganizationName("standin")
        qt_application.setApplicationName("Slicer")
        self._logic: Any = None
        self._layout_manager: LayoutManager | None = None

    def _start(self, scene: Any, logic: Any) -> None:
        self._logic = logic
        self._layout_manager = None if self._options.noMainWindow else LayoutManager(scene)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._qt, name)

    @property
    def temporaryPath(self) -> str:
        """A folder for temporary files."""
        folder = Path(self._folder.name) / "tmp"
        folder.mkdir(exist_ok=True)
        return str(folder)

    @property
    def slicerHome(self) -> str:
        """Where Slicer is installed: an empty folder here."""
        return self._folder.name

    @property
    def slicerUserSettingsFilePath(self) -> str:
        """Where the settings are stored."""
        return str(self.settings().fileName())

    def settings(self) -> QtCore.QSettings:
        """Return the user's settings, fresh for this process."""
        return QtCore.QSettings()

    userSettings = revisionUserSettings = settings

    def testingEnabled(self) -> bool:
        """Tell whether the application was started for tests."""
        return self._testing

    def applicationLogic(self) -> Any:
        """Return slicer-core's vtkSlicerApplicationLogic."""
        return self._logic

    def layoutManager(self) -> LayoutManager | None:
        """Return the layout manager; None without a main window."""
        return self._layout_manager

    def moduleManager(self) -> ModuleManager:
        """Return the module manager."""
        return self._module_manager

    def mrmlScene(self) -> Any:
        """Return the scene."""
        return slicer.mrmlScene

    def commandOptions(self) -> CommandOptions:
        """Return what the application was started with."""
        return self._options

    def startupEnvironment(self) -> QtCore.QProcessEnvironment:
        """Return the environment before Slicer's launcher changed it."""
        environment = QtCore.QProcessEnvironment()
        for name, value in os.environ.items():
            environment.insert(name, value)
        return environment

    def moduleDocumentationUrl(self, name: str) -> str:
        """Return where a module's documentation would be."""
        return f"{self.documentationBaseUrl}user_guide/modules/{name.lower()}.html"
