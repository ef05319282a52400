"""The outline is found whatever its sign and strength, and only where it is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from Clinic2CloudLib.deface.grid import Grid
from Clinic2CloudLib.facecheck.outline import noise_grew, outlines
from Clinic2CloudLib.facecheck.skin import Scan, edge
from Clinic2CloudLib.facecheck.surfaces import moved_at

SHAPE, SPACING = (48, 48, 48), 2.0
TISSUE = 100.0


def ball(radius: float, bump: float = 0.0) -> np.ndarray:
    """Smoothed tissue in air, a ball in mm; its skin lies ``bump`` mm out and in by turns."""
    z, y, x = (np.indices(SHAPE) - 23.5) * SPACING
    waves = np.sign(np.sin(x / 8.0) * np.sin(y / 8.0) * np.sin(z / 8.0))
    away = np.sqrt(x**2 + y**2 + z**2) - bump * waves
    return ndimage.gaussian_filter(np.where(away < radius, TISSUE, 0.0), 0.5)


def scan_of(after: np.ndarray, before: np.ndarray | None = None) -> Scan:
    before = ball(30.0) if before is None else before
    grid = Grid(np.zeros(3), SPACING, SHAPE)
    return Scan(grid, before.astype(np.float32), after.astype(np.float32), np.ones(SHAPE, bool))


BODY = ball(30.0) > 0.5 * TISSUE
HALVES = {"nose": np.indices(SHAPE)[2] < 24, "mouth": np.indices(SHAPE)[2] >= 24}


@settings(max_examples=25, deadline=None)
@given(gain=st.floats(0.01, 50.0), inverted=st.booleans(), offset=st.floats(-1000.0, 1000.0))
def test_outline_is_there_at_any_strength_and_sign(
    gain: float, inverted: bool, offset: float
) -> None:
    found = outlines(scan_of(offset + (-gain if inverted else gain) * ball(30.0)), BODY, HALVES)
    for half in HALVES:
        assert found[half].near == 1.0 and found[half].median_mm == 0.0
        assert found[half].inverted == inverted


@settings(max_examples=15, deadline=None)
@given(displaced=st.floats(3.0, 6.5), inwards=st.booleans())
def test_displaced_skin_is_not_where_it_was(displaced: float, inwards: bool) -> None:
    after = ball(30.0 + (-displaced if inwards else displaced))
    for half in outlines(scan_of(after), BODY, HALVES).values():
        assert half.near < 0.3 and half.median_mm == pytest.approx(displaced, abs=1.5)


def test_air_alone_is_there_by_chance_only() -> None:
    air = np.random.default_rng(3).standard_normal(SHAPE)
    for half in outlines(scan_of(air), BODY, HALVES).values():
        assert half.near < 0.45 and half.sure < 5.0


def test_skin_moved_out_and_in_is_not_where_it_was() -> None:
    for half in outlines(scan_of(ball(30.0, bump=4.0)), BODY, HALVES).values():
        assert half.near < 0.6


@pytest.mark.parametrize("strength", [1.0, 2.0, 3.0])
def test_outline_under_noise_is_sure(strength: float) -> None:
    random = np.random.default_rng(5)
    clean = ball(30.0) + random.standard_normal(SHAPE)
    hidden = scan_of(clean + strength * TISSUE * random.standard_normal(SHAPE), clean)
    assert noise_grew(hidden, BODY, HALVES) > 3.0
    for half in outlines(hidden, BODY, HALVES).values():
        assert half.sure > 5.0 and half.overall_mm <= 2.0


def test_noise_that_was_there_has_not_grown() -> None:
    noisy = ball(30.0) + 10.0 * np.random.default_rng(1).standard_normal(SHAPE)
    assert noise_grew(scan_of(noisy, noisy), BODY, HALVES) == pytest.approx(1.0)


def test_nothing_is_said_of_a_feature_out_of_view() -> None:
    nowhere = {"nose": np.zeros(SHAPE, bool)}
    assert outlines(scan_of(ball(30.0)), BODY, nowhere) == {}


@pytest.mark.parametrize("displaced", [-2.6, -1.4, -0.7, 0.7, 1.4, 2.6])
def test_skin_is_measured_to_a_fraction_of_a_voxel(displaced: float) -> None:
    away = np.linalg.norm((np.indices(SHAPE) - 23.5) * SPACING, axis=0)
    before, after = (TISSUE / (1.0 + np.exp(away - r)) for r in (30.0, 30.0 + displaced))
    moved = moved_at(scan_of(after, before), 0.5 * TISSUE, HALVES)
    for half in moved.values():
        assert half.median_mm == pytest.approx(abs(displaced), abs=0.25)
        assert half.near == pytest.approx(1.0 if abs(displaced) < 2.0 else 0.0, abs=0.1)


def test_lower_level_counts_only_where_it_runs_along_the_skin() -> None:
    """A pad lies against one half: at the lower level its surface is no skin."""
    padded = ball(30.0)
    padded[8:40, 12:36, 34:47] = np.maximum(padded[8:40, 12:36, 34:47], 0.3 * TISSUE)
    moved = moved_at(scan_of(padded, padded), 0.15 * TISSUE, HALVES, edge(BODY))
    assert set(moved) == {"nose"} and moved["nose"].near == 1.0


def test_lower_level_shows_a_dimmed_body() -> None:
    dimmed = scan_of(0.3 * ball(30.0))
    assert all(m.near == 0.0 for m in moved_at(dimmed, 0.5 * TISSUE, HALVES).values())
    lower = moved_at(dimmed, 0.12 * TISSUE, HALVES, edge(BODY))
    assert all(moved.near > 0.9 and moved.median_mm <= 2.0 for moved in lower.values())
