"""Whom a new skin begins with: somebody else."""

from __future__ import annotations

import numpy as np

from Clinic2CloudLib.deface.average import unlikeness


def egg(count: int = 600) -> tuple[np.ndarray, np.ndarray]:
    """Points on an egg, mm, and its normals."""
    random = np.random.default_rng(0)
    normals = random.normal(size=(count, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    return 60.0 * normals * [1.0, 1.3, 1.6], normals


def test_the_same_head_moved_turned_and_grown_is_the_same_person() -> None:
    points, normals = egg()
    way = points * 0.02 + np.cross([0.01, -0.02, 0.01], points) + [2.0, -1.0, 3.0]
    assert unlikeness((way * normals).sum(1), points, normals) < 1e-6


def test_a_wider_jaw_is_somebody_else() -> None:
    points, normals = egg()
    wider = np.where(points[:, 2] < 0, np.abs(normals[:, 0]) * 8.0, 0.0)
    assert unlikeness(wider, points, normals) > 0.5
    assert unlikeness(2.0 * wider, points, normals) > unlikeness(wider, points, normals)
