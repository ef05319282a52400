"""Errors that nobody sees: Qt and VTK only print what is raised in slots and observers."""

from __future__ import annotations

import sys
from typing import Any

#: What was raised in slots and observers since the last ``install``.
slot_errors: list[BaseException] = []
#: What Qt warned of since the last ``install``.
qt_warnings: list[str] = []
#: What Qt says of every offscreen window.
_IDLE_TALK = ("propagateSizeHints", "QFont::", "This plugin does not support")


def listen_for_faults() -> None:
    """Record faults from now on; they are printed as before."""
    from PySide6 import QtCore

    printed = sys.excepthook

    def hook(kind: Any, error: BaseException, trace: Any) -> None:
        slot_errors.append(error)
        printed(kind, error, trace)

    def message(kind: Any, context: Any, text: str) -> None:
        if kind != QtCore.QtMsgType.QtDebugMsg and not any(idle in text for idle in _IDLE_TALK):
            qt_warnings.append(text)
            print(f"Qt: {text}", file=sys.stderr)

    sys.excepthook = hook
    QtCore.qInstallMessageHandler(message)
