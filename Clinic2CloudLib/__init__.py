"""Clinic2Cloud: de-identify in the clinic, see what leaves, process in the cloud.

The steps of the command line as functions on dataclasses; each is imported when first used::

    from Clinic2CloudLib import deidentify, open_site
"""

from __future__ import annotations

import importlib
from typing import Any

from ._version import __version__

_STEPS = {
    "check_case": "steps.check",
    "decide": "steps.decide",
    "deidentify": "steps.deidentify",
    "export_case": "steps.export",
    "load_case": "cases.case",
    "load_policy": "cases.policy",
    "open_site": "steps.site",
    "plan_source": "steps.plan",
    "render": "steps.render",
    "send": "steps.send",
    "with_keep": "cases.policy",
}

__all__ = ["__version__", *sorted(_STEPS)]


def __getattr__(name: str) -> Any:
    """Import a step when it is first asked for, so that importing the package stays quick."""
    if name in _STEPS:
        return getattr(importlib.import_module(f".{_STEPS[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
