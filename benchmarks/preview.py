"""How long a person waits for the pictures before and after."""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from Clinic2CloudLib.demo.head import write_head_series
from Clinic2CloudLib.dicom.series import find_series
from Clinic2CloudLib.dicom.source import open_source
from Clinic2CloudLib.dicom.volume import read_volumes
from Clinic2CloudLib.preview import write_previews

from . import table

TITLE = "previews: seconds for five views before and after, with the sheet"


def run(full: bool, arguments: list[str] | None = None) -> None:
    """Draw a synthetic head several times and print seconds."""
    argparse.ArgumentParser(prog="python -m benchmarks preview").parse_args(arguments or [])
    rows = [("head", "voxels", "read, s", "drawn first, s", "drawn again, s", "pictures")]
    for size in ("small", "standard", "fine") if full else ("small",):
        with tempfile.TemporaryDirectory() as scratch:
            folder = write_head_series(Path(scratch, "head"), size=size)
            began = time.perf_counter()
            with open_source(folder) as source:
                volume = read_volumes(find_series(source).series[0]).volumes[0]
            read = time.perf_counter() - began
            drawn = []
            for number in range(4 if full else 2):
                out = Path(scratch, f"out{number}")
                began = time.perf_counter()
                write_previews(volume, volume.stored, out)
                drawn.append(time.perf_counter() - began)
            pictures = len(list(out.rglob("*.png")))
        again = statistics.median(drawn[1:])
        rows.append(
            (
                size, str(volume.stored.size), f"{read:.2f}", f"{drawn[0]:.2f}", f"{again:.2f}",
                str(pictures),
            )
        )  # fmt: skip
    table(rows)
