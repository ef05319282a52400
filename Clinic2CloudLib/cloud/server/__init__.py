"""The embedded cloud: DICOMweb (PS3.18 section 10) and work items (section 11) in one process."""

from .app import create_app
from .run import Running, serve, serving

__all__ = ["Running", "create_app", "serve", "serving"]
