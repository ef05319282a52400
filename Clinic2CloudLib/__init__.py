"""Clinic2Cloud: de-identify medical images in the clinic, see what leaves, process them in the cloud."""

from ._version import __version__

__all__ = ["__version__"]
