"""Runs the library's steps in another process and hears from it without ever waiting.

No thread: Slicer's Python threads stand still while Qt's event loop runs C++ code. The worker's
output is read from a timer instead, a few milliseconds at a time.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import qt
from slicer.i18n import tr as _

POLL_MS = 20
#: How long one poll may read, in seconds: the GUI has to answer in between.
SLICE_S = 0.012
#: How long a cancelled worker may take to put things in order, before it is ended by force.
GRACE_S = 4.0

_running: set[Worker] = set()


def pythonExecutable() -> str:
    """Return the Python that can import the library: Slicer's own, or the one that runs us."""
    return shutil.which("PythonSlicer") or sys.executable


def workerEnvironment() -> dict[str, str]:
    """Return the environment of a worker, in which the library can be imported."""
    import Clinic2CloudLib

    folder = str(Path(Clinic2CloudLib.__file__).parent.parent)
    known = os.environ.get("PYTHONPATH", "")
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (folder, known)))}


class Worker:
    """One task of ``Clinic2CloudLib.worker`` under way.

    Parameters
    ----------
    task : str
        Name of the task.
    request : mapping
        Plain values; they travel over a pipe, never on a command line.
    onResult : callable
        ``onResult(result)`` with the task's answer.
    onError : callable
        ``onError(sentence, cancelled)``.
    onProgress : callable, optional
        ``onProgress(fraction, message)``.
    onEvent : callable, optional
        ``onEvent(event)`` with a mapping; its kind is under ``event``.

    Attributes
    ----------
    arrays : dict
        numpy arrays that the task handed over, by name.
    """

    def __init__(
        self,
        task: str,
        request: Mapping[str, Any],
        onResult: Callable[[dict], None] | None = None,
        onError: Callable[[str, bool], None] | None = None,
        onProgress: Callable[[float, str], None] | None = None,
        onEvent: Callable[[dict], None] | None = None,
    ) -> None:
        self.task = task
        self.arrays: dict[str, Any] = {}
        self._onResult, self._onError = onResult, onError
        self._onProgress, self._onEvent = onProgress, onEvent
        self._buffer = bytearray()
        self._array: tuple[dict, bytearray] | None = None
        self._filled = 0
        self._answer: dict | None = None
        self._cancelledAt: float | None = None
        self._silent = False
        options: dict[str, Any] = (
            {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
            if os.name == "nt"
            else {"start_new_session": True}
        )
        self._process = subprocess.Popen(
            [pythonExecutable(), "-m", "Clinic2CloudLib.worker", task],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # a traceback may quote a header
            bufsize=0,
            env=workerEnvironment(),
            **options,
        )
        os.set_blocking(self._process.stdout.fileno(), False)
        self._process.stdin.write(json.dumps(dict(request)).encode("utf-8") + b"\n")
        self._timer = qt.QTimer()
        self._timer.setInterval(POLL_MS)
        self._timer.connect("timeout()", self._poll)
        self._timer.start()
        _running.add(self)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the task has not ended yet."""
        return self in _running

    def cancel(self) -> None:
        """Ask the task to stop; ``onError`` is called when it has."""
        if self._cancelledAt is None and self.running:
            self._cancelledAt = time.monotonic()
            self._closeInput()

    def abandon(self) -> None:
        """Cancel and call nobody back: the panel goes away."""
        self._silent = True
        self.cancel()

    def _closeInput(self) -> None:
        try:
            self._process.stdin.close()
        except OSError:  # it has ended already
            self._process.stdin = None

    # ------------------------------------------------------------------ reading

    def _poll(self) -> None:
        until = time.monotonic() + SLICE_S
        ended = False
        while not ended and time.monotonic() < until:
            amount = self._read()
            if amount is None:
                break
            ended = amount == 0
        if ended or (self._process.poll() is not None and not self._read()):
            self._finish()
        elif self._cancelledAt and time.monotonic() - self._cancelledAt > GRACE_S:
            self.kill()

    def _read(self) -> int | None:
        """Read once; None when there is nothing yet, 0 at the end."""
        if self._array is not None:
            _record, data = self._array
            amount = self._process.stdout.readinto(memoryview(data)[self._filled :])
            if amount:
                self._filled += amount
                self._takeArrayIfWhole()
            return amount
        piece = self._process.stdout.read(1 << 16)
        if piece:
            self._buffer += piece
            self._takeLines()
        return None if piece is None else len(piece)

    def _takeLines(self) -> None:
        while self._array is None:
            line, newline, rest = self._buffer.partition(b"\n")
            if not newline:
                return
            self._buffer = rest
            self._take(json.loads(line))

    def _take(self, record: dict) -> None:
        if "array" in record:
            data = bytearray(record["bytes"])
            head = self._buffer[: len(data)]
            data[: len(head)] = head
            self._buffer = self._buffer[len(head) :]
            self._array, self._filled = (record, data), len(head)
            self._takeArrayIfWhole()
        elif "progress" in record and "event" not in record:
            self._tell(self._onProgress, record["progress"], record["message"])
        elif "event" in record:
            self._tell(self._onEvent, record)
        else:
            self._answer = record

    def _takeArrayIfWhole(self) -> None:
        import numpy as np

        record, data = self._array
        if self._filled == len(data):
            values = np.frombuffer(data, np.dtype(record["dtype"]))
            self.arrays[record["array"]] = values.reshape(record["shape"])
            self._array = None
            self._takeLines()

    def _tell(self, listener: Callable | None, *facts: Any) -> None:
        if listener is not None and self._cancelledAt is None and not self._silent:
            listener(*facts)

    # ------------------------------------------------------------------- ending

    def _finish(self) -> None:
        self._timer.stop()
        self._closeInput()
        code = self._process.wait()
        self._process.stdout.close()
        _running.discard(self)
        if self._silent:
            return
        answer = self._answer or {}
        if "result" in answer and self._cancelledAt is None:
            if self._onResult is not None:
                self._onResult(answer["result"])
        elif self._onError is not None:
            cancelled = bool(answer.get("cancelled")) or self._cancelledAt is not None
            unknown = _("The step ended unexpectedly (code {code}).").format(code=code)
            stopped = _("Cancelled; nothing half-made is left.")
            sentence = stopped if cancelled else answer.get("error") or unknown
            self._onError(sentence, cancelled)

    def kill(self) -> None:
        """End the worker and its children by force."""
        if self._process.poll() is not None:
            return
        if os.name == "nt":
            subprocess.run(
                ["taskkill", "/T", "/F", "/PID", str(self.pid)], capture_output=True, check=False
            )
        else:
            try:
                os.killpg(self.pid, signal.SIGKILL)
            except ProcessLookupError:  # it ended by itself just now
                return


def runningWorkers() -> list[Worker]:
    """Return the workers that have not ended."""
    return list(_running)


def endAll() -> None:
    """End every worker, at the end of the application; waits only as long as the grace."""
    workers = runningWorkers()
    for worker in workers:
        worker.abandon()
    end = time.monotonic() + GRACE_S
    while workers and time.monotonic() < end:
        workers = [worker for worker in workers if worker._process.poll() is None]
        time.sleep(0.02)
    for worker in workers:
        worker.kill()
