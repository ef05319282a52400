"""A small stand-in of the Slicer application, for the panel's tests. See README.md.

Nothing is imported before it is used: without PySide6 or slicer-core the tests can still say so
(:func:`~Testing.standin.host.missing`).
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {
    "Watchdog": "watchdog",
    "close_scene": "host",
    "dialogs": "messages",
    "install": "host",
    "installs": "packages",
    "load_module": "modules",
    "make_dicom_database": "dicomindex",
    "missing": "host",
    "process_events": "host",
    "qt_warnings": "faults",
    "reload_module": "modules",
    "run_until": "watchdog",
    "screenshot": "host",
    "slot_errors": "faults",
    "unload_module": "modules",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(name)
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
