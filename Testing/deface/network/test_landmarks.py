"""The frame from eyes and brainstem, and the affine from every voxel's place."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from Clinic2CloudLib.deface.grid import mapped
from Clinic2CloudLib.deface.network import boxes
from Clinic2CloudLib.deface.network.landmarks import LANDMARKS, frame_of
from Clinic2CloudLib.deface.network.locate import affine_fit

RADII_MM = (12.0, 12.0, 17.0)


def turned(angle: float, scale: float = 1.0) -> np.ndarray:
    """Return a similarity: a nod by ``angle`` degrees, a size and a shift."""
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    matrix = np.eye(4)
    matrix[:3, :3] = scale * np.array([[1.0, 0, 0], [0, c, -s], [0, s, c]])
    matrix[:3, 3] = [12.0, -30.0, 41.0]
    return matrix


def organs(centres: np.ndarray = LANDMARKS) -> np.ndarray:
    """Return balls for eyes and brainstem on the fine grid, as a sure network would."""
    points = boxes.FINE_GRID.points()
    balls = [
        np.linalg.norm(points - centre, axis=-1) < radius
        for centre, radius in zip(centres, RADII_MM, strict=True)
    ]
    return np.stack([balls[0] | balls[1], balls[2]]).astype(np.float32)


def everywhere() -> np.ndarray:
    return np.ones(boxes.FINE_GRID.shape, bool)


@settings(deadline=None, max_examples=20)
@given(st.floats(-20, 20), st.floats(0.85, 1.15), st.floats(-6, 6))
def test_the_frame_lies_where_the_organs_are(angle: float, scale: float, off: float) -> None:
    """The affine of the whole head may be off: organs, not it, say where the frame is."""
    grid_to_lps = turned(angle, scale)
    loose = grid_to_lps.copy()
    loose[:3, 3] += off
    frame = frame_of(organs(), everywhere(), grid_to_lps, loose)
    assert frame is not None
    true = mapped(grid_to_lps, LANDMARKS)
    assert np.abs(frame.from_lps(true) - LANDMARKS).max() < 0.6


def test_an_eye_at_the_end_of_the_field_of_view_gives_no_frame() -> None:
    """Half an eye has its centre elsewhere."""
    inside = everywhere()
    inside[boxes.FINE_GRID.points()[..., 1] < -4.0] = False
    assert frame_of(organs(), everywhere(), np.eye(4), np.eye(4)) is not None
    assert frame_of(organs(), inside, np.eye(4), np.eye(4)) is None


@pytest.mark.parametrize("organ", [boxes.EYES, boxes.BRAINSTEM])
def test_an_organ_that_is_not_seen_gives_no_frame(organ: int) -> None:
    seen = organs()
    seen[organ] *= 0.4
    assert frame_of(seen, everywhere(), np.eye(4), np.eye(4)) is None


def test_what_lies_far_from_where_the_head_has_it_is_no_eye() -> None:
    centres = LANDMARKS.copy()
    centres[0] += [10.0, 0.0, -30.0]
    assert frame_of(organs(centres), everywhere(), np.eye(4), np.eye(4)) is None


def places(random: np.random.Generator, matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    start = random.uniform(-80, 80, (2000, 3))
    return start, mapped(matrix, start)


def test_the_affine_is_found_through_wrong_places() -> None:
    """A tenth of what a network says may be far off: it hardly counts."""
    random = np.random.default_rng(4)
    matrix = turned(15.0, 1.1)
    start, end = places(random, matrix)
    said = start + random.normal(0, 2.0, start.shape)
    said[::10] += [60.0, -40.0, 30.0]
    fitted, residual = affine_fit(said, end, np.ones(len(said)))
    assert fitted is not None
    assert np.linalg.norm(mapped(fitted, start) - end, axis=1).mean() < 1.5
    assert residual > 10.0


def test_a_mirrored_or_flat_head_has_no_affine() -> None:
    random = np.random.default_rng(4)
    start, end = places(random, np.diag([-1.0, 1.0, 1.0, 1.0]))
    assert affine_fit(start, end, np.ones(len(start)))[0] is None
    assert affine_fit(start * [1.0, 1.0, 0.0], end, np.ones(len(start)))[0] is None
