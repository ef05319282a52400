"""Our methods beside the peers, on the same heads, by the same measures."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from Clinic2CloudLib.dicom.model import Volume

from . import cost, exchange, peers
from .figures import middle_and_most
from .heads import KINDS
from .prepared import METHODS, Prepared, keep
from .surfaces import values_of

LIMITS = "median (most) over the heads; quickshear's time is without the brain mask it is given"
#: What a peer that cannot do a head ends with.
FAILURES = (subprocess.SubprocessError, OSError, ValueError, RuntimeError)


def run_peers(listed: Sequence[Prepared], names: Sequence[str]) -> None:
    """Let every peer deface every head, once; keep its results as our methods' are kept."""
    for prepared in listed:
        wanted = [n for n in names if not prepared.has(n) and not prepared.has(failed(n))]
        if not wanted:
            continue
        began = time.perf_counter()
        volume = prepared.head.read()
        for name in wanted:
            _run(prepared, volume, name)
        print(f"{prepared.head.name}: {time.perf_counter() - began:.0f} s by peers", flush=True)


def failed(name: str) -> str:
    """Return under which name it is kept that a peer failed."""
    return f"failed-{name}"


def _run(prepared: Prepared, volume: Volume, name: str) -> None:
    import SimpleITK as sitk

    brain = prepared.finding(volume).brain
    assert brain is not None
    with tempfile.TemporaryDirectory() as folder:
        image = exchange.handed_over(volume)
        # niimath appends .gz to whatever has none.
        paths = (Path(folder) / file for file in ("head.nii", "brain.nii", "result.nii.gz"))
        given = peers.Given(image, *paths)
        sitk.WriteImage(image, str(given.head))
        sitk.WriteImage(exchange.mask_handed_over(brain, volume), str(given.brain))
        began = _processor_time()
        try:
            peers.deface(name, given)
            seconds = _processor_time() - began
            stored, mask = exchange.taken_back(given.result, volume)
        except FAILURES as error:
            prepared.save(failed(name), reason=type(error).__name__)
            return
    if not mask.any():
        prepared.save(failed(name), reason="nothing changed")
        return
    keep(prepared, volume, name, stored, mask, seconds)


def _processor_time() -> float:
    """Return what this process and those it ran took, s; the latter is 0 on Windows."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def beside(
    listed: Sequence[Prepared], few: Sequence[Prepared], methods: Sequence[str]
) -> Iterator[tuple[str, ...]]:
    """Yield a line a kind of head and method, ours first.

    Parameters
    ----------
    listed : sequence of Prepared
        All heads.
    few : sequence of Prepared
        Those whose registration and volumes are measured as well.
    methods : sequence of str
        Ours and the peers'.
    """
    yield (
        "method and kind", "heads", "head changed %", "brain mL", "face < 2 mm %", "ears < 2 mm %",
        "edge jump", "edge most", "zeroed %", "shift mm", "brain volume %", "CPU s",
    )  # fmt: skip
    for kind in KINDS:
        own = [p for p in listed if p.head.kind == kind]
        for method in methods if own else ():
            done = [p for p in own if p.has(method)]
            if done:
                yield (f"{method} {kind}", *_figures(done, [p for p in done if p in few], method))
            reasons = Counter(
                str(p.load(failed(method))["reason"]) for p in own if p.has(failed(method))
            )
            if reasons:
                why = ", ".join(f"{reason} ({count})" for reason, count in reasons.items())
                yield (f"{method} {kind}", f"fails on {reasons.total()} of {len(own)}: {why}")


def _figures(done: list[Prepared], few: list[Prepared], method: str) -> tuple[str, ...]:
    kept = [p.load(method) for p in done]
    near = 100 * np.array([k["near"] for k in kept])
    edge = np.array([k["edge"] for k in kept])
    changed, brain, zeroed = np.array([extent(p, method) for p in done]).T
    seconds = [float(k["seconds"]) for k in kept]
    if method in METHODS:
        # A peer finds and replaces in one; so is told of ours.
        finding = [float(p.load("found")["seconds"]) for p in done]
        seconds = [sum(both) for both in zip(finding, seconds, strict=True)]
    known_edges = edge[np.isfinite(edge).all(1)]
    before, after = np.median(known_edges, axis=0) if len(known_edges) else (np.nan, np.nan)
    most = known_edges[:, 1].max() if len(known_edges) else np.nan
    volumes = [cost.volume_change(p, method) for p in few]
    known = [change for change in volumes if change is not None]
    declined = f", {len(volumes) - len(known)} declined" if len(known) < len(volumes) else ""
    return (
        str(len(done)),
        middle_and_most(100 * changed, ".0f"),
        middle_and_most(brain, ".1f"),
        middle_and_most(near[:, 0], ".0f"),
        middle_and_most(near[:, 1], ".0f"),
        f"{before:.2f} -> {after:.2f}",
        f"{most:.2f}",
        middle_and_most(100 * zeroed, ".0f"),
        middle_and_most([cost.shift(p, method) for p in few], ".2f"),
        middle_and_most(known, ".2f") + declined,
        middle_and_most(seconds, ".1f"),
    )


def extent(prepared: Prepared, name: str) -> tuple[float, float, float]:
    """Return which share of the head changed, mL of brain, and the share of it set to nothing.

    Nothing is zero, or whatever is the scan's darkest.
    """
    what = f"extent-{name}"
    if not prepared.has(what):
        volume = prepared.head.read()
        finding = prepared.finding(volume)
        assert finding.head is not None and finding.brain is not None
        stored, _ = prepared.stored(name, volume)
        changed = stored != volume.stored
        dark = max(exchange.base(volume), float(volume.values().min()))
        dark_now = values_of(volume, stored)[changed] <= dark
        voxel = float(np.prod(volume.spacing)) / 1000.0
        prepared.save(
            what,
            head=(changed & finding.head).sum() / finding.head.sum(),
            brain=(changed & finding.brain).sum() * voxel,
            zeroed=dark_now.mean() if len(dark_now) else np.nan,
        )
    kept = prepared.load(what)
    return float(kept["head"]), float(kept["brain"]), float(kept["zeroed"])
