"""``slicer.ScriptedLoadableModule``: the four bases of a module, without developer buttons."""

from __future__ import annotations

import sys
import types
import unittest
from pathlib import Path
from typing import Any

import slicer
from PySide6 import QtCore, QtGui, QtWidgets
from PySide6.QtCore import Property

from .pythonqt import native
from .qmrmlwidgets import qSlicerScriptedLoadableModuleWidget


@native
class qSlicerScriptedLoadableModule(QtCore.QObject):
    """What the application knows of a scripted module: a scripted class fills it in."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._values: dict[str, Any] = {"path": path, "name": Path(path).stem, "hidden": False}
        self._widget: Any = None

    def __getattr__(self, name: str) -> Any:
        values = self.__dict__.get("_values", {})
        if name in values:
            return values[name]
        raise AttributeError(name)

    def widgetRepresentation(self) -> Any:
        """Return the module's widget; it is made when it is first asked for."""
        if self._widget is None:
            self._widget = self.createNewWidgetRepresentation()
            setattr(slicer.modules, f"{self.name}Widget", self._widget.self())
        return self._widget

    def createNewWidgetRepresentation(self) -> Any:
        """Return one more widget of the module."""
        widget = qSlicerScriptedLoadableModuleWidget()
        widget.setMRMLScene(slicer.mrmlScene)
        widget._reload = lambda: self._reload(widget)
        self._fill(widget)
        return widget

    def _reload(self, widget: Any) -> None:
        self._fill(widget)
        setattr(slicer.modules, f"{self.name}Widget", widget.self())

    def _fill(self, widget: Any) -> None:
        module = sys.modules[self.name]
        widget._python = getattr(module, f"{self.name}Widget")(widget)
        widget._python.setup()


def _metadata(name: str) -> Property:
    return Property(
        "QVariant", lambda s: s._values.get(name), lambda s, v: s._values.update({name: v})
    )


def _with_metadata(cls: type) -> type:
    names = ("title", "categories", "dependencies", "contributors", "helpText", "name", "path")
    names += ("acknowledgementText", "icon", "hidden", "associatedNodeTypes", "index")
    return native(type(cls.__name__, (cls,), {name: _metadata(name) for name in names}))


qSlicerScriptedLoadableModule = _with_metadata(qSlicerScriptedLoadableModule)


class ScriptedLoadableModule:
    """Describes a module."""

    def __init__(self, parent: Any) -> None:
        super().__init__()
        self.parent = parent
        self.moduleName = self.__class__.__name__
        parent.title, parent.categories, parent.dependencies = "", [], []
        parent.contributors, parent.helpText, parent.acknowledgementText = [], "", ""
        for suffix in (".svg", ".png"):
            icon = Path(self.resourcePath("Icons")) / (self.moduleName + suffix)
            if icon.is_file():
                parent.icon = QtGui.QIcon(str(icon))
                break
        slicer.selfTests[self.moduleName] = self.runTest

    def resourcePath(self, filename: str) -> str:
        """Return where a file of ``Resources`` is."""
        return str(Path(self.parent.path).parent / "Resources" / filename)

    def getDefaultModuleDocumentationLink(self, docPage: str | None = None) -> str:
        """Return a sentence with a link."""
        url = slicer.app.moduleDocumentationUrl(self.moduleName)
        return f'<p>For more information see the <a href="{url}">online documentation</a>.</p>'

    def runTest(self, msec: int = 100, **kwargs: Any) -> None:
        """Run the module's own test class."""
        case = getattr(sys.modules[self.__module__], f"{self.moduleName}Test")()
        case.messageDelay = msec
        case.runTest(**kwargs)


class ScriptedLoadableModuleWidget:
    """A module's panel."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__()
        self.moduleName = self.__class__.__name__.removesuffix("Widget")
        self.developerMode = slicer.util.settingsValue(
            "Developer/DeveloperMode", False, converter=slicer.util.toBool
        )
        made_here = parent is None
        if made_here:
            parent = slicer.qMRMLWidget()
            parent.setLayout(QtWidgets.QVBoxLayout())
            parent.setMRMLScene(slicer.mrmlScene)
        self.parent = parent
        self.layout = self.parent.layout()
        if made_here:
            self.setup()
            self.parent.show()
        slicer.app.moduleManager().connect(
            "moduleAboutToBeUnloaded(QString)", self._onModuleAboutToBeUnloaded
        )

    def resourcePath(self, filename: str) -> str:
        """Return where a file of ``Resources`` is."""
        return str(Path(slicer.util.modulePath(self.moduleName)).parent / "Resources" / filename)

    def setup(self) -> None:
        """Make the panel's widgets."""

    def cleanup(self) -> None:
        """Let go of everything."""

    def _onModuleAboutToBeUnloaded(self, name: str) -> None:
        if name == self.moduleName:
            self.cleanup()
            slicer.app.moduleManager().disconnect(
                "moduleAboutToBeUnloaded(QString)", self._onModuleAboutToBeUnloaded
            )


class ScriptedLoadableModuleLogic:
    """A module's work, without widgets."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__()
        self.moduleName = self.__class__.__name__.removesuffix("Logic")
        self.isSingletonParameterNode = True

    def getParameterNode(self) -> Any:
        """Return the module's parameter node of this scene; it is made when there is none."""
        for node in self.getAllParameterNodes():
            return node
        return slicer.mrmlScene.AddNode(self.createParameterNode())

    def getAllParameterNodes(self) -> list[Any]:
        """Return all parameter nodes of the module."""
        nodes = slicer.util.getNodesByClass("vtkMRMLScriptedModuleNode")
        return [node for node in nodes if node.GetAttribute("ModuleName") == self.moduleName]

    def createParameterNode(self) -> Any:
        """Make a parameter node, not yet in the scene."""
        node = slicer.mrmlScene.CreateNodeByClass("vtkMRMLScriptedModuleNode")
        node.UnRegister(None)
        if self.isSingletonParameterNode:
            node.SetSingletonTag(self.moduleName)
        node.SetAttribute("ModuleName", self.moduleName)
        node.SetName(slicer.mrmlScene.GenerateUniqueName(self.moduleName))
        return node

    def getParentDirectory(self, *_: Any) -> str:
        """Return the folder the module's file is in."""
        return str(Path(slicer.util.modulePath(self.moduleName)).parent)


class ScriptedLoadableModuleTest(unittest.TestCase):
    """A module's own test."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.messageDelay = 0

    def delayDisplay(self, message: str, requestedDelay: Any = None, msec: Any = None) -> None:
        """Say what is done."""
        slicer.util.delayDisplay(message)

    def runTest(self) -> None:
        """Fail: a module's test overrides this."""
        self.fail("a module's test class overrides runTest")


def make_module() -> types.ModuleType:
    """Make the module ``slicer.ScriptedLoadableModule``."""
    module = types.ModuleType("slicer.ScriptedLoadableModule", __doc__)
    bases = (
        ScriptedLoadableModule,
        ScriptedLoadableModuleWidget,
        ScriptedLoadableModuleLogic,
        ScriptedLoadableModuleTest,
    )
    for base in bases:
        setattr(module, base.__name__, base)
    # As in Slicer, where ``import *`` hands on the four bases alone.
    module.__all__ = [base.__name__ for base in bases]
    return module
