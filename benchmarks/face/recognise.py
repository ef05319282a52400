"""What a face recogniser and two face detectors say of the pictures.

The recogniser is given every advantage: it is told where the face lies, the heads are upright, and
it sees three views. A version's picture is matched to the pictures of all originals.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from . import tools
from .pictures import BACK, BLUR, CONTROL, ORIGINAL, SKULL, pictures
from .prepared import Prepared
from .score import outcome

#: dlib's recogniser was not made for profiles: the views it is asked about.
MATCHED = ("front", "left_30", "right_30")
#: The CNN detector fires from this confidence on.
FIRES = 0.0
#: Never of a patient, so shown: what must fire, what must not, and what a good instrument sees
#: through.
CONTROLS = (ORIGINAL, CONTROL, BLUR, SKULL, BACK)


def recognised(
    listed: Sequence[Prepared], methods: Sequence[str], folder: Path
) -> Iterator[tuple[str, ...]]:
    """Yield for each version how often it was matched, and in how many views a face was seen."""
    seen: dict[str, list[dict[str, Any]]] = {}
    for version in (*CONTROLS, *methods):
        own = [p for p in listed if version != SKULL or p.head.kind == "CT"]
        drawn = [pictures(p, version, folder) for p in own]
        looked = tools.looked_at([path for paths in drawn for path in paths], folder / "seen.json")
        seen[version] = [
            {path.name.split(".")[-2]: looked[path.name] for path in paths} for paths in drawn
        ]
    persons = [p.head.person for p in listed]
    yield ("version", "heads", "rank-1", "mesh: heads", "mesh: views", "CNN: heads", "CNN: views")
    for version, heads in seen.items():
        match = "-"
        if version not in (ORIGINAL, SKULL, BACK):
            away = embedding_distances(heads, seen[ORIGINAL])
            match = outcome(away, persons, persons).words()
        yield (version, str(len(heads)), match, *fired(heads, "mesh"), *fired(heads, "cnn"))


def embedding_distances(
    results: Sequence[dict[str, Any]], originals: Sequence[dict[str, Any]]
) -> np.ndarray:
    """Return the mean distance of the descriptions over the views, (results, originals)."""
    total = np.zeros((len(results), len(originals)))
    for view in MATCHED:
        a, b = (
            np.array([head[view].get("embedding", [np.nan]) for head in heads])
            for heads in (results, originals)
        )
        total += np.linalg.norm(a[:, None] - b[None], axis=2)
    return total / len(MATCHED)


def fired(heads: Sequence[dict[str, Any]], name: str) -> tuple[str, str]:
    """Return in how many heads a detector saw a face in any view, and in how many views."""
    views = [[view[name] for view in head.values() if name in view] for head in heads]
    if not any(views):
        return "not run", "not run"
    hits = [[float(value) > FIRES for value in own] for own in views]
    total = sum(len(own) for own in hits)
    return f"{sum(map(any, hits))}/{len(hits)}", f"{sum(map(sum, hits))}/{total}"
