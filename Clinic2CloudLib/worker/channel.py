"""What a worker says to its front end, and how it hears that it should stop."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Mapping
from typing import IO, Any

import numpy as np

from ..errors import Cancelled, InputError

_SECONDS_BETWEEN_REPORTS = 0.05


class Channel:
    """One JSON document a line; an array's line is followed by its raw bytes.

    ``{"progress": 0.42, "message": "..."}``, ``{"event": NAME, ...}``,
    ``{"array": NAME, "shape": [...], "dtype": "...", "bytes": N}`` and N bytes (C order), and last
    either ``{"result": {...}}`` or ``{"error": "one sentence", "cancelled": false}``.

    Parameters
    ----------
    incoming, outgoing : binary file
        Standard input and output by default.
    """

    def __init__(
        self, incoming: IO[bytes] | None = None, outgoing: IO[bytes] | None = None
    ) -> None:
        self._in = incoming or sys.stdin.buffer
        self._out = outgoing or sys.stdout.buffer
        self._cancelled = threading.Event()
        self._last = 0.0

    def request(self) -> dict[str, Any]:
        """Read the request and from now on watch for the end of standard input.

        Raises
        ------
        InputError
            When the first line is no JSON object.
        """
        try:
            request = json.loads(self._in.readline())
        except ValueError:
            request = None
        if not isinstance(request, dict):
            raise InputError("the request is no JSON object")
        threading.Thread(target=self._watch, name="cancel-watch", daemon=True).start()
        return request

    def _watch(self) -> None:
        while self._in.read(1):
            pass
        self._cancelled.set()

    def check(self) -> None:
        """Raise Cancelled when the front end wants no more."""
        if self._cancelled.is_set():
            raise Cancelled("cancelled; nothing half-made is left")

    def sleep(self, seconds: float) -> None:
        """Wait; a cancel ends the waiting at once."""
        self._cancelled.wait(seconds)
        self.check()

    def progress(self, fraction: float, message: str) -> None:
        """Report how far it is; a :data:`~Clinic2CloudLib.progress.Progress`."""
        self.check()
        now = time.monotonic()
        if fraction >= 1 or now - self._last >= _SECONDS_BETWEEN_REPORTS:
            self._last = now
            self.say({"progress": round(fraction, 4), "message": message})

    def event(self, name: str, **facts: Any) -> None:
        """Tell something that happened on the way."""
        self.say({"event": name, **facts})

    def array(self, name: str, values: np.ndarray) -> None:
        """Hand over an array, written in pieces so that the front end can read on."""
        flat = np.ascontiguousarray(values)
        data = flat.reshape(-1).view("u1").data
        self.say(
            {
                "array": name,
                "shape": list(flat.shape),
                "dtype": flat.dtype.str,
                "bytes": data.nbytes,
            }
        )
        for start in range(0, data.nbytes, 1 << 20):
            self.check()
            self._out.write(data[start : start + (1 << 20)])
        self._out.flush()

    def say(self, record: Mapping[str, Any]) -> None:
        """Write one line."""
        self._out.write(json.dumps(record, ensure_ascii=False).encode("utf-8") + b"\n")
        self._out.flush()
