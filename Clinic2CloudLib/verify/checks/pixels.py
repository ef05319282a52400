"""Pixel data that decode, as many as the header says."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

from ..elements import READ_ERRORS
from ..model import CaseView, Finding, InstanceView

PIXELS = "pixel-data"

_PIXEL_KEYWORDS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")


def check_pixels(view: CaseView, instance: InstanceView) -> Iterator[Finding]:
    """Decode every frame; native pixel data only need to be as long as the header says."""
    dataset = instance.dataset
    present = [keyword for keyword in _PIXEL_KEYWORDS if keyword in dataset]
    if not present:
        return
    syntax = dataset.file_meta.TransferSyntaxUID
    if not syntax.is_encapsulated:
        if not _is_complete(instance, present[0]):
            yield Finding(PIXELS, instance.file, f"{present[0]} is not as long as it says")
        return
    from pydicom.pixels import iter_pixels

    frames = int(dataset.get("NumberOfFrames", 1) or 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            decoded = sum(1 for _ in iter_pixels(dataset))
    except (*READ_ERRORS, RuntimeError, MemoryError):
        yield Finding(PIXELS, instance.file, f"{present[0]} cannot be decoded")
        return
    if decoded != frames:
        yield Finding(PIXELS, instance.file, f"{present[0]} has {decoded} frames of {frames}")


def _is_complete(instance: InstanceView, keyword: str) -> bool:
    """Return whether native pixel data are as long as the image's shape and bits say."""
    from pydicom.pixels.utils import get_expected_length

    try:
        expected = get_expected_length(instance.dataset)
    except READ_ERRORS:
        return False
    length = len(instance.dataset[keyword].value)
    return expected <= length <= expected + expected % 2
