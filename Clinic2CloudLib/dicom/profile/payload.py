"""What lies beside the picture in pixel data: comments of compressed streams, overlay bits."""

from __future__ import annotations

import struct

import numpy as np

from ...errors import NotDeidentifiableError
from .content import elements
from .identifiers import Known
from .part10 import DataSet
from .work import Work

__all__ = ["check_payloads", "clear_overlay_bits", "refuse_recordings"]

#: Basic Voice Audio, General Audio and Real-Time Audio Waveform Storage.
_RECORDINGS = frozenset(f"1.2.840.10008.5.1.4.1.1.9.{n}" for n in ("4.1", "4.2", "4.3"))
_PIXEL_DATA = 0x7FE00010
_BITS_ALLOCATED, _BITS_STORED, _HIGH_BIT = 0x00280100, 0x00280101, 0x00280102
#: Comments and application data stand before the first scan or tile.
_STREAM_HEAD = 4096


def refuse_recordings(sop_class: str) -> None:
    """Set a voice aside: it names its speaker.

    Raises
    ------
    NotDeidentifiableError
        For a SOP class of sound.
    """
    if sop_class in _RECORDINGS:
        raise NotDeidentifiableError("a recorded voice cannot be de-identified")


def check_payloads(work: Work, known: Known) -> None:
    """Look through the heads of compressed frames, where JPEG and its kin keep comments.

    The streams themselves are passed on to the bit, so that what names the patient there can only
    be set aside.

    Raises
    ------
    NotDeidentifiableError
        When a token of the header stands in one.
    """
    raw = work.raw
    for _, _, value, stop, encapsulated, _, _ in work.bulk:
        if not encapsulated:
            continue
        heads = []
        pos = value
        while pos + 8 <= stop:
            length = struct.unpack_from("<I", raw, pos + 4)[0]
            if raw[pos : pos + 4] == b"\xfe\xff\xdd\xe0":
                break
            heads.append(raw[pos + 8 : pos + 8 + min(length, _STREAM_HEAD)])
            pos += 8 + length
        if known.in_payload(b"\0".join(heads)):
            raise NotDeidentifiableError("the compressed pixel data name the patient in a comment")


def clear_overlay_bits(work: Work, source: DataSet) -> None:
    """Clear the bits above and below the stored pixel values, where an overlay lay (PS3.3 C.9.2).

    Stored values do not change.

    Raises
    ------
    NotDeidentifiableError
        When the pixel data are compressed or of a depth that has no such bits.
    """
    bits = {}
    for tag, value, stop in elements(
        work.raw, source.encoding, source.start, len(work.raw), _HIGH_BIT
    ):
        if tag in (_BITS_ALLOCATED, _BITS_STORED, _HIGH_BIT) and stop - value == 2:
            bits[tag] = int.from_bytes(
                work.raw[value:stop], "big" if source.encoding.big else "little"
            )
    pixels = [entry for entry in work.bulk if entry[0] == _PIXEL_DATA]
    allocated, stored = bits.get(_BITS_ALLOCATED), bits.get(_BITS_STORED, 0)
    high = bits.get(_HIGH_BIT, -1)
    if not pixels:
        return
    _, start, value, stop, encapsulated, pieces, index = pixels[-1]
    if encapsulated or allocated not in (8, 16, 32) or not 0 < stored <= high + 1 <= allocated:
        raise NotDeidentifiableError("an overlay lies in the bits of the pixel data")
    mask = ((1 << stored) - 1) << (high + 1 - stored)
    order = ">" if source.encoding.big else "<"
    values = np.frombuffer(
        work.raw, f"{order}u{allocated // 8}", (stop - value) * 8 // allocated, value
    )
    cleared = (values & values.dtype.type(mask)).astype(values.dtype).tobytes()
    rest = work.raw[value + len(cleared) : stop]
    pieces[index] = work.raw[start:value] + cleared + rest
