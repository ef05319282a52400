"""Implicit shapes: signed distances in mm, negative inside, blended into one another.

Ellipsoid bound and polynomial smooth minimum after Quilez, "distance functions" and "smooth
minimum" (iquilezles.org). Each shape is evaluated only in the box it can reach, and the grid is
kept as three broadcastable coordinate arrays, which is what makes a whole head take about a second.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

Point: TypeAlias = tuple[float, float, float]


@dataclass(frozen=True)
class Grid:
    """Voxel centres in RAS, mm.

    Attributes
    ----------
    x, y, z : numpy.ndarray
        Right, anterior and superior coordinates, float32, each with one axis longer than 1; their
        broadcast has the volume's shape.
    """

    x: np.ndarray
    y: np.ndarray
    z: np.ndarray

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the volume on this grid."""
        return np.broadcast_shapes(self.x.shape, self.y.shape, self.z.shape)

    @property
    def spacing(self) -> float:
        """The largest distance between neighbouring voxel centres, mm."""
        return max(float(abs(c.ravel()[1] - c.ravel()[0])) for c in (self.x, self.y, self.z))

    def window(self, low: Point, high: Point) -> tuple[tuple[slice, ...], Grid]:
        """Return the index of the part between two corners, and the grid of that part."""
        index = [slice(0, 0)] * 3
        parts = []
        for coordinate, least, most in zip((self.x, self.y, self.z), low, high, strict=True):
            axis = int(np.argmax(coordinate.shape))
            line = coordinate.ravel()
            inside = np.flatnonzero((line >= least) & (line <= most))
            chosen = slice(int(inside[0]), int(inside[-1]) + 1) if inside.size else slice(0, 0)
            index[axis] = chosen
            cut = [slice(None)] * 3
            cut[axis] = chosen
            parts.append(coordinate[tuple(cut)])
        return tuple(index), Grid(*parts)


@dataclass(frozen=True)
class Shape:
    """A distance function and the box that holds all of its inside (RAS, mm)."""

    distance: Callable[[Grid], np.ndarray]
    low: Point
    high: Point

    def near(self, grid: Grid, reach: float) -> tuple[tuple[slice, ...], np.ndarray]:
        """Return the window within ``reach`` mm of the shape's box, and the distances there."""
        low, high = np.array(self.low) - reach, np.array(self.high) + reach
        index, part = grid.window(tuple(low), tuple(high))
        return index, self.distance(part)


def ellipsoid(centre: Point, radii: Point, tilt: Point = (0.0, 0.0, 0.0)) -> Shape:
    """An ellipsoid, turned by ``tilt`` degrees about the x, then y, then z axis."""
    c, r = np.array(centre, np.float32), np.array(radii, np.float32)
    turned = any(tilt)
    back = rotation(tilt).T.astype(np.float32)

    def distance(g: Grid) -> np.ndarray:
        p = (g.x - c[0], g.y - c[1], g.z - c[2])
        if turned:
            p = tuple(back[n, 0] * p[0] + back[n, 1] * p[1] + back[n, 2] * p[2] for n in range(3))
        scaled = np.sqrt(sum((q / s) ** 2 for q, s in zip(p, r, strict=True)))
        slope = np.sqrt(sum((q / s**2) ** 2 for q, s in zip(p, r, strict=True)))
        return scaled * (scaled - 1) / np.maximum(slope, 1e-6)

    reach = np.full(3, r.max()) if turned else r
    return Shape(distance, tuple(c - reach), tuple(c + reach))


def capsule(start: Point, stop: Point, thick: float, thin: float | None = None) -> Shape:
    """A rod with round ends whose radius goes from ``thick`` at the start to ``thin``."""
    a, b = np.array(start, np.float32), np.array(stop, np.float32)
    along = b - a
    grown = np.float32((thick if thin is None else thin) - thick)
    length = np.float32(max(float(along @ along), 1e-6))

    def distance(g: Grid) -> np.ndarray:
        p = (g.x - a[0], g.y - a[1], g.z - a[2])
        h = np.clip((p[0] * along[0] + p[1] * along[1] + p[2] * along[2]) / length, 0, 1)
        away = sum((q - h * s) ** 2 for q, s in zip(p, along, strict=True))
        return np.sqrt(away) - (np.float32(thick) + grown * h)

    reach = max(thick, thick + float(grown))
    return Shape(distance, tuple(np.minimum(a, b) - reach), tuple(np.maximum(a, b) + reach))


def path(points: list[Point], radius: float) -> list[Shape]:
    """Rods of one radius along a line of points."""
    return [capsule(a, b, radius) for a, b in itertools.pairwise(points)]


def rotation(tilt: Point) -> np.ndarray:
    """Return the 3 x 3 matrix that turns about x, then y, then z, by degrees."""
    result = np.eye(3)
    for axis, degrees in enumerate(tilt):
        cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        turn = np.eye(3)
        first, second = [(1, 2), (2, 0), (0, 1)][axis]
        turn[first, first] = turn[second, second] = cos
        turn[first, second], turn[second, first] = -sin, sin
        result = turn @ result
    return result


def smooth_min(a: np.ndarray, b: np.ndarray, blend: float) -> np.ndarray:
    """Return the union of two distances, rounded where they are within ``blend`` mm."""
    h = np.maximum(blend - np.abs(a - b), 0) / blend
    return np.minimum(a, b) - h * h * (blend / 4)


def add(field: np.ndarray, grid: Grid, shape: Shape, blend: float) -> None:
    """Join a shape to a field of distances, in place."""
    index, distance = shape.near(grid, blend + 12)
    if distance.size:
        field[index] = smooth_min(field[index], distance, blend)


def carve(field: np.ndarray, grid: Grid, shape: Shape, blend: float) -> None:
    """Take a shape away from a field of distances, in place."""
    index, distance = shape.near(grid, blend)
    if distance.size:
        field[index] = -smooth_min(-field[index], distance, blend)
