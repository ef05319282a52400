"""De-identification of headers: planted values, an answer key, peers in the same table."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

TITLE = "de-identification: what leaks, what is lost, MIDI-B's checks, conformance, peers"
_HEADINGS = (
    "tool", "leaked", "of", "retention %", "MIDI-B style %", "no output", "date shifts wrong",
    "references broken", "frames lost", "less valid", "files/s",
)  # fmt: skip


def run(full: bool, arguments: list[str] | None = None) -> None:
    """Make the files, run every tool over them and print the table.

    Parameters
    ----------
    full : bool
        Plant every row of Table E.1-1 and run the peers; else each fourth, and ours alone.
    arguments : list of str, optional
        ``--keep DIR`` keeps files, key, outputs and failures there; ``--only NAME`` runs one tool.
    """
    from .make import make
    from .orthanc import orthanc
    from .score import score
    from .tools import PYTHON_PEERS, Run, gdcmanon, ours, python_peer

    parser = argparse.ArgumentParser(prog="python -m benchmarks deid")
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--only")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments or [])
    tools: dict[str, Callable[[Path, Path], Run]] = {"Clinic2Cloud": ours}
    if full or options.only:
        tools |= {name: python_peer(name) for name in PYTHON_PEERS}
        tools |= {"gdcmanon": gdcmanon, "Orthanc": orthanc}
    if options.only:
        tools = {options.only: tools[options.only]}
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.keep or Path(scratch)
        shutil.rmtree(folder / "source", ignore_errors=True)
        keys = make(folder, options.seed, full)
        planted = sum(len(key.tokens) for key in keys)
        checks = sum(len(key.checks) for key in keys)
        print(f"{len(keys)} files, {planted} tokens, {checks} checks; ", end="")
        print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
        rows: list[tuple[str, ...]] = [_HEADINGS]
        for name, tool in tools.items():
            out = folder / name
            shutil.rmtree(out, ignore_errors=True)
            out.mkdir(parents=True)
            ran = tool(folder / "source", out)
            if ran.skipped:
                rows.append((name, f"skipped: {ran.skipped}"))
                continue
            got = score(keys, folder / "source", out)
            if options.keep:
                (folder / f"{name}.txt").write_text("\n".join(got.examples))
                kinds = {"passed": got.passed, "failed": got.failed}
                (folder / f"{name}.json").write_text(json.dumps(kinds, indent=1))
            rows.append(
                (
                    name, str(got.leaked), str(got.tokens), f"{got.retention:.2f}",
                    f"{got.midi:.2f}", str(got.missing), str(got.intervals), str(got.references),
                    str(got.frames), "-" if got.errors < 0 else str(got.errors),
                    f"{len(keys) / ran.seconds:.0f}",
                )
            )  # fmt: skip
    from .. import table

    table(rows)
    print("files/s: from a cold start, all files different; the benchmark `speed` has whole series")
