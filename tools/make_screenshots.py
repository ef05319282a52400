"""Make the README's pictures from a demo's output: `make demo && python tools/make_screenshots.py`.

The demo's own head is synthetic, so no picture of the repository shows a person. The report's page
is photographed by headless Chromium where that is installed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

REPOSITORY = Path(__file__).resolve().parent.parent
SCREENSHOTS = REPOSITORY / "Resources" / "Screenshots"


def main() -> int:
    """Copy the previews and photograph the report."""
    demo = Path(sys.argv[1]) if len(sys.argv) > 1 else REPOSITORY / "demo-output"
    cases = sorted((demo / "cases").glob("case-*"))
    if len(cases) != 1:
        print(f"{demo.name} is not the output of one demo; run `make demo` first", file=sys.stderr)
        return 1
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for name in ("before_after.png", "slices.png"):
        small = Image.open(cases[0] / "preview" / name).convert("P", palette=Image.Palette.ADAPTIVE)
        small.save(SCREENSHOTS / name, optimize=True)
    photograph(cases[0] / "report.html", SCREENSHOTS / "report.png")
    return 0


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
    small = Image.open(picture).convert("P", palette=Image.Palette.ADAPTIVE)
    small.save(picture, optimize=True)


if __name__ == "__main__":
    sys.exit(main())
