"""Memory does not grow with the number of files."""

from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path

from Clinic2CloudLib.demo.head import write_head_series

from .. import table
from .slices import engine


def run(scratch: Path, files: int) -> None:
    """Measure in a process of its own, and print its memory along the way."""
    folder = scratch / "small head"
    write_head_series(folder, size="small")
    command = [sys.executable, "-m", "benchmarks.speed.memory", str(folder), str(files)]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    print(f"\nresident memory over {files} files of {files // 50} patients, MiB")
    rows = [("after files", "MiB"), *(line.split() for line in ended.stdout.splitlines())]
    table(rows)


def measure(folder: Path, files: int) -> None:
    """De-identify files that differ in every identifier, and print memory five times."""
    work = engine()
    raws = [path.read_bytes() for path in sorted(folder.rglob("*.dcm"))]
    made = [(raw, _identifiers(raw)) for raw in raws]
    for number in range(files):
        raw, (uid, patient) = made[number % len(made)]
        fresh = raw.replace(uid, uid[:-8] + f"{number:08d}".encode())
        fresh = fresh.replace(patient, f"{number // 50:0{len(patient)}d}".encode())
        work.deidentify(fresh)
        if number + 1 in (files // 10, files // 4, files // 2, 3 * files // 4, files):
            gc.collect()
            pages = int(Path("/proc/self/statm").read_text().split()[1])
            print(number + 1, f"{pages * 4096 / 2**20:.1f}", flush=True)


def _identifiers(raw: bytes) -> tuple[bytes, bytes]:
    import io

    import pydicom

    ds = pydicom.dcmread(io.BytesIO(raw), stop_before_pixels=True)
    return str(ds.SOPInstanceUID).encode(), str(ds.PatientID).encode()


if __name__ == "__main__":
    measure(Path(sys.argv[1]), int(sys.argv[2]))
