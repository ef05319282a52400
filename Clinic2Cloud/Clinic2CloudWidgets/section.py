"""What the five sections have in common."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator
from typing import Any

import qt
from slicer.i18n import tr as _

from .process import Worker

#: How long a filling may take at a time, in seconds.
SLICE_S = 0.015


class Section:
    """One collapsible part of the panel; at most one worker at a time."""

    def __init__(self, panel: Any) -> None:
        self.panel, self.ui = panel, panel.ui
        self.worker: Worker | None = None
        self._filling: Iterator[None] | None = None
        self._filler = qt.QTimer()
        self._filler.setInterval(0)
        self._filler.connect("timeout()", self._fillOn)

    # ------------------------------------------------------------------ working

    @property
    def busy(self) -> bool:
        """Whether work is under way."""
        return self.worker is not None and self.worker.running

    def work(self, task: str, request: dict, **listeners: Any) -> None:
        """Start a task in another process; packages are asked for at first use."""
        from .packages import ensurePackages

        ensurePackages()
        self.worker = Worker(task, request, **listeners)

    def fill(self, steps: Iterator[None]) -> None:
        """Run a generator a few milliseconds at a time; an earlier one is dropped."""
        self._filling = steps
        self._filler.start()
        self._fillOn()

    def _fillOn(self) -> None:
        import time

        until = time.monotonic() + SLICE_S
        while self._filling is not None and time.monotonic() < until:
            try:
                next(self._filling)
            except StopIteration:
                self._filling = None
        if self._filling is None:
            self._filler.stop()

    @property
    def filling(self) -> bool:
        """Whether a list is still being filled."""
        return self._filling is not None

    # ------------------------------------------------------------------- events

    def parametersChanged(self) -> None:
        """Take over a changed choice."""

    def enter(self) -> None:
        """Be shown."""

    def exit(self) -> None:
        """Be hidden."""

    def close(self) -> None:
        """End all work."""
        self._filling = None
        self._filler.stop()
        if self.worker is not None:
            self.worker.abandon()


def debounced(milliseconds: int, function: Callable[[], None]) -> Any:
    """Return a timer that calls once after it was last started."""
    timer = qt.QTimer()
    timer.setSingleShot(True)
    timer.setInterval(milliseconds)
    timer.connect("timeout()", function)
    return timer


def safe(text: Any) -> str:
    """Escape text for rich text."""
    return html.escape(str(text))


#: What helps, by what the sentence of an error says.
_WAYS_OUT = (
    ("holds other files", _("Choose another folder under “Cases in”.")),
    ("cannot be written", _("Choose a folder that you may write to.")),
    ("another key", _("Use the key that the crosswalk was made with.")),
    ("cannot be reached", _("Check the address and your network; what waits is not lost.")),
    ("refuses the connection", _("Check the address and that the server runs.")),
    ("refuses the token", _("Choose the right token file, or put the token into the keyring.")),
    ("token", _("Choose a token file, or put the token into the keyring.")),
    ("memory", _("Close other programs, or de-identify on a larger computer.")),
    ("changed after", _("De-identify the series again and review the new case.")),
    ("no images of that series", _("Refresh the list; the series was taken out of the database.")),
    ("needs a note", _("Look at the doubts named above, then write a note.")),
    ("https://", _("Use an address that begins with https://.")),
)


def withWayOut(sentence: str) -> str:
    """Return an error's sentence and, where there is one, the way out."""
    text = sentence[:1].upper() + sentence[1:]
    text = text if text.endswith((".", "!", "?")) else f"{text}."
    for words, help_ in _WAYS_OUT:
        if words in sentence:
            return f"{text} {help_}"
    return text
