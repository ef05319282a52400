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
    "installs": "installs",
    "load_module": "host",
    "make_dicom_database": "dicomdatabase",
    "missing": "host",
    "process_events": "host",
    "qt_warnings": "host",
    "reload_module": "host",
    "run_until": "watchdog",
    "screenshot": "host",
    "slot_errors": "host",
    "unload_module": "host",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(name)
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
