"""The face network: two small MONAI U-Nets, their weights, and the finder that asks them."""

from __future__ import annotations

from importlib.util import find_spec

from .finder import NetworkFinder
from .nets import weights_file

__all__ = ["NetworkFinder", "lacking"]

PACKAGES = ("torch", "monai", "safetensors")


def lacking() -> tuple[str, ...]:
    """Return what the network needs and what is not installed: packages, or its weights."""
    missing = [name for name in PACKAGES if find_spec(name) is None]
    if not all(weights_file(name).is_file() for name in ("coarse", "fine")):
        missing.append("its weights")
    return tuple(missing)
