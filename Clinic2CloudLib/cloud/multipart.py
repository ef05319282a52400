"""multipart/related (RFC 2387) both ways, without ever holding a whole large instance."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from email.message import Message
from pathlib import Path

from ..errors import InputError, NotApprovedError
from .retry import TemporaryError

#: Instances up to this size are read whole and their digest checked before the first byte leaves.
WHOLE = 16 << 20
#: Size of the pieces that larger ones are read, hashed and sent in.
PIECE = 1 << 18
#: A part's header longer than this is no DICOMweb answer.
LONGEST_HEADER = 1 << 16


@dataclass(frozen=True)
class Outgoing:
    """One instance to send: where it lies and the SHA-256 that was approved."""

    uid: str
    path: Path
    bytes: int
    sha256: str


class RelatedBody:
    """The body of a STOW-RS request, read from disk while it is sent.

    ``len()`` gives its exact size, so that the request carries Content-Length. Only bytes whose
    digest was approved make a complete part: small instances are checked before any byte leaves;
    large ones are hashed in a pass just before, and again while they are sent, with the last piece
    held back until the digest is known.

    Parameters
    ----------
    parts : sequence of Outgoing
        What to send.
    sent : callable
        Told how many bytes were handed over since the last call; it may raise Cancelled.
    """

    def __init__(self, parts: Sequence[Outgoing], sent: Callable[[int], None]) -> None:
        self.boundary = secrets.token_hex(16)
        self._parts = parts
        self._sent = sent
        self._open = f"--{self.boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode()
        self._close = f"--{self.boundary}--\r\n".encode()
        self.content_type = f'multipart/related; type="application/dicom"; boundary={self.boundary}'

    def __len__(self) -> int:
        frame = len(self._open) + 2
        return sum(frame + part.bytes for part in self._parts) + len(self._close)

    def __iter__(self) -> Iterator[bytes]:
        for part in self._parts:
            if part.bytes <= WHOLE:
                content = read_approved(part)
                yield self._open
                for start in range(0, len(content), PIECE):
                    piece = content[start : start + PIECE]
                    yield piece
                    self._sent(len(piece))
            else:
                check_approved(part)
                yield self._open
                for piece in stream_approved(part):
                    yield piece
                    self._sent(len(piece))
            yield b"\r\n"
        yield self._close


def _changed(part: Outgoing) -> NotApprovedError:
    return NotApprovedError(f"{part.path.name} changed after it was approved; it was not sent")


def _unreadable(part: Outgoing, error: OSError) -> InputError:
    # An OSError out of a request's body would pass for a broken line and be tried again.
    return InputError(f"{part.path.name} cannot be read: {error.strerror or error}")


def read_approved(part: Outgoing) -> bytes:
    """Read a small instance whole, refused unless its digest is the approved one."""
    try:
        content = part.path.read_bytes()
    except OSError as error:
        raise _unreadable(part, error) from None
    if len(content) != part.bytes or hashlib.sha256(content).hexdigest() != part.sha256:
        raise _changed(part)
    return content


def check_approved(part: Outgoing) -> None:
    """Hash a large instance where it lies, refused unless its digest is the approved one."""
    try:
        with part.path.open("rb") as handle:
            digest = hashlib.file_digest(handle, "sha256").hexdigest()
    except OSError as error:
        raise _unreadable(part, error) from None
    if digest != part.sha256:
        raise _changed(part)


def stream_approved(part: Outgoing) -> Iterator[bytes]:
    """Yield a large instance in pieces; the last one only if all were the approved bytes."""
    digest = hashlib.sha256()
    left = part.bytes
    held = b""
    try:
        with part.path.open("rb") as handle:
            while left:
                piece = handle.read(min(PIECE, left))
                if not piece:
                    raise _changed(part)
                digest.update(piece)
                left -= len(piece)
                if held:
                    yield held
                held = piece
    except OSError as error:
        raise _unreadable(part, error) from None
    if digest.hexdigest() != part.sha256:
        raise _changed(part)
    yield held


def parameter(content_type: str, name: str) -> str:
    """Return one parameter of a Content-Type header, unquoted, or empty."""
    message = Message()
    message["Content-Type"] = content_type
    found = message.get_param(name)
    return found if isinstance(found, str) else ""


class RelatedReader:
    """Takes a multipart answer apart while it arrives.

    Parameters
    ----------
    chunks : iterator of bytes
        The answer's body, in pieces of any size.
    boundary : str
        From its Content-Type.
    """

    def __init__(self, chunks: Iterator[bytes], boundary: str) -> None:
        self._chunks = chunks
        self._buffer = bytearray(b"\r\n")  # so that the first boundary looks like the others
        self._delimiter = b"\r\n--" + boundary.encode("ascii", "replace")

    def parts(self) -> Iterator[Iterator[bytes]]:
        """Yield each part's content as an iterator of pieces; one not used up is skipped.

        Raises
        ------
        TemporaryError
            When the answer ends before its closing boundary.
        """
        for _ in self._until(self._delimiter):  # the preamble, which says nothing
            pass
        while True:
            self._need(2)
            if self._buffer.startswith(b"--"):
                return
            self._skip_header()
            content = self._until(self._delimiter)
            yield content
            for _ in content:
                pass

    def _skip_header(self) -> None:
        """Pass the rest of the boundary's line, the header and the empty line that ends it."""
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            if len(self._buffer) > LONGEST_HEADER:
                raise TemporaryError("the server's answer is not multipart/related")
            self._more()
        del self._buffer[: end + 4]

    def _until(self, mark: bytes) -> Iterator[bytes]:
        """Yield all before a mark and drop the mark."""
        while (found := self._buffer.find(mark)) < 0:
            safe = len(self._buffer) - len(mark) + 1
            if safe > 0:
                piece = bytes(memoryview(self._buffer)[:safe])
                del self._buffer[:safe]
                yield piece
            self._more()
        piece = bytes(memoryview(self._buffer)[:found])
        del self._buffer[: found + len(mark)]
        if piece:
            yield piece

    def _need(self, count: int) -> None:
        while len(self._buffer) < count:
            self._more()

    def _more(self) -> None:
        chunk = next(self._chunks, None)
        if chunk is None:
            raise TemporaryError("the server's answer broke off")
        self._buffer += chunk
