"""Scripted modules: loaded, reloaded, left."""

from __future__ import annotations

import importlib.util
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any


def load_module(path: Path) -> Any:
    """Load a scripted module as Slicer does: the file, its description, its widget.

    Parameters
    ----------
    path : Path
        The module's ``.py``; its folder goes onto ``sys.path``, as in Slicer.

    Returns
    -------
    object
        The Python widget (``slicer.modules.<Name>Widget``), set up and entered.
    """
    import slicer

    name = path.stem
    if str(path.parent) not in sys.path:
        sys.path.insert(0, str(path.parent))
    module = _run_file(name, path)
    described = slicer.qSlicerScriptedLoadableModule(str(path))
    setattr(slicer.modules, name.lower(), described)
    setattr(slicer.modules, f"{name}Instance", getattr(module, name)(described))
    representation = described.widgetRepresentation()
    representation.resize(460, 900)
    representation.show()
    python = representation.self()
    _call(python, "enter")
    return python


def reload_module(name: str) -> Any:
    """Reload a module with Slicer's own ``slicer.util.reloadScriptedModule``.

    Returns
    -------
    object
        The new Python widget.
    """
    import slicer

    slicer.util.reloadScriptedModule(name)
    python = getattr(slicer.modules, f"{name}Widget")
    _call(python, "enter")
    return python


def unload_module(name: str) -> None:
    """Leave a module and let its widget clean up, as at the end of the application."""
    import slicer

    python = getattr(slicer.modules, f"{name}Widget")
    _call(python, "exit")
    slicer.app.moduleManager().moduleAboutToBeUnloaded.emit(name)
    described = getattr(slicer.modules, name.lower())
    described.widgetRepresentation().close()
    for gone in (f"{name}Widget", f"{name}Instance", name.lower()):
        delattr(slicer.modules, gone)
    sys.modules.pop(name, None)


def _run_file(name: str, path: Path) -> types.ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _call(python: Any, name: str) -> None:
    method: Callable[[], None] | None = getattr(python, name, None)
    if callable(method):
        method()
