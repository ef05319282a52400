"""The panel tutorial of the README, walked as a new user does: by what stands on the screen."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from panelmaker import drop

from Testing import standin

REPOSITORY = Path(__file__).resolve().parents[2]
#: Where the tutorial begins and ends in the README.
_BEGIN, _END = "### The panel, step by step", "\n### "


def text_of_tutorial() -> str:
    """The tutorial as the README has it."""
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    return readme.partition(_BEGIN)[2].partition(_END)[0]


def quoted() -> list[str]:
    """The labels that the tutorial names: all that it prints bold."""
    return [
        " ".join(found.split()) for found in re.findall(r"\*\*(.+?)\*\*", text_of_tutorial(), re.S)
    ]


class Walk:
    """Goes through the five sections.

    Parameters
    ----------
    driver : Driver
        The panel.
    picture : callable
        ``picture(section)`` at the moment that the tutorial's picture of a section shows.
    """

    def __init__(self, driver: Any, picture: Callable[[str], None]) -> None:
        self.driver, self.ui, self._picture = driver, driver.ui, picture
        self.seen: set[str] = set()

    def whole(self, dicom: Path, server: Any) -> None:
        """Walk from a folder of DICOM images to results in the scene."""
        self.select(dicom)
        self.deidentify()
        self.review()
        self.send(server)
        self.results()

    def select(self, dicom: Path) -> None:
        """Drop a folder on the list and tick its series."""
        import qt

        drop(self.driver, dicom)
        self.driver.listed()
        patient = self.ui.seriesTree.topLevelItem(0)
        series = patient.child(0).child(0)
        series.setCheckState(0, qt.Qt.Checked)
        self.ui.seriesTree.setCurrentItem(series)
        self._shown("select")

    def deidentify(self) -> None:
        """Press the button and wait."""
        self.press("De-identify 1 series")
        progress = self.ui.progressTree.topLevelItem(0)
        self.driver.until(lambda: "de-identifying" in progress.text(2), 300)
        self._shown("deidentify")
        self.driver.until(lambda: "made and verified" in self.ui.deidentifyStatus.text, 600)

    def review(self) -> None:
        """Look from all sides, name oneself, approve."""
        self.driver.until(lambda: self.driver.panel.review.shown)
        self.look()
        for angle in ("Front", "Oblique L", "Oblique R", "Profile L", "Profile R"):
            self.press(angle)
        self.press("Front")
        self.field("Reviewer:").setText("Dr. A. Example")
        self._shown("review")
        self.press("Approve")
        case = self.driver.panel.review.case.folder
        send = self.driver.panel.send
        self.driver.until(lambda: case in [item.folder for item in send.leaving()], 120)

    def send(self, server: Any) -> None:
        """Name the server, choose what it shall do, agree, send, wait for the job."""
        self.field("Server:").setText(server.base_url)
        self.ui.tokenFile.setCurrentPath(str(server.token_file))
        self.driver.until(lambda: self.ui.pipelineComboBox.count > 1)
        self.look()
        pipeline = self.field("Pipeline:")
        pipeline.setCurrentIndex(pipeline.findText("Brain volumetry"))
        self.look()
        self.ui.consentCheckBox.click()
        self._shown("send")
        self.press("Send")
        self.driver.until(lambda: "each verified" in self.ui.sendStatus.text, 300)
        jobs = self.driver.panel.send.server
        self.driver.until(lambda: {job["state"] for job in jobs.jobs} & {"done", "failed"}, 600)
        assert [job["state"] for job in jobs.jobs] == ["done"], jobs.jobs
        self.look()

    def results(self) -> None:
        """Load what came back."""
        self.driver.panel.open("send", "results")
        self.press("Load results")
        self.driver.until(lambda: "in the scene" in self.ui.resultsStatus.text, 120)
        self.driver.panel.open("results")
        self._shown("results")

    # ------------------------------------------------------------------ the screen

    def press(self, label: str) -> None:
        """Press the one button that bears a label."""
        import qt

        self.look()
        buttons = [w for w in self._visible() if isinstance(w, qt.QPushButton)]
        (button,) = [b for b in buttons if b.text.removesuffix(" ✓") == label]
        assert button.enabled, f"{label}: {button.toolTip}"
        button.click()
        self.look()

    def field(self, label: str) -> Any:
        """Return the field beside a label."""
        import qt

        self.look()
        for widget in self._visible():
            if isinstance(widget, qt.QLabel) and widget.text == label:
                for form in self.ui.Clinic2Cloud.findChildren(qt.QFormLayout):
                    if form.indexOf(widget) >= 0:
                        row = form.getWidgetPosition(widget)[0]
                        return form.itemAt(row, qt.QFormLayout.FieldRole).widget()
        raise AssertionError(f"no field {label}")

    def look(self) -> None:
        """Remember every label that is on the screen now."""
        import qt

        for widget in self._visible():
            for name in ("text", "placeholderText"):
                text = getattr(widget, name, "")
                if isinstance(text, str) and text:
                    self.seen.add(text.removesuffix(" ✓"))
            if isinstance(widget, qt.QComboBox):
                self.seen |= {widget.itemText(i) for i in range(widget.count)}
            if isinstance(widget, qt.QTreeWidget):
                head = widget.headerItem()
                self.seen |= {head.text(i) for i in range(widget.columnCount)}
                for row in range(widget.topLevelItemCount):
                    item = widget.topLevelItem(row)
                    self.seen |= {item.text(i) for i in range(widget.columnCount)}

    def _visible(self) -> list[Any]:
        import qt

        panel = self.driver.slicer.modules.clinic2cloud.widgetRepresentation()
        return [w for w in panel.findChildren(qt.QWidget) if w.isVisibleTo(panel)]

    def _shown(self, section: str) -> None:
        standin.process_events()
        self.look()
        self._picture(section)
