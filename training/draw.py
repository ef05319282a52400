"""One training sample: a head, deformed into somebody else, seen by a scanner, with its truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from appearance import bias, blurred, coarsened, finer, noisy, painted, recoloured, smooth_field
from prepare import BODY, BRAIN, BRAINSTEM, DEPTH_STEP, EARS, EYES, OUTLINE
from sources import Source, linear, nearest, pick

from Clinic2CloudLib.deface.network import boxes
from Clinic2CloudLib.deface.network.intensity import normalised
from Clinic2CloudLib.deface.network.landmarks import LANDMARKS
from Clinic2CloudLib.deface.network.run import MULTIPLE
from Clinic2CloudLib.deface.region import in_ear_zone, in_face

#: The frame of a real scan is the classical finder's: a few millimetres off, now and then.
SCAN_TRUST = 0.3
#: Fields of view of the coarse network, mm: a head coil's to a whole trunk's.
COARSE_WIDE_MM, COARSE_TALL_MM = (170.0, 540.0), (120.0, 420.0)


@dataclass(frozen=True)
class Sample:
    """What the network sees, and what it should say, on a grid of shape (K, J, I).

    Attributes
    ----------
    image : numpy.ndarray
        Normalised values and the field of view, float32, shape (2, K, J, I).
    region : numpy.ndarray
        Class numbers of :mod:`boxes`, uint8.
    points : numpy.ndarray
        Each voxel's place in the head's frame, mm, float32, shape (3, K, J, I).
    sure : numpy.ndarray
        Boolean, shape (K, J, I): where the region is known. Ears of real scans are the classical
        finder's, which is often wrong there: nothing is learned from them.
    organs : numpy.ndarray
        Eyes and brainstem, boolean, shape (2, K, J, I).
    known : float
        1 where the organs are known, 0 where not: nobody drew them in the real scans.
    trust : float
        How far the frame, and the points with it, can be trusted, from 0 to 1.
    """

    image: np.ndarray
    region: np.ndarray
    points: np.ndarray
    sure: np.ndarray
    organs: np.ndarray
    known: float
    trust: float = 1.0


def sample_of(
    source: Source, points: np.ndarray, random: np.random.Generator, *, head_only: bool
) -> Sample:
    """Deform and image a head.

    Parameters
    ----------
    source : Source
        The head.
    points : numpy.ndarray
        Where each voxel of the grid lies in the (new) head's frame, mm, shape (3, K, J, I).
    random : numpy.random.Generator
        All randomness.
    head_only : bool
        Whether what lies beyond the head, shoulders say, is no head to the network.
    """
    shape = points.shape[1:]
    place = points + deformation(points, random)
    if random.random() < 0.5:
        place[0] *= -1.0
    flat = place.reshape(3, -1)
    below = source.kind == "labels" and random.random() < 0.35
    if below:  # the neck goes on below the label map
        flat = _lifted(source, flat)
    at, exists = nearest(source, flat)
    exists = exists.reshape(shape)
    parts = np.where(exists, source.parts.ravel()[at].reshape(shape), 0)
    depth = source.depth.ravel()[at].reshape(shape) * np.float32(DEPTH_STEP / source.scale)
    region = ruled(parts, depth, points)
    organs = np.stack([(parts & bit) > 0 for bit in (EYES, BRAINSTEM)])
    ct = source.kind == "ct" or (source.kind == "labels" and random.random() < 0.25)
    if source.tissue is not None:
        tissue = np.where(exists, source.tissue.ravel()[at].reshape(shape), 0)
        if random.random() < 0.06:
            tissue, region = without_face(tissue, region, random)
            organs &= tissue > 0
        value = painted(tissue, depth, points, random, ct)
        inside = exists if not below else np.ones(shape, bool)
        inside = inside | _above(source, flat).reshape(shape)
    else:
        assert source.values is not None and source.inside is not None
        value = linear(source, source.values, flat.reshape(3, *shape))
        inside = exists & source.inside.ravel()[at].reshape(shape)
        if random.random() < 0.05:
            value, region = carved(value, region, random)
    inside &= field_of_view(points, random)
    modality = "CT" if ct else "MR"
    if source.tissue is not None:
        value = blurred(value, (random.uniform(0.3, 0.75),) * 3)
    if source.kind == "ct" and random.random() < 0.4:
        value = recoloured(normalised(value, inside, "CT"), random)
        modality, ct = "MR", False
    if not ct:
        value = np.maximum(value, 0.0) * bias(random, shape)
    value = coarsened(value.astype(np.float32), random, most=2.4, inplane=1.5)
    scale = 1.0 if ct else max(float(np.percentile(value, 98)), 1e-3)
    value = noisy(value / scale, random, ct)
    if not ct and random.random() < 0.3:
        value = value ** np.float32(random.uniform(0.7, 1.4))
    seen = normalised(value, inside, modality)
    if random.random() < 0.3:
        seen = seen * np.float32(random.uniform(0.8, 1.2))
    if head_only:
        low, high = boxes.HEAD_LOW[:, None, None, None], boxes.HEAD_HIGH[:, None, None, None]
        region[~((points > low) & (points < high)).all(0)] = boxes.OUTSIDE
    sure, trust = np.ones(shape, bool), 1.0
    if source.tissue is None:
        ears_perhaps = in_ear_zone(np.moveaxis(points, 0, -1))
        sure, trust = ~ears_perhaps | (region == boxes.BRAIN), SCAN_TRUST
    known = float(source.tissue is not None)
    image = np.stack([seen, inside.astype(np.float32)])
    return Sample(image, region, points, sure, organs, known, trust)


def ruled(parts: np.ndarray, depth: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return the region of every voxel by the rule, uint8."""
    outline = (parts & OUTLINE) > 0
    region = np.where(outline | ((parts & BODY) > 0), boxes.HEAD, boxes.OUTSIDE).astype(np.uint8)
    region[outline & in_face(np.moveaxis(points, 0, -1), depth)] = boxes.FACE
    region[((parts & EARS) > 0) & (region != boxes.FACE)] = boxes.EARS
    region[(parts & BRAIN) > 0] = boxes.BRAIN
    return region


