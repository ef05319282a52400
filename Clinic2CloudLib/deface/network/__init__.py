"""The face network: two small MONAI U-Nets, and the finder that asks them.

Its weights come with the package; ``MODEL_CARD.md`` says what they are worth.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from .nets import weights_file

__all__ = ["NetworkFinder", "has_weights", "lacking"]

PACKAGES = ("torch", "monai", "safetensors")


def __getattr__(name: str) -> Any:
    """Import the finder when it is asked for: the panel asks for the weights alone, in its GUI."""
    if name == "NetworkFinder":
        from .finder import NetworkFinder

        return NetworkFinder
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def has_weights() -> bool:
    """Say whether trained weights are part of this package."""
    return all(weights_file(name).is_file() for name in ("coarse", "fine"))


def lacking() -> tuple[str, ...]:
    """Return which packages that the network needs are not installed."""
    return tuple(name for name in PACKAGES if find_spec(name) is None)
