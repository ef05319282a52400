"""``qt.QUiLoader`` that knows the ctk and qMRML widgets, as Slicer's plugins make it."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from typing import Any

from PySide6 import QtCore, QtUiTools

from . import ctkwidgets, pythonqt, qmrmlwidgets, views

WIDGETS = (*ctkwidgets.WIDGETS, *qmrmlwidgets.WIDGETS, *views.WIDGETS)


class UiLoader(QtUiTools.QUiLoader):
    """Loads a .ui file; a class in it that is neither Qt's nor the stand-in's is an error."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        for widget in WIDGETS:
            self.registerCustomWidget(widget)

    def load(self, device: Any, parent: Any = None) -> Any:
        """Load from an open file.

        Raises
        ------
        RuntimeError
            For a widget class the stand-in does not have: Slicer's own plugins may.
        """
        if isinstance(device, str):
            file = QtCore.QFile(device)
            file.open(QtCore.QIODevice.OpenModeFlag.ReadOnly)
            device = file
        tree = ElementTree.fromstring(bytes(device.readAll().data()))
        known = {widget.__name__ for widget in WIDGETS} | set(self.availableWidgets())
        for element in tree.iter("widget"):
            name = element.get("class", "")
            if name not in known and name not in ("Line", "QButtonGroup"):
                raise RuntimeError(f"the stand-in has no widget {name}; add it where it belongs")
        pointers = self._take_connections(tree)
        buffer = QtCore.QBuffer()
        buffer.setData(ElementTree.tostring(tree))
        buffer.open(QtCore.QIODevice.OpenModeFlag.ReadOnly)
        pythonqt.loading.append(True)
        try:
            widget = super().load(buffer, parent)
        finally:
            pythonqt.loading.pop()
        for element in tree.iter("widget"):
            made = self._find(widget, element.get("name", ""))
            if element.get("class") not in [c.__name__ for c in type(made).__mro__]:
                raise RuntimeError(f"{element.get('name')} could not be made as the .ui says")
        for sender, signal, receiver, slot in pointers:
            self._find(widget, sender).connect(signal, self._find(widget, receiver), slot)
        return widget

    @staticmethod
    def _take_connections(tree: Any) -> list[tuple[str, str, str, str]]:
        """Take out connections that carry pointers, which QUiLoader cannot make for Python."""
        taken = []
        for group in tree.iter("connections"):
            for connection in list(group):
                parts = [
                    connection.findtext(n, "") for n in ("sender", "signal", "receiver", "slot")
                ]
                if "vtk" in parts[1]:
                    taken.append((parts[0], parts[1], parts[2], parts[3]))
                    group.remove(connection)
        return taken

    @staticmethod
    def _find(widget: Any, name: str) -> Any:
        if widget.objectName == name:
            return widget
        found = widget.findChild(QtCore.QObject, name)
        if found is None:
            raise RuntimeError(f"the .ui names {name}, which was not made")
        return found
