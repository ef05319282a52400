"""The qMRML widgets a panel uses, on the real scene of slicer-core."""

from __future__ import annotations

from typing import Any

import slicer
import vtk
from PySide6.QtCore import Property, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from .pythonqt import native


@native
class qMRMLWidget(QWidget):
    """A widget that knows the scene and tells others of it."""

    mrmlSceneChanged = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scene: Any = None

    def mrmlScene(self) -> Any:
        """Return the scene."""
        return self._scene

    def setMRMLScene(self, scene: Any) -> None:
        """Take a scene and hand it on."""
        if scene is not self._scene:
            self._scene = scene
            self.mrmlSceneChanged.emit(scene)


@native
class qMRMLNodeComboBox(qMRMLWidget):
    """A chooser of nodes of the scene; it follows nodes that come, go and change name."""

    currentNodeChanged = Signal(object)
    currentNodeIDChanged = Signal(str)
    nodeAddedByUser = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._flags: dict[str, Any] = {
            "noneEnabled": False, "addEnabled": True, "removeEnabled": True,
            "renameEnabled": False, "editEnabled": False, "showHidden": False,
            "showChildNodeTypes": True, "selectNodeUponCreation": True, "baseName": "",
        }  # fmt: skip
        self._types: list[str] = []
        self._ids: list[str] = []
        self._attributes: list[tuple[str, str, str | None]] = []
        self._told = ""
        self._combo = QComboBox(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._combo)
        self._observed: list[tuple[Any, int]] = []
        self._combo.currentIndexChanged.connect(lambda _: self._tell())
        self.destroyed.connect(_unobserver(self._observed))

    def setMRMLScene(self, scene: Any) -> None:
        """Show the nodes of a scene, now and as they change."""
        _unobserver(self._observed)()
        super().setMRMLScene(scene)
        if scene is not None:
            scene_class = slicer.vtkMRMLScene
            for event in (
                scene_class.NodeAddedEvent,
                scene_class.NodeRemovedEvent,
                scene_class.EndCloseEvent,
                scene_class.EndImportEvent,
                scene_class.EndBatchProcessEvent,
            ):
                self._observed.append((scene, scene.AddObserver(event, self._on_scene)))
        self._refill()

    def _on_scene(self, caller: Any, event: str) -> None:
        self._refill()

    def _refill(self) -> None:
        chosen = self.currentNodeID
        nodes = self._nodes()
        blocked = self._combo.blockSignals(True)
        self._combo.clear()
        self._ids = ([""] if self._flags["noneEnabled"] else []) + [n.GetID() for n in nodes]
        if self._flags["noneEnabled"]:
            self._combo.addItem("None")
        for node in nodes:
            self._combo.addItem(node.GetName())
        self._combo.setCurrentIndex(self._ids.index(chosen) if chosen in self._ids else -1)
        if self._combo.currentIndex < 0:
            # "None" when that is allowed, else the first node there is.
            self._combo.setCurrentIndex(0)
        self._combo.blockSignals(blocked)
        self._tell()

    def _nodes(self) -> list[Any]:
        if self._scene is None:
            return []
        found: dict[str, Any] = {}
        for kind in self._types:
            for index in range(self._scene.GetNumberOfNodesByClass(kind)):
                node = self._scene.GetNthNodeByClass(index, kind)
                exact = node.GetClassName() == kind
                if (exact or self._flags["showChildNodeTypes"]) and self._wanted(node):
                    found[node.GetID()] = node
        return list(found.values())

    def _wanted(self, node: Any) -> bool:
        if node.GetHideFromEditors() and not self._flags["showHidden"]:
            return False
        for kind, name, value in self._attributes:
            if node.IsA(kind) and (
                node.GetAttribute(name) is None
                or (value is not None and node.GetAttribute(name) != value)
            ):
                return False
        return True

    def addAttribute(self, kind: str, name: str, value: Any = None) -> None:
        """Show only nodes of a kind that have an attribute."""
        self._attributes.append((kind, name, None if value is None else str(value)))
        self._refill()

    def _tell(self) -> None:
        now = self.currentNodeID
        if now != self._told:
            self._told = now
            self.currentNodeIDChanged.emit(now)
            self.currentNodeChanged.emit(self.currentNode())

    def currentNode(self) -> Any:
        """Return the node chosen, or None."""
        identifier = self.currentNodeID
        return self._scene.GetNodeByID(identifier) if identifier and self._scene else None

    def setCurrentNode(self, node: Any) -> None:
        """Choose a node."""
        self.setCurrentNodeID(node.GetID() if node is not None else "")

    def setCurrentNodeID(self, identifier: str) -> None:
        """Choose a node by its ID; none when it is not among them."""
        identifier = identifier or ""
        index = self._ids.index(identifier) if identifier in self._ids else -1
        self._combo.setCurrentIndex(index)
        self._tell()

    def _current_id(self) -> str:
        index = self._combo.currentIndex
        return self._ids[index] if 0 <= index < len(self._ids) else ""

    def nodeCount(self) -> int:
        """Return how many nodes can be chosen."""
        return sum(bool(i) for i in self._ids)

    def addNode(self) -> Any:
        """Make a node of the first type, as the menu's entry does."""
        node = self._scene.AddNewNodeByClass(self._types[0], self._flags["baseName"])
        self.setCurrentNode(node)
        self.nodeAddedByUser.emit(node)
        return node

    def _set_types(self, kinds: list[str]) -> None:
        self._types = list(kinds)
        self._refill()

    currentNodeID = Property(str, _current_id, setCurrentNodeID)
    nodeTypes = Property("QStringList", lambda s: s._types, _set_types)


def _flag(name: str, kind: type) -> Property:
    def write(self: qMRMLNodeComboBox, value: Any) -> None:
        self._flags[name] = value
        self._refill()

    return Property(kind, lambda self: self._flags[name], write)


def _unobserver(observed: list[tuple[Any, int]]) -> Any:
    def remove(*_: Any) -> None:
        for caller, tag in observed:
            caller.RemoveObserver(tag)
        observed.clear()

    return remove


def _with_flags(cls: type) -> type:
    """Return the class with a property for each flag: Qt learns properties when a class is made."""
    names = ("noneEnabled", "addEnabled", "removeEnabled", "renameEnabled", "editEnabled")
    names += ("showHidden", "showChildNodeTypes", "selectNodeUponCreation")
    flags: dict[str, Any] = {name: _flag(name, bool) for name in names}
    flags["baseName"] = _flag("baseName", str)
    made = type(cls.__name__, (cls,), flags)
    return native(made)


qMRMLNodeComboBox = _with_flags(qMRMLNodeComboBox)


@native
class qSlicerScriptedLoadableModuleWidget(qMRMLWidget):
    """What the application puts a scripted module's widget into."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._python: Any = None
        self._reload: Any = None
        self.setLayout(QVBoxLayout())

    def self(self) -> Any:
        """Return the Python widget."""
        return self._python

    def reload(self) -> None:
        """Make the Python widget anew from the module as it is in ``sys.modules``."""
        self._reload()


WIDGETS = (qMRMLWidget, qMRMLNodeComboBox, qSlicerScriptedLoadableModuleWidget)
_ = vtk  # slicer-core needs vtk's classes registered before its own are observed
