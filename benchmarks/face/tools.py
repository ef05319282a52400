"""Make the instruments' own virtual environment, and run them there.

``python -m benchmarks.face.tools`` makes it. MediaPipe pins old packages, so that they stay apart
from the program's own; nothing of the program is imported there.
"""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[2] / "build" / "face-tools"
#: mediapipe 0.10.14 is the last that carries its models; dlib-bin has wheels, dlib has none.
PACKAGES = ("mediapipe==0.10.14", "dlib-bin", "face-recognition-models", "numpy<2")
SCRIPT = Path(__file__).with_name("instruments.py")


def make() -> None:
    """Create the environment; what cannot be installed is said and left out."""
    venv.create(FOLDER, with_pip=True)
    for package in PACKAGES:
        line = [_python(), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        done = subprocess.run([*line, package, PACKAGES[-1]], check=False)
        print(f"{package}: {'installed' if not done.returncode else 'cannot be had here'}")


def _python() -> str:
    below = "Scripts/python.exe" if sys.platform == "win32" else "bin/python"
    return str(FOLDER / below)


def ready() -> bool:
    """Say whether the environment is there."""
    return Path(_python()).is_file()


def looked_at(pictures: Sequence[Path], kept: Path) -> dict[str, Any]:
    """Let the instruments look at pictures, once each.

    Returns
    -------
    dict
        By the picture's name: what each instrument that could be loaded says of it.
    """
    known = json.loads(kept.read_text("utf-8")) if kept.is_file() else {}
    new = [str(path) for path in pictures if path.name not in known]
    if new:
        listed = kept.with_suffix(".list")
        listed.write_text("\n".join(new), encoding="utf-8")
        done = subprocess.run(
            [_python(), str(SCRIPT), str(listed)], stdout=subprocess.PIPE, check=True, text=True
        )
        for line in done.stdout.splitlines():
            if line.startswith("{"):
                found = json.loads(line)
                known[found.pop("picture")] = found
        kept.write_text(json.dumps(known), encoding="utf-8")
    return {path.name: known.get(path.name, {}) for path in pictures}


if __name__ == "__main__":
    make()
