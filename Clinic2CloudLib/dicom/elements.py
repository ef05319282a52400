"""Where each top-level element of a DICOM file lies, without interpreting it.

pydicom reads what it can and keeps silent about a file that ends too soon; here the lengths are
held against the size of the file, so that a file that is cut short is known to be. The byte offsets
also let :mod:`.pixel_edit` replace pixels and leave every other byte as it was.

Sources: PS3.5 section 7 (data set structure), PS3.5 annex A.5 (deflated), PS3.10 section 7 (file
meta information).
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field

from ..errors import NotDeidentifiableError
from .walker import (
    CUT_SHORT,
    LONG_VRS,
    PIXEL_TAGS,
    SHORT_VRS,
    UNDEFINED,
    Element,
    NeedMoreError,
    Walker,
)

IMPLICIT_LITTLE = "1.2.840.10008.1.2"
EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
DEFLATED = "1.2.840.10008.1.2.1.99"
EXPLICIT_BIG = "1.2.840.10008.1.2.2"
NATIVE = frozenset({IMPLICIT_LITTLE, EXPLICIT_LITTLE, DEFLATED, EXPLICIT_BIG})

_INFLATED_LIMIT = 4 << 30

NOT_DICOM = "not a DICOM file"


class NotDicomError(NotDeidentifiableError):
    """The file is something else, for instance a text or a picture."""


@dataclass(frozen=True)
class FileLayout:
    """A DICOM file taken apart into its top-level elements.

    Attributes
    ----------
    data : bytes
        The file, or its head; a deflated data set is inflated in it.
    size : int
        Length of the whole file (inflated).
    dataset : int
        Where the data set begins, behind the file meta information.
    transfer_syntax : str
        The Transfer Syntax UID; guessed from the bytes when there is no file meta information.
    implicit, endian : bool, str
        How the data set really is encoded; ``endian`` is ``<`` or ``>``.
    elements : dict
        Tag to element, file meta information included.
    deflated : bool
        Whether the data set was inflated to get ``data``.
    has_meta : bool
        Whether the file has file meta information with a transfer syntax.
    """

    data: bytes
    size: int
    dataset: int
    transfer_syntax: str
    implicit: bool
    endian: str
    elements: dict[int, Element]
    deflated: bool
    has_meta: bool
    fragments: tuple[tuple[int, int], ...] = field(default=())

    def value(self, tag: int) -> bytes:
        """Return an element's bytes, empty when the file has none of that tag."""
        element = self.elements.get(tag)
        if element is None or element.length == UNDEFINED:
            return b""
        return self.data[element.value : element.end]

    def text(self, tag: int) -> str:
        """Return an element of a VR in the default character repertoire as text, stripped."""
        return self.value(tag).decode("ascii", "replace").strip(" \0")

    def strings(self, tag: int) -> tuple[str, ...]:
        """Return a multi-valued text element, without empty ends."""
        text = self.text(tag)
        return tuple(part.strip(" \0") for part in text.split("\\")) if text else ()

    def unsigned(self, tag: int, default: int = 0) -> int:
        """Return an US element, or ``default`` when it is missing or empty."""
        value = self.value(tag)
        return int(struct.unpack_from(self.endian + "H", value)[0]) if len(value) >= 2 else default

    def integer(self, tag: int, default: int = 0) -> int:
        """Return an IS element, or ``default`` when it is missing or empty.

        Raises
        ------
        NotDeidentifiableError
            When it is not a number.
        """
        text = self.text(tag).split("\\")[0]
        try:
            return int(float(text)) if text else default
        except (ValueError, OverflowError) as error:
            raise NotDeidentifiableError(
                f"({tag >> 16:04X},{tag & 0xFFFF:04X}) is not a number"
            ) from error

    @property
    def pixels(self) -> Element | None:
        """The element that holds the pixel data, if there is one."""
        found = (self.elements.get(tag) for tag in PIXEL_TAGS)
        return next((element for element in found if element is not None), None)


