"""Stored pixel values of a file, whatever its transfer syntax.

Native pixel data are taken from the bytes; compressed ones go through pydicom and its plugins
(gdcm, pylibjpeg-openjpeg, pyjpegls, pillow), without conversion of colours.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..errors import NotDeidentifiableError
from .elements import EXPLICIT_LITTLE, FileLayout, read_layout
from .pixel_header import PixelHeader, extended_offsets, read_pixel_header

RLE = "1.2.840.10008.1.2.5"
JPEG_LS_LOSSLESS = "1.2.840.10008.1.2.4.80"
JPEG_LS_NEAR = "1.2.840.10008.1.2.4.81"
JPEG_2000_LOSSLESS = "1.2.840.10008.1.2.4.90"
JPEG_2000 = "1.2.840.10008.1.2.4.91"
DEFLATED_FRAMES = "1.2.840.10008.1.2.8.1"
HTJ2K = tuple(f"1.2.840.10008.1.2.4.{last}" for last in (201, 202, 203))

# One codec for each transfer syntax, so that a lossy image decodes to the same values on any
# machine; others are asked only when it is not installed or fails.
_PREFERRED = {
    RLE: "pydicom",
    JPEG_LS_LOSSLESS: "pyjpegls",
    JPEG_LS_NEAR: "pyjpegls",
    JPEG_2000_LOSSLESS: "pylibjpeg",
    JPEG_2000: "pylibjpeg",
    **dict.fromkeys(HTJ2K, "pylibjpeg"),
}


@dataclass(frozen=True)
class DecodedPixels:
    """All frames of one instance.

    Attributes
    ----------
    stored : numpy.ndarray
        Stored values, shape (frames, rows, columns) or (frames, rows, columns, samples), in the
        integer type of Bits Allocated and Pixel Representation; uint8 for single bits.
    photometric : str
        The photometric interpretation that is true of ``stored``; it differs from the file's where
        a codec undoes a transformation (YBR_RCT and YBR_ICT to RGB, YBR_FULL_422 to YBR_FULL).
    """

    stored: np.ndarray
    photometric: str


def decode_frames(raw: bytes) -> np.ndarray:
    """Decode all stored values of a file.

    Parameters
    ----------
    raw : bytes
        A DICOM file.

    Returns
    -------
    numpy.ndarray
        Shape (frames, rows, columns) or (frames, rows, columns, samples); bits above Bits Stored
        are masked off, or carry the sign.

    Raises
    ------
    NotDeidentifiableError
        When there are no pixel data or they cannot be decoded, with the reason.
    """
    return decode_pixels(raw).stored


def decode_pixels(raw: bytes) -> DecodedPixels:
    """Decode all stored values of a file, and say what colours they are.

    Parameters and errors are those of :func:`decode_frames`.
    """
    layout, header = open_pixels(raw)
    if header.is_native:
        return decode_native(layout, header)
    photometric = header.photometric
    stored = np.empty((header.frames, *header.frame_shape), header.dtype)
    for index, frame in enumerate(encoded_frames(layout, header)):
        stored[index], photometric = decode_frame(frame, header)
    return DecodedPixels(stored, photometric)


def undecodable_reason(raw: bytes) -> str | None:
    """Tell quickly whether pixel data can be decoded: by the first frame where compressed.

    Parameters
    ----------
    raw : bytes
        A DICOM file.

    Returns
    -------
    str or None
        Why not; ``None`` when they can be decoded.
    """
    try:
        layout, header = open_pixels(raw)
        if not header.is_native:
            decode_frame(encoded_frames(layout, header)[0], header)
    except NotDeidentifiableError as error:
        return str(error)
    return None


def open_pixels(raw: bytes) -> tuple[FileLayout, PixelHeader]:
    """Take a file with pixel data apart; raises ``NotDeidentifiableError`` when it has none."""
    layout = read_layout(raw)
    header = read_pixel_header(layout)
    if header is None:
        raise NotDeidentifiableError("it has no pixel data")
    return layout, header


def decode_native(layout: FileLayout, header: PixelHeader) -> DecodedPixels:
    """Decode uncompressed pixel data."""
    if header.subsampled:
        return DecodedPixels(_expand_chroma(layout, header), "YBR_FULL")
    words = native_words(pixel_bytes(layout, header), header, layout.endian)
    stored = words_to_stored(words, header)
    return DecodedPixels(stored if stored.flags.writeable else stored.copy(), header.photometric)


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


def _expand_chroma(layout: FileLayout, header: PixelHeader) -> np.ndarray:
    """Repeat the shared chroma samples of native YBR_FULL_422: Y1 Y2 Cb Cr (PS3.3 C.7.6.3.1.2)."""
    if header.bits_allocated != 8 or header.columns % 2:
        raise NotDeidentifiableError("its subsampled colours are not supported")
    value = pixel_bytes(layout, header)
    count = header.frames * header.rows * header.columns * 2
    pairs = np.frombuffer(value, np.uint8, count).reshape(-1, 4)
    pixels = pairs[:, [0, 2, 3, 1, 2, 3]]
    return pixels.reshape(header.frames, *header.frame_shape)


def encoded_frames(layout: FileLayout, header: PixelHeader) -> list[bytes]:
    """Return the compressed frames, the fragments of each joined.

    Raises
    ------
    NotDeidentifiableError
        When the fragments do not make as many frames as the header states.
    """
    from pydicom.encaps import generate_frames

    value = layout.data[header.element.value : header.element.end]
    offsets = extended_offsets(layout)
    lengths = layout.value(0x7FE00002)
    extended = (layout.value(0x7FE00001), lengths) if offsets and lengths else None
    try:
        frames = list(
            generate_frames(value, number_of_frames=header.frames, extended_offsets=extended)
        )
    except Exception as error:  # whatever is wrong with the fragments, the answer is the same
        raise NotDeidentifiableError("its compressed frames cannot be told apart") from error
    if len(frames) != header.frames:
        raise NotDeidentifiableError("it does not hold as many compressed frames as it states")
    return frames


def decode_selected(
    layout: FileLayout, header: PixelHeader, frames: Sequence[int]
) -> Iterator[np.ndarray]:
    """Yield the stored values of some compressed frames, each (rows, columns[, samples])."""
    encoded = encoded_frames(layout, header)
    for frame in frames:
        yield decode_frame(encoded[frame], header)[0]


def _inflate_frame(frame: bytes, header: PixelHeader) -> np.ndarray:
    """Decode a frame of Deflated Image Frame Compression (PS3.5 A.4.13)."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    one = replace(header, frames=1, transfer_syntax=EXPLICIT_LITTLE)
    try:
        value = inflater.decompress(frame, one.native_length)
    except zlib.error as error:
        raise NotDeidentifiableError("its deflated pixel data cannot be decoded") from error
    if len(value) < one.native_length:
        raise NotDeidentifiableError("its deflated pixel data are shorter than its size")
    return words_to_stored(native_words(bytearray(value), one, "<"), one)[0]


