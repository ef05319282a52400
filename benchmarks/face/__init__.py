"""Whether a replaced face can still be recognised, and what replacing costs the image."""

from __future__ import annotations

import argparse
from pathlib import Path

TITLE = "faces: can what is left be recognised, and what does replacing it cost the image?"
#: Where findings, results and surfaces are kept between runs.
CACHE = Path(__file__).resolve().parents[2] / "build" / "face"
#: Heads in a plain run.
FEW = 6


def run(full: bool, arguments: list[str] | None = None) -> None:
    """Prepare the heads, then measure and print."""
    from .heads import data_folder, heads, mixed, spread
    from .prepared import METHODS, prepare

    parser = argparse.ArgumentParser(prog="python -m benchmarks face", description=__doc__)
    parser.add_argument("--heads", type=int, help=f"so many ({FEW}; with --full all)")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--cache", type=Path, default=CACHE, help="folder to keep and resume from")
    options = parser.parse_args(arguments or [])
    listed = list(heads(data_folder()))
    listed = spread(listed, options.heads or (len(listed) if full else FEW))
    for prepared in prepare(mixed(listed), options.methods, options.cache):
        print(prepared.head.name, prepared.head.kind)
