"""Draw the rule for face and ears on the average head: the picture in training/README.md.

python training/draw_rule.py training/rule.png
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from Clinic2CloudLib.deface.atlas import head_atlas
from Clinic2CloudLib.deface.finder import frame_of
from Clinic2CloudLib.deface.region import BRAIN_MARGIN, dilate, ears_of
from Clinic2CloudLib.preview.sheet import png

COLOURS = {"face": (0.9, 0.25, 0.2), "ears": (0.2, 0.8, 0.3), "brain": (0.3, 0.45, 0.95)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    atlas = head_atlas()
    gray = sum(
        atlas.averages[name] * level
        for name, level in (
            ("white", 0.75), ("gray", 0.55), ("csf", 0.2), ("soft", 0.5),
            ("bone", 0.15), ("skin", 0.7), ("eye", 0.3),
        )
    )  # fmt: skip
    picture = np.repeat(np.asarray(gray)[..., None], 3, axis=-1)
    # The averages' ears were made by an earlier rule.
    outline, brain = (atlas.averages[name] > 0.5 for name in ("outline", "brain"))
    ears = ears_of(outline, frame_of(atlas, np.eye(4)), atlas.grid)
    ears &= ~dilate(brain, BRAIN_MARGIN, atlas.grid.spacing)
    regions = {**atlas.averages, "ears": ears.astype(np.float32)}
    for name, colour in COLOURS.items():
        share = 0.55 * regions[name][..., None]
        picture = (1 - share) * picture + share * np.array(colour)

    def at(axis: int, mm: float) -> int:
        return round((mm - atlas.grid.origin[axis]) / atlas.grid.spacing)

    views = [
        picture[::-1, :, at(0, 0.0)],
        picture[::-1, :, at(0, 32.0)],
        picture[at(2, -10.0)],
        picture[at(2, -60.0)],
        picture[::-1, at(1, 85.0)],
    ]
    height = max(v.shape[0] for v in views)
    padded = [np.pad(v, ((0, height - v.shape[0]), (0, 4), (0, 0))) for v in views]
    row = np.concatenate(padded, axis=1)
    large = row.repeat(3, axis=0).repeat(3, axis=1)
    options.out.write_bytes(png(np.clip(large * 255, 0, 255).astype(np.uint8)))


if __name__ == "__main__":
    main()
