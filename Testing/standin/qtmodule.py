"""The module ``qt``: all of Qt in one namespace, as PythonQt has it."""

from __future__ import annotations

import types
from typing import Any

from PySide6 import QtCore, QtGui, QtNetwork, QtUiTools, QtWidgets

from . import pythonqt
from .messages import dialogs


def make_qt() -> types.ModuleType:
    """Flatten the Qt modules into one, with PythonQt's semantics and scripted dialogs."""
    pythonqt.apply()
    module = types.ModuleType("qt", "Stand-in of PythonQt's qt module (PySide6 underneath)")
    for source in (QtCore, QtGui, QtWidgets, QtNetwork, QtUiTools):
        for name in dir(source):
            if not name.startswith("_"):
                setattr(module, name, getattr(source, name))
    given: dict[str, Any] = {
        "Signal": QtCore.Signal,
        "Slot": QtCore.Slot,
        "QFileDialog": ScriptedFileDialog,
        "QInputDialog": ScriptedInputDialog,
        "QMessageBox": ScriptedMessageBox,
        "QDesktopServices": RecordedDesktopServices,
    }
    for name, value in given.items():
        setattr(module, name, value)
    return module


class ScriptedFileDialog(QtWidgets.QFileDialog):
    """Answers from ``dialogs``; PythonQt returns the path alone, PySide a tuple."""

    @staticmethod
    def getExistingDirectory(*arguments: Any) -> str:
        return str(dialogs.answer("getExistingDirectory", arguments, ""))

    @staticmethod
    def getOpenFileName(*arguments: Any) -> str:
        return str(dialogs.answer("getOpenFileName", arguments, ""))

    @staticmethod
    def getSaveFileName(*arguments: Any) -> str:
        return str(dialogs.answer("getSaveFileName", arguments, ""))


class ScriptedInputDialog(QtWidgets.QInputDialog):
    """Answers from ``dialogs``; PythonQt returns the text alone, empty when cancelled."""

    @staticmethod
    def getText(*arguments: Any) -> str:
        return str(dialogs.answer("getText", arguments, ""))


class ScriptedMessageBox(QtWidgets.QMessageBox):
    """Static questions are answered from ``dialogs``, by default with Cancel or No."""

    @staticmethod
    def question(*arguments: Any) -> Any:
        return dialogs.answer("question", arguments, QtWidgets.QMessageBox.StandardButton.No)

    @staticmethod
    def warning(*arguments: Any) -> Any:
        return dialogs.answer("warning", arguments, QtWidgets.QMessageBox.StandardButton.Ok)

    @staticmethod
    def information(*arguments: Any) -> Any:
        return dialogs.answer("information", arguments, QtWidgets.QMessageBox.StandardButton.Ok)

    @staticmethod
    def critical(*arguments: Any) -> Any:
        return dialogs.answer("critical", arguments, QtWidgets.QMessageBox.StandardButton.Ok)


class RecordedDesktopServices(QtGui.QDesktopServices):
    """Opens nothing; ``dialogs.opened`` holds the addresses."""

    @staticmethod
    def openUrl(url: QtCore.QUrl) -> bool:
        dialogs.opened.append(url.toString())
        return True
