"""The panel in the stand-in host, with a database, a folder of cases, and a case to begin with."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from Clinic2CloudLib.cases.sitekey import key_text
from Testing import standin

REPOSITORY = Path(__file__).resolve().parents[2]
MODULE = REPOSITORY / "Clinic2Cloud" / "Clinic2Cloud.py"
LACKING = standin.missing()
KEY = bytes(range(2, 34))


class Driver:
    """The panel and what a test needs of it."""

    def __init__(self, widget: Any, slicer: Any, folder: Path) -> None:
        self.widget, self.slicer, self.folder = widget, slicer, folder
        self.ui, self.panel = widget.ui, widget.panel
        self.cases = folder / "cases"

    def until(self, condition: Callable[[], Any], seconds: float = 60) -> None:
        """Run the event loop until something holds; say what the panel says when it never does."""
        if not standin.run_until(lambda: bool(condition()), seconds):
            labels = [n for n in vars(self.ui) if n.endswith(("Status", "Label"))]
            said = {n: getattr(self.ui, n).text for n in labels if n.endswith("Status")}
            pytest.fail(f"did not come to hold in {seconds} s; the panel says {said}")

    def idle(self) -> None:
        """Wait until nothing is under way but the watching of the server."""
        workers = self.processes()
        self.until(
            lambda: (
                not [w for w in workers() if w.task != "watch"]
                and not any(section.filling for section in self.panel.sections)
            )
        )

    @staticmethod
    def processes() -> Callable[[], list]:
        from Clinic2CloudWidgets.process import runningWorkers

        return runningWorkers

    def listed(self) -> None:
        """Wait until the series are listed and planned."""
        select = self.panel.select
        self.until(lambda: select.items and len(select.plans) == len(select.items))

    def look(self) -> None:
        """Wait for the case to be shown, then look at it from every angle."""
        from Clinic2CloudWidgets.views import ANGLES

        self.until(lambda: self.panel.review.shown)
        for angle in ANGLES:
            getattr(self.ui, f"{angle}_Button").click()

    def picture(self, name: str, widget: Any = None) -> None:
        """Take a picture for a person to look at, where the environment names a folder for them."""
        folder = os.environ.get("CLINIC2CLOUD_PANEL_PICTURES")
        if folder:
            shown = widget or self.slicer.modules.clinic2cloud.widgetRepresentation()
            shown.resize(1500, 900) if widget is not None else shown.resize(520, 900)
            standin.screenshot(shown, Path(folder) / f"{name}.png")


@pytest.fixture(scope="session")
def head(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small invented head as a DICOM series."""
    from Clinic2CloudLib.demo.head import write_head_series

    return write_head_series(tmp_path_factory.mktemp("dicom") / "head", size="small")


@pytest.fixture(scope="session")
def made(head: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The home and the folder of cases after the head was de-identified and verified once."""
    from Clinic2CloudLib.steps.check import check_case
    from Clinic2CloudLib.steps.deidentify import deidentify
    from Clinic2CloudLib.steps.site import open_site

    home, cases = tmp_path_factory.mktemp("madehome"), tmp_path_factory.mktemp("made") / "cases"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLINIC2CLOUD_HOME", str(home))
        write_key(home)
        result = deidentify(head, cases, open_site(cases))
        assert result.series[0].case is not None
        check_case(result.series[0].case.folder)
    return home, cases


@pytest.fixture
def own_home(own_home: Path) -> Path:
    """A fresh home whose key is known.

    The key says which face the made head is given: the same one in every run.
    """
    write_key(own_home)
    return own_home


def write_key(home: Path) -> None:
    """Write the key of all these tests where a site has its own."""
    path = home / "site.key"
    path.write_text(key_text(KEY), "ascii")
    path.chmod(0o600)


@pytest.fixture
def stand_in() -> None:
    """Skip where what the stand-in for Slicer needs is not installed."""
    if LACKING:
        pytest.skip(LACKING)


@pytest.fixture
def driver(stand_in: None, head: Path, tmp_path: Path, own_home: Path) -> Iterator[Driver]:
    """The panel over a database that holds the small head; no case yet."""
    yield from run_panel(tmp_path, head)


@pytest.fixture
def reviewing(
    stand_in: None, head: Path, made: tuple[Path, Path], tmp_path: Path, own_home: Path
) -> Iterator[Driver]:
    """The panel with one case that waits for a review."""
    shutil.copytree(made[0], own_home, dirs_exist_ok=True)
    shutil.copytree(made[1], tmp_path / "cases")
    yield from run_panel(tmp_path, head)


def run_panel(folder: Path, dicom: Path | None) -> Iterator[Driver]:
    """Load the module, and at the end see that nothing was left behind."""
    database = None
    if dicom is not None:
        database = standin.make_dicom_database(dicom, folder / "database")
    slicer = standin.install(database=database)
    widget = standin.load_module(MODULE)
    driver = Driver(widget, slicer, folder)
    driver.panel.parameters.casesFolder = driver.cases
    driver.panel.parameters.reviewer = "Dr. Example"
    widget.enter()
    workers = driver.processes()
    yield driver
    standin.unload_module("Clinic2Cloud")
    standin.run_until(lambda: not workers(), 10)
    assert workers() == [], "a process was left running"
    assert standin.slot_errors == []
