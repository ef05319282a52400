"""What the panel's tests do again and again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from Testing import standin


class Blocked(standin.Watchdog):
    """The longest time in which a click would have waited for the panel.

    The machine that runs the tests is busy with other things, so a late tick alone says little.
    What counts is the processor time of the GUI thread between two ticks, and the whole gap where
    that thread was seen in the panel's or the library's code all the while: it waited there.
    """

    def __init__(self) -> None:
        super().__init__(note_after=0.04)
        self.worst = 0.0
        self._cpu = 0.0
        self._seen = 0

    def __enter__(self) -> Blocked:
        self._cpu = time.thread_time()
        super().__enter__()
        return self

    def _tick(self) -> None:
        now, cpu = time.perf_counter(), time.thread_time()
        gap = now - self._last - self.INTERVAL
        self.worst = max(self.worst, cpu - self._cpu)
        if self._seen * 0.02 > 0.6 * gap:
            self.worst = max(self.worst, gap)
        self._cpu, self._seen = cpu, 0
        super()._tick()

    def _look(self) -> None:
        while not self._stop.wait(0.02):
            if time.perf_counter() - self._last < 0.04:
                continue
            frame = sys._current_frames().get(self._main or 0)
            stack = traceback.format_stack(frame)[-8:]
            if any("/Clinic2Cloud" in line for line in stack):
                self._seen += 1
                self.where = "".join(stack)


def gone(pid: int) -> bool:
    """Say whether a process has ended."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def drop(driver: Any, *paths: Path) -> None:
    """Drop files or folders on the list of series."""
    import qt

    data = qt.QMimeData()
    data.setUrls([qt.QUrl.fromLocalFile(str(path)) for path in paths])
    place, action = qt.QPointF(5, 5), qt.Qt.CopyAction
    keys = (action, data, qt.Qt.LeftButton, qt.Qt.NoModifier)
    target = driver.ui.seriesTree.viewport()
    enter = qt.QDragEnterEvent(place.toPoint(), *keys)
    qt.QCoreApplication.sendEvent(target, enter)
    assert enter.isAccepted()
    # Without a real drag Qt knows no target of a drop, so the filter gets it from here.
    assert driver.panel.select._drop.eventFilter(target, qt.QDropEvent(place, *keys))


def approved_case(driver: Any) -> Path:
    """Approve the one case there is, as a person did on another day; return its folder."""
    from Clinic2CloudLib.steps.check import checker
    from Clinic2CloudLib.steps.decide import decide

    (folder,) = driver.cases.iterdir()
    decide(folder, approve=True, reviewer="Dr. Example", verifier=checker())
    driver.panel.casesChanged()
    return Path(folder)


def send_all(driver: Any, running: Any, pipeline: str = "brain-volumetry") -> None:
    """Name the server, choose a pipeline, agree, send, and wait until it is there."""
    ui = driver.ui
    point_at(driver, running)
    driver.until(lambda: ui.pipelineComboBox.count > 1)
    names = [ui.pipelineComboBox.itemData(i) for i in range(ui.pipelineComboBox.count)]
    ui.pipelineComboBox.setCurrentIndex(names.index(pipeline))
    assert not ui.uploadButton.enabled
    ui.consentCheckBox.click()
    assert ui.uploadButton.enabled, ui.uploadButton.toolTip
    ui.uploadButton.click()
    assert ui.uploadButton.text == "Pause"
    driver.until(lambda: "each verified" in ui.sendStatus.text, 120)


def point_at(driver: Any, running: Any) -> None:
    """Open the section and name a server."""
    driver.panel.open("send")
    driver.ui.destinationEdit.setText(running.base_url)
    driver.ui.tokenFile.setCurrentPath(str(running.token_file))


@dataclass(frozen=True)
class Cloud:
    """A server in a process of its own."""

    base_url: str
    token_file: Path


@contextmanager
def cloud(data: Path) -> Iterator[Cloud]:
    """Run the embedded cloud in another process, so that the GUI's time is the GUI's alone."""
    command = [sys.executable, "-m", "Clinic2CloudLib", "serve", "--port", "0", "--json"]
    with subprocess.Popen(
        [*command, "--data", str(data)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as server:
        try:
            assert server.stdout is not None
            said = json.loads(server.stdout.readline())
            yield Cloud(said["url"], Path(said["token_file"]))
        finally:
            server.terminate()
            server.wait(20)
