"""From the networks' grids to the scan's own voxels, on a head of a known shape."""

from __future__ import annotations

import numpy as np
import pytest

from Clinic2CloudLib.deface.frame import HeadFrame
from Clinic2CloudLib.deface.grid import Grid, mapped
from Clinic2CloudLib.deface.network import boxes
from Clinic2CloudLib.deface.network.draw import Drawn
from Clinic2CloudLib.deface.network.locate import Located
from Clinic2CloudLib.deface.network.masks import Masks, masks_of
from Clinic2CloudLib.deface.region import in_face
from Clinic2CloudLib.dicom.model import SliceSource, Volume

CENTRE, RADIUS, BRAIN_RADIUS = np.array([0.0, 55.0, -5.0]), 82.0, 45.0
FRAME = HeadFrame(np.array([4.0, -20.0, 11.0]), np.eye(3), 1.04)


def frame_matrix() -> np.ndarray:
    matrix = np.eye(4)
    matrix[:3, :3] = FRAME.axes.T * FRAME.scale
    matrix[:3, 3] = FRAME.origin
    return matrix


def off_centre(points: np.ndarray) -> np.ndarray:
    """Return the distance from the ball's centre of points in the frame, mm of a mean head."""
    return np.asarray(np.linalg.norm(points - CENTRE, axis=-1))


def soft(distance: np.ndarray, radius: float) -> np.ndarray:
    return np.clip(0.5 + (radius - distance) / 4.0, 0.0, 1.0).astype(np.float32)


def drawn(frame: HeadFrame | None) -> Drawn:
    """What a network says that draws a ball for a head, with a brain, face and all."""
    own = boxes.FINE_GRID.points()
    away = off_centre(own)
    head, brain = soft(away, RADIUS), soft(away, BRAIN_RADIUS)
    face = in_face(own, RADIUS - away)
    chances = np.zeros((boxes.CLASSES, *boxes.FINE_GRID.shape), np.float32)
    chances[boxes.BRAIN] = brain
    chances[boxes.FACE] = (head - brain) * face
    chances[boxes.HEAD] = (head - brain) * ~face
    chances[boxes.OUTSIDE] = 1.0 - head
    inside = np.ones(boxes.FINE_GRID.shape, bool)
    return Drawn(chances, inside, frame_matrix(), frame_matrix(), frame, 0.0, 2.0)


def located() -> Located:
    grid = Grid(np.array([-140.0, -120.0, -180.0]), boxes.COARSE_MM, (40, 36, 36))
    away = off_centre(FRAME.from_lps(grid.points()))
    return Located(grid, soft(away, RADIUS), soft(away, BRAIN_RADIUS), frame_matrix(), 2.0)


def oblique() -> Volume:
    """Return a scan's geometry: tilted, its slices thick and running to the left."""
    c, s = np.cos(0.2), np.sin(0.2)
    affine = np.eye(4)
    directions = np.array([[0.0, 0.0, 1.0], [c, -s, 0.0], [s, c, 0.0]])
    affine[:3, :3] = directions * [1.1, 1.1, 2.5]
    affine[:3, 3] = -affine[:3, :3] @ np.array([100, 100, 40]) + [4.0, 30.0, 5.0]
    slices = tuple(SliceSource(k, 0, 1.0, 0.0) for k in range(80))
    return Volume(np.zeros((80, 200, 200), np.int16), affine, slices, "MR")


def truth(volume: Volume) -> tuple[np.ndarray, np.ndarray]:
    """Return face and brain of the ball on the volume's voxels."""
    index = np.moveaxis(np.indices(volume.stored.shape), 0, -1)[..., ::-1]
    own = FRAME.from_lps(mapped(volume.ijk_to_lps, index.astype(float)))
    away = off_centre(own)
    brain = away <= BRAIN_RADIUS
    return (away <= RADIUS) & in_face(own, RADIUS - away) & ~brain, brain


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    return 2.0 * float((one & other).sum()) / float(one.sum() + other.sum())


@pytest.fixture(scope="module")
def ruled() -> tuple[Volume, Masks]:
    volume = oblique()
    return volume, masks_of(located(), drawn(FRAME), volume, volume.values())


def test_the_face_follows_the_rule_on_the_scans_own_voxels(ruled: tuple[Volume, Masks]) -> None:
    volume, masks = ruled
    face, _ = truth(volume)
    # The average brain, kept besides this ball's own, takes 2 % of its face.
    assert overlap(masks.face, face) > 0.95


def test_the_rule_needs_its_frame_and_the_class_stands_in(ruled: tuple[Volume, Masks]) -> None:
    volume, masks = ruled
    by_class = masks_of(located(), drawn(None), volume, volume.values())
    assert overlap(by_class.face, truth(volume)[0]) > 0.91
    assert (by_class.face != masks.face).any()


def test_the_brain_and_its_margin_are_in_no_mask(ruled: tuple[Volume, Masks]) -> None:
    volume, masks = ruled
    _, brain = truth(volume)
    assert not (brain & ~masks.brain).any()
    assert not (masks.brain & (masks.face | masks.ears)).any()


def test_a_scan_beside_the_head_has_no_face() -> None:
    volume = oblique()
    affine = volume.ijk_to_lps.copy()
    affine[0, 3] += 900.0
    far = Volume(volume.stored, affine, volume.slices, "MR")
    masks = masks_of(located(), drawn(FRAME), far, far.values())
    assert not masks.face.any()
    assert not masks.head.any()
