"""The panel as a whole: five sections that share a source, cases and a parameter node."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import qt
import slicer

from . import process
from .deidentify import DeidentifySection
from .results import ResultsSection
from .review import ReviewSection
from .select import SelectSection
from .send import SendSection

#: Colours of a status line by kind; legible on light and dark styles.
COLOURS = {"error": "#d9534f", "done": "#3c9d5d", "plain": ""}


class Panel:
    """What the sections share.

    Parameters
    ----------
    widget : qMRMLWidget
        The panel's own widget.
    ui : object
        Its children by name.
    logic : Clinic2CloudLogic
        The module's logic.
    """

    def __init__(self, widget: Any, ui: Any, logic: Any) -> None:
        self.widget, self.ui, self.logic = widget, ui, logic
        self.parameters: Any = None
        self.source: Path | None = None
        self.select = SelectSection(self)
        self.deidentify = DeidentifySection(self)
        self.review = ReviewSection(self)
        self.send = SendSection(self)
        self.results = ResultsSection(self)
        self.sections = (self.select, self.deidentify, self.review, self.send, self.results)
        self._atEnd = process.endAll
        slicer.app.connect("aboutToQuit()", self._atEnd)

    # ----------------------------------------------------------- what is shared

    @property
    def casesFolder(self) -> Path:
        """The folder of cases."""
        return Path(self.parameters.casesFolder) if self.parameters is not None else Path()

    def policyRequest(self) -> dict[str, Any]:
        """Return what the user chose to remove and keep, as a request's values."""
        chosen = self.parameters
        words = ("Age", "Sex", "Weight", "Size", "Device")
        own = chosen.policy.value == "file"
        return {
            "policy": self.ui.policyFile.currentPath if own else chosen.policy.value,
            "keep": [word.lower() for word in words if getattr(chosen, f"keep{word}")],
            "face": chosen.face.value,
        }

    def setting(self, name: str, default: str = "") -> str:
        """Return a value of Slicer's settings."""
        value = slicer.app.settings().value(f"Clinic2Cloud/{name}", default)
        return str(value or "")

    def saveSetting(self, name: str, value: str) -> None:
        """Store a value in Slicer's settings; never a token."""
        slicer.app.settings().setValue(f"Clinic2Cloud/{name}", value)

    def shortcut(self, key: str, function: Any) -> None:
        """Bind a key that works while the panel has the focus."""
        shortcut = qt.QShortcut(self.widget)
        shortcut.setKey(qt.QKeySequence(key))
        shortcut.setContext(qt.Qt.WidgetWithChildrenShortcut)
        shortcut.connect("activated()", function)

    @staticmethod
    def say(label: Any, text: str, kind: str = "plain") -> None:
        """Write a status line."""
        colour = COLOURS[kind]
        label.setStyleSheet(f"color: {colour};" if colour else "")
        label.setText(text)
        label.setVisible(bool(text))

    def open(self, *sections: str) -> None:
        """Open the sections that come next and fold the others up, so that all stays in sight."""
        for name in ("select", "deidentify", "review", "send", "results"):
            button = getattr(self.ui, f"{name}CollapsibleButton")
            button.setProperty("collapsed", name not in sections)

    # ------------------------------------------------------------------- events

    def parametersChanged(self) -> None:
        """A choice was changed, here or elsewhere; the folder is kept for the next session."""
        if self.setting("CasesFolder") != str(self.casesFolder):
            self.saveSetting("CasesFolder", str(self.casesFolder))
        for section in self.sections:
            section.parametersChanged()

    def casesChanged(self) -> None:
        """Cases were made, decided or sent."""
        self.review.refresh()
        self.send.refresh()

    def sceneCloses(self) -> None:
        """Volumes and views go; cases on disk and work under way stay."""
        self.review.sceneCloses()
        self.results.sceneCloses()

    def nodeRemoved(self) -> None:
        """A node was deleted; looked at once the scene is done with it."""
        qt.QTimer.singleShot(0, self.review.nodeRemoved)

    def enter(self) -> None:
        """The user came to the module."""
        for section in self.sections:
            section.enter()

    def exit(self) -> None:
        """The user went to another module."""
        for section in self.sections:
            section.exit()

    def close(self) -> None:
        """End everything."""
        slicer.app.disconnect("aboutToQuit()", self._atEnd)
        for section in self.sections:
            section.close()