def deformation(points: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return a displacement in mm, shape (3, K, J, I), that leaves the frame's landmarks alone.

    Smooth bumps and other proportions make another individual; what an affine map of the eyes and
    the brainstem would take back is taken out, so that the grid's coordinates stay the frame's.
    """
    shape = points.shape[1:]
    few = tuple(max(n // 4, 2) for n in shape)
    bumps = np.zeros((3, *few), np.float32)
    for knots, amplitude in ((3, 4.0), (6, 2.0), (10, 1.0)):
        bumps += amplitude * random.uniform(0.2, 1.2) * smooth_field(random, few, knots, 3)
    field = finer(bumps, shape)
    stretch = random.normal(0, 0.045, (3, 3)) * (0.35 + 0.65 * np.eye(3))
    field += turned(stretch, points)
    at_marks = np.stack([_at(field, points, mark) for mark in LANDMARKS])
    # Barycentric weights of each voxel among the three landmarks, in their plane.
    wy = points[1] / LANDMARKS[2, 1]
    wx = points[0] / (2 * LANDMARKS[0, 0])
    rest = (1.0 - wy) / 2
    for weight, value in zip((rest + wx, rest - wx, wy), at_marks, strict=True):
        field -= weight * value[:, None, None, None].astype(np.float32)
    return field


def turned(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Apply a 3 x 3 matrix to points of shape (3, K, J, I)."""
    flat = matrix.astype(np.float32) @ points.reshape(3, -1)
    return np.asarray(flat.reshape(points.shape))


def _at(field: np.ndarray, points: np.ndarray, mark: np.ndarray) -> np.ndarray:
    """Return a field's value at the voxel nearest to a place in the frame."""
    step = max(points.shape[1] // 20, 1)
    few = points[:, ::step, ::step, ::step]
    off = np.square(few - mark[:, None, None, None]).sum(0)
    k, j, i = (int(n) * step for n in np.unravel_index(int(off.argmin()), off.shape))
    return field[:, k, j, i]


def _lifted(source: Source, flat: np.ndarray) -> np.ndarray:
    m = source.frame_to_index.astype(np.float32)
    k = m[2, :3] @ flat + m[2, 3]
    lift = np.maximum(1.0 - k, 0.0)
    back = np.linalg.inv(m[:3, :3])[:, 2]
    return (flat + back[:, None] * lift).astype(np.float32)


def _above(source: Source, flat: np.ndarray) -> np.ndarray:
    """Say which points lie above a label map's lowest slice: beside and above it is air."""
    m = source.frame_to_index.astype(np.float32)
    return m[2, :3] @ flat + m[2, 3] >= 0


def without_face(
    tissue: np.ndarray, region: np.ndarray, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Take the face off, as other tools do: it is not to be found again."""
    gone = region == boxes.FACE
    if random.random() < 0.5:
        gone |= region == boxes.EARS
    return np.where(gone, 0, tissue), np.where(gone, boxes.OUTSIDE, region).astype(np.uint8)


def carved(
    value: np.ndarray, region: np.ndarray, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """The same for a real scan."""
    gone = region == boxes.FACE
    value = np.where(gone, np.percentile(value, 1.0), value).astype(np.float32)
    return value, np.where(gone, boxes.OUTSIDE, region).astype(np.uint8)


def field_of_view(points: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Cut the field of view at random, in the head's frame, tilted a little."""
    inside = np.ones(points.shape[1:], bool)
    if random.random() < 0.35:
        return inside
    tilt = random.normal(0, 0.12, (3, 3)) + np.eye(3)
    x, y, z = turned(tilt, points)
    if random.random() < 0.45:
        inside &= z > random.uniform(-135.0, -15.0)
    if random.random() < 0.25:
        inside &= z < random.uniform(15.0, 110.0)
    if random.random() < 0.2:
        inside &= y > random.uniform(-45.0, 10.0)
    if random.random() < 0.2:
        inside &= y < random.uniform(40.0, 150.0)
    if random.random() < 0.15:
        inside &= x < random.uniform(45.0, 95.0)
    if random.random() < 0.15:
        inside &= x > -random.uniform(45.0, 95.0)
    return inside


def fine_sample(sources: Sequence[Source], random: np.random.Generator) -> Sample:
    """Draw a sample as the fine network sees it: in the frame of the coarse one, a little off."""
    grid = np.moveaxis(boxes.FINE_GRID.points(), -1, 0)
    loose = 2.0 if random.random() < 0.25 else 1.0
    turn = np.eye(3) + random.normal(0, 0.035 * loose, (3, 3))
    shift = random.normal(0, 4.0 * loose, 3)
    points = turned(turn, grid)
    points += shift[:, None, None, None].astype(np.float32)
    return sample_of(pick(sources, random), points, random, head_only=False)


def coarse_sample(sources: Sequence[Source], random: np.random.Generator) -> Sample:
    """Draw a sample as the coarse network sees it: a scan of anything that may hold a head."""
    from synthesise import rotation

    source = pick(sources, random)
    wide, deep = random.uniform(*COARSE_WIDE_MM), random.uniform(*COARSE_WIDE_MM)
    tall = random.uniform(*COARSE_TALL_MM)
    shape = tuple(round(mm / boxes.COARSE_MM) for mm in (tall, deep, wide))
    axes = [boxes.COARSE_MM * (np.arange(n, dtype=np.float32) - (n - 1) / 2) for n in shape]
    z, y, x = np.meshgrid(*axes, indexing="ij")
    turned_far = random.random() < 0.15
    angles = random.normal(0, [0.45, 0.3, 0.45] if turned_far else [0.17, 0.1, 0.12])
    turn = rotation(angles) / random.uniform(0.82, 1.2)
    centre = np.array([0.0, 55.0, -15.0]) + random.normal(0, [22.0, 30.0, 40.0])
    if random.random() < 0.08:  # next to no head in view
        centre += (
            random.choice([-1, 1], 3) * random.uniform(60.0, 200.0, 3) * (random.random(3) < 0.5)
        )
        centre[2] -= random.uniform(60.0, 180.0)
    points = turned(turn, np.stack([x, y, z]))
    points += centre[:, None, None, None].astype(np.float32)
    if random.random() < 0.08:
        return no_head(points, random)
    return sample_of(source, points, random, head_only=True)


def no_head(points: np.ndarray, random: np.random.Generator) -> Sample:
    """Draw what is no head: limbs, trunks, phantoms, noise."""
    shape = points.shape[1:]
    x, y, z = points / 100.0
    sort = random.integers(4)
    a, b, c = random.uniform(0.4, 1.6, 3)
    if sort == 0:
        body = (x / a) ** 2 + (y / b) ** 2 < 0.4
    elif sort == 1:
        body = (x / a) ** 2 + (y / b) ** 2 + (z / c) ** 2 < 0.6
    elif sort == 2:
        body = (abs(x) < 0.6 * a) & (abs(y) < 0.6 * b) & (abs(z) < c)
    else:
        body = smooth_field(random, shape, 4)[0] > random.uniform(0.0, 1.0)
    inner = smooth_field(random, shape, int(random.integers(4, 12)))[0]
    tissue = np.where(body, 1 + np.clip((inner + 2) * 2, 0, 7).astype(np.uint8), 0)
    ct = random.random() < 0.4
    value = painted(tissue, np.full(shape, 30.0, np.float32), points + 900.0, random, ct)
    value = noisy(blurred(value, (0.6,) * 3), random, ct)
    inside = np.ones(shape, bool)
    seen = normalised(value, inside, "CT" if ct else "MR")
    region = np.zeros(shape, np.uint8)
    return Sample(
        np.stack([seen, inside.astype(np.float32)]),
        region,
        points.astype(np.float32),
        np.ones(shape, bool),
        np.zeros((boxes.ORGANS, *shape), bool),
        1.0,
    )


def to_tensors(sample: Sample) -> dict[str, torch.Tensor]:
    """Return image, region, points and what is sure, with a batch axis, padded as at inference."""
    extra = [(-n) % MULTIPLE for n in sample.region.shape]
    pad = [(0, e) for e in extra]
    inside = np.pad(sample.image[1] > 0, pad)
    return {
        "image": torch.from_numpy(np.pad(sample.image, [(0, 0), *pad]))[None],
        "region": torch.from_numpy(np.pad(sample.region, pad).astype(np.int64))[None],
        "places": torch.from_numpy(np.pad(sample.points / boxes.UNIT_MM, [(0, 0), *pad]))[None],
        "inside": torch.from_numpy(inside)[None],
        "sure": torch.from_numpy(np.pad(sample.sure, pad) & inside)[None],
        "organs": torch.from_numpy(np.pad(sample.organs, [(0, 0), *pad]).astype(np.float32))[None],
        "known": torch.tensor(sample.known),
        "trust": torch.tensor(sample.trust),
    }
