"""What a scanner makes of a head: contrast, texture, bias, resolution, noise, field of view."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from synthesise import ORDERS

SOFT, BONE, SKIN, FATTY = 4, 5, 6, 8
#: Where a dental arch lies, mm in the head's frame: the label maps have no teeth.
TEETH_Z, TEETH_Y = (-74.0, -48.0), 10.0
#: Linear interpolation between normal numbers has less than unit variance.
SMOOTH_TO_UNIT = 1.6


def smooth_field(
    random: np.random.Generator, shape: tuple[int, ...], knots: int, channels: int = 1
) -> np.ndarray:
    """Return smooth fields of about unit variance, float32, shape (channels, *shape)."""
    small = random.standard_normal((channels, knots, knots, knots), np.float32)
    return finer(small, shape) * np.float32(SMOOTH_TO_UNIT)


def finer(field: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Bring fields of shape (channels, k, j, i) to a finer grid, linearly."""
    value = torch.from_numpy(field)[None]
    return F.interpolate(value, shape, mode="trilinear", align_corners=True)[0].numpy()


def blurred(image: np.ndarray, sigmas: tuple[float, float, float]) -> np.ndarray:
    """Blur with a Gaussian of these widths in voxels along each axis."""
    value = torch.from_numpy(image[None, None])
    for axis, sigma in enumerate(sigmas):
        if sigma < 0.2:
            continue
        reach = max(int(2.5 * sigma + 0.5), 1)
        at = torch.arange(-reach, reach + 1, dtype=torch.float32)
        kernel = torch.exp(-0.5 * (at / sigma) ** 2)
        shape = [1, 1, 1, 1, 1]
        shape[2 + axis] = 2 * reach + 1
        pad = [0] * 6
        pad[2 * (2 - axis)] = pad[2 * (2 - axis) + 1] = reach
        padded = F.pad(value, pad, mode="replicate")
        value = F.conv3d(padded, (kernel / kernel.sum()).reshape(shape))
    return value[0, 0].numpy()


def coarsened(
    image: np.ndarray, random: np.random.Generator, most: float, inplane: float
) -> np.ndarray:
    """Give the image thick slices along one axis and a coarser plane, then its own grid back."""
    factors = np.full(3, random.uniform(1.0, inplane))
    if random.random() < 0.5:
        factors[random.integers(3)] = random.uniform(1.0, most)
    if factors.max() < 1.05:
        return image
    shape = tuple(max(round(n / f), 4) for n, f in zip(image.shape, factors, strict=True))
    value = torch.from_numpy(blurred(image, tuple(0.4 * (f - 1) for f in factors))[None, None])
    low = F.interpolate(value, shape, mode="trilinear", align_corners=False)
    return F.interpolate(low, image.shape, mode="trilinear", align_corners=False)[0, 0].numpy()


def mr_levels(random: np.random.Generator) -> np.ndarray:
    """Return levels of the nine tissues: one of the known orders, varied, or anything."""
    if random.random() < 0.45:
        levels = random.uniform(0.08, 1.0, 9)
    else:
        order = str(random.choice(["T1", "T1", "T2", "PD", "FLAIR"]))
        levels = np.array(ORDERS[order]) + random.normal(0, 0.08, 9)
    if random.random() < 0.25:  # fat saturated, or a receive coil far from the skin
        levels[[SKIN, FATTY]] *= random.uniform(0.1, 0.6)
    levels[0] = random.uniform(0.0, 0.03)
    if random.random() < 0.4:
        levels[BONE] = random.uniform(0.02, 0.2)
    return np.clip(levels, 0.0, 1.3)


def ct_levels(random: np.random.Generator) -> np.ndarray:
    """Return levels of the nine tissues in HU."""
    levels = np.array(ORDERS["CT"]) + random.normal(0, 8.0, 9)
    levels[BONE] = random.uniform(350.0, 1100.0)
    levels[SKIN] = random.uniform(-80.0, 30.0)
    levels[FATTY] = random.uniform(-110.0, 300.0)
    levels[0] = -1000.0
    return levels


