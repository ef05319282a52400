"""Scans of random contrast from label maps, with the rule's face, ears and brain known exactly.

Each label gets a random level (MR: T1-like, T2-like, PD-like, FLAIR-like orders, or fully random;
CT: Hounsfield units of its tissue), then bias field, noise, resolution, orientation and field of
view are drawn. The label maps know no teeth and derive bone from intensity, so the CTs are only
CT-like.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from labels import FAT, MARROW, LabelHead, class_map
from scipy import ndimage

from Clinic2CloudLib.deface.grid import image_of, resample
from Clinic2CloudLib.dicom.model import SliceSource, Volume

#: Mean levels of background, csf, gray, white, soft, bone, skin, eye, marrow and fat.
ORDERS = {
    "T1": (0.02, 0.20, 0.55, 0.75, 0.50, 0.15, 0.70, 0.25, 0.80),
    "T2": (0.02, 1.00, 0.55, 0.40, 0.35, 0.12, 0.55, 0.95, 0.50),
    "PD": (0.02, 0.80, 0.85, 0.70, 0.60, 0.15, 0.75, 0.75, 0.65),
    "FLAIR": (0.02, 0.12, 0.70, 0.55, 0.40, 0.12, 0.45, 0.20, 0.40),
    "CT": (-1000.0, 8.0, 38.0, 30.0, 40.0, 800.0, -20.0, 15.0, 200.0),
}


@dataclass(frozen=True)
class Sample:
    """A made scan and the truth about it, on the scan's own voxels, shape (K, J, I)."""

    volume: Volume
    face: np.ndarray
    ears: np.ndarray
    brain: np.ndarray
    description: str


def synthesise(head: LabelHead, order: str, seed: int) -> Sample:
    """Make one scan of a head; ``order`` is a key of ORDERS or ``random``."""
    random = np.random.default_rng([seed, *order.encode()])
    tissue = class_map(head.labels).astype(np.int64)
    tissue[np.isin(head.labels, [FAT, MARROW])] = 8
    levels = np.array(ORDERS["T1" if order == "random" else order])
    ct = order == "CT"
    if order == "random":
        levels = random.uniform(0.1, 1.0, 9)
        levels[0] = 0.02
    scatter = 12.0 if ct else 0.05
    levels = levels + random.normal(0, scatter, 9) * (np.arange(9) > 0)
    texture = 15.0 if ct else 0.04
    values = levels[tissue] + random.normal(0, texture, tissue.shape) * (tissue > 0)
    values = ndimage.gaussian_filter(values, 0.5)
    if not ct:
        values = values * bias_field(values.shape, random)
    spacing, affine, shape, text = scan_grid(head, random, ct)
    blurred = ndimage.gaussian_filter(values, 0.35 * np.maximum(spacing / head.grid.spacing - 1, 0))
    own = np.diag([head.grid.spacing] * 3 + [1.0])
    own[:3, 3] = head.grid.origin
    like = image_of(np.zeros(shape, np.uint8), affine)
    outside = -1000.0 if ct else 0.0
    sampled = resample(image_of(blurred.astype(np.float32), own), like, outside=outside)
    noise = random.uniform(0.01, 0.05) * (300.0 if ct else 1.0)
    if ct:
        stored = np.clip(np.rint(sampled + random.normal(0, noise, shape)), -1024, 3071)
    else:
        real = sampled + random.normal(0, noise, shape)
        stored = np.rint(800.0 * np.hypot(real, random.normal(0, noise, shape)))
    slices = tuple(SliceSource(k, 0, 1.0, 0.0) for k in range(shape[0]))
    volume = Volume(stored.astype(np.int16), affine, slices, "CT" if ct else "MR")
    face, ears, brain = (
        resample(image_of(mask.astype(np.float32), own), like) > 0.5
        for mask in (head.face, head.ears, head.brain)
    )
    return Sample(volume, face, ears, brain, f"{head.name} {order} {text}")


def bias_field(shape: tuple[int, ...], random: np.random.Generator) -> np.ndarray:
    """Return a slow multiplicative field of about +-30 %."""
    small = random.normal(0, 0.25, (4, 4, 4))
    zoomed = ndimage.zoom(small, [s / 4 for s in shape], order=3)
    return np.exp(zoomed[tuple(slice(0, s) for s in shape)])


def scan_grid(
    head: LabelHead, random: np.random.Generator, ct: bool
) -> tuple[float, np.ndarray, tuple[int, int, int], str]:
    """Draw orientation, resolution and field of view; return a (K, J, I) grid with its affine."""
    plane = "axial" if ct else str(random.choice(["axial", "sagittal", "coronal"]))
    in_plane = float(random.uniform(0.8, 1.6))
    thick = float(random.choice([in_plane, random.uniform(2.0, 5.0)]))
    axes = {"axial": (0, 1, 2), "sagittal": (1, 2, 0), "coronal": (0, 2, 1)}[plane]
    solid = np.argwhere(head.labels > 0)
    low = head.grid.origin + head.grid.spacing * solid.min(0)[::-1] - 12.0
    high = head.grid.origin + head.grid.spacing * solid.max(0)[::-1] + 12.0
    low[2] = head.grid.origin[2]
    cut = str(random.choice(["none", "none", "vertex", "below"]))
    if cut == "vertex":
        high[2] -= random.uniform(20.0, 60.0)
    if cut == "below":
        low[2] += random.uniform(0.0, 50.0)
    steps = np.array([in_plane, in_plane, thick])
    tilt = np.radians(random.uniform(-12, 12, 3))
    turn = rotation(tilt)
    directions = turn[:, list(axes)]
    extent = (high - low)[list(axes)]
    counts = np.maximum(np.round(extent / steps).astype(int), 4)
    affine = np.eye(4)
    affine[:3, :3] = directions * steps
    affine[:3, 3] = (low + high) / 2 - affine[:3, :3] @ ((counts - 1) / 2)
    shape = (int(counts[2]), int(counts[1]), int(counts[0]))
    text = f"{plane} {in_plane:.1f}x{thick:.1f} cut:{cut}"
    return thick, affine, shape, text


def rotation(angles: np.ndarray) -> np.ndarray:
    """Return the rotation about x, then y, then z, radians."""
    matrix = np.eye(3)
    for axis, angle in enumerate(angles):
        one = np.eye(3)
        a, b = (axis + 1) % 3, (axis + 2) % 3
        one[a, a] = one[b, b] = np.cos(angle)
        one[a, b], one[b, a] = -np.sin(angle), np.sin(angle)
        matrix = one @ matrix
    return matrix
