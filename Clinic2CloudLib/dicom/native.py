"""Words of native pixel data and the stored values in them (PS3.5 section 8.1)."""

from __future__ import annotations

import numpy as np

from ..errors import NotDeidentifiableError
from .elements import FileLayout
from .pixel_header import PixelHeader


def pixel_bytes(layout: FileLayout, header: PixelHeader) -> bytes:
    """Return the value of the pixel data element, 8-bit words of big endian put in order."""
    value = layout.data[header.element.value : header.element.end]
    if swaps_bytes(layout, header):
        return swapped(value)
    return value


def swaps_bytes(layout: FileLayout, header: PixelHeader) -> bool:
    """Whether 8-bit samples stand in 16-bit big endian words (VR OW), thus in swapped pairs."""
    return layout.endian == ">" and header.bits_allocated == 8 and header.element.vr != "OB"


def swapped(value: bytes) -> bytes:
    """Swap each pair of bytes."""
    return np.frombuffer(value, "u2").byteswap().tobytes()


def native_words(value: bytes | bytearray, header: PixelHeader, endian: str) -> np.ndarray:
    """Return the words of native pixel data, all bits as they are.

    Parameters
    ----------
    value : bytes or bytearray
        The value of the pixel data element; the array is a view of it (writable for a bytearray),
        except for single bits, which are unpacked.
    header : PixelHeader
        The image.
    endian : str
        ``<`` or ``>``, the file's byte order.

    Returns
    -------
    numpy.ndarray
        Shape (frames, rows, columns[, samples]); unsigned words (or floats) in the file's byte
        order.
    """
    if header.bits_allocated == 1:
        if endian == ">" and header.element.vr == "OW":
            raise NotDeidentifiableError("single bits in big endian words are not supported")
        count = header.frames * header.rows * header.columns
        bits = np.unpackbits(np.frombuffer(value, np.uint8), count=count, bitorder="little")
        return bits.reshape(header.frames, header.rows, header.columns)
    kind = "f" if header.is_float else "u"
    count = header.frames * header.rows * header.columns * header.samples
    words = np.frombuffer(value, f"{endian}{kind}{header.bits_allocated // 8}", count)
    if header.samples == 1:
        return words.reshape(header.frames, header.rows, header.columns)
    if header.planar == 1:
        planes = words.reshape(header.frames, header.samples, header.rows, header.columns)
        return planes.transpose(0, 2, 3, 1)
    return words.reshape(header.frames, header.rows, header.columns, header.samples)


def words_to_stored(words: np.ndarray, header: PixelHeader) -> np.ndarray:
    """Take the stored values out of words: shift, mask, extend the sign (PS3.5 8.1)."""
    native = np.ascontiguousarray(words, words.dtype.newbyteorder("="))
    if header.is_float or header.bits_allocated == 1:
        return native
    left = header.bits_allocated - 1 - header.high_bit
    right = header.bits_allocated - header.bits_stored
    if left:
        native = native << native.dtype.type(left)
    values = native.view(header.dtype)
    if right:
        values = values >> header.dtype.type(right) if left else _low_bits(values, right)
    return values


def _low_bits(values: np.ndarray, unused: int) -> np.ndarray:
    """Drop the upper ``unused`` bits: mask unsigned values, extend the sign of signed ones."""
    kind = values.dtype.type
    if values.dtype.kind == "u":
        return values & kind(np.iinfo(values.dtype).max >> unused)
    return (values << kind(unused)) >> kind(unused)


def expand_chroma(layout: FileLayout, header: PixelHeader) -> np.ndarray:
    """Repeat the shared chroma samples of native YBR_FULL_422: Y1 Y2 Cb Cr (PS3.3 C.7.6.3.1.2)."""
    if header.bits_allocated != 8 or header.columns % 2:
        raise NotDeidentifiableError("its subsampled colours are not supported")
    value = pixel_bytes(layout, header)
    count = header.frames * header.rows * header.columns * 2
    pairs = np.frombuffer(value, np.uint8, count).reshape(-1, 4)
    pixels = pairs[:, [0, 2, 3, 1, 2, 3]]
    return pixels.reshape(header.frames, *header.frame_shape)
