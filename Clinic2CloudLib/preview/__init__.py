"""Before and after, rendered from the same camera with the same transfer function."""

from .render import render_pair, render_views
from .surface import Transfer, skin_transfer
from .views import AZIMUTH, SHEET_VIEWS
from .write import Previews, ViewPair, write_previews

__all__ = [
    "AZIMUTH",
    "SHEET_VIEWS",
    "Previews",
    "Transfer",
    "ViewPair",
    "render_pair",
    "render_views",
    "skin_transfer",
    "write_previews",
]
