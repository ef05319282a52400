"""Whether the face network can be asked: its files and packages, without importing any of it.

The panel wants to know in the GUI's own thread, where importing the rooms behind would be felt.
"""

from __future__ import annotations

from importlib import resources
from importlib.resources.abc import Traversable
from importlib.util import find_spec

PACKAGES = ("torch", "monai", "safetensors")


def weights_file(name: str) -> Traversable:
    """Return the file of a network's weights, in half precision; ``coarse`` or ``fine``."""
    return resources.files(__package__) / "deface" / "network" / f"{name}.safetensors"


def has_weights() -> bool:
    """Say whether trained weights are part of this package."""
    return all(weights_file(name).is_file() for name in ("coarse", "fine"))


def lacking() -> tuple[str, ...]:
    """Return which packages that the network needs are not installed."""
    return tuple(name for name in PACKAGES if find_spec(name) is None)
