"""Make the atlas that the classical finder registers: groupwise averages of the training heads.

    python training/make_atlas.py ../shared/data Clinic2CloudLib/deface/atlas/head_atlas.npz

Reads the 16 training label maps only (never the development heads). Each head is brought into the
frame of :mod:`Clinic2CloudLib.deface.frame` by its landmarks, then aligned to the average of all by
an affine registration, the average renewed, three times over. What is written are averages at 3 mm:
tissue probabilities, the brain's, the outline's, the face's and the ears' by the rule, and how many
heads' fields of view cover each voxel.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from labels import CLASSES, LabelHead, class_map, frame_to_lps, read_head, train_heads
from scipy import ndimage

from Clinic2CloudLib.deface.frame import EYE_TO_BRAINSTEM_MM
from Clinic2CloudLib.deface.grid import Grid, affine_transform, resample
from Clinic2CloudLib.deface.register import Samples, ScanSampler, refine

ATLAS_GRID = Grid(np.array([-99.0, -63.0, -150.0]), 3.0, (95, 80, 67))
#: One gray value per class for the alignment of the heads among each other.
CONTRAST = np.array([0.0, 0.5, 0.9, 1.0, 0.35, 0.2, 0.5, 0.8], np.float32)
ROUNDS = 3
OUTLIER_MM = 10.0


def align(average: np.ndarray, head: LabelHead, start: np.ndarray) -> np.ndarray:
    """Register the average to one head: affine, the finder's own Gauss-Newton."""
    valid = np.ones(head.grid.shape, bool)
    scan = ScanSampler(CONTRAST[class_map(head.labels)], valid, head.grid, blur_mm=3.0)
    smooth = ndimage.gaussian_filter(average, 1.0)[::2, ::2, ::2]
    points = ATLAS_GRID.points()[::2, ::2, ::2].reshape(-1, 3).astype(np.float64)
    gray = smooth.reshape(-1).astype(np.float64)
    design = np.stack([np.ones_like(gray), gray], 1)
    samples = Samples(points, design, (gray > 0.1).astype(np.float64))
    return refine(scan, samples, start, steps=25, prior=1e-4).matrix


def average_of(
    channels: list[list[np.ndarray]], heads: list[LabelHead], matrices: list[np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Return each channel's average over the heads that cover a voxel, and the coverage."""
    like = ATLAS_GRID.image(np.zeros(ATLAS_GRID.shape, np.float32))
    points = ATLAS_GRID.points()
    total = np.zeros((len(channels[0]), *ATLAS_GRID.shape), np.float64)
    cover = np.zeros(ATLAS_GRID.shape, np.float64)
    for own, head, matrix in zip(channels, heads, matrices, strict=True):
        transform = affine_transform(matrix)
        # Above and beside the map lies air, below it the rest of the neck, which nobody labelled.
        z = points @ matrix[2, :3] + matrix[2, 3]
        weight = (z > head.grid.origin[2]).astype(np.float64)
        if head.name in CUT_IN_FRONT:
            inside = head.grid.image(np.ones(head.grid.shape, np.float32))
            weight *= resample(inside, like, transform=transform) > 0.99
        cover += weight
        for n, channel in enumerate(own):
            image = head.grid.image(channel.astype(np.float32))
            total[n] += weight * resample(image, like, transform=transform)
    return (total / np.maximum(cover, 1)).astype(np.float32), cover


#: Heads that are cut elsewhere than below: only what the field of view holds counts.
CUT_IN_FRONT = ("synthseg_01",)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    heads = [read_head(path, 2.0) for path in train_heads(options.data)]
    starts = [frame_to_lps(head) for head in heads]
    grays = [[CONTRAST[class_map(head.labels)]] for head in heads]
    matrices = starts
    for n in range(ROUNDS):
        average, _ = average_of(grays, heads, matrices)
        matrices = [align(average[0], h, m) for h, m in zip(heads, matrices, strict=True)]
        # Without the mean departure from the landmark frames the atlas keeps its frame.
        drift = np.mean(
            [np.linalg.inv(s) @ m for s, m in zip(starts, matrices, strict=True)], axis=0
        )
        matrices = [m @ np.linalg.inv(drift) for m in matrices]
        print(f"round {n + 1}: drift {np.abs(drift - np.eye(4)).max():.3f}", flush=True)
    heads, matrices = without_outliers(heads, matrices)
    channels = [
        [class_map(h.labels) == n + 1 for n in range(len(CLASSES))]
        + [h.brain, h.outline, h.face, h.ears]
        for h in heads
    ]
    averages, cover = average_of(channels, heads, matrices)
    own = np.array([landmarks(h, m) for h, m in zip(heads, matrices, strict=True)])
    marks = np.median(own, axis=0)
    print("left eye, right eye, brainstem, mm:", marks.round(1).tolist())
    print("their spread over the heads, mm:", own.std(0).round(1).tolist())
    names = [*CLASSES, "brain", "outline", "face", "ears"]
    np.savez_compressed(
        options.out,
        names=np.array(names),
        averages=np.round(averages * 255).astype(np.uint8),
        cover=cover.astype(np.uint8),
        origin=ATLAS_GRID.origin,
        spacing=np.array(ATLAS_GRID.spacing),
        landmarks=marks,
    )
    print(f"{options.out}: {options.out.stat().st_size / 1e6:.2f} MB from {len(heads)} heads")


def without_outliers(
    heads: list[LabelHead], matrices: list[np.ndarray]
) -> tuple[list[LabelHead], list[np.ndarray]]:
    """Leave out heads whose eyes lie far from the others' once the brains are aligned.

    Two of the 16 have their eyes 20 mm lower under the forehead than all others: in the average
    they would only blur the orbits and pull the landmarks down.
    """
    marks = np.array([landmarks(h, m) for h, m in zip(heads, matrices, strict=True)])
    off = np.linalg.norm(marks - np.median(marks, axis=0), axis=2).max(1)
    kept = [n for n in range(len(heads)) if off[n] <= OUTLIER_MM]
    print("left out:", [heads[n].name for n in range(len(heads)) if n not in kept])
    return [heads[n] for n in kept], [matrices[n] for n in kept]


def landmarks(head: LabelHead, matrix: np.ndarray) -> np.ndarray:
    """Return both eyes' and the brainstem's centres in atlas coordinates, shape (3, 3)."""
    half = np.array([head.eyes_apart / 2, 0.0, 0.0])
    lps = head.frame.to_lps(np.stack([half, -half, [0.0, EYE_TO_BRAINSTEM_MM, 0.0]]))
    back = np.linalg.inv(matrix)
    return lps @ back[:3, :3].T + back[:3, 3]


if __name__ == "__main__":
    main()
