"""The face network: two small MONAI U-Nets, and the finder that asks them.

Its weights come with the package; ``MODEL_CARD.md`` says what they are worth.
"""

from __future__ import annotations

from ...facenetwork import has_weights, lacking
from .finder import NetworkFinder

__all__ = ["NetworkFinder", "has_weights", "lacking"]
