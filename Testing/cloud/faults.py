"""A TCP proxy that breaks chosen HTTP requests in scripted ways.

It understands just enough HTTP/1.1 to tell requests apart. Faults are taken from a list, one for
each request that matches ``POST .../studies`` (or another given mark), in order; when the list is
used up all else passes.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

PIECE = 1 << 14


@dataclass(frozen=True)
class Fault:
    """What happens to one request.

    ``reset_after`` body bytes the line breaks, ``reset_at_end`` one piece before all has passed;
    ``drop_answer`` breaks it once the server has
    answered; ``status`` answers in the server's place; ``stall_after`` body bytes nothing moves any
    more; ``slow`` is a limit in bytes per second; ``cut_answer`` breaks the line after so many
    bytes of the answer.
    """

    reset_after: int | None = None
    reset_at_end: bool = False
    drop_answer: bool = False
    status: int | None = None
    stall_after: int | None = None
    slow: float | None = None
    cut_answer: int | None = None


@dataclass
class Seen:
    """One request that came by: its first line and how many body bytes were passed on."""

    line: str
    body: int = 0


class _BrokenError(Exception):
    """The line to the client is to be reset."""


@dataclass
class FaultProxy:
    """The proxy; ``port`` is where it listens."""

    target: int
    faults: list[Fault] = field(default_factory=list)
    mark: str = "POST /dicom-web/studies"
    port: int = 0
    seen: list[Seen] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/dicom-web"

    def stored_bytes(self) -> int:
        """Body bytes of all store requests that were passed on."""
        return sum(request.body for request in self.seen if self.mark in request.line)

    async def serve(self, ready: threading.Event, stop: asyncio.Event) -> None:
        server = await asyncio.start_server(self._client, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await stop.wait()
        server.close()

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream: list[asyncio.StreamWriter] = []
        try:
            while head := await _head(reader):
                await self._request(head, reader, writer, upstream)
        except _BrokenError:
            # A zero linger turns the close into a reset, as a broken line looks like.
            raw = writer.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            for line in (writer, *upstream):
                line.close()

    async def _request(
        self,
        head: bytes,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        upstream: list[asyncio.StreamWriter],
    ) -> None:
        seen = Seen(head.split(b"\r\n", 1)[0].decode())
        self.seen.append(seen)
        fault = self.faults.pop(0) if self.mark in seen.line and self.faults else Fault()
        left = _length(head)
        if fault.status is not None:
            await _skip(reader, left)
            writer.write(
                f"HTTP/1.1 {fault.status} Scripted\r\nRetry-After: 0\r\n"
                "Content-Length: 0\r\n\r\n".encode()
            )
            await writer.drain()
            return
        answer, out = await asyncio.open_connection("127.0.0.1", self.target)
        upstream.append(out)
        out.write(head)
        while left:
            if fault.reset_after is not None and seen.body >= fault.reset_after:
                raise _BrokenError
            if fault.reset_at_end and left <= PIECE:
                await reader.readexactly(left)
                raise _BrokenError
            if fault.stall_after is not None and seen.body >= fault.stall_after:
                await asyncio.sleep(60)
                raise _BrokenError
            piece = await reader.read(min(PIECE, left))
            if not piece:
                raise _BrokenError
            left -= len(piece)
            seen.body += len(piece)
            out.write(piece)
            await out.drain()
            if fault.slow:
                await asyncio.sleep(len(piece) / fault.slow)
        await _pass_answer(answer, writer, fault)
        out.close()


async def _pass_answer(
    answer: asyncio.StreamReader, writer: asyncio.StreamWriter, fault: Fault
) -> None:
    head = await _head(answer)
    if not head:
        raise _BrokenError
    if fault.drop_answer:
        raise _BrokenError
    chunked = b"transfer-encoding: chunked" in head.lower()
    left = _length(head)
    writer.write(head)
    passed = 0
    while chunked or left:
        piece = await (_chunk(answer) if chunked else answer.read(min(PIECE, left)))
        if not piece:
            raise _BrokenError
        left -= 0 if chunked else len(piece)
        if fault.cut_answer is not None and passed + len(piece) > fault.cut_answer:
            writer.write(piece[: max(0, fault.cut_answer - passed)])
            await writer.drain()
            await asyncio.sleep(0.05)
            raise _BrokenError
        passed += len(piece)
        writer.write(piece)
        await writer.drain()
        if chunked and piece == b"0\r\n\r\n":
            return
    await writer.drain()


async def _chunk(answer: asyncio.StreamReader) -> bytes:
    size = await answer.readuntil(b"\r\n")
    return size + await answer.readexactly(int(size.split(b";")[0], 16) + 2)


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""


async def _skip(reader: asyncio.StreamReader, count: int) -> None:
    while count:
        piece = await reader.read(min(PIECE, count))
        if not piece:
            raise _BrokenError
        count -= len(piece)


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


@contextlib.contextmanager
def fault_proxy(
    target: int, *faults: Fault, mark: str = "POST /dicom-web/studies"
) -> Iterator[FaultProxy]:
    """Run a proxy in front of a server on this machine."""
    proxy = FaultProxy(target, list(faults), mark)
    loop = asyncio.new_event_loop()
    ready, stop = threading.Event(), asyncio.Event()

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(proxy.serve(ready, stop))
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0.01))
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(5), "the proxy did not start"
    try:
        yield proxy
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(5)
