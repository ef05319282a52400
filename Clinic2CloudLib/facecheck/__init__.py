"""The automatic face check: how far the skin of each feature of the face has moved.

It supports the person who looks, and never replaces them. It measures on the skin as the 3D
renderings show it, not on the masks that the replacement went by, and then looks for what these
renderings do not show: the old skin at lower levels, and its outline, inverted or under noise.
"""

from __future__ import annotations

from .check import check_face
from .model import FaceCheck, PartMoved

__all__ = ["FaceCheck", "PartMoved", "check_face"]
