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

IMPLICIT_LITTLE = "1.2.840.10008.1.2"
EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
DEFLATED = "1.2.840.10008.1.2.1.99"
EXPLICIT_BIG = "1.2.840.10008.1.2.2"
NATIVE = frozenset({IMPLICIT_LITTLE, EXPLICIT_LITTLE, DEFLATED, EXPLICIT_BIG})

PIXEL_DATA = 0x7FE00010
FLOAT_PIXEL_DATA = 0x7FE00008
DOUBLE_FLOAT_PIXEL_DATA = 0x7FE00009
PIXEL_TAGS = (PIXEL_DATA, FLOAT_PIXEL_DATA, DOUBLE_FLOAT_PIXEL_DATA)

UNDEFINED = 0xFFFFFFFF
_ITEM = 0xFFFEE000
_ITEM_END = 0xFFFEE00D
_SEQUENCE_END = 0xFFFEE0DD
LONG_VRS = frozenset(
    {b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR"}
) | {
    b"UT",
    b"UV",
}
_SHORT = frozenset(
    {b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FL", b"FD", b"IS", b"LO", b"LT", b"PN"}
) | {b"SH", b"SL", b"SS", b"ST", b"TM", b"UI", b"UL", b"US"}
_DEEPEST = 64
_INFLATED_LIMIT = 4 << 30

CUT_SHORT = "the file is cut short"
NOT_DICOM = "not a DICOM file"


class NotDicomError(NotDeidentifiableError):
    """The file is something else, for instance a text or a picture."""


class NeedMoreError(Exception):
    """The head of the file does not reach far enough; for the reader of heads only."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element's place in :attr:`FileLayout.data`.

    ``start`` is where its tag stands, ``value`` where its value begins, ``end`` is behind it
    (delimiters included); ``length`` is ``UNDEFINED`` when the file does not say it.
    """

    tag: int
    vr: str
    start: int
    value: int
    length: int
    end: int


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
    walker = _Walker(data, size, implicit, endian)
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
    if data[4:6] in LONG_VRS or data[4:6] in _SHORT:
        return True
    return bool(struct.unpack_from("<L", data, 4)[0] <= 1024)


def _read_meta(data: bytes, size: int, start: int, elements: dict[int, Element]) -> int:
    """Read group 0002, always Explicit VR Little Endian, and return where the data set begins.

    The group's own length is not believed: files exist in which it is wrong.
    """
    place = start
    while place + 8 <= len(data) and data[place : place + 2] == b"\x02\x00":
        vr = data[place + 4 : place + 6]
        if vr not in LONG_VRS and vr not in _SHORT:
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
    explicit = vr in LONG_VRS or vr in _SHORT
    if transfer_syntax:
        big = transfer_syntax == EXPLICIT_BIG
        if len(data) < start + 8:
            return transfer_syntax == IMPLICIT_LITTLE, ">" if big else "<"
        return not explicit, ">" if big else "<"
    big = data[start : start + 2] == b"\x00\x08"
    return not explicit, ">" if big else "<"


class _Walker:
    """Steps over the elements of one data set."""

    def __init__(self, data: bytes, size: int, implicit: bool, endian: str) -> None:
        self.data, self.size = data, size
        self.implicit, self.endian = implicit, endian
        self.fragments: list[tuple[int, int]] = []
        self.groups = struct.Struct(endian + "HH").unpack_from
        self.long = struct.Struct(endian + "L").unpack_from
        self.short = struct.Struct(endian + "H").unpack_from

    def walk(self, place: int, elements: dict[int, Element]) -> None:
        """Fill ``elements`` with the data set that begins at ``place``."""
        data, known, size = self.data, len(self.data), self.size
        while place < size:
            if place + 8 > known:
                self._lack(place + 8, "an element has no end", padding_from=place)
                return
            tag, vr, value, length = self._header(place, self.implicit)
            if tag == 0 and not data[place:].strip(b"\0"):
                return  # padding behind the data set, which some archives write
            if tag >> 16 == 0xFFFE:
                raise NotDeidentifiableError("its data set is damaged: an item without a sequence")
            if length == UNDEFINED:
                if tag == PIXEL_DATA:
                    end = self._skip_fragments(value)
                else:
                    end = self._skip_sequence(value, self.implicit or vr == "UN", 1)
            else:
                end = value + length
                if end > size:
                    what = "its pixel data" if tag in PIXEL_TAGS else "an element"
                    raise NotDeidentifiableError(
                        f"{CUT_SHORT}: {what} would end beyond the end of the file"
                    )
                if end > known and (tag not in PIXEL_TAGS or end < size):
                    raise NeedMoreError
            if tag in elements:
                raise NotDeidentifiableError("its data set is damaged: an element comes twice")
            elements[tag] = Element(tag, vr, place, value, length, end)
            place = end

    def _lack(self, needed: int, what: str, padding_from: int | None = None) -> None:
        """The known bytes end: raise, unless nothing but padding is left."""
        if len(self.data) < self.size:
            raise NeedMoreError
        if padding_from is not None and not self.data[padding_from:].strip(b"\0"):
            return
        raise NotDeidentifiableError(f"{CUT_SHORT}: {what}")

    def _header(self, place: int, implicit: bool) -> tuple[int, str, int, int]:
        """Return tag, VR, where the value begins, and its length."""
        data = self.data
        group, element = self.groups(data, place)
        tag = group << 16 | element
        if implicit or group == 0xFFFE:
            return tag, "", place + 8, self.long(data, place + 4)[0]
        vr = data[place + 4 : place + 6]
        if vr in _SHORT:
            return tag, vr.decode(), place + 8, self.short(data, place + 6)[0]
        if vr in LONG_VRS:
            if place + 12 > len(data):
                self._lack(place + 12, "an element has no end")
            return tag, vr.decode(), place + 12, self.long(data, place + 8)[0]
        if b"AA" <= vr <= b"ZZ":  # a VR of a later standard: PS3.5 7.1.2 gives it a long length,
            raise NotDeidentifiableError("it uses a value representation that is not known")
        # Writers that switch to implicit VR in the midst of an explicit data set exist.
        return tag, "", place + 8, self.long(data, place + 4)[0]

    def _skip_fragments(self, place: int) -> int:
        """Step over encapsulated pixel data (PS3.5 A.4), keep its fragments, return its end."""
        while True:
            if place + 8 > len(self.data):
                self._lack(place + 8, "its pixel data have no end")
            tag, _, value, length = self._header(place, True)
            if tag == _SEQUENCE_END:
                return value
            if tag != _ITEM or length == UNDEFINED:
                raise NotDeidentifiableError("its encapsulated pixel data are damaged")
            if value + length > self.size:
                raise NotDeidentifiableError(f"{CUT_SHORT}: its pixel data have no end")
            self.fragments.append((value, length))
            place = value + length

    def _skip_sequence(self, place: int, implicit: bool, depth: int) -> int:
        """Step over the items of a sequence of undefined length and return its end."""
        if depth > _DEEPEST:
            raise NotDeidentifiableError("its sequences are nested too deeply")
        while True:
            if place + 8 > len(self.data):
                self._lack(place + 8, "a sequence has no end")
            tag, _, value, length = self._header(place, True)
            if tag == _SEQUENCE_END:
                return value
            if tag != _ITEM:
                raise NotDeidentifiableError("its data set is damaged: a sequence without items")
            place = (
                self._skip_item(value, implicit, depth) if length == UNDEFINED else value + length
            )

    def _skip_item(self, place: int, implicit: bool, depth: int) -> int:
        """Step over an item of undefined length and return its end."""
        while True:
            if place + 8 > len(self.data):
                self._lack(place + 8, "a sequence has no end")
            tag, vr, value, length = self._header(place, implicit)
            if tag == _ITEM_END:
                return value
            if length == UNDEFINED:
                place = self._skip_sequence(value, implicit or vr == "UN", depth + 1)
            else:
                place = value + length
