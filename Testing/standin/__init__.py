"""A small stand-in of the Slicer application, for the panel's tests. See README.md."""

from .dicomdatabase import make_dicom_database
from .host import (
    close_scene,
    install,
    load_module,
    process_events,
    reload_module,
    screenshot,
    unload_module,
)
from .installs import installs
from .messages import dialogs
from .watchdog import Watchdog, run_until

__all__ = [
    "Watchdog",
    "close_scene",
    "dialogs",
    "install",
    "installs",
    "load_module",
    "make_dicom_database",
    "process_events",
    "reload_module",
    "run_until",
    "screenshot",
    "unload_module",
]