def painted(
    tissue: np.ndarray,
    depth: np.ndarray,
    points: np.ndarray,
    random: np.random.Generator,
    ct: bool,
) -> np.ndarray:
    """Paint a tissue map, shape (K, J, I); ``points`` are its frame coordinates, (3, K, J, I)."""
    shape = tissue.shape
    tissue = tissue.copy()
    unit = 300.0 if ct else 1.0
    levels = ct_levels(random) if ct else mr_levels(random)
    if random.random() < 0.6:  # fat under the skin
        first, last = random.uniform(1.5, 4.0), random.uniform(5.0, 12.0)
        layer = (
            (tissue == SOFT)
            & (depth > first)
            & (depth < last + 2 * smooth_field(random, shape, 9)[0])
        )
        tissue[layer] = FATTY
        if ct:
            levels[FATTY] = random.uniform(-120.0, -70.0)
    value = levels.astype(np.float32)[tissue]
    coarse_grain = smooth_field(random, shape, int(random.integers(8, 24)))[0]
    uneven = np.isin(tissue, (SOFT, BONE, SKIN, FATTY))
    value += (
        np.where(uneven, random.uniform(0.0, 0.18), random.uniform(0.0, 0.04)) * unit * coarse_grain
    )
    value += np.where(tissue > 0, random.uniform(0.0, 0.06) * unit, 0.0) * random.standard_normal(
        shape
    ).astype(np.float32)
    if random.random() < 0.6:
        _grow_teeth(value, points, depth, random, ct)
    if random.random() < (0.3 if ct else 0.08):
        _add_support(value, tissue, points, random, ct)
    return value.astype(np.float32)


def _grow_teeth(
    value: np.ndarray, points: np.ndarray, depth: np.ndarray, random: np.random.Generator, ct: bool
) -> None:
    x, y, z = points
    middle, front = random.uniform(22.0, 30.0), random.uniform(28.0, 36.0)
    radius = np.sqrt((x / middle) ** 2 + ((y - TEETH_Y) / front) ** 2)
    arch = (abs(radius - 1) < 0.14) & (y < TEETH_Y + 4) & (z > TEETH_Z[0]) & (z < TEETH_Z[1])
    arch &= depth > 4
    value[arch] = random.uniform(1200.0, 2600.0) if ct else random.uniform(0.0, 0.15)


def _add_support(
    value: np.ndarray, tissue: np.ndarray, points: np.ndarray, random: np.random.Generator, ct: bool
) -> None:
    """Put a head rest, a pillow or a table behind or beside the head."""
    angle = random.uniform(-0.7, 0.7) + random.choice([0.0, 0.0, np.pi / 2, -np.pi / 2])
    across = points[1] * np.cos(angle) + points[0] * np.sin(angle)
    body = across[tissue > 0]
    if body.size == 0:
        return
    start = np.percentile(body, 99.0) + random.uniform(-8.0, 6.0)
    slab = (across > start) & (across < start + random.uniform(4.0, 30.0)) & (tissue == 0)
    value[slab] = random.uniform(-900.0, 100.0) if ct else random.uniform(0.05, 0.4)


def recoloured(seen: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Give a normalised CT another contrast: real anatomy in the colours of an MR."""
    knots = np.array([0.0, 0.15, 0.35, 0.45, 0.55, 0.65, 0.75, 0.9, 1.15])
    levels = random.uniform(0.08, 1.0, len(knots))
    levels[0] = 0.0
    return np.interp(seen, knots, levels).astype(np.float32)


def bias(random: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Return a slow multiplicative field, as surface coils make it."""
    strength = random.uniform(0.0, 0.45)
    return np.exp(strength * smooth_field(random, shape, int(random.integers(2, 5)))[0])


def noisy(image: np.ndarray, random: np.random.Generator, ct: bool) -> np.ndarray:
    """Add noise: Gaussian on CT, Rician on MR."""
    shape = image.shape
    if ct:
        return image + random.uniform(3.0, 60.0) * random.standard_normal(shape, np.float32)
    level = np.float32(random.uniform(0.002, 0.07))
    one = random.standard_normal(shape, np.float32)
    other = random.standard_normal(shape, np.float32)
    return np.hypot(image + level * one, level * other).astype(np.float32)
