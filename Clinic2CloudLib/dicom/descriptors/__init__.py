"""Cleaning free text: what is safe and useful stays, what may identify goes."""

from .cleaner import CleanedText, DescriptorCleaner

__all__ = ["CleanedText", "DescriptorCleaner"]
