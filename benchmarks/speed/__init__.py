"""Header speed on one core beside pydicom and gdcmanon, memory, and a dictionary attack."""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
from pathlib import Path

TITLE = "headers: files/s on one core beside pydicom and gdcmanon, memory, a dictionary attack"


def run(full: bool, arguments: list[str] | None = None) -> None:
    """Print the tables.

    Parameters
    ----------
    full : bool
        More repeats, 20,000 files for memory, a larger attack.
    arguments : list of str, optional
        ``--core N`` names the processor to stay on.
    """
    from . import attack, enhanced, memory, slices

    parser = argparse.ArgumentParser(prog="python -m benchmarks speed")
    parser.add_argument("--core", type=int, default=min(os.sched_getaffinity(0)))
    options = parser.parse_args(arguments or [])
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {options.core})
    print(f"one core; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    try:
        with tempfile.TemporaryDirectory(dir=_scratch()) as scratch:
            slices.run(Path(scratch), 7 if full else 3)
            enhanced.run(9 if full else 3)
            memory.run(Path(scratch), 20_000 if full else 4_000)
            attack.run(300_000 if full else 30_000)
    finally:
        os.sched_setaffinity(0, before)


def _scratch() -> str | None:
    """Return a file system in memory where there is one: the disk is nobody's merit."""
    memory = Path("/dev/shm")
    enough = memory.is_dir() and shutil.disk_usage(memory).free > 1 << 29
    return str(memory) if enough and os.access(memory, os.W_OK) else None
