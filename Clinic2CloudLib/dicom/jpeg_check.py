"""See that a JPEG frame is well formed before a codec gets it.

gdcm ends the whole process on some damaged code streams (an exception of its C++ that nobody
catches), so what it is given is checked here, marker by marker (ITU-T T.81 annex B).
"""

from __future__ import annotations

import re

from ..errors import NotDeidentifiableError
from .pixel_header import PixelHeader

_SCAN_END = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)
_LOSSLESS = ("1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70")
_BASELINE, _EXTENDED, _LOSSLESS_SOF = 0xC0, 0xC1, 0xC3
_DHT, _EOI, _SOS, _DQT, _DRI, _COMMENT = 0xC4, 0xD9, 0xDA, 0xDB, 0xDD, 0xFE


def check_jpeg(frame: bytes, header: PixelHeader) -> None:
    """Refuse a frame that is no whole JPEG of the size the header states.

    Parameters
    ----------
    frame : bytes
        A JPEG code stream (baseline, extended or lossless, Huffman coded).
    header : PixelHeader
        The image it belongs to.

    Raises
    ------
    NotDeidentifiableError
        When it is damaged, cut short or of another size.
    """
    try:
        _Checker(frame, header).check()
    except (IndexError, _DamagedError) as error:
        raise NotDeidentifiableError("its JPEG pixel data are damaged") from error


class _DamagedError(Exception):
    """A marker segment is not as T.81 has it."""


def _demand(condition: bool) -> None:
    if not condition:
        raise _DamagedError


class _Checker:
    """Walks the marker segments of one frame."""

    def __init__(self, frame: bytes, header: PixelHeader) -> None:
        self.frame, self.header = frame, header
        self.lossless = header.transfer_syntax in _LOSSLESS
        self.components: list[int] = []
        self.tables: set[int] = set()
        self.quantisation: dict[int, int] = {}
        self.scanned: set[int] = set()

    def check(self) -> None:
        frame = self.frame
        _demand(frame[:2] == b"\xff\xd8")
        place = 2
        while True:
            _demand(frame[place] == 0xFF)
            while frame[place + 1] == 0xFF:  # fill bytes
                place += 1
            marker = frame[place + 1]
            if marker == _EOI:
                _demand(bool(self.components) and self.scanned == set(self.components))
                return
            length = int.from_bytes(frame[place + 2 : place + 4], "big")
            end = place + 2 + length
            _demand(length >= 2 and end <= len(frame))
            self._segment(marker, frame[place + 4 : end])
            place = end
            if marker == _SOS:
                found = _SCAN_END.search(frame, place)
                _demand(found is not None and found.start() > place)
                place = found.start() if found else 0

    def _segment(self, marker: int, body: bytes) -> None:
        if marker in (_BASELINE, _EXTENDED, _LOSSLESS_SOF):
            self._frame_header(marker, body)
        elif marker == _DHT:
            self._huffman_tables(body)
        elif marker == _DQT:
            self._quantisation_tables(body)
        elif marker == _SOS:
            self._scan_header(body)
        elif marker == _DRI:
            _demand(len(body) == 2)
        elif body.startswith(b"JFIF\0"):
            _demand(len(body) >= 14 and body[5] == 1)  # libjpeg stumbles over another version
        else:
            _demand(0xE0 <= marker <= 0xEF or marker == _COMMENT)

    def _frame_header(self, marker: int, body: bytes) -> None:
        header = self.header
        _demand(not self.components and (marker == _LOSSLESS_SOF) == self.lossless)
        precision, count = body[0], body[5]
        rows, columns = int.from_bytes(body[1:3], "big"), int.from_bytes(body[3:5], "big")
        _demand((rows, columns, count) == (header.rows, header.columns, header.samples))
        _demand(len(body) == 6 + 3 * count)
        _demand(2 <= precision <= header.bits_allocated if self.lossless else precision in (8, 12))
        _demand((precision > 8) == (header.bits_allocated > 8) or precision == 8)
        for place in range(6, len(body), 3):
            sampling = body[place + 1]
            across, down = sampling >> 4, sampling & 15
            _demand(1 <= across <= 4 and 1 <= down <= 4 and body[place + 2] <= 3)
            _demand(not self.lossless or sampling == 0x11)
            self.components.append(body[place])
        _demand(len(set(self.components)) == count)

    def _huffman_tables(self, body: bytes) -> None:
        place = 0
        while place < len(body):
            table, counts = body[place], body[place + 1 : place + 17]
            _demand(table >> 4 <= 1 and table & 15 <= 3 and len(counts) == 16)
            total = sum(counts)
            used = sum(count << (16 - bits) for bits, count in enumerate(counts, start=1))
            _demand(0 < total <= 256 and used <= 1 << 16)
            symbols = body[place + 17 : place + 17 + total]
            _demand(len(symbols) == total)
            _demand(table >> 4 == 1 or max(symbols) <= 16)
            self.tables.add(table)
            place += 17 + total

    def _quantisation_tables(self, body: bytes) -> None:
        place = 0
        while place < len(body):
            wide, number = body[place] >> 4, body[place] & 15
            _demand(wide <= 1 and number <= 3)
            self.quantisation[number] = wide
            place += 1 + 64 * (wide + 1)
        _demand(place == len(body))

    def _scan_header(self, body: bytes) -> None:
        count = body[0]
        _demand(bool(self.components) and 1 <= count <= len(self.components))
        _demand(len(body) == 4 + 2 * count)
        for place in range(1, 1 + 2 * count, 2):
            component, tables = body[place], body[place + 1]
            _demand(component in self.components and component not in self.scanned)
            _demand(tables >> 4 in self.tables)
            _demand(self.lossless or 0x10 | tables & 15 in self.tables)
            self.scanned.add(component)
        if self.lossless:  # writers of the others leave rubbish here, and codecs ignore it
            _demand(1 <= body[-3] <= 7 and body[-1] <= 15)
