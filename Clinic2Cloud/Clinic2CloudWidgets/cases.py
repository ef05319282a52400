"""The cases on disk, as the panel lists them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

#: Which states wait for a person; these come first in the queue.
WAITING = ("deidentified", "verified")
_known: dict[Path, tuple[int, Any]] = {}


def casesIn(folder: Path) -> list:
    """Return the cases of a folder, those that wait for a decision first; unreadable ones not.

    A case whose file did not change since is not read again.
    """
    from Clinic2CloudLib.cases.case import CASE_FILE, load_case
    from Clinic2CloudLib.errors import Clinic2CloudError

    found = []
    for file in sorted(folder.glob(f"case-*/{CASE_FILE}")) if folder.is_dir() else ():
        try:
            stamp = file.stat().st_mtime_ns
            if _known.get(file, (None, None))[0] != stamp:
                _known[file] = (stamp, load_case(file.parent))
            found.append(_known[file][1])
        except (Clinic2CloudError, OSError):  # it is being replaced just now, or is no case
            continue
    return sorted(found, key=lambda case: (case.state not in WAITING, case.id))


def resultsFolder(cases: Path) -> Path:
    """Return where results go: beside the folder of cases, which holds nothing but cases."""
    return cases.with_name(f"{cases.name}-results")


def sizeOf(case: Any) -> int:
    """Return the bytes that would leave."""
    return sum(item.bytes for item in case.instances)


def megabytes(size: int) -> str:
    """Return a size as a user reads it."""
    return f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{size / 1e3:.0f} kB"


def clearLeftovers(folder: Path) -> None:
    """Remove the hidden folders of a run that had to be ended by force."""
    import shutil

    for path in folder.glob(".case-*.part") if folder.is_dir() else ():
        shutil.rmtree(path, ignore_errors=True)


class Collected:
    """Takes what a task hands over when it runs in this process; see worker.channel.Channel."""

    def __init__(self) -> None:
        self.arrays: dict[str, Any] = {}

    def array(self, name: str, values: Any) -> None:
        """Keep an array."""
        self.arrays[name] = values

    def progress(self, fraction: float, message: str) -> None:
        """Nobody watches."""

    def event(self, name: str, **facts: Any) -> None:
        """Nobody listens."""
