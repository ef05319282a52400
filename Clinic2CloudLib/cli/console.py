"""What the command line shows: results on stdout, progress and log on stderr."""

from __future__ import annotations

import json
import logging
import sys
import time
from typing import Any

_WIDTH = 28
_SECONDS_BETWEEN_LINES = 2.0


class Console:
    """Progress as one line that moves on a terminal, as a few plain lines elsewhere.

    Parameters
    ----------
    as_json : bool
        Print results as one JSON document instead of text.
    """

    def __init__(self, as_json: bool = False) -> None:
        self.as_json = as_json
        self._told = False
        self._moving = sys.stderr.isatty()
        self._last_text = ""
        self._last_time = time.monotonic()
        self._line_open = False

    def progress(self, fraction: float, message: str) -> None:
        """Show how far the work is; a :data:`~Clinic2CloudLib.progress.Progress`."""
        now = time.monotonic()
        if self._moving:
            if message == self._last_text and now - self._last_time < 0.1 and fraction < 1:
                return
            done = round(min(max(fraction, 0.0), 1.0) * _WIDTH)
            bar = "█" * done + "·" * (_WIDTH - done)
            sys.stderr.write(f"\r\x1b[2K{bar} {100 * fraction:3.0f} %  {message}")
            sys.stderr.flush()
            self._line_open = True
        else:
            # A log file wants to know that it goes on, not every slice of it.
            if now - self._last_time < _SECONDS_BETWEEN_LINES or message == self._last_text:
                return
            print(f"{100 * fraction:3.0f} %  {message}", file=sys.stderr)
        self._last_text, self._last_time = message, now

    def end_progress(self) -> None:
        """Take the moving line away, so that what follows starts on a line of its own."""
        if self._line_open:
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()
            self._line_open = False

    def say(self, text: str = "") -> None:
        """Print a line of the result, unless the result is JSON."""
        self.end_progress()
        if not self.as_json:
            print(_printable(text))

    def note(self, text: str) -> None:
        """Print a line that is no part of the result."""
        self.end_progress()
        print(_printable(text), file=sys.stderr)

    def result(self, record: dict[str, Any], *, one_line: bool = False) -> None:
        """Print the one JSON document, if JSON was asked for; at once, for who reads along."""
        self.end_progress()
        if self.as_json:
            self._told = True
            indent = None if one_line else 2
            text = json.dumps(record, indent=indent, ensure_ascii=False)
            try:
                text.encode(sys.stdout.encoding or "utf-8")
            except UnicodeEncodeError:  # a path that is no UTF-8, or an old terminal
                text = json.dumps(record, indent=indent)
            print(text, flush=True)

    def failed(self, sentence: str) -> None:
        """Say in one line on stderr why a command failed.

        With JSON a command that got nowhere prints this as its document; one that told how far it
        came has printed its own.
        """
        plain = " ".join(sentence.split())  # one line, whatever the sentence quotes
        self.note(f"clinic2cloud: error: {plain}")
        if not self._told:
            self.result({"error": plain})


def _printable(text: str) -> str:
    """Return a text that any terminal takes: headers and file names may hold control sequences."""
    plain = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
    encoding = sys.stdout.encoding or "utf-8"
    return plain.encode(encoding, "backslashreplace").decode(encoding)


def start_logging(verbose: bool) -> None:
    """Send the library's log to stderr; libraries that may log header values stay quiet."""
    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s"
    )
    logging.getLogger("Clinic2CloudLib").setLevel(logging.DEBUG if verbose else logging.WARNING)
    # pydicom's warnings quote the values they complain about, so they never reach the log.
    logging.getLogger("pydicom").setLevel(logging.CRITICAL)
