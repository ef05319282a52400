"""Takes the parts of a store request in while they arrive.

Small instances are kept in memory until they are complete and then hashed, written and flushed by
a few threads at once: file systems flush many files together faster than one after the other.
Large ones go to disk piece by piece, so that memory stays small whatever their size.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import FileIO
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from .reasons import Reason
from .staging import Outcome, Staged, failed_write, write_all
from .store import Store

#: An instance larger than this goes to disk while it arrives.
IN_MEMORY = 8 << 20
#: So much may wait in memory for the disk, over all parts of one request.
WAITING = 48 << 20
#: What has gone to disk is flushed every so often: the last flush is short then.
FLUSH_EVERY = 64 << 20
_PIECE = 4 << 20

Result: TypeAlias = Staged | Outcome
T = TypeVar("T")
log = logging.getLogger(__name__)


class Intake:
    """The parts of one request.

    Parameters
    ----------
    store : Store
        Where they go.
    pool : ThreadPoolExecutor
        Does the writing.
    deidentified_only : bool
        Whether to refuse what does not say that the patient's identity was removed.
    """

    def __init__(self, store: Store, pool: ThreadPoolExecutor, deidentified_only: bool) -> None:
        self._store = store
        self._deidentified_only = deidentified_only
        self._pool = pool
        self._results: list[asyncio.Future[Result] | Result] = []
        self._pieces: list[bytes] = []
        self._size = 0
        self._spool: _Spool | None = None
        self._refusal: Outcome | None = None
        self._waiting = 0

    def begin(self, refusal: Outcome | None = None) -> None:
        """Begin a part; with a refusal its content is passed over."""
        self._refusal = refusal

    async def add(self, data: bytes) -> None:
        """Take a piece of the current part."""
        if self._refusal is not None:
            return
        self._pieces.append(data)
        self._size += len(data)
        limit = _PIECE if self._spool is not None else IN_MEMORY
        if self._size > limit:
            await self._spill()

    async def end(self) -> None:
        """The current part is complete."""
        if self._refusal is not None:
            self._results.append(self._refusal)
        elif self._spool is not None:
            await self._spill()
            spool, self._spool = self._spool, None
            self._results.append(await self._run(spool.stage, self._store, self._deidentified_only))
        else:
            content, size = b"".join(self._pieces), self._size
            self._pieces, self._size = [], 0
            while self._waiting and self._waiting + size > WAITING:
                pending = [r for r in self._results if isinstance(r, asyncio.Future)]
                await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                self._settle()
            self._waiting += size
            future = self._run(_stage, self._store, content, self._deidentified_only)
            future.add_done_callback(lambda _: self._release(size))
            self._results.append(future)
        self._refusal = None

    async def abandon(self) -> None:
        """Drop the current part: its end never came."""
        self._pieces, self._size = [], 0
        if self._spool is not None:
            spool, self._spool = self._spool, None
            await self._run(spool.remove)

    async def results(self) -> list[Result]:
        """Return what became of all complete parts, in order."""
        return [await r if isinstance(r, asyncio.Future) else r for r in self._results]

    async def _spill(self) -> None:
        pieces, self._pieces, self._size = self._pieces, [], 0
        if self._spool is None:
            self._spool = _Spool(self._store.new_file())
        await self._run(self._spool.write, pieces)

    def _run(self, function: Callable[..., T], *arguments: Any) -> asyncio.Future[T]:
        return asyncio.get_running_loop().run_in_executor(self._pool, function, *arguments)

    def _release(self, size: int) -> None:
        self._waiting -= size

    def _settle(self) -> None:
        """Replace futures that are done by their results, so that they are not waited for again."""
        self._results = [
            r.result() if isinstance(r, asyncio.Future) and r.done() else r for r in self._results
        ]


def _stage(store: Store, content: bytes, deidentified_only: bool) -> Result:
    """Stage a small instance; whatever goes wrong with one leaves the others alone."""
    try:
        return store.stage_bytes(content, deidentified_only)
    except Exception as error:
        log.error("an instance was not stored: %s", type(error).__name__)
        return Outcome(reason=Reason.PROCESSING_FAILURE, sentence="the server could not take it in")


class _Spool:
    """A large instance on its way to disk; it remembers a failure until its end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: FileIO | None = None
        self._digest = hashlib.sha256()
        self._unflushed = 0
        self._failure: Outcome | None = None

    def write(self, pieces: list[bytes]) -> None:
        if self._failure is not None:
            return
        try:
            if self._handle is None:
                self._handle = self._path.open("xb", buffering=0)
            for piece in pieces:
                self._digest.update(piece)
                write_all(self._handle, piece)
                self._unflushed += len(piece)
            if self._unflushed >= FLUSH_EVERY:
                os.fsync(self._handle.fileno())
                self._unflushed = 0
        except OSError as error:
            self._failure = failed_write(error)
            self.remove()

    def stage(self, store: Store, deidentified_only: bool) -> Result:
        if self._failure is not None:
            return self._failure
        assert self._handle is not None
        try:
            os.fsync(self._handle.fileno())
            self._handle.close()
        except OSError as error:
            self.remove()
            return failed_write(error)
        try:
            return store.stage_file(
                self._path, self._digest.hexdigest(), deidentified_only=deidentified_only
            )
        except Exception as error:
            log.error("an instance was not stored: %s", type(error).__name__)
            self.remove()
            return Outcome(
                reason=Reason.PROCESSING_FAILURE, sentence="the server could not take it in"
            )

    def remove(self) -> None:
        if self._handle is not None:
            with contextlib.suppress(OSError):  # a full disk may say so again on closing
                self._handle.close()
        self._path.unlink(missing_ok=True)
