"""The confidentiality profile: PS3.15 Annex E over the encoded data set."""

from __future__ import annotations

from .engine import HeaderDeidentifier
from .options import HeaderResult, PixelsDone, ProfileOptions

__all__ = ["HeaderDeidentifier", "HeaderResult", "PixelsDone", "ProfileOptions"]
