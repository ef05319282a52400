"""Run the benchmarks: ``python -m benchmarks [--full] [NAME [ARGUMENTS]]``; ``make bench``."""

from __future__ import annotations

import argparse
import importlib
import os
import time

#: The modules, in the order in which they run; each has a TITLE and run(full, arguments).
NAMES = ("deid", "speed", "preview", "upload", "face")


def main() -> None:
    """List or run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--list", action="store_true", help="name the benchmarks and stop")
    parser.add_argument("--full", action="store_true", help="everything: peers, more repeats")
    parser.add_argument("name", nargs="?", choices=NAMES, help="one of them; all without it")
    options, rest = parser.parse_known_args()
    chosen = [options.name] if options.name else NAMES
    if rest and not options.name:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    for name in chosen:
        module = importlib.import_module(f"benchmarks.{name}")
        print(f"== {name}: {module.TITLE}")
        if options.list:
            continue
        began = time.perf_counter()
        module.run(options.full, rest)
        load = os.getloadavg()[0]
        print(f"({name}: {time.perf_counter() - began:.0f} s, load {load:.1f})\n", flush=True)


if __name__ == "__main__":
    main()
