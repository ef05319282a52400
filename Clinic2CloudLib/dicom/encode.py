"""Lossless compression of edited frames, and the pixel data element around them (PS3.5 A.4)."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np

from ..errors import NotDeidentifiableError
from .codecs import JPEG_2000_LOSSLESS, JPEG_LS_LOSSLESS, RLE, decode_frame
from .pixel_header import PixelHeader

#: Transfer syntaxes that edited frames are written in again, with the one codec for each, so that
#: the same frame becomes the same bytes on any machine.
ENCODERS = {RLE: "pydicom", JPEG_LS_LOSSLESS: "pyjpegls", JPEG_2000_LOSSLESS: "pylibjpeg"}

_ITEM = b"\xfe\xff\x00\xe0"
_END = b"\xfe\xff\xdd\xe0\x00\x00\x00\x00"


def encode_frame(stored: np.ndarray, header: PixelHeader) -> bytes | None:
    """Compress one frame as the file's other frames are.

    Parameters
    ----------
    stored : numpy.ndarray
        Shape (rows, columns[, samples]), as :func:`decode_frame` returns it, for RLE with the bits
        above Bits Stored.
    header : PixelHeader
        The image.

    Returns
    -------
    bytes or None
        The code stream; ``None`` when the transfer syntax is not lossless, there is no encoder for
        it here, or what it wrote does not decode to the very same values.
    """
    from pydicom.pixels import get_encoder
    from pydicom.uid import UID

    plugin = ENCODERS.get(header.transfer_syntax)
    if plugin is None or header.bits_allocated == 1:
        return None
    encoder = get_encoder(UID(header.transfer_syntax))
    whole_words = header.transfer_syntax == RLE
    try:
        encoded = encoder.encode(
            stored,
            encoding_plugin=plugin,
            rows=header.rows,
            columns=header.columns,
            number_of_frames=1,
            samples_per_pixel=header.samples,
            bits_allocated=header.bits_allocated,
            bits_stored=header.bits_allocated if whole_words else header.bits_stored,
            pixel_representation=int(header.signed),
            photometric_interpretation=header.photometric,
            planar_configuration=header.planar if header.samples > 1 else 0,
        )
        again, _ = decode_frame(encoded, header, unused_bits=whole_words)
    except (RuntimeError, ValueError, TypeError, AttributeError, NotDeidentifiableError):
        return None  # the caller writes it uncompressed instead
    return bytes(encoded) if np.array_equal(again, stored) else None


def encapsulated(frames: Sequence[bytes]) -> tuple[bytes, bytes, bytes]:
    """Put compressed frames into items, one fragment each.

    Returns
    -------
    value : bytes
        Items behind an empty basic offset table, and the sequence delimiter.
    offsets, lengths : bytes
        The Extended Offset Table and its lengths (PS3.3 C.7.6.3).
    """
    items, offsets, lengths = [_ITEM + bytes(4)], [], []
    place = 0
    for frame in frames:
        padded = frame + b"\0" * (len(frame) % 2)
        items += [_ITEM, struct.pack("<L", len(padded)), padded]
        offsets.append(place)
        lengths.append(len(frame))
        place += 8 + len(padded)
    pack = f"<{len(frames)}Q"
    return b"".join([*items, _END]), struct.pack(pack, *offsets), struct.pack(pack, *lengths)


def with_basic_offsets(value: bytes, offsets: bytes) -> bytes:
    """Fill the basic offset table, unless an offset is too large for it."""
    numbers = struct.unpack(f"<{len(offsets) // 8}Q", offsets)
    if max(numbers) > 0xFFFFFFFF:
        return value
    table = struct.pack(f"<{len(numbers)}L", *numbers)
    return _ITEM + struct.pack("<L", len(table)) + table + value[8:]
