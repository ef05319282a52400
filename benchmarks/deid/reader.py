"""Read outputs for scoring: plain bytes, and values at a place."""

from __future__ import annotations

import io
import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset
from pydicom.encaps import generate_frames

from .answers import Place
from .planter import DEFLATED


@dataclass
class Output:
    """One de-identified file: its data set and its bytes, inflated where they were deflated."""

    path: Path
    ds: Dataset
    plain: bytes

    def element(self, place: Place, tag: int) -> pydicom.DataElement | None:
        """Return the element at a place, None when it or what holds it is not there."""
        ds = self.ds
        try:
            for sequence, item in place:
                ds = ds[sequence].value[item]
            return ds[tag]
        except (KeyError, IndexError, TypeError):
            return None

    def text(self, place: Place, tag: int) -> str | None:
        """Return a value as text; None when it is not there."""
        element = self.element(place, tag)
        if element is None:
            return None
        return "" if element.value is None else str(element.value)


def read(path: Path) -> Output | None:
    """Read a file with pydicom; None when it cannot be read."""
    raw = path.read_bytes()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ds = pydicom.dcmread(io.BytesIO(raw), force=True)
            deflated = ds.file_meta.get("TransferSyntaxUID") == DEFLATED
            for element in ds.iterall():
                str(element.value) if element.tag != 0x7FE00010 else None
    except Exception:  # a peer's output may be damaged in any way
        return None
    return Output(path, ds, _plain(raw) if deflated else raw)


def _plain(raw: bytes) -> bytes:
    """Inflate the data set of a deflated file."""
    pos = 132
    while raw[pos : pos + 2] == b"\x02\0":
        if raw[pos + 4 : pos + 6] in (b"OB", b"UN"):
            pos += 12 + int.from_bytes(raw[pos + 8 : pos + 12], "little")
        else:
            pos += 8 + int.from_bytes(raw[pos + 6 : pos + 8], "little")
    try:
        return raw[:pos] + zlib.decompressobj(-zlib.MAX_WBITS).decompress(raw[pos:])
    except zlib.error:
        return raw


def pixels(ds: Dataset) -> bytes | None:
    """Return pixel data; of encapsulated ones the frames, whatever the fragments."""
    if "PixelData" not in ds:
        return None
    if ds["PixelData"].is_undefined_length:
        return b"".join(generate_frames(ds.PixelData, number_of_frames=1))
    return bytes(ds.PixelData)
