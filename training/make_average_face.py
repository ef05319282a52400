"""Make the average face that ``reface`` puts in a patient's place.

    python training/make_average_face.py build/training \
        Clinic2CloudLib/deface/atlas/average_face.npz

Reads what ``prepare.py`` wrote of the training heads: the label maps whose field of view holds the
whole face, and the training CTs. Each head's skin is brought into the head's frame and turned into
a signed distance; what is stored is their mean over face and ears. It is nobody's own face, and no
image of any of these people is in it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from prepare import BODY, OUTLINE
from sources import Source, nearest, read_sources

from Clinic2CloudLib.deface.grid import Grid
from Clinic2CloudLib.deface.surface import signed_distance

#: Face, ears and some of the skin around them, in the head's frame, mm.
GRID = Grid(np.array([-100.0, -62.0, -144.0]), 2.0, (98, 106, 101))
FARTHEST_MM = 31.75
STEP_MM = 0.25
#: Label maps that end below the nose or are not to be trusted there.
WHOLE = ("02", "05", "06", "08", "12", "16", "18")
#: Fewer heads than this make no average.
FEWEST = 5


def skin_of(source: Source) -> tuple[np.ndarray, np.ndarray]:
    """Return a head's signed distance to its skin, mm, negative inside, and where it is known."""
    points = np.moveaxis(GRID.points(), -1, 0).reshape(3, -1)
    at, exists = nearest(source, points)
    solid = (source.parts.ravel()[at] & (BODY | OUTLINE)) > 0
    solid = np.where(exists, solid, False).reshape(GRID.shape)
    known = exists if source.inside is None else exists & source.inside.ravel()[at]
    if source.kind == "labels":
        m = source.frame_to_index
        known = (m[2, :3] @ points + m[2, 3]) >= 1.0  # beside and above the map is air
    known = known.reshape(GRID.shape)
    return signed_distance(solid, GRID.spacing, FARTHEST_MM), known


def usable(source: Source) -> bool:
    """Say whether a head's whole face is in its field of view."""
    return source.kind == "ct" or (source.kind == "labels" and source.name[-2:] in WHOLE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("prepared", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    heads = [source for source in read_sources(options.prepared) if usable(source)]
    total, count = np.zeros(GRID.shape), np.zeros(GRID.shape, int)
    for source in heads:
        signed, known = skin_of(source)
        total += np.where(known, signed, 0.0)
        count += known
    if len(heads) < FEWEST or (count < FEWEST).mean() > 0.02:
        raise SystemExit(f"only {len(heads)} heads: too few to make a face that is nobody's")
    mean = total / np.maximum(count, 1)
    # Left and right alike: an average need not keep what few heads share by chance.
    mean = 0.5 * (mean + mean[:, :, ::-1])
    stored = np.rint(mean / STEP_MM).astype(np.int8)
    np.savez_compressed(
        options.out,
        signed=stored,
        step=np.array(STEP_MM),
        origin=GRID.origin,
        spacing=np.array(GRID.spacing),
        heads=np.array(len(heads)),
    )
    print(f"{options.out}: {options.out.stat().st_size / 1e6:.2f} MB from {len(heads)} heads")


if __name__ == "__main__":
    main()
