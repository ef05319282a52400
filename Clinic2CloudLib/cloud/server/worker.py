"""Performs work items: claims, runs, stores the results, ends them.

The results of a job and its end are one transaction of the index: after a crash an item is either
completed with all of its results stored, or in progress with none; then it is run once more.
"""

from __future__ import annotations

import contextlib
import logging
import secrets
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import Cancelled
from . import workitem
from .engine import Engine, JobFailed, Task, reason_of
from .staging import Outcome, Staged, failed_write
from .store import Store
from .transitions import WorkItem
from .worklist import MOST_ATTEMPTS, Worklist

if TYPE_CHECKING:
    from ...pipelines.registry import Pipeline

log = logging.getLogger(__name__)
#: Progress is written down at most so often, seconds.
WRITE_EVERY_S = 0.5
#: How long the worker sleeps when nobody wakes it, seconds.
SLEEP_S = 2.0


class Stopping(Exception):  # noqa: N818 - not an error
    """The server stops; the item stays in progress and is taken up at the next start."""


class Worker:
    """Performs the items of one worklist, one after the other, in a thread.

    Parameters
    ----------
    store, worklist : Store, Worklist
        Where inputs, results and items are.
    pipelines : mapping of str to Pipeline
        What it can perform.
    engine : callable
        Makes the engine when the first item comes.
    deidentified_only : bool
        Whether results must say that the patient's identity was removed.
    """

    def __init__(
        self,
        store: Store,
        worklist: Worklist,
        pipelines: Mapping[str, Pipeline],
        engine: Callable[[], Engine],
        *,
        deidentified_only: bool = True,
    ) -> None:
        self._store = store
        self._worklist = worklist
        self._pipelines = pipelines
        self._make_engine = engine
        self._engine: Engine | None = None
        self._deidentified_only = deidentified_only
        self._scratch = store.data / "work"
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="clinic2cloud-worker", daemon=True)
        worklist.listen(lambda before, after: self._wake.set())

    def start(self) -> None:
        """Begin, with what an earlier server left unfinished."""
        shutil.rmtree(self._scratch, ignore_errors=True)
        self._thread.start()

    def stop(self) -> None:
        """End; a running item is taken up at the next start."""
        self._stop.set()
        self._wake.set()
        self._thread.join()
        if self._engine is not None:
            self._engine.close()

    def _work(self) -> None:
        unfinished = self._worklist.interrupted()
        while not self._stop.is_set():
            self._wake.clear()
            try:
                if unfinished:
                    self._take_up(unfinished[0])
                    unfinished.pop(0)
                elif (item := self._worklist.claim(list(self._pipelines))) is not None:
                    unfinished.append(item.uid)
                    self._perform(item)
                    unfinished.pop()
                else:
                    self._wake.wait(SLEEP_S)
            except Stopping:
                return
            except (OSError, sqlite3.OperationalError) as error:
                # The disk is full or the like: the item's end could not be written down.
                log.error("the worker waits: %s", type(error).__name__)
                self._stop.wait(SLEEP_S)

    def _take_up(self, uid: str) -> None:
        item = self._worklist.resume(uid)
        if item.state != workitem.IN_PROGRESS:
            return
        if item.attempts > MOST_ATTEMPTS:
            self._give_up(uid, f"the server stopped {MOST_ATTEMPTS} times while it ran this job")
            return
        self._perform(item)

    def _perform(self, item: WorkItem) -> None:
        """Run an item to its end, whatever that is."""
        folder = self._scratch / secrets.token_hex(8)
        try:
            if (wish := self._worklist.cancel_wish(item.uid)) is not None:
                raise Cancelled(wish)
            folder.mkdir(parents=True)
            made = self._run(item, folder)
            self._keep(item.uid, made)
        except Stopping:
            raise
        except Cancelled:
            self._give_up(item.uid, self._worklist.cancel_wish(item.uid) or "cancelled")
        except (OSError, sqlite3.OperationalError) as error:
            self._give_up(item.uid, failed_write(error).sentence.replace(" it", " the results"))
        except Exception as error:
            if not isinstance(error, JobFailed):
                log.error("a job failed: %s", type(error).__name__)
            self._give_up(item.uid, reason_of(error))
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _give_up(self, uid: str, reason: str) -> None:
        """End an item without results; while the disk is too full to say so, wait."""
        while True:
            try:
                self._worklist.cancel(uid, reason)
                return
            except sqlite3.OperationalError:
                if self._stop.wait(SLEEP_S):
                    raise Stopping from None

    def _run(self, item: WorkItem, folder: Path) -> tuple[Path, ...]:
        pipeline = self._pipelines.get(item.pipeline or "")
        if pipeline is None:
            raise JobFailed("this server no longer has that pipeline")
        wanted = workitem.inputs_of(item.data_set)
        inputs = self._worklist.inputs(wanted)
        if len(inputs) != len(wanted):
            raise JobFailed(
                f"{len(wanted) - len(inputs)} of {len(wanted)} inputs are not stored here"
            )
        if self._engine is None:
            self._engine = self._make_engine()
        task = Task(
            pipeline,
            tuple(one.path for one in inputs),
            folder,
            workitem.options_of(item.data_set),
        )
        made = self._engine.run(task, self._follower(item.uid))
        if not made:
            raise JobFailed("the pipeline made no results")
        return made

    def _follower(self, uid: str) -> Callable[[float, str], None]:
        """Return a progress that is written down, and that stops a job that should stop."""
        last = (0.0, "starting")
        written = time.monotonic()

        def follow(fraction: float, message: str) -> None:
            nonlocal last, written
            if self._stop.is_set():
                raise Stopping
            if (wish := self._worklist.cancel_wish(uid)) is not None:
                raise Cancelled(wish)
            told = (round(fraction, 2), message)
            if told != last and time.monotonic() - written >= WRITE_EVERY_S:
                with contextlib.suppress(sqlite3.OperationalError):  # no reason to end the job
                    self._worklist.progress(uid, *told)
                last, written = told, time.monotonic()

        return follow

    def _keep(self, uid: str, made: Sequence[Path]) -> None:
        """Store the results and complete the item, both or neither."""
        staged: list[Staged] = []
        for path in made:
            one = self._store.adopt(path, deidentified_only=self._deidentified_only)
            if isinstance(one, Outcome):
                raise JobFailed(f"a result was not stored: {one.sentence}")
            staged.append(one)
        tell: list[Callable[[], None]] = []

        def complete(writer: sqlite3.Connection, outcomes: Sequence[Outcome]) -> None:
            for outcome in outcomes:
                if outcome.reason is not None:
                    raise JobFailed(f"a result was not stored: {outcome.sentence}")
            tell.append(self._worklist.complete(writer, uid, outcomes))

        self._store.commit(staged, complete)
        for call in tell:
            call()
