"""Make the README's pictures from a demo's output: `make demo && python tools/make_screenshots.py`.

The demo's own head is synthetic, so no picture of the repository shows a person. The report's page
is photographed by headless Chromium where that is installed; the panel's pictures come from the
walk through the README's tutorial that its test makes too, in the stand-in for Slicer.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image

REPOSITORY = Path(__file__).resolve().parent.parent
SCREENSHOTS = REPOSITORY / "Resources" / "Screenshots"


def main() -> int:
    """Copy the previews, photograph the report, walk through the panel."""
    demo = Path(sys.argv[1]) if len(sys.argv) > 1 else REPOSITORY / "demo-output"
    cases = sorted((demo / "cases").glob("case-*"))
    if len(cases) != 1:
        print(f"{demo.name} is not the output of one demo; run `make demo` first", file=sys.stderr)
        return 1
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for name in ("before_after.png", "slices.png"):
        keep(Image.open(cases[0] / "preview" / name), SCREENSHOTS / name)
    photograph(cases[0] / "report.html", SCREENSHOTS / "report.png")
    walk_through_panel(demo / "source")
    return 0


def keep(picture: Image.Image, path: Path) -> None:
    """Save a picture small: it stays in the repository's history."""
    picture.convert("P", palette=Image.Palette.ADAPTIVE).save(path, optimize=True)


def walk_through_panel(dicom: Path) -> None:
    """Follow the README's tutorial of the panel and take its pictures on the way."""
    sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "Testing" / "panel")]
    from conftest import run_panel
    from panelmaker import cloud
    from tutorial import Walk

    with tempfile.TemporaryDirectory() as name:
        dicom = dicom.resolve()
        os.environ["CLINIC2CLOUD_HOME"] = str(Path(name) / "home")
        os.chdir(name)  # the pictures show paths, so these are relative
        for driver in run_panel(Path("Clinic2Cloud"), None):
            walk = Walk(driver, partial(picture_of, driver))
            with cloud(Path("cloud")) as running:
                token = os.path.relpath(running.token_file)
                walk.whole(dicom, replace(running, token_file=Path(token)))


def picture_of(driver: Any, section: str) -> None:
    """Take the panel's picture, at the review with the views beside it as Slicer shows them."""
    from Testing import standin

    panel = driver.slicer.modules.clinic2cloud.widgetRepresentation()
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "picture.png"
        panel.resize(520, 900)
        standin.screenshot(panel, path)
        last = driver.ui.resultsCollapsibleButton.geometry
        picture = Image.open(path).convert("RGB")
        picture = picture.crop((10, 10, 510, min(900, last.y() + last.height() + 30)))
        if section == "review":
            views = driver.slicer.app.layoutManager().viewport()
            views.resize(900, picture.height)
            driver.panel.review.angles.lookFrom("front")
            standin.screenshot(views, path)
            whole = Image.new("RGB", (picture.width + 900, picture.height), "white")
            whole.paste(picture, (0, 0))
            whole.paste(Image.open(path).convert("RGB"), (picture.width, 0))
            picture = whole
        keep(picture, SCREENSHOTS / f"panel_{section}.png")


def photograph(page: Path, picture: Path) -> None:
    """Take a screenshot of the upper part of a page."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        print("Chromium is not installed, so the picture of the report stays as it is")
        return
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(
            [
                chromium,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--no-first-run",
                "--hide-scrollbars",
                f"--user-data-dir={profile}",
                "--window-size=1000,1500",
                f"--screenshot={picture}",
                page.resolve().as_uri(),
            ],
            check=True,
            capture_output=True,
        )
    keep(Image.open(picture), picture)


if __name__ == "__main__":
    sys.exit(main())
