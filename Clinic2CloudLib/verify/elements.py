"""Read an instance again with pydicom, which shares no code with the header engine."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pydicom
from pydicom import Dataset
from pydicom.dataelem import RawDataElement
from pydicom.errors import BytesLengthException, InvalidDicomError

#: What pydicom raises on data that are not what they say.
READ_ERRORS = (
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    IndexError,
    NotImplementedError,
    OverflowError,
    EOFError,
    OSError,  # of its in-memory file: an item that is not there
    RecursionError,
    struct.error,
    zlib.error,
    InvalidDicomError,
    BytesLengthException,
)
DEFLATED = "1.2.840.10008.1.2.1.99"


@dataclass(frozen=True)
class Element:
    """One element, wherever it stands.

    Attributes
    ----------
    name : str
        Keyword, or the tag of one that has none; the sequences it lies in before it.
    tag : int
        Group and element.
    vr : str
        Value representation as read.
    value : Any
        As pydicom gives it; None when it cannot be read.
    raw : bytes
        The encoded value; empty for sequences.
    owner : Dataset
        The data set or item it lies in.
    depth : int
        0 at the top level.
    """

    name: str
    tag: int
    vr: str
    value: Any = field(repr=False)
    raw: bytes = field(repr=False)
    owner: Dataset = field(repr=False)
    depth: int

    @property
    def keyword(self) -> str:
        """The element's own name, without the sequences around it."""
        return self.name.rsplit(" > ", 1)[-1]

    def values(self) -> list[str]:
        """Return the values as text, one for each, without padding."""
        value = self.value
        if value is None or isinstance(value, bytes):
            return []
        many = value if isinstance(value, (list, tuple)) or _is_multi(value) else [value]
        return [str(one).strip(" \0") for one in many]


def read_dataset(raw: bytes) -> Dataset:
    """Read a Part 10 file.

    Raises
    ------
    ValueError
        When it is not one.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # values are looked at by the checks
        try:
            return pydicom.dcmread(io.BytesIO(raw))
        except READ_ERRORS as error:
            raise ValueError(type(error).__name__) from None


def all_elements(dataset: Dataset) -> list[Element]:
    """Return the elements of the file meta information and of the data set at every depth."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        meta = getattr(dataset, "file_meta", Dataset())
        return [*_walk(meta, "", 0), *_walk(dataset, "", 0)]


def plain_bytes(raw: bytes, dataset: Dataset) -> bytes:
    """Return what a deflated data set (PS3.5 A.5) holds; empty for others."""
    syntax = getattr(dataset.file_meta, "TransferSyntaxUID", "")
    if syntax != DEFLATED:
        return b""
    start = 132 + 12 + int(dataset.file_meta.FileMetaInformationGroupLength)
    return zlib.decompressobj(-zlib.MAX_WBITS).decompress(raw[start:])


def _walk(dataset: Dataset, path: str, depth: int) -> Iterator[Element]:
    """Yield elements depth first."""
    for tag in sorted(dataset.keys()):
        item = dataset.get_item(tag)
        raw = item.value if isinstance(item, RawDataElement) else None
        try:
            element = dataset[tag]
            vr, value, keyword = element.VR, element.value, element.keyword
        except READ_ERRORS:
            vr, value, keyword = str(getattr(item, "VR", "") or "UN"), None, ""
        name = path + (keyword or f"({tag.group:04X},{tag.element:04X})")
        if vr == "SQ" and value is not None:
            yield Element(name, int(tag), vr, None, b"", dataset, depth)
            for nested in value:
                yield from _walk(nested, f"{name} > ", depth + 1)
        else:
            yield Element(name, int(tag), vr, value, _encoded(raw, value), dataset, depth)


def _encoded(raw: Any, value: Any) -> bytes:
    """Return an element's bytes, made again from the value where pydicom had converted it."""
    if isinstance(raw, bytes):
        return raw
    if isinstance(value, bytes):
        return value
    if value is None:
        return b""
    many = value if _is_multi(value) else [value]
    return "\\".join(map(str, many)).encode("utf-8", "replace")


def _is_multi(value: Any) -> bool:
    """Return whether a value is pydicom's list of values."""
    return isinstance(value, pydicom.multival.MultiValue)
