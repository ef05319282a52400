"""The shape attack must find who is there, must not find who is not, and must survive nothing."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.face.attack import FEWEST, Parts, Surface, distances
from benchmarks.face.score import Outcome, outcome

PERSONS = [f"person {n}" for n in range(10)]


def face(seed: int, noise: int = 0) -> np.ndarray:
    """Return points of a bumpy half ellipsoid, mm: a person's own bumps, a look's own points."""
    own, look = np.random.default_rng(seed), np.random.default_rng(1000 * noise + seed)
    points = look.normal(size=(3000, 3))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    points = points[points[:, 1] < 0.2]
    bumps = sum(
        own.normal(0, 0.04) * np.cos(own.uniform(2, 6, 3) @ points.T + own.uniform(0, 6))
        for _ in range(12)
    )
    points = points * [65, 55, 90] * (1 + np.asarray(bumps)[:, None])
    return np.asarray(points + look.normal(0, 0.3, points.shape))


def parts(points: np.ndarray) -> Parts:
    return (Surface.of(points),)


def attacked(results: list[np.ndarray]) -> Outcome:
    gallery = [parts(face(n)) for n in range(len(PERSONS))]
    away = [distances(parts(own), gallery)[0] for own in results]
    return outcome(np.array(away), PERSONS[: len(results)], PERSONS)


def test_another_look_at_the_same_person_is_matched_however_it_lies() -> None:
    turn = np.array([[0.97, -0.24, 0.0], [0.24, 0.97, 0.0], [0.0, 0.0, 1.0]])
    found = attacked([face(n, noise=1) @ turn.T + [40, -20, 300] for n in range(6)])
    assert (found.right, found.tried, found.gallery) == (6, 6, 10)
    assert not found.at_chance


def test_strangers_are_matched_by_chance_only() -> None:
    found = attacked([face(100 + n, noise=1) for n in range(10)])
    assert found.tried == 10
    assert found.at_chance


def test_half_a_face_is_matched_by_the_half_that_was_kept() -> None:
    mixed = []
    for n in range(6):
        own, other = face(n, noise=1), face(100 + n, noise=1)
        mixed.append(np.concatenate([own[own[:, 2] > -20], other[other[:, 2] <= -20]]))
    assert attacked(mixed).right >= 5


@pytest.mark.parametrize("count", [0, 1, FEWEST - 1])
def test_too_few_points_are_no_surface_and_no_attempt(count: int) -> None:
    assert Surface.of(np.zeros((count, 3))) is None
    gallery = [parts(face(0)), parts(np.zeros((count, 3)))]
    assert np.isinf(distances(parts(np.zeros((count, 3))), gallery)).all()
    away = distances(parts(face(0, noise=1)), gallery)
    assert np.isfinite(away[:, 0]).all() and np.isinf(away[:, 1]).all()
    assert outcome(np.full((1, 2), np.inf), ["a"], ["a", "b"]) == Outcome(0, 0, 2)


def test_points_in_one_place_or_one_plane_do_not_stop_it() -> None:
    flat = np.random.default_rng(1).uniform(0, 50, (500, 3)) * [1, 1, 0]
    for points in (np.zeros((500, 3)), flat):
        assert np.isfinite(distances(parts(points), [parts(face(0))])).all()


def test_a_tie_goes_to_the_attacker() -> None:
    assert outcome(np.array([[1.0, 1.0, 2.0]]), ["a"], ["a", "b", "c"]).right == 1
    assert outcome(np.array([[1.0, 0.9, 2.0]]), ["a"], ["a", "b", "c"]).right == 0


def test_a_second_scan_of_the_same_person_is_a_hit_and_one_person() -> None:
    found = outcome(np.array([[3.0, 1.0, 2.0]]), ["a"], ["a", "a", "b"])
    assert (found.right, found.gallery) == (1, 2)


def test_the_bound_is_that_of_blind_guessing() -> None:
    # 60 guesses among 60: the 95 % quantile of a binomial with mean 1 is 3.
    assert Outcome(3, 60, 60).most_by_chance == 3
    assert Outcome(3, 60, 60).at_chance and not Outcome(4, 60, 60).at_chance
    assert Outcome(4, 60, 60, attackers=9).at_chance
