"""Fuzz for a time by the clock: ``python -m benchmarks.fuzz --seconds 3600 --out build/fuzz``.

Coverage-guided with atheris (libFuzzer) where it is installed, else with mutations alone. Findings
are written to the output folder, one file a cause, and do not end the run.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import random
import subprocess
import sys
import time
from pathlib import Path

from .mutate import mutate
from .seeds import seeds


def main() -> None:
    """Run until the time is over; start again after what ends the fuzzer's process."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--out", type=Path, default=Path("build/fuzz"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    corpus = options.out / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for name, data in seeds():
        (corpus / f"seed_{name}").write_bytes(data)
    if options.child:
        _fuzz(options.out, options.seconds, options.seed)
        return
    began = time.monotonic()
    ends: list[int] = []
    while (left := options.seconds - (time.monotonic() - began)) > 1:
        seed = options.seed + len(ends)
        command = [sys.executable, "-m", "benchmarks.fuzz", "--child", "--out", str(options.out)]
        command += ["--seconds", str(int(left)), "--seed", str(seed)]
        ends.append(subprocess.run(command, check=False).returncode)
    print(json.dumps({"seconds": round(time.monotonic() - began), "exit codes": ends}))


class _Log:
    """Counts executions and keeps one input for each cause of a fault."""

    def __init__(self, out: Path) -> None:
        from .oracle import Oracle

        self.out, self.oracle = out, Oracle()
        self.file = out / f"stats_{time.time_ns()}.json"
        self.runs, self.began, self.written = 0, time.monotonic(), 0.0
        self.keys: dict[str, int] = {}

    def look(self, data: bytes) -> None:
        """Hold the readers to an input."""
        self.runs += 1
        for fault in self.oracle.faults(data):
            key = f"{fault.kind} | {fault.key}"
            self.keys[key] = self.keys.get(key, 0) + 1
            if self.keys[key] <= 3:
                name = hashlib.sha256(key.encode()).hexdigest()[:8] + f"_{self.keys[key]}"
                (self.out / f"finding_{name}.dcm").write_bytes(data)
                (self.out / f"finding_{name}.txt").write_text(f"{key}\n{fault.text}\n")
        if time.monotonic() - self.written > 5:
            self.save()

    def save(self) -> None:
        """Write the figures beside the findings."""
        self.written = time.monotonic()
        figures = {
            "executions": self.runs,
            "seconds": round(self.written - self.began, 1),
            "accepted": self.oracle.accepted,
            "refused": self.oracle.refused,
            "faults": self.keys,
        }
        self.file.write_text(json.dumps(figures, indent=1))


def _fuzz(out: Path, seconds: float, seed: int) -> None:
    """Fuzz in this process."""
    try:
        import atheris  # type: ignore[import-untyped,import-not-found,unused-ignore]
    except ImportError:
        _without_coverage(out, seconds, seed)
        return
    with atheris.instrument_imports(include=["Clinic2CloudLib.dicom"]):
        from Clinic2CloudLib.dicom import index  # noqa: F401
        from Clinic2CloudLib.dicom.profile import engine  # noqa: F401
    log = _Log(out)
    others = [data for _, data in seeds()]

    def change(data: bytes, most: int, number: int) -> bytes:
        rng = random.Random(number)
        if rng.random() < 0.2:
            return bytes(atheris.Mutate(data, most))
        if rng.random() < 0.5:  # what coverage favours is mostly refused; go on from what is not
            data = rng.choice(others)
        return mutate(data, rng, others, most)

    arguments = [
        sys.argv[0], f"-max_total_time={int(seconds)}", "-max_len=65536", "-timeout=60",
        "-rss_limit_mb=2048", f"-seed={seed}", f"-artifact_prefix={out}/ended_",
        "-print_final_stats=1", str(out / "corpus"),
    ]  # fmt: skip
    atheris.Setup(arguments, log.look, custom_mutator=change)
    atheris.Fuzz()


def _without_coverage(out: Path, seconds: float, seed: int) -> None:
    """Fuzz with mutations of seeds and of earlier inputs that were accepted."""
    log, rng = _Log(out), random.Random(seed)
    others = [data for _, data in seeds()]
    pool = list(others)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        data = mutate(rng.choice(pool), rng, others)
        before = log.oracle.accepted
        log.look(data)
        if log.oracle.accepted > before:
            pool.append(data)
            if len(pool) > 4000:
                pool.pop(rng.randrange(len(others), len(pool)))
    log.save()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