def decode_frame(
    frame: bytes, header: PixelHeader, unused_bits: bool = False
) -> tuple[np.ndarray, str]:
    """Decode one compressed frame.

    Parameters
    ----------
    frame : bytes
        Its code stream.
    header : PixelHeader
        The image it belongs to.
    unused_bits : bool
        Keep the bits above Bits Stored, where the codec has them (RLE).

    Returns
    -------
    stored : numpy.ndarray
        Shape (rows, columns[, samples]).
    photometric : str
        What the samples are.
    """
    from pydicom.encaps import encapsulate
    from pydicom.pixels import get_decoder
    from pydicom.uid import UID

    options: dict[str, Any] = {
        "number_of_frames": 1,
        "rows": header.rows,
        "columns": header.columns,
        "samples_per_pixel": header.samples,
        "photometric_interpretation": header.photometric,
        "bits_allocated": header.bits_allocated,
        "bits_stored": header.bits_stored,
        "pixel_representation": int(header.signed),
        "planar_configuration": header.planar,
        "pixel_keyword": "PixelData",
    }
    if header.transfer_syntax == DEFLATED_FRAMES:
        return _inflate_frame(frame, header), header.photometric
    if unused_bits:
        options["correct_unused_bits"] = False
    name = UID(header.transfer_syntax).name
    try:
        decoder = get_decoder(UID(header.transfer_syntax))
        plugin = _PREFERRED.get(header.transfer_syntax, "")
        if plugin not in decoder.available_plugins:
            plugin = ""
        value = encapsulate([frame], has_bot=False)
        stored, found = decoder.as_array(
            value, index=0, raw=True, decoding_plugin=plugin, **options
        )
    except NotImplementedError as error:
        raise NotDeidentifiableError(f"its transfer syntax, {name}, is not supported") from error
    except Exception as error:  # codecs raise anything on damaged data
        raise NotDeidentifiableError(f"its pixel data ({name}) cannot be decoded") from error
    if stored.shape != header.frame_shape:
        raise NotDeidentifiableError("its compressed frame has another size than it states")
    photometric = str(found.get("photometric_interpretation", header.photometric))
    if photometric == "YBR_FULL_422":  # codecs return full samples
        photometric = "YBR_FULL"
    return stored.astype(header.dtype, copy=False), photometric
