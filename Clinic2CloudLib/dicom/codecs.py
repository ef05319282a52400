"""Compressed frames: taking them apart and decoding them through pydicom's plugins."""

from __future__ import annotations

import zlib
from dataclasses import replace
from typing import Any

import numpy as np

from ..errors import NotDeidentifiableError
from .elements import EXPLICIT_LITTLE, FileLayout
from .jpeg_check import check_jpeg
from .native import native_words, words_to_stored
from .pixel_header import PixelHeader, extended_offsets

RLE = "1.2.840.10008.1.2.5"
JPEG_LS_LOSSLESS = "1.2.840.10008.1.2.4.80"
JPEG_LS_NEAR = "1.2.840.10008.1.2.4.81"
JPEG_2000_LOSSLESS = "1.2.840.10008.1.2.4.90"
JPEG_2000 = "1.2.840.10008.1.2.4.91"
DEFLATED_FRAMES = "1.2.840.10008.1.2.8.1"
HTJ2K = tuple(f"1.2.840.10008.1.2.4.{last}" for last in (201, 202, 203))

# One codec for each transfer syntax, so that a lossy image decodes to the same values on any
# machine; others are asked only when it is not installed. gdcm is kept to JPEG, where there is no
# other for lossless or 12-bit images: it can end the process on a damaged frame.
_JPEG = tuple(f"1.2.840.10008.1.2.4.{last}" for last in (50, 51, 57, 70))
_PREFERRED = {
    **dict.fromkeys(_JPEG, "gdcm"),
    RLE: "pydicom",
    JPEG_LS_LOSSLESS: "pyjpegls",
    JPEG_LS_NEAR: "pyjpegls",
    JPEG_2000_LOSSLESS: "pylibjpeg",
    JPEG_2000: "pylibjpeg",
    **dict.fromkeys(HTJ2K, "pylibjpeg"),
}


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
    if header.transfer_syntax in _JPEG:
        check_jpeg(frame, header)
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
    if header.samples == 3 and header.transfer_syntax in _JPEG and _adobe_transform(frame) == 1:
        # The code stream itself says that it is YCbCr, whatever the header says. gdcm leaves it
        # so, pillow converts it.
        photometric = "YBR_FULL" if plugin == "gdcm" else "RGB"
    return stored.astype(header.dtype, copy=False), photometric


def _adobe_transform(frame: bytes) -> int | None:
    """Return the colour transform of a JPEG's Adobe APP14 segment (ITU-T T.872), if it has one."""
    place = 2
    while place + 4 <= len(frame) and frame[place] == 0xFF and frame[place + 1] != 0xDA:
        length = int.from_bytes(frame[place + 2 : place + 4], "big")
        segment = frame[place + 4 : place + 2 + length]
        if frame[place + 1] == 0xEE and segment.startswith(b"Adobe") and len(segment) >= 12:
            return segment[11]
        place += 2 + length
    return None
