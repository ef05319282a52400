"""Whether a replaced face can still be recognised, and what replacing costs the image."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

from benchmarks import table

TITLE = "faces: can what is left be recognised, and what does replacing it cost the image?"
#: Where findings, results and surfaces are kept between runs.
CACHE = Path(__file__).resolve().parents[2] / "build" / "face"
#: Heads in a plain run, and those of a full one whose registration and volumes are measured.
FEW, COSTLY = 6, 12
PARTS = ("shape", "figures", "costs", "recogniser", "speed", "peers")
#: What a plain run measures: minutes, not hours.
SHORT = ("shape", "figures")


def run(full: bool, arguments: list[str] | None = None) -> None:
    """Prepare the heads, then measure and print."""
    from .heads import data_folder, heads, mixed, spread
    from .prepared import METHODS, prepare

    parser = argparse.ArgumentParser(prog="python -m benchmarks face", description=__doc__)
    parser.add_argument("--heads", type=int, help=f"so many ({FEW}; with --full all)")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS if full else SHORT)
    parser.add_argument("--cache", type=Path, default=CACHE, help="folder to keep and resume from")
    parser.add_argument("--kept", action="store_true", help="only heads that the cache holds")
    options = parser.parse_args(arguments or [])
    data = data_folder()
    if not data.is_dir():
        print("the heads are not here: set CLINIC2CLOUD_TEST_DATA to their folder")
        return
    listed = list(heads(data))
    listed = mixed(spread(listed, options.heads or (len(listed) if full else FEW)))
    ready = list(prepare(listed, options.methods, options.cache, kept=options.kept))
    print(f"{len(ready)} heads with a face to replace, of {len(listed)}")
    for part in options.parts:
        _measure(part, ready, options.methods, options.cache, spread_of=COSTLY)


def _measure(part: str, ready: list, methods: list[str], cache: Path, spread_of: int) -> None:
    if part == "shape":
        from .shape import attacked

        print("shape attack: hits/attempts (hits by chance, at most by chance in 95 % of runs)")
        for line in attacked(ready, methods):
            print(line, flush=True)
    elif part == "figures":
        from .figures import LIMITS, replaced

        _print(LIMITS, replaced(ready, methods))
    elif part == "costs":
        from .figures import LIMITS, costs

        _print(LIMITS, costs(_few(ready, spread_of), methods))
    elif part == "peers":
        _measure_peers(ready, methods, spread_of)
    elif part == "speed":
        from .speed import LIMITS as SPEED_LIMITS
        from .speed import measured

        _print(SPEED_LIMITS, measured(tuple(methods)))
    else:
        from .recognise import recognised
        from .tools import ready as instruments

        if not instruments():
            print("recogniser: its environment is not there (python -m benchmarks.face.tools)")
            return
        _print("median (most)", recognised(ready, methods, cache / "pictures"))


def _measure_peers(ready: list, methods: list[str], spread_of: int) -> None:
    from .beside import LIMITS, beside, run_peers
    from .peers import PEERS, present

    there = present()
    if missing := [peer for peer in PEERS if peer not in there]:
        print(f"peers: {', '.join(missing)} not there (python -m benchmarks.face.peers)")
    if there:
        run_peers(ready, there)
        _print(LIMITS, beside(ready, _few(ready, spread_of), [*methods, *there]))


def _few(ready: list, count: int) -> list:
    """Return the heads for what takes long: real MR first, and those never trained on."""
    return sorted(ready, key=lambda p: (p.head.kind != "MR", p.head.part))[:count]


def _print(title: str, rows: Iterable[tuple[str, ...]]) -> None:
    print(title)
    table(list(rows))
    print(flush=True)
