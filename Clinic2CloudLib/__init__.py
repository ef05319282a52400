"""Clinic2Cloud: de-identify in the clinic, see what leaves, process in the cloud."""

from ._version import __version__

__all__ = ["__version__"]
