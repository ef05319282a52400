"""Make the instruments' own virtual environment, and run them there.

``python -m benchmarks.face.tools`` makes it. MediaPipe pins old packages, so that they stay apart
from the program's own; nothing of the program is imported there.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .environment import create, install, python_of

FOLDER = Path(__file__).resolve().parents[2] / "build" / "face-tools"
#: mediapipe 0.10.14 is the last that carries its models; dlib-bin has wheels, dlib has none.
PACKAGES = ("mediapipe==0.10.14", "dlib-bin", "face-recognition-models", "numpy<2")
SCRIPT = Path(__file__).with_name("instruments.py")


def make() -> None:
    """Create the environment; what cannot be installed is said and left out."""
    create(FOLDER)
    for package in PACKAGES:
        install(FOLDER, package, PACKAGES[-1:])


def ready() -> bool:
    """Say whether the environment is there."""
    return Path(python_of(FOLDER)).is_file()


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
            [python_of(FOLDER), str(SCRIPT), str(listed)],
            stdout=subprocess.PIPE,
            check=True,
            text=True,
        )
        for line in done.stdout.splitlines():
            if line.startswith("{"):
                found = json.loads(line)
                known[found.pop("picture")] = found
        kept.write_text(json.dumps(known), encoding="utf-8")
    return {path.name: known.get(path.name, {}) for path in pictures}


if __name__ == "__main__":
    make()
