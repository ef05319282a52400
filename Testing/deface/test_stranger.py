"""Whom a new skin begins with: somebody else."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from Clinic2CloudLib.deface.average import Stranger, average_face
from Clinic2CloudLib.deface.grid import mapped
from Clinic2CloudLib.deface.likeness import SkinSample, unlikeness


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


def test_a_stranger_is_laid_onto_the_head_it_replaces() -> None:
    """A head 6 mm farther forwards and nodded by 3 degrees: the stranger goes there as well."""
    average = average_face()
    slope = np.stack(np.gradient(average.signed, average.grid.spacing)[::-1], axis=-1)
    skin = (np.abs(average.signed) < 0.5) & (np.linalg.norm(slope, axis=-1) > 0.5)
    points, normals = average.grid.points()[skin][::7].astype(float), slope[skin][::7]
    nod = np.eye(4)
    nod[:3, :3] = Rotation.from_euler("x", 3.0, degrees=True).as_matrix()
    nod[:3, 3] = [0.0, -6.0, 0.0]
    there, normals = mapped(nod, points), normals @ nod[:3, :3].T
    waves = np.zeros(len(there))
    stranger = Stranger(np.eye(4), waves)
    before = stranger.signed_at(there, waves)
    skin = SkinSample(np.ones(len(there), bool), np.ones(len(there)), there, normals)
    after = stranger.laid_on(before, skin).signed_at(there, waves)
    assert np.abs(before).mean() > 1.5
    assert np.abs(after).mean() < 0.3
