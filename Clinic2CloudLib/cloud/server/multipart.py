"""multipart/related (RFC 2046, RFC 2387) taken apart as it arrives, in pieces of any size."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.message import Message
from typing import TypeAlias

#: A part's header longer than this is not one of DICOMweb.
LONGEST_HEADER = 1 << 16
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]")


class MalformedError(ValueError):
    """The body is not multipart/related with this boundary."""


@dataclass(frozen=True)
class PartBegins:
    """A part's header is complete; ``content_type`` is empty when it has none."""

    content_type: str


@dataclass(frozen=True)
class PartData:
    """Some of the current part's content."""

    data: bytes


@dataclass(frozen=True)
class PartEnds:
    """The current part is complete: the boundary behind it has been seen."""


Event: TypeAlias = PartBegins | PartData | PartEnds


def parse_media_type(header: str) -> tuple[str, dict[str, str]]:
    """Return a media type in lower case and its parameters, their values unquoted."""
    message = Message()
    message["Content-Type"] = header
    listed = message.get_params(failobj=[])
    kind = listed[0][0].strip().lower() if listed else ""
    return kind, {name.lower(): str(value).strip() for name, value in listed[1:]}


def checked_boundary(boundary: str) -> str:
    """Return a boundary as RFC 2046 section 5.1.1 allows it.

    Raises
    ------
    MalformedError
        For anything else.
    """
    if not _BOUNDARY.fullmatch(boundary):
        raise MalformedError("the Content-Type names no valid boundary")
    return boundary


class RelatedParser:
    """A parser that is fed and answers with events; it never holds more than a delimiter's length.

    Parameters
    ----------
    boundary : str
        From the request's Content-Type.

    Raises
    ------
    MalformedError
        When the boundary is none, and from :meth:`feed` when the body is not multipart.
    """

    def __init__(self, boundary: str) -> None:
        self._delimiter = b"\r\n--" + checked_boundary(boundary).encode("ascii")
        self._buffer = b"\r\n"  # so that a boundary at the very start looks like the others
        self._step = self._preamble
        self.complete = False

    def feed(self, data: bytes) -> list[Event]:
        """Take the next piece of the body and return what it brought, in order."""
        events: list[Event] = []
        self._buffer = self._buffer + data if self._buffer else data
        while not self.complete and self._step(events):
            pass
        if self.complete:
            self._buffer = b""  # the epilogue, which says nothing
        return events

    def _preamble(self, events: list[Event]) -> bool:
        found = self._buffer.find(self._delimiter)
        if found < 0:
            self._buffer = self._buffer[-len(self._delimiter) :]
            return False
        self._buffer = self._buffer[found + len(self._delimiter) :]
        self._step = self._boundary_line
        return True

    def _boundary_line(self, events: list[Event]) -> bool:
        """Read what stands behind a boundary: two hyphens end the body, blanks may come."""
        if len(self._buffer) < 2:
            return False
        if self._buffer.startswith(b"--"):
            self.complete = True
            return False
        end = self._buffer.find(b"\r\n")
        blanks = self._buffer if end < 0 else self._buffer[:end]
        if blanks.strip(b" \t") not in (b"", b"\r") or len(blanks) > LONGEST_HEADER:
            raise MalformedError("a boundary is followed by something else than a line's end")
        if end < 0:
            return False
        # The line's end stays: a part without header begins with an empty line.
        self._buffer = self._buffer[end:]
        self._step = self._header
        return True

    def _header(self, events: list[Event]) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > LONGEST_HEADER:
                raise MalformedError("a part's header has no end")
            return False
        events.append(PartBegins(_content_type(self._buffer[:end])))
        # The header's last line's end may be that of the boundary behind an empty part.
        self._buffer = self._buffer[end + 2 :]
        self._step = self._first_content
        return True

    def _first_content(self, events: list[Event]) -> bool:
        """Tell an empty part from one with content, whose leading line's end is the header's."""
        if len(self._buffer) < len(self._delimiter):
            return False
        if not self._buffer.startswith(self._delimiter):
            self._buffer = self._buffer[2:]
        self._step = self._content
        return True

    def _content(self, events: list[Event]) -> bool:
        found = self._buffer.find(self._delimiter)
        if found < 0:
            safe = len(self._buffer) - len(self._delimiter) + 1
            if safe > 0:
                events.append(PartData(self._buffer[:safe]))
                self._buffer = self._buffer[safe:]
            return False
        if found:
            events.append(PartData(self._buffer[:found]))
        events.append(PartEnds())
        self._buffer = self._buffer[found + len(self._delimiter) :]
        self._step = self._boundary_line
        return True


def _content_type(header: bytes) -> str:
    for line in header.decode("latin-1").split("\r\n"):
        name, _, value = line.partition(":")
        if name.strip().lower() == "content-type":
            return value.strip()
    return ""
