"""Classic MR slices: read, de-identify with audit and markers, write."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from shutil import which

import pydicom

from Clinic2CloudLib.cases.policy import load_policy
from Clinic2CloudLib.demo.head import write_head_series
from Clinic2CloudLib.dicom.descriptors import DescriptorCleaner
from Clinic2CloudLib.dicom.profile import HeaderDeidentifier
from Clinic2CloudLib.dicom.pseudonyms import Pseudonyms

from .. import table
from ..deid.tools import certificate

KEY = b"a key for benchmarks, 32 bytes.."
_SHARED = ("mr_dicom/adi_T1", "mr_dicom/ctk_mrhead")


def engine(key: bytes = KEY) -> HeaderDeidentifier:
    """Return an engine as the product runs it by default."""
    return HeaderDeidentifier(load_policy("research").headers, Pseudonyms(key), DescriptorCleaner())


def series(scratch: Path) -> dict[str, list[Path]]:
    """Return series to measure: of real scanners where they are, and a synthetic head."""
    named = os.environ.get("CLINIC2CLOUD_TEST_DATA")
    shared = Path(named) if named else Path(__file__).parents[3] / "shared" / "data"
    found = {}
    for name in _SHARED:
        files = sorted((shared / "heads" / "dev" / name).glob("*.dcm"))
        if files:
            found[name.rsplit("/")[-1]] = _copied(files, scratch / name.rsplit("/")[-1])
    head = write_head_series(scratch / "head", size="standard")
    found["synthetic head"] = sorted(head.rglob("*.dcm"))
    return found


def _copied(files: list[Path], folder: Path) -> list[Path]:
    """Copy files beside where outputs are written, so that all are read from the same disk."""
    folder.mkdir(parents=True)
    return [Path(shutil.copy(file, folder / file.name)) for file in files]


def run(scratch: Path, repeats: int) -> None:
    """Measure ours and the peers in turn, and print medians of files/s (no disk: engine alone)."""
    headings = ("series", "files", "Clinic2Cloud", "no disk", "pydicom", "gdcmanon", "ahead")
    by_clock: list[tuple[str, ...]] = [headings]
    by_processor: list[tuple[str, ...]] = [headings]
    for name, files in series(scratch).items():
        out = scratch / "out"
        tools: dict[str, Callable[[], None]] = {
            "ours": lambda files=files, out=out: _ours(files, out),  # type: ignore[misc]
            "engine": lambda files=files: _engine_alone(files),  # type: ignore[misc]
            "pydicom": lambda files=files, out=out: _pydicom(files, out),  # type: ignore[misc]
        }
        if which("gdcmanon"):
            pem = certificate(scratch / "gdcmanon.pem")
            tools["gdcmanon"] = lambda files=files, out=out, pem=pem: _gdcmanon(  # type: ignore[misc]
                files[0].parent, out, pem
            )
        seconds: dict[str, list[float]] = {tool: [] for tool in tools}
        of_processor: dict[str, list[float]] = {tool: [] for tool in tools}
        for _ in range(repeats):
            for tool, work in tools.items():
                shutil.rmtree(out, ignore_errors=True)
                out.mkdir()
                began, before = time.perf_counter(), _processor()
                work()
                seconds[tool].append(time.perf_counter() - began)
                of_processor[tool].append(_processor() - before)
                if tool != "engine" and sum(1 for _ in out.iterdir()) != len(files):
                    raise RuntimeError(f"{tool} did not write every file")
        for measured, rows in ((seconds, by_clock), (of_processor, by_processor)):
            rate = {tool: len(files) / statistics.median(took) for tool, took in measured.items()}
            peer = rate.get("gdcmanon")
            others = [f"{rate[tool]:.0f}" for tool in ("ours", "engine", "pydicom")]
            others += [f"{peer:.0f}", f"{rate['ours'] / peer:.2f} x"] if peer else ["none", "-"]
            rows.append((name, str(len(files)), *others))
    print("\nfiles/s by the clock: read, de-identify with audit and markers, write")
    table(by_clock)
    print("\nthe same by the processor's time (what a machine with nothing else to do would need)")
    table(by_processor)


def _processor() -> float:
    """Return the seconds that this process and those it started have had of the processor."""
    return sum(os.times()[:4])


def _ours(files: list[Path], out: Path) -> None:
    work = engine()
    for path in files:
        result = work.deidentify(path.read_bytes())
        (out / path.name).write_bytes(result.data)


def _engine_alone(files: list[Path]) -> None:
    work = engine()
    for path in files:
        work.deidentify(path.read_bytes())


def _pydicom(files: list[Path], out: Path) -> None:
    for path in files:
        pydicom.dcmread(path).save_as(out / path.name)


def _gdcmanon(folder: Path, out: Path, pem: Path) -> None:
    command = ["gdcmanon", "-e", "-c", str(pem), "-r", "--continue", "-i", str(folder)]
    subprocess.run([*command, "-o", str(out)], capture_output=True, check=False)
