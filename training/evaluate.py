"""Score a face finder on heads it was never trained on.

    python training/evaluate.py ../shared/data training/scores/network.json
    python training/evaluate.py ../shared/data training/scores/classical.json --finder classical

Label maps 10 and 15 are rendered in random contrasts, resolutions, orientations and fields of view,
with the rule known for every voxel; the development CTs and MRs have no truth, so what counts is
whether a face is found; what is no head must be left alone.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from labels import read_head
from scans import development_scans, other_scans
from synthesise import ORDERS, Sample, synthesise

from Clinic2CloudLib.deface import AtlasFinder, FaceFinder, FaceFinding
from Clinic2CloudLib.deface.network import NetworkFinder

FINDERS = {"network": NetworkFinder, "classical": AtlasFinder}
CONTRASTS = (*ORDERS, "random", "random", "random")


@dataclass(frozen=True)
class Score:
    """How one rendered label map was found; Dice against the rule, volumes in mL."""

    what: str
    status: str
    face: float
    ears: float
    brain_touched: int
    brain_missed_ml: float
    seconds: float


def dice(one: np.ndarray, other: np.ndarray) -> float:
    """Return the Dice overlap; 1 where both are empty."""
    total = int(one.sum()) + int(other.sum())
    return 2.0 * int((one & other).sum()) / total if total else 1.0


def score(sample: Sample, finder: FaceFinder) -> tuple[Score, FaceFinding]:
    """Find the face of a rendered label map and compare."""
    began = time.perf_counter()
    finding = finder.find(sample.volume)
    seconds = time.perf_counter() - began
    if finding.face is None or finding.ears is None or finding.brain is None:
        return Score(sample.description, finding.status, 0.0, 0.0, 0, 0.0, seconds), finding
    voxel = float(np.prod(sample.volume.spacing)) / 1000.0
    touched = int(((finding.face | finding.ears) & sample.brain).sum())
    missed = float((sample.brain & ~finding.brain).sum()) * voxel
    return (
        Score(
            sample.description,
            finding.status,
            dice(finding.face, sample.face),
            dice(finding.ears, sample.ears),
            touched,
            missed,
            seconds,
        ),
        finding,
    )


def on_label_maps(data: Path, finder: FaceFinder, count: int, spacing: float) -> list[Score]:
    """Score every rendering of the two development label maps."""
    scores = []
    for path in sorted((data / "heads" / "dev" / "labels").glob("*.nii.gz")):
        head = read_head(path, spacing)
        for seed in range(count):
            sample = synthesise(head, CONTRASTS[seed % len(CONTRASTS)], 1000 + seed)
            one, _ = score(sample, finder)
            print(json.dumps(asdict(one)), flush=True)
            scores.append(one)
    return scores


def summary(scores: list[Score]) -> dict[str, Any]:
    """Return means and worst cases."""
    return {
        "renderings": len(scores),
        "found": sum(s.status == "found" for s in scores),
        "face": _spread([s.face for s in scores]),
        # An ear that the field of view leaves out can be neither found nor missed.
        "ears": _spread([s.ears for s in scores]),
        "brain_voxels_touched": sum(s.brain_touched for s in scores),
        "seconds": _spread([s.seconds for s in scores]),
    }


def _spread(values: list[float]) -> dict[str, float]:
    low, middle, high = np.percentile(values, [0, 50, 100])
    return {
        "mean": round(float(np.mean(values)), 4),
        "least": round(float(low), 4),
        "median": round(float(middle), 4),
        "most": round(float(high), 4),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--finder", choices=FINDERS, default="network")
    parser.add_argument("--count", type=int, default=20, help="renderings of each label map")
    parser.add_argument("--spacing", type=float, default=1.0, help="of the label maps, mm")
    options = parser.parse_args()
    finder = FINDERS[options.finder]()
    scores = on_label_maps(options.data, finder, options.count, options.spacing)
    scans = {}
    for name, volume in development_scans(options.data):
        began = time.perf_counter()
        finding = finder.find(volume)
        scans[name] = {
            "status": finding.status,
            "confidence": round(finding.confidence, 3),
            "reasons": list(finding.reasons),
            "seconds": round(time.perf_counter() - began, 2),
        }
        print(name, json.dumps(scans[name]), flush=True)
    others = {}
    for name, volume in other_scans(options.data):
        others[name] = finder.find(volume).status
        print(name, others[name], flush=True)
    result = {
        "finder": finder.name,
        "label_maps": summary(scores),
        "development_scans": scans,
        "not_heads": others,
        "renderings": [asdict(s) for s in scores],
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result["label_maps"], indent=1))


if __name__ == "__main__":
    main()
