"""Where a pipeline runs: in a process of its own on this machine, or on a Dask cluster.

Both run it as one Dask task with Dask's scheduler set, so that a pipeline that builds graphs of its
own (:mod:`Clinic2CloudLib.pipelines.graph`) runs them on the same scheduler. A process of its own
means that a pipeline that crashes or eats all memory ends its job and not the server, and that a
cancelled one is gone at once.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ...errors import Clinic2CloudError, InputError
from ...progress import Progress

if TYPE_CHECKING:
    from ...pipelines.registry import Pipeline

#: How often a running pipeline's progress is asked for, seconds.
POLL_S = 0.2
LOCAL_SCHEDULERS = ("threads", "processes", "synchronous")


class JobFailed(Clinic2CloudError):  # noqa: N818 - an end of a job
    """The pipeline ended without results; the text is the sentence that the user gets."""


@dataclass(frozen=True)
class Task:
    """One run of a pipeline.

    Attributes
    ----------
    pipeline : Pipeline
        What to run.
    inputs : tuple of Path
        Part 10 files, not to be changed.
    out : Path
        An empty folder for the results.
    options : mapping of str to str
        As the work item gives them.
    """

    pipeline: Pipeline
    inputs: tuple[Path, ...]
    out: Path
    options: Mapping[str, str]


class Engine(Protocol):
    """Runs tasks, one at a time."""

    def run(self, task: Task, progress: Progress) -> tuple[Path, ...]:
        """Run a task; what ``progress`` raises stops it."""

    def close(self) -> None:
        """Let go of what is held open."""


def make_engine(scheduler: str | None) -> Engine:
    """Return the engine for a scheduler.

    Parameters
    ----------
    scheduler : str or None
        ``threads`` (also when None), ``processes`` or ``synchronous`` on this machine, or the
        address of a Dask scheduler, ``tcp://host:port`` or ``tls://host:port``.

    Raises
    ------
    InputError
        For anything else.
    """
    if scheduler is None or scheduler in LOCAL_SCHEDULERS:
        return LocalEngine(scheduler or "threads")
    if scheduler.startswith(("tcp://", "tls://")):
        from .cluster import ClusterEngine

        return ClusterEngine(scheduler)
    raise InputError(
        f"the scheduler must be one of {', '.join(LOCAL_SCHEDULERS)}, or tcp://host:port"
    )


def reason_of(error: BaseException) -> str:
    """Return the sentence for a failed pipeline; foreign texts may quote headers and stay out."""
    if isinstance(error, Clinic2CloudError):
        return str(error)
    if isinstance(error, MemoryError):
        return "the server's memory is too small for this job"
    return f"the pipeline failed unexpectedly ({type(error).__name__})"


class LocalEngine:
    """Runs each task in a new process of this machine.

    Parameters
    ----------
    scheduler : str
        Dask's scheduler in that process.
    """

    def __init__(self, scheduler: str) -> None:
        self._scheduler = scheduler

    def run(self, task: Task, progress: Progress) -> tuple[Path, ...]:
        """Run a task.

        Raises
        ------
        JobFailed
            With the reason.
        Exception
            What ``progress`` raised; the process is gone then.
        """
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_child, args=(theirs, task, self._scheduler))
        process.start()
        theirs.close()
        try:
            return _follow(ours, process, progress)
        finally:
            ours.close()
            _end(process)

    def close(self) -> None:
        """Nothing is held open."""


def _follow(ours: Connection, process: Any, progress: Progress) -> tuple[Path, ...]:
    fraction, message = 0.0, "starting"
    while True:
        progress(fraction, message)
        try:
            if not ours.poll(POLL_S):
                continue
            said, *rest = ours.recv()
        except (EOFError, OSError):
            _kill_family(process)
            process.join(5)
            raise JobFailed(_death(process.exitcode)) from None
        if said == "progress":
            fraction, message = rest
        elif said == "done":
            return tuple(Path(path) for path in rest[0])
        else:
            raise JobFailed(rest[0])


def _death(code: int | None) -> str:
    if code is not None and code < 0:
        with contextlib.suppress(ValueError):
            name = signal.Signals(-code).name
            why = ", perhaps for want of memory" if name == "SIGKILL" else ""
            return f"the pipeline's process was ended by {name}{why}"
    return f"the pipeline's process ended unexpectedly (code {code})"


def _end(process: Any) -> None:
    """End a process, which may still be at work, and what it has started."""
    if process.exitcode is None:
        _kill_family(process)
        process.kill()
    process.join()
    process.close()


def _kill_family(process: Any) -> None:
    """Kill a process's group; to be called before its end was waited for, while its ID is its own.

    When it has ended by itself already, its exit code stays what it was.
    """
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):  # not its own group yet
            os.killpg(process.pid, signal.SIGKILL)


def _child(connection: Connection, task: Task, scheduler: str) -> None:
    """Run a task and tell the server; end at once when the server is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the server, which decides
    if hasattr(os, "setpgrp"):
        os.setpgrp()  # so that what the pipeline starts can be ended with it
    _silence()
    threading.Thread(target=_watch, args=(connection,), daemon=True).start()
    try:
        connection.send(("done", [str(path) for path in _perform(connection, task, scheduler)]))
    except BaseException as error:
        connection.send(("failed", reason_of(error)))


def _silence() -> None:
    """Drop all that is printed here: libraries quote the header values they warn about."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    os.close(nowhere)


def _perform(connection: Connection, task: Task, scheduler: str) -> Sequence[Path]:
    import dask

    def told(fraction: float, message: str) -> None:
        connection.send(("progress", fraction, message))

    with dask.config.set(scheduler=scheduler):
        # The pipeline is one task, run in this process; the graphs it builds use the scheduler.
        run = dask.delayed(task.pipeline.run, pure=False, traverse=False)
        made: tuple[Path, ...] = run(task.inputs, task.out, dict(task.options), told).compute(
            scheduler="synchronous"
        )
    return made


def _watch(connection: Connection) -> None:
    """Wait for the other end to close: the server was killed, or wants this process to end."""
    with contextlib.suppress(EOFError, OSError):
        connection.recv()
    if hasattr(os, "killpg"):
        os.killpg(0, signal.SIGKILL)
    os._exit(1)
