"""What each method did to the heads, in figures: a line a kind of head and method."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from . import cost
from .heads import KINDS
from .prepared import Prepared

#: What the issue allows.
LIMITS = "allowed: face 20 %, ears 40 %, edge no larger, brain 0 voxels, shift 0.3 mm, volume 0.1 %"


def replaced(listed: Sequence[Prepared], methods: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Yield what lies near, what the border shows, what it took: median, and the worst head."""
    yield (
        "method and kind", "heads", "face < 2 mm %", "ears < 2 mm %", "edge before", "edge after",
        "edge grows in", "brain voxels", "find s", "replace s",
    )  # fmt: skip
    for method in methods:
        for kind in KINDS:
            own = [p for p in listed if p.head.kind == kind]
            if not own:
                continue
            kept = [p.load(method) for p in own]
            near = 100 * np.array([k["near"] for k in kept])
            edge = np.array([k["edge"] for k in kept])
            yield (
                f"{method} {kind}",
                str(len(own)),
                middle_and_most(near[:, 0], ".0f"),
                middle_and_most(near[:, 1], ".0f"),
                f"{np.median(edge[:, 0]):.3f}",
                f"{np.median(edge[:, 1]):.3f}",
                f"{int((edge[:, 1] > edge[:, 0]).sum())}",
                str(sum(int(k["brain"]) + int(k["outside"]) for k in kept)),
                middle_and_most([float(p.load("found")["seconds"]) for p in own], ".1f"),
                middle_and_most([float(k["seconds"]) for k in kept], ".1f"),
            )


def costs(listed: Sequence[Prepared], methods: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Yield how far registration moves the brain, and its volume's change."""
    yield ("version", "heads", "shift mm", "brain volume %", "tool declines")
    for name in (cost.REPEAT, *methods):
        moved = [cost.shift(p, name) for p in listed]
        changes = [cost.volume_change(p, name) for p in listed]
        known = [change for change in changes if change is not None]
        yield (
            name,
            str(len(listed)),
            middle_and_most(moved, ".2f"),
            middle_and_most(known, ".3f"),
            str(len(changes) - len(known)),
        )


def middle_and_most(values: Sequence[float] | np.ndarray, form: str) -> str:
    """Return median and largest of what is known."""
    known = np.array([v for v in values if np.isfinite(v)])
    if not len(known):
        return "-"
    middle, most = float(np.median(known)), float(known.max())
    return f"{middle:{form}} ({most:{form}})"
