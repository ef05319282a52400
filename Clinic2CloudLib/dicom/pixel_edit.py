"""Replace some pixels of a file; every other bit of its pixel data stays as it was.

- Native pixel data are patched in place: padding, unused high bits and overlays in them stay.
  A deflated data set is written as Explicit VR Little Endian, because deflating gives other bytes
  with another zlib.
- Frames of RLE, JPEG-LS Lossless and JPEG 2000 Lossless files are compressed again the same way,
  only those that changed, and decoded again to see that they hold what they should.
- Any other compression, and whatever does not come out the same, is written as Explicit VR Little
  Endian with the values it decoded to; a lossy image loses nothing more, and keeps saying in
  Lossy Image Compression (0028,2110) what it is.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ..errors import NotDeidentifiableError
from .codecs import RLE, decode_frame, encoded_frames
from .decode import decode_native, open_pixels
from .elements import EXPLICIT_LITTLE, FileLayout
from .encode import encapsulated, encode_frame, with_basic_offsets
from .native import native_words, pixel_bytes, swapped, swaps_bytes
from .pixel_header import PixelHeader
from .splice import encode_element, inflated_syntax, rebuild
from .walker import PIXEL_DATA

_SMALLEST, _LARGEST = 0x00280106, 0x00280107
_LOSSY = tuple(f"1.2.840.10008.1.2.4.{last}" for last in (50, 51, 81))
_LONGEST = 0xFFFFFFFE


@dataclass(frozen=True)
class FrameEdit:
    """New values for some pixels of one frame.

    Attributes
    ----------
    mask : numpy.ndarray
        Boolean, shape (rows, columns): which pixels.
    stored : numpy.ndarray
        Stored values as :func:`~Clinic2CloudLib.dicom.decode.decode_frames` gives them, shape
        (rows, columns) or (rows, columns, samples); read where ``mask`` is true only.
    """

    mask: np.ndarray
    stored: np.ndarray


def replace_pixels(raw: bytes, edits: Mapping[int, FrameEdit]) -> bytes:
    """Replace pixels of a file.

    Parameters
    ----------
    raw : bytes
        A DICOM file.
    edits : mapping of int to FrameEdit
        Frame number, from 0, to what is new in it.

    Returns
    -------
    bytes
        A whole Part 10 file. Nothing but pixel data, and what describes them, differs from ``raw``;
        with nothing to change it is ``raw``.

    Raises
    ------
    NotDeidentifiableError
        When its pixel data cannot be decoded, or the result would be no valid file.
    ValueError
        When an edit has the wrong shape, names a frame there is not, or has values that do not fit
        Bits Stored: an error of the caller.
    """
    layout, header = open_pixels(raw)
    for frame, edit in edits.items():
        _check(frame, edit, header)
    edits = {frame: edit for frame, edit in edits.items() if edit.mask.any()}
    if not edits:
        return raw if layout.has_meta else rebuild(layout, {}, inflated_syntax(layout))
    if header.subsampled:
        whole = decode_native(layout, header)
        return _native_file(layout, header, _edited(whole.stored, edits), whole.photometric)
    if header.is_native:
        return _patched_file(layout, header, edits)
    return _compressed_file(layout, header, edits)


def _check(frame: int, edit: FrameEdit, header: PixelHeader) -> None:
    """Refuse an edit that does not fit the image."""
    if not 0 <= frame < header.frames:
        raise ValueError(f"there is no frame {frame}")
    if edit.mask.dtype != bool or edit.mask.shape != (header.rows, header.columns):
        raise ValueError("the mask is not a boolean of the frame's rows and columns")
    if edit.stored.shape != header.frame_shape:
        raise ValueError("the new values do not have the frame's shape")
    if header.is_float:
        return
    new = edit.stored[edit.mask]
    if new.dtype.kind not in "iub":
        raise ValueError("the new values are not integers")
    bits = header.bits_stored
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if header.signed else (0, (1 << bits) - 1)
    if new.size and (int(new.min()) < low or int(new.max()) > high):
        raise ValueError("the new values do not fit the bits stored")


def _edited(stored: np.ndarray, edits: Mapping[int, FrameEdit]) -> np.ndarray:
    """Put the new values into decoded frames, in place."""
    for frame, edit in edits.items():
        stored[frame][edit.mask] = edit.stored[edit.mask]
    return stored


def _patched_file(layout: FileLayout, header: PixelHeader, edits: Mapping[int, FrameEdit]) -> bytes:
    """Patch native pixel data where they stand."""
    value = bytearray(pixel_bytes(layout, header))
    words = native_words(value, header, layout.endian)
    for frame, edit in edits.items():
        put_words(words[frame], edit, header)
    if header.bits_allocated == 1:
        packed = bytearray(np.packbits(words.ravel(), bitorder="little").tobytes())
        used = 0xFF >> -words.size % 8  # bits behind the last frame stay, too
        packed[-1] = packed[-1] & used | value[len(packed) - 1] & ~used & 0xFF
        value[: len(packed)] = packed
    changed = swapped(bytes(value)) if swaps_bytes(layout, header) else bytes(value)
    element = header.element
    data = b"".join((layout.data[: element.value], changed, layout.data[element.end :]))
    patched = replace(layout, data=data)
    return rebuild(patched, _extremes(patched, header), inflated_syntax(layout))


def put_words(words: np.ndarray, edit: FrameEdit, header: PixelHeader) -> None:
    """Write stored values into words, in place, and leave their unused bits alone.

    Unused high bits of signed words carry the sign where they did so in the whole frame before;
    otherwise they may hold an overlay and are kept.

    Parameters
    ----------
    words : numpy.ndarray
        Words of one frame, shape (rows, columns[, samples]), unsigned or float.
    edit : FrameEdit
        The new values.
    header : PixelHeader
        The image.
    """
    new = edit.stored[edit.mask]
    if header.is_float or header.bits_allocated == header.bits_stored:
        words[edit.mask] = new if header.is_float else new.astype(f"u{words.dtype.itemsize}")
        return
    native = words.dtype.newbyteorder("=")
    shift = header.high_bit + 1 - header.bits_stored
    used = native.type(((1 << header.bits_stored) - 1) << shift)
    fresh = new.astype(native) << native.type(shift)
    old = words[edit.mask].astype(native)
    if header.signed and shift == 0 and _sign_extended(words.astype(native), header):
        words[edit.mask] = fresh
    else:
        words[edit.mask] = (old & ~used) | (fresh & used)


def _sign_extended(words: np.ndarray, header: PixelHeader) -> bool:
    """Whether the unused high bits repeat the sign throughout a frame."""
    kind = header.dtype.type
    values = words.view(header.dtype)
    unused = kind(header.bits_allocated - header.bits_stored)
    return bool(np.array_equal((values << unused) >> unused, values))


def _compressed_file(
    layout: FileLayout, header: PixelHeader, edits: Mapping[int, FrameEdit]
) -> bytes:
    """Compress the edited frames again, or write all frames uncompressed."""
    if layout.implicit or layout.endian == ">":
        raise NotDeidentifiableError("its pixel data are compressed where they must not be")
    frames = encoded_frames(layout, header)
    whole_words = header.transfer_syntax == RLE
    for frame, edit in edits.items():
        stored, _ = decode_frame(frames[frame], header, unused_bits=whole_words)
        stored = stored.copy()
        if whole_words:
            put_words(stored.view(f"u{stored.dtype.itemsize}"), edit, header)
        else:
            stored[edit.mask] = edit.stored[edit.mask]
        encoded = encode_frame(stored, header)
        if encoded is None:
            return _uncompressed_file(layout, header, edits)
        frames[frame] = encoded
    changes = _encapsulated_element(layout, frames)
    smallest = {_SMALLEST, _LARGEST} & layout.elements.keys()
    if smallest:
        values = [decode_frame(frame, header)[0] for frame in frames]
        low, high = min(int(v.min()) for v in values), max(int(v.max()) for v in values)
        changes |= _described(layout, header, low, high)
    return rebuild(layout, changes, header.transfer_syntax)


def _encapsulated_element(layout: FileLayout, frames: list[bytes]) -> dict[int, bytes | None]:
    value, offsets, lengths = encapsulated(frames)
    changes: dict[int, bytes | None] = {0x7FE00001: None, 0x7FE00002: None}
    if 0x7FE00001 in layout.elements:
        changes[0x7FE00001] = encode_element(0x7FE00001, "OV", offsets, layout)
        changes[0x7FE00002] = encode_element(0x7FE00002, "OV", lengths, layout)
    else:
        value = with_basic_offsets(value, offsets)
    undefined = struct.pack("<HH2sHL", 0x7FE0, 0x0010, b"OB", 0, 0xFFFFFFFF)
    changes[PIXEL_DATA] = undefined + value
    return changes


def _uncompressed_file(
    layout: FileLayout, header: PixelHeader, edits: Mapping[int, FrameEdit]
) -> bytes:
    stored = np.empty((header.frames, *header.frame_shape), header.dtype)
    photometric = header.photometric
    for index, frame in enumerate(encoded_frames(layout, header)):
        stored[index], photometric = decode_frame(frame, header)
    return _native_file(layout, header, _edited(stored, edits), photometric)


def _native_file(
    layout: FileLayout, header: PixelHeader, stored: np.ndarray, photometric: str
) -> bytes:
    """Write all frames uncompressed, and make what describes them true.

    Compressed files are Explicit VR Little Endian already but for their pixels (PS3.5 A.4); a
    native file keeps its encoding.
    """
    if header.bits_allocated == 1:
        value = np.packbits(stored.ravel(), bitorder="little").tobytes()
    else:
        value = stored.astype(layout.endian + stored.dtype.str[1:], copy=False).tobytes()
    if len(value) > _LONGEST:
        raise NotDeidentifiableError("its pixel data would be longer than 4 GiB uncompressed")
    changes: dict[int, bytes | None] = {0x7FE00001: None, 0x7FE00002: None}
    vr = "OB" if header.bits_allocated <= 8 else "OW"
    changes[PIXEL_DATA] = encode_element(PIXEL_DATA, vr, value, layout)
    if photometric != header.photometric:
        changes[0x00280004] = encode_element(0x00280004, "CS", photometric.encode(), layout)
    if header.samples > 1:
        planar = struct.pack(layout.endian + "H", 0)
        changes[0x00280006] = encode_element(0x00280006, "US", planar, layout)
    if header.transfer_syntax in _LOSSY and not layout.text(0x00282110):
        changes[0x00282110] = encode_element(0x00282110, "CS", b"01", layout)
    changes |= _described(layout, header, int(stored.min()), int(stored.max()))
    return rebuild(layout, changes, _native_syntax(layout, header))


def _native_syntax(layout: FileLayout, header: PixelHeader) -> str:
    return inflated_syntax(layout) if header.is_native else EXPLICIT_LITTLE


def _extremes(layout: FileLayout, header: PixelHeader) -> dict[int, bytes | None]:
    """Make Smallest and Largest Image Pixel Value true of native pixel data, if they are there."""
    if not {_SMALLEST, _LARGEST} & layout.elements.keys():
        return {}
    stored = decode_native(layout, header).stored
    return _described(layout, header, int(stored.min()), int(stored.max()))


def _described(
    layout: FileLayout, header: PixelHeader, low: int, high: int
) -> dict[int, bytes | None]:
    """Return Smallest and Largest Image Pixel Value (16 bits each) where the file has them."""
    changes: dict[int, bytes | None] = {}
    kind = "h" if header.signed else "H"
    for tag, number in ((_SMALLEST, low), (_LARGEST, high)):
        if tag in layout.elements:
            if header.is_float or header.bits_stored > 16:
                changes[tag] = None  # they cannot hold such a value
                continue
            value = struct.pack(layout.endian + kind, number)
            changes[tag] = encode_element(tag, "SS" if header.signed else "US", value, layout)
    return changes
