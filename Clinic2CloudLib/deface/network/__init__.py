"""The face network: two small MONAI U-Nets, and the finder that asks them.

Trained weights come with the package once they beat the classical finder
(``training/README.md``); until then the classical one is asked.
"""

from __future__ import annotations

from importlib.util import find_spec

from .finder import NetworkFinder
from .nets import weights_file

__all__ = ["NetworkFinder", "has_weights", "lacking"]

PACKAGES = ("torch", "monai", "safetensors")


def has_weights() -> bool:
    """Say whether trained weights are part of this package."""
    return all(weights_file(name).is_file() for name in ("coarse", "fine"))


def lacking() -> tuple[str, ...]:
    """Return which packages that the network needs are not installed."""
    return tuple(name for name in PACKAGES if find_spec(name) is None)
