"""How long the Qt event loop was blocked."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from types import TracebackType

from PySide6 import QtCore, QtWidgets


class Watchdog:
    """Measure the longest time in which the event loop did not answer.

    A timer of the event loop ticks every few milliseconds; what lies between two ticks beyond its
    interval is time in which a click would have waited. Time in which a busy machine gave the
    thread no processor is taken off (Linux tells it): that is nothing the panel did. Another thread
    notes where the main thread was when it was blocked for long.

    Parameters
    ----------
    note_after : float
        Seconds after which the place is noted.

    Attributes
    ----------
    longest : float
        Seconds, without the time the thread waited for a processor.
    longest_wall : float
        Seconds by the clock.
    where : str
        The innermost frames of the main thread during the longest block, or empty.

    Examples
    --------
    ``with Watchdog() as dog: run_until(...)`` then ``assert dog.longest < 0.1``. What the test does
    itself, between two rounds of the event loop, is blocked time too.
    """

    INTERVAL = 0.005

    def __init__(self, note_after: float = 0.08) -> None:
        self.longest = 0.0
        self.longest_wall = 0.0
        self.where = ""
        self._note_after = note_after
        self._last = 0.0
        self._stop = threading.Event()
        self._timer = QtCore.QTimer()
        self._timer.setTimerType(QtCore.Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)

    def __enter__(self) -> Watchdog:
        main = threading.main_thread()
        self._main = main.ident
        self._schedule = Path(f"/proc/self/task/{main.native_id}/schedstat")
        self._last, self._last_waited = time.perf_counter(), self._waited()
        self._timer.start(int(self.INTERVAL * 1000))
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._tick()
        self._timer.stop()
        self._stop.set()
        self._thread.join()

    def _tick(self) -> None:
        now, waited = time.perf_counter(), self._waited()
        gap = now - self._last - self.INTERVAL
        self.longest_wall = max(self.longest_wall, gap)
        self.longest = max(self.longest, gap - (waited - self._last_waited))
        self._last, self._last_waited = now, waited

    def _waited(self) -> float:
        """Return the seconds the main thread has waited for a processor; 0 where nobody tells."""
        try:
            return int(self._schedule.read_text().split()[1]) / 1e9
        except OSError:
            return 0.0

    def _look(self) -> None:
        import sys
        import traceback

        worst, noted, place = self._note_after, 0.0, ""
        while not self._stop.wait(0.02):
            last = self._last
            blocked = time.perf_counter() - last - (self._waited() - self._last_waited)
            if blocked <= self._note_after:
                continue
            if noted != last:
                # Early in a block: late in it, it may be over before its frames are read.
                frame = sys._current_frames().get(self._main or 0)
                noted, place = last, "".join(traceback.format_stack(frame)[-6:])
            if blocked > worst:
                worst, self.where = blocked, place


def run_until(condition: object, seconds: float = 30.0) -> bool:
    """Run the event loop until a condition holds.

    Parameters
    ----------
    condition : callable
        Asked between events.
    seconds : float
        Give up after so long.

    Returns
    -------
    bool
        Whether it came to hold.
    """
    assert callable(condition)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        QtWidgets.QApplication.processEvents(QtCore.QEventLoop.ProcessEventsFlag.AllEvents, 20)
        time.sleep(0.002)
    return bool(condition())
