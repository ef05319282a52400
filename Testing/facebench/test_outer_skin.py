"""What is attacked is skin alone: no wall of a cavity that nobody sees may name the patient."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.face.surfaces import near_open_air
from Clinic2CloudLib.preview.surface import Resampled, Transfer

MIDDLE = slice(25, 35)


def head() -> np.ndarray:
    """Return a block of tissue that fills a part but for its front, with a sinus, 1 mm voxels."""
    values = np.zeros((60, 60, 60))
    values[:, 12:, :] = 100.0
    values[MIDDLE, MIDDLE, MIDDLE] = 0.0
    return values


def seen(values: np.ndarray, points: list[list[float]]) -> list[bool]:
    cubic = Resampled(values, np.eye(4))
    return [bool(yes) for yes in near_open_air(cubic, Transfer(50.0, 0.0), np.array(points))]


SKIN, SINUS = [30.0, 11.5, 30.0], [30.0, 25.5, 30.0]


def test_the_skin_is_seen_and_a_closed_sinus_is_not() -> None:
    assert seen(head(), [SKIN, SINUS]) == [True, False]


@pytest.mark.parametrize("end", ["below", "above", "left", "right", "behind"])
def test_a_way_in_where_the_part_ends_shows_nobody_the_sinus(end: str) -> None:
    values = head()
    ways = {
        "below": np.s_[:30, MIDDLE, MIDDLE],
        "above": np.s_[30:, MIDDLE, MIDDLE],
        "left": np.s_[MIDDLE, MIDDLE, :30],
        "right": np.s_[MIDDLE, MIDDLE, 30:],
        "behind": np.s_[MIDDLE, 30:, MIDDLE],
    }
    values[ways[end]] = 0.0
    assert seen(values, [SKIN, SINUS]) == [True, False]


def test_an_open_mouth_is_seen_into() -> None:
    values = head()
    values[MIDDLE, :30, MIDDLE] = 0.0
    assert seen(values, [[26.0, 18.0, 24.5], [30.0, 34.5, 30.0]]) == [True, True]


def test_a_nostril_is_too_narrow_to_be_seen_into() -> None:
    values = head()
    values[28:32, :30, 28:32] = 0.0
    assert seen(values, [SINUS, [30.0, 34.5, 30.0]]) == [False, False]
