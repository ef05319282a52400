"""What would have popped up: recorded for the test, and answered as the test says."""

from __future__ import annotations

import logging
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Shown:
    """One message that the user would have seen."""

    level: int
    text: str
    title: str = ""
    details: str = ""


@dataclass
class Dialogs:
    """The record of dialogs, and the answers still to give.

    Attributes
    ----------
    shown : list of Shown
        Everything that ``slicer.util``'s displays and confirmations would have put up, in order.
    asked : list of tuple
        Static Qt dialogs: name and arguments.
    opened : list of str
        Addresses handed to the desktop.
    """

    shown: list[Shown] = field(default_factory=list)
    asked: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    _answers: dict[str, deque[Any]] = field(default_factory=lambda: defaultdict(deque))

    def will_answer(self, kind: str, *answers: Any) -> None:
        """Queue answers for ``confirm`` (True or False) or a static Qt dialog by its name."""
        self._answers[kind].extend(answers)

    def answer(self, kind: str, arguments: tuple[Any, ...], otherwise: Any) -> Any:
        """Record that a dialog was asked for and return its queued answer, or ``otherwise``."""
        self.asked.append((kind, arguments))
        queue = self._answers[kind]
        return queue.popleft() if queue else otherwise

    @property
    def errors(self) -> list[str]:
        """The texts shown as errors."""
        return [s.text for s in self.shown if s.level == logging.ERROR]

    @property
    def questions(self) -> list[str]:
        """The texts of confirmations."""
        return [str(arguments[0]) for kind, arguments in self.asked if kind == "confirm"]

    def clear(self) -> None:
        """Forget everything, answers too."""
        for kept in (self.shown, self.asked, self.opened, self._answers):
            kept.clear()


dialogs = Dialogs()


def replace_displays(util: Any) -> None:
    """Put the recorder under every display of ``slicer.util``; its own functions stay."""

    def message_display(
        log_level: int,
        text: str,
        testing_return_value: Any,
        mainWindowNeeded: bool = False,
        parent: Any = None,
        windowTitle: str | None = None,
        **kwargs: Any,
    ) -> Any:
        import qt
        import slicer

        details = str(kwargs.get("detailedText") or "")
        dialogs.shown.append(Shown(log_level, str(text), windowTitle or "", details))
        if slicer.app.testingEnabled():
            return testing_return_value
        if testing_return_value is None:
            return None
        box = qt.QMessageBox
        yes_no = {True: box.Ok, False: box.Cancel}
        buttons = kwargs.get("standardButtons")
        if buttons is not None and buttons & box.Yes:
            yes_no = {True: box.Yes, False: box.No}
        elif buttons is not None and buttons & box.Retry:
            yes_no = {True: box.Retry, False: box.Close}
        # A person who is not there agrees to nothing.
        return yes_no[bool(dialogs.answer("confirm", (str(text),), False))]

    def message_box(text: str, parent: Any = None, **kwargs: Any) -> Any:
        return message_display(logging.INFO, text, True, **kwargs)

    def delay_display(text: str, *arguments: Any, **kwargs: Any) -> None:
        dialogs.shown.append(Shown(logging.INFO, str(text)))

    util._messageDisplay = message_display
    util.messageBox = message_box
    util.delayDisplay = delay_display
