"""What the Image Pixel module says of the pixel data, and how long they must be for it."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from ..errors import NotDeidentifiableError
from .elements import NATIVE, FileLayout
from .walker import (
    CUT_SHORT,
    DOUBLE_FLOAT_PIXEL_DATA,
    FLOAT_PIXEL_DATA,
    PIXEL_DATA,
    UNDEFINED,
    Element,
)


@dataclass(frozen=True)
class PixelHeader:
    """The Image Pixel module (PS3.3 C.7.6.3) of one instance.

    ``signed`` is Pixel Representation 1; ``planar`` is Planar Configuration, 0 when it does not
    apply; ``frames`` is at least 1.
    """

    element: Element
    transfer_syntax: str
    rows: int
    columns: int
    frames: int
    samples: int
    photometric: str
    planar: int
    bits_allocated: int
    bits_stored: int
    high_bit: int
    signed: bool

    @property
    def is_float(self) -> bool:
        """Whether it is Float or Double Float Pixel Data."""
        return self.element.tag in (FLOAT_PIXEL_DATA, DOUBLE_FLOAT_PIXEL_DATA)

    @property
    def is_native(self) -> bool:
        """Whether the pixel data are uncompressed."""
        return self.transfer_syntax in NATIVE and self.element.length != UNDEFINED

    @property
    def dtype(self) -> np.dtype:
        """The type of one stored value, in this machine's byte order; uint8 for single bits."""
        if self.is_float:
            return np.dtype(f"f{self.bits_allocated // 8}")
        if self.bits_allocated == 1:
            return np.dtype(np.uint8)
        return np.dtype(f"{'i' if self.signed else 'u'}{self.bits_allocated // 8}")

    @property
    def frame_shape(self) -> tuple[int, ...]:
        """Shape of one decoded frame: (rows, columns) or (rows, columns, samples)."""
        plane = (self.rows, self.columns)
        return plane if self.samples == 1 else (*plane, self.samples)

    @property
    def subsampled(self) -> bool:
        """Whether native chroma samples are shared by two pixels (PS3.3 C.7.6.3.1.2)."""
        return self.photometric == "YBR_FULL_422" and self.samples == 3 and self.is_native

    @property
    def native_length(self) -> int:
        """Bytes that uncompressed pixel data have at least, without the padding to even length."""
        samples = 2 if self.subsampled else self.samples
        bits = self.rows * self.columns * self.frames * samples * self.bits_allocated
        return (bits + 7) // 8


def read_pixel_header(layout: FileLayout) -> PixelHeader | None:
    """Read and check the Image Pixel module.

    Parameters
    ----------
    layout : FileLayout
        The file; its head is enough for native pixel data.

    Returns
    -------
    PixelHeader or None
        ``None`` when the instance has no pixel data.

    Raises
    ------
    NotDeidentifiableError
        When the module makes no sense, or the pixel data are shorter than they must be.
    """
    element = layout.pixels
    if element is None:
        return None
    floating = {FLOAT_PIXEL_DATA: 32, DOUBLE_FLOAT_PIXEL_DATA: 64}.get(element.tag, 0)
    allocated = layout.unsigned(0x00280100)
    stored = floating or layout.unsigned(0x00280101, allocated)
    header = PixelHeader(
        element=element,
        transfer_syntax=layout.transfer_syntax,
        rows=layout.unsigned(0x00280010),
        columns=layout.unsigned(0x00280011),
        frames=max(layout.integer(0x00280008, 1), 1),
        samples=layout.unsigned(0x00280002, 1),
        photometric=layout.text(0x00280004),
        planar=layout.unsigned(0x00280006),
        bits_allocated=allocated,
        bits_stored=stored,
        high_bit=layout.unsigned(0x00280102, stored - 1),
        signed=layout.unsigned(0x00280103) == 1,
    )
    _check(header, floating)
    if header.is_native:
        if element.length < header.native_length:
            raise NotDeidentifiableError(f"{CUT_SHORT}: its pixel data are shorter than its size")
        if element.length >= _longest(header):
            raise NotDeidentifiableError("its pixel data hold more than the frames it states")
    elif element.tag == PIXEL_DATA:
        _check_fragments(layout, header)
    return header


def _longest(header: PixelHeader) -> int:
    """Bytes from which on native pixel data hold a further frame, which nobody would look at.

    With YBR_FULL_422 they may also be of three full samples, that is, of another interpretation.
    """
    if header.subsampled:
        return header.rows * header.columns * header.frames * 3
    return header.native_length + max(header.native_length // header.frames, 2)


def _check(header: PixelHeader, floating: int) -> None:
    """Refuse a description that no image can have."""
    if not header.rows or not header.columns:
        raise NotDeidentifiableError("it has pixel data but no rows or columns")
    if header.samples not in (1, 3, 4):
        raise NotDeidentifiableError(f"it has {header.samples} samples per pixel")
    if floating:
        if header.bits_allocated != floating or header.samples != 1:
            raise NotDeidentifiableError("its floating point pixel data are not as long as stated")
        return
    if header.bits_allocated not in (1, 8, 16, 32):
        raise NotDeidentifiableError(f"{header.bits_allocated} bits allocated are not supported")
    if header.bits_allocated == 1 and header.samples != 1:
        raise NotDeidentifiableError("single bits with several samples are not supported")
    if not 1 <= header.bits_stored <= header.bits_allocated:
        raise NotDeidentifiableError("its bits stored do not fit its bits allocated")
    if not header.bits_stored - 1 <= header.high_bit < header.bits_allocated:
        raise NotDeidentifiableError("its high bit does not fit its bits stored")


def _check_fragments(layout: FileLayout, header: PixelHeader) -> None:
    """Refuse encapsulated pixel data with fewer fragments than frames."""
    if header.element.length != UNDEFINED:
        raise NotDeidentifiableError("its compressed pixel data are not encapsulated")
    if header.transfer_syntax in NATIVE:
        raise NotDeidentifiableError("its pixel data are encapsulated but said to be uncompressed")
    if len(layout.fragments) - 1 < header.frames and not _is_video(header.transfer_syntax):
        raise NotDeidentifiableError(f"{CUT_SHORT}: it has fewer frames than it states")


def _is_video(transfer_syntax: str) -> bool:
    """MPEG-2, MPEG-4 and HEVC: many frames in one stream."""
    last = transfer_syntax.removeprefix("1.2.840.10008.1.2.4.").split(".")[0]
    return last.isdigit() and 100 <= int(last) <= 108


def extended_offsets(layout: FileLayout) -> tuple[int, ...] | None:
    """Return the Extended Offset Table (7FE0,0001), or ``None`` when there is none."""
    value = layout.value(0x7FE00001)
    return struct.unpack(f"<{len(value) // 8}Q", value[: len(value) // 8 * 8]) if value else None
