"""List the extension's files for CMake.

    python tools/list_extension_files.py [--check]

Slicer's macro installs what it is given and nothing else. This writes ``files.cmake`` beside the
two CMakeLists.txt that use it; ``--check`` writes nothing and ends with 1 when one is out of date.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: Folder and the name its lists begin with.
FOLDERS = {"Clinic2Cloud": "CLINIC2CLOUD", "Clinic2CloudLib": "CLINIC2CLOUDLIB"}
#: What only builds or checks the source.
NOT_SHIPPED = ("CMakeLists.txt", "files.cmake", "ruff.toml")
HEADER = "# Made by tools/list_extension_files.py; run it after adding or removing a file.\n"


def shipped(folder: Path) -> tuple[list[str], list[str]]:
    """Return a folder's Python files and its other files, relative to it, sorted."""
    scripts, resources = [], []
    for path in folder.rglob("*"):
        relative = path.relative_to(folder)
        hidden = any(part.startswith(".") or part == "__pycache__" for part in relative.parts)
        if path.is_dir() or hidden or relative.parts[0] == "Testing" or path.name in NOT_SHIPPED:
            continue
        (scripts if path.suffix == ".py" else resources).append(relative.as_posix())
    return sorted(scripts), sorted(resources)


def listing(folder: Path, prefix: str) -> str:
    """Return the text of a folder's ``files.cmake``."""
    text = HEADER
    for name, files in zip(("SCRIPTS", "RESOURCES"), shipped(folder), strict=True):
        text += f"\nset({prefix}_{name}\n" + "".join(f"  {file}\n" for file in files) + "  )\n"
    return text


def main(arguments: list[str]) -> int:
    """Write the lists, or check them."""
    stale = 0
    for name, prefix in FOLDERS.items():
        target, text = ROOT / name / "files.cmake", listing(ROOT / name, prefix)
        if target.is_file() and target.read_text(encoding="utf-8") == text:
            continue
        if "--check" in arguments:
            print(f"{name}/files.cmake is out of date: run python tools/list_extension_files.py")
            stale = 1
        else:
            target.write_text(text, encoding="utf-8")
    return stale


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
