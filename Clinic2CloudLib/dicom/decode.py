"""Stored pixel values of a file, whatever its transfer syntax.

Native pixel data are taken from the bytes; compressed ones go through pydicom and its plugins
(gdcm, pylibjpeg-openjpeg, pyjpegls, pillow), without conversion of colours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import NotDeidentifiableError
from .codecs import decode_frame, encoded_frames
from .elements import FileLayout, read_layout
from .native import expand_chroma, native_words, pixel_bytes, words_to_stored
from .pixel_header import PixelHeader, read_pixel_header


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
        return DecodedPixels(expand_chroma(layout, header), "YBR_FULL")
    words = native_words(pixel_bytes(layout, header), header, layout.endian)
    stored = words_to_stored(words, header)
    return DecodedPixels(stored if stored.flags.writeable else stored.copy(), header.photometric)


def decode_selected(
    layout: FileLayout, header: PixelHeader, frames: Sequence[int]
) -> Iterator[np.ndarray]:
    """Yield the stored values of some compressed frames, each (rows, columns[, samples])."""
    encoded = encoded_frames(layout, header)
    for frame in frames:
        yield decode_frame(encoded[frame], header)[0]
