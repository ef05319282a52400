"""The tissue atlas: averaged tissue probabilities around the skull cavity.

Made by ``training/brain_atlas.py`` from sixteen public whole-head label maps (the SynthSeg training
maps, Apache-2.0); only the average of all is stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from .grid import Grid

#: The classes, in the order of the first axis of all probability arrays.
CLASSES = ("air", "csf", "grey", "white", "bone", "soft")
AIR, CSF, GREY, WHITE, BONE, SOFT = range(6)

#: What the classes look like, for the alignment: mutual information minds the grouping only, but
#: classes of neighbouring levels blur into each other, so MR is tried with two orders of them.
LOOKS: dict[str, tuple[tuple[float, ...], ...]] = {
    "MR": ((0.0, 60.0, 130.0, 190.0, 30.0, 150.0), (0.0, 240.0, 150.0, 110.0, 30.0, 80.0)),
    "CT": ((0.0, 96.0, 104.0, 102.0, 250.0, 102.0),),
}


@dataclass(frozen=True)
class Atlas:
    """Tissue probabilities, float32, shape (6, K, J, I), on an axis-aligned grid in LPS."""

    probabilities: np.ndarray
    grid: Grid

    def cavity(self) -> np.ndarray:
        """Return the probability of the skull cavity's content, shape (K, J, I)."""
        return self.probabilities[[CSF, GREY, WHITE]].sum(0)

    def shown(self, levels: tuple[float, ...]) -> np.ndarray:
        """Return an average head with these class levels, shape (K, J, I)."""
        return (self.probabilities * np.array(levels, np.float32)[:, None, None, None]).sum(0)


@lru_cache(maxsize=1)
def load_atlas() -> Atlas:
    """Return the atlas that lies beside this file."""
    with np.load(Path(__file__).with_name("atlas.npz")) as stored:
        probabilities = stored["probabilities"].astype(np.float32)
        affine = stored["ijk_to_lps"]
    probabilities /= probabilities.sum(0)
    origin = (float(affine[0, 3]), float(affine[1, 3]), float(affine[2, 3]))
    k, j, i = probabilities.shape[1:]
    return Atlas(probabilities, Grid(origin, float(affine[0, 0]), (k, j, i)))
