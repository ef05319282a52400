"""Pixel data that decode, as many as the header says."""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Iterator

from ...dicom.decode import decode_frames
from ...errors import NotDeidentifiableError
from ..elements import READ_ERRORS
from ..model import CaseView, Finding, InstanceView

PIXELS = "pixel-data"

_JPEG = frozenset(f"1.2.840.10008.1.2.4.{tail}" for tail in (50, 51, 57, 70))
DEFLATED_FRAMES = "1.2.840.10008.1.2.8.1"
_PIXEL_KEYWORDS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")


def check_pixels(view: CaseView, instance: InstanceView) -> Iterator[Finding]:
    """Decode every frame; native pixel data only need to be as long as the header says."""
    dataset = instance.dataset
    present = [keyword for keyword in _PIXEL_KEYWORDS if keyword in dataset]
    if not present:
        return
    syntax = dataset.file_meta.TransferSyntaxUID
    if syntax == DEFLATED_FRAMES:
        if not _is_deflated_right(instance):
            yield Finding(PIXELS, instance.file, f"{present[0]} cannot be decoded")
        return
    if not syntax.is_encapsulated:
        if not _is_complete(instance, present[0]):
            yield Finding(PIXELS, instance.file, f"{present[0]} is not as long as it says")
        return
    frames = _frames(instance)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            decoded = _decoded(instance)
    except (*READ_ERRORS, RuntimeError, MemoryError, NotDeidentifiableError):
        yield Finding(PIXELS, instance.file, f"{present[0]} cannot be decoded")
        return
    if decoded != frames:
        yield Finding(PIXELS, instance.file, f"{present[0]} has {decoded} frames of {frames}")


def _decoded(instance: InstanceView) -> int:
    """Return how many frames can be decoded."""
    if instance.dataset.file_meta.TransferSyntaxUID in _JPEG:
        # gdcm, which pydicom would hand these to, ends the process on some damaged ones.
        return len(decode_frames(instance.raw))
    from pydicom.pixels import iter_pixels

    return sum(1 for _ in iter_pixels(instance.dataset))


def _frames(instance: InstanceView) -> int:
    """Return how many frames the header says there are."""
    return int(instance.dataset.get("NumberOfFrames", 1) or 1)


def _is_deflated_right(instance: InstanceView) -> bool:
    """Return whether deflated frames (PS3.5 A.4.13), which pydicom does not know, are whole."""
    from pydicom.encaps import generate_frames

    dataset, frames = instance.dataset, _frames(instance)
    bits = dataset.Rows * dataset.Columns * dataset.SamplesPerPixel * dataset.BitsAllocated
    try:
        encoded = [*generate_frames(dataset.PixelData, number_of_frames=frames)]
        lengths = [len(zlib.decompressobj(-zlib.MAX_WBITS).decompress(one)) for one in encoded]
    except READ_ERRORS:
        return False
    least = -(-bits // 8)
    return len(lengths) == frames and all(least <= one <= least + 1 for one in lengths)


def _is_complete(instance: InstanceView, keyword: str) -> bool:
    """Return whether native pixel data are as long as the image's shape and bits say."""
    from pydicom.pixels.utils import get_expected_length

    try:
        expected = get_expected_length(instance.dataset)
    except READ_ERRORS:
        return False
    length = len(instance.dataset[keyword].value)
    return expected <= length <= expected + expected % 2
