"""Virtual environments for what pins packages that the program's own would not bear."""

from __future__ import annotations

import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path


def create(folder: Path) -> None:
    """Create an environment."""
    venv.create(folder, with_pip=True)


def python_of(folder: Path) -> str:
    """Return its Python."""
    return str(program_of(folder, "python"))


def program_of(folder: Path, name: str) -> Path:
    """Return one of its programs."""
    windows = sys.platform == "win32"
    return folder / (f"Scripts/{name}.exe" if windows else f"bin/{name}")


def install(folder: Path, package: str, beside: Sequence[str] = ()) -> None:
    """Install a package, with what else pip shall be told; say whether it could be had."""
    # Isolated: with the program on the path, pip would count its needs as this environment's.
    line = [python_of(folder), "-I", "-m", "pip", "install", "--quiet"]
    line += ["--disable-pip-version-check", package, *beside]
    done = subprocess.run(line, check=False)
    print(f"{package}: {'installed' if not done.returncode else 'cannot be had here'}")
