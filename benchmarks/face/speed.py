"""Time, memory and repeatability on a volume of 256 x 256 x 176, in a process of its own."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

SHAPE, SPACING = (176, 256, 256), 1.0
LIMITS = "allowed: 5 s in all on two cores, 3 GB"


def measured(methods: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield for each method wall and processor time, peak memory, and whether it repeats.

    For the first scan of a process, and for the next.
    """
    yield (
        "method", "first find s", "replace s", "next find s", "replace s", "CPU s", "peak GB",
        "same bits twice",
    )  # fmt: skip
    for method in methods:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.face.speed", method],
            stdout=subprocess.PIPE,
            check=True,
            text=True,
            cwd=Path(__file__).resolve().parents[2],
        )
        found = json.loads(done.stdout.splitlines()[-1])
        times = (
            f"{found[key]:.1f}" for key in ("first", "first replace", "find", "replace", "cpu")
        )
        yield (method, *times, f"{found['peak']:.2f}", "yes" if found["same"] else "NO")


def main() -> None:
    """Measure one method; run as ``python -m benchmarks.face.speed METHOD``."""
    from dataclasses import replace

    from Clinic2CloudLib.deface import FaceMethod, find_face, replace_face
    from Clinic2CloudLib.deface.grid import Grid, image_of, resample
    from Clinic2CloudLib.dicom.model import SliceSource, Volume

    from .heads import data_folder, heads

    method: FaceMethod = sys.argv[1]  # type: ignore[assignment]
    whole = next(iter(heads(data_folder()))).read()
    middle = whole.ijk_to_lps @ [*(np.array(whole.stored.shape[::-1]) - 1) / 2, 1.0]
    extent = (np.array(SHAPE[::-1]) - 1) * SPACING / 2
    # Upright, as most such volumes are; the axes of the source do not matter.
    grid = Grid(middle[:3] - extent, SPACING, SHAPE)
    image = image_of(whole.values(), whole.ijk_to_lps)
    stored = np.rint(resample(image, grid.image(np.zeros(SHAPE, np.uint8)))).astype(np.int16)
    affine = np.diag([SPACING] * 3 + [1.0])
    affine[:3, 3] = grid.origin
    slices = tuple(SliceSource(k, 0, 1.0, 0.0) for k in range(SHAPE[0]))
    volume = replace(Volume(stored, affine, slices, "MR"))
    # The first scan of a process also waits for torch and MONAI to be imported.
    stored, times = [], []
    for _ in range(2):
        began, cpu = time.perf_counter(), time.process_time()
        finding = find_face(volume)
        between = time.perf_counter()
        stored.append(replace_face(volume, finding, method, 1).stored)
        ended = time.perf_counter()
        times += [between - began, ended - between]
    found = dict(zip(("first", "first replace", "find", "replace"), times, strict=True))
    found["cpu"] = time.process_time() - cpu
    found["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(json.dumps({**found, "same": bool(np.array_equal(*stored))}))


if __name__ == "__main__":
    main()
