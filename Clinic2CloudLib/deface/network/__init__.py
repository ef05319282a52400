"""The face network: two small MONAI U-Nets, and the finder that asks them.

Its weights come with the package; ``MODEL_CARD.md`` says what they are worth.
"""

from __future__ import annotations

from typing import Any

from ...facenetwork import has_weights, lacking

__all__ = ["NetworkFinder", "has_weights", "lacking"]


def __getattr__(name: str) -> Any:
    """Import the finder when it is asked for: the panel asks for the weights alone, in its GUI."""
    if name == "NetworkFinder":
        from .finder import NetworkFinder

        return NetworkFinder
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