def read_layout(data: bytes, size: int | None = None) -> FileLayout:
    """Take a file apart.

    Parameters
    ----------
    data : bytes
        The whole file; or its head, when ``size`` says how long the whole is.
    size : int, optional
        Length of the whole file in bytes.

    Returns
    -------
    FileLayout
        Its top-level elements; fragments of encapsulated pixel data as (offset, length).

    Raises
    ------
    NotDicomError
        When it is another kind of file.
    NotDeidentifiableError
        When it is cut short or otherwise damaged.
    NeedMoreError
        When the head is too short to tell.
    """
    size = len(data) if size is None else size
    start, marked = (132, True) if data[128:132] == b"DICM" else (0, False)
    if not marked and not _plausible_start(data):
        raise NotDicomError(NOT_DICOM)
    elements: dict[int, Element] = {}
    dataset = _read_meta(data, size, start, elements)
    named = _ascii(data, elements.get(0x00020010))
    deflated = named == DEFLATED
    if deflated:
        if len(data) < size:
            raise NeedMoreError
        data = data[:dataset] + _inflate(data[dataset:])
        size = len(data)
    implicit, endian = _encoding(data, dataset, named)
    guessed = IMPLICIT_LITTLE if implicit else EXPLICIT_BIG if endian == ">" else EXPLICIT_LITTLE
    walker = Walker(data, size, implicit, endian)
    try:
        walker.walk(dataset, elements)
    except NotDeidentifiableError as error:
        if not marked and 0x00080016 not in elements:
            raise NotDicomError(NOT_DICOM) from error
        raise
    if not marked and 0x00080016 not in elements:
        raise NotDicomError(NOT_DICOM)
    return FileLayout(
        data=data,
        size=size,
        dataset=dataset,
        transfer_syntax=named or guessed,
        implicit=implicit,
        endian=endian,
        elements=elements,
        deflated=deflated,
        has_meta=bool(named),
        fragments=tuple(walker.fragments),
    )


def _ascii(data: bytes, element: Element | None) -> str:
    if element is None:
        return ""
    return data[element.value : element.end].decode("ascii", "replace").strip(" \0")


def _plausible_start(data: bytes) -> bool:
    """Whether a file without preamble may begin with a group that a data set begins with."""
    if len(data) < 16:
        return False
    little, big = struct.unpack_from("<H", data)[0], struct.unpack_from(">H", data)[0]
    if little not in (0x0002, 0x0004, 0x0008) and big != 0x0008:
        return False
    if data[4:6] in LONG_VRS or data[4:6] in SHORT_VRS:
        return True
    return bool(struct.unpack_from("<L", data, 4)[0] <= 1024)


def _read_meta(data: bytes, size: int, start: int, elements: dict[int, Element]) -> int:
    """Read group 0002, always Explicit VR Little Endian, and return where the data set begins.

    The group's own length is not believed: files exist in which it is wrong.
    """
    place = start
    while place + 8 <= len(data) and data[place : place + 2] == b"\x02\x00":
        vr = data[place + 4 : place + 6]
        if vr not in LONG_VRS and vr not in SHORT_VRS:
            raise NotDeidentifiableError("its file meta information is damaged")
        head = 12 if vr in LONG_VRS else 8
        if place + head > len(data):
            break
        if vr in LONG_VRS:
            length = struct.unpack_from("<L", data, place + 8)[0]
        else:
            length = struct.unpack_from("<H", data, place + 6)[0]
        end = place + head + length
        if end > size:
            raise NotDeidentifiableError(f"{CUT_SHORT}: it ends within its file meta information")
        if end > len(data):
            raise NeedMoreError
        tag = 0x00020000 | struct.unpack_from("<H", data, place + 2)[0]
        elements[tag] = Element(tag, vr.decode(), place, place + head, length, end)
        place = end
    return place


def _inflate(deflated: bytes) -> bytes:
    """Inflate a deflated data set (PS3.5 A.5)."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        data = inflater.decompress(deflated, _INFLATED_LIMIT)
    except zlib.error as error:
        raise NotDeidentifiableError("its deflated data set is damaged") from error
    if inflater.unconsumed_tail:
        raise NotDeidentifiableError("its deflated data set is larger than 4 GiB")
    if not inflater.eof:
        raise NotDeidentifiableError(f"{CUT_SHORT}: its deflated data set has no end")
    return data


def _encoding(data: bytes, start: int, transfer_syntax: str) -> tuple[bool, str]:
    """Tell implicit from explicit VR and the byte order, by the first element where in doubt.

    Some writers name one transfer syntax and write another; the bytes decide on implicit or
    explicit, as they do in pydicom.
    """
    vr = data[start + 4 : start + 6]
    explicit = vr in LONG_VRS or vr in SHORT_VRS
    if transfer_syntax:
        big = transfer_syntax == EXPLICIT_BIG
        if len(data) < start + 8:
            return transfer_syntax == IMPLICIT_LITTLE, ">" if big else "<"
        return not explicit, ">" if big else "<"
    big = data[start : start + 2] == b"\x00\x08"
    return not explicit, ">" if big else "<"
