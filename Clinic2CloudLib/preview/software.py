"""The same pictures without OpenGL: triangles projected and depth-sorted in numpy.

For machines on which VTK cannot draw (a server without Mesa): about half a second a view instead
of a quarter, jagged at the outline, but the same cameras, the same light, the same shape.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .views import VIEW_ANGLE, Frame, direction

#: Samples along a triangle's edge at most; larger triangles than this many pixels have gaps.
_FINEST_LATTICE = 24


def draw_in_software(
    surface: Any,
    ijk_to_ras: np.ndarray,
    frame: Frame,
    views: Sequence[str],
    size: int,
    lights: Mapping[tuple[float, float, float], float],
    colour: tuple[float, float, float],
    background: tuple[int, int, int],
) -> dict[str, np.ndarray]:
    """Draw a surface in index coordinates from each view.

    Parameters
    ----------
    surface : vtkPolyData
        Triangles with point normals, in index coordinates of a right-handed volume.
    ijk_to_ras : numpy.ndarray
        4 x 4, mm.
    frame : Frame
        What the cameras look at.
    views : sequence of str
        Names of views.
    size : int
        Width and height in pixels.
    lights : mapping
        Where a light stands (right, up, towards the viewer) to its intensity.
    colour : tuple of float
        Of the surface, 0 to 1.
    background : tuple of int
        0 to 255.

    Returns
    -------
    dict
        View name to (size, size, 3) uint8.
    """
    empty = np.full((size, size, 3), background, np.uint8)
    if not surface.GetNumberOfPolys():
        return {view: empty.copy() for view in views}
    points, normals, triangles = _arrays(surface, ijk_to_ras)
    points -= np.array(frame.centre, np.float32)
    pictures = {}
    for view in views:
        towards = direction(view).astype(np.float32)
        right = np.cross(-towards, [0, 0, 1]).astype(np.float32)
        camera = np.stack([right, np.array([0, 0, 1], np.float32), towards])
        shade = _shade(normals @ camera.T, lights)
        brightness = _rasterise(points @ camera.T, shade, triangles, frame.distance, size)
        picture = empty.copy()
        seen = brightness >= 0
        lit = np.clip(brightness[seen][:, None] * np.array(colour) * 255, 0, 255)
        picture[seen] = np.rint(lit).astype(np.uint8)
        pictures[view] = picture
    return pictures


def _arrays(surface: Any, ijk_to_ras: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return points and normals (n, 3) in RAS, float32, and triangles (m, 3) of point indices."""
    from vtkmodules.util.numpy_support import vtk_to_numpy

    linear = ijk_to_ras[:3, :3]
    points = vtk_to_numpy(surface.GetPoints().GetData()) @ linear.T + ijk_to_ras[:3, 3]
    # Normals are gradients: they transform with the inverse transpose.
    normals = vtk_to_numpy(surface.GetPointData().GetNormals()) @ np.linalg.inv(linear)
    normals = normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    triangles = vtk_to_numpy(surface.GetPolys().GetConnectivityArray()).reshape(-1, 3)
    return points.astype(np.float32), normals.astype(np.float32), triangles


def _shade(normals: np.ndarray, lights: Mapping[tuple[float, float, float], float]) -> np.ndarray:
    """Return Lambert's brightness of each point, turned towards the viewer where it looks away."""
    facing = np.where(normals[:, 2:] < 0, -normals, normals)
    total = np.zeros(len(normals), np.float32)
    for position, intensity in lights.items():
        towards = np.array(position, np.float32) / np.float32(np.linalg.norm(position))
        total += np.float32(intensity) * np.maximum(facing @ towards, 0)
    return total


def _rasterise(
    points: np.ndarray, shade: np.ndarray, triangles: np.ndarray, distance: float, size: int
) -> np.ndarray:
    """Return the brightness of the nearest surface in each pixel, -1 where there is none."""
    away = np.maximum(distance - points[:, 2], 1.0)
    scale = np.float32(size / 2 / np.tan(np.radians(VIEW_ANGLE / 2)))
    column = size / 2 + scale * points[:, 0] / away
    row = size / 2 - scale * points[:, 1] / away
    first, second, third = triangles.T
    widest = 0.0
    for a, b in ((first, second), (second, third), (third, first)):
        widest = max(widest, float(np.hypot(column[a] - column[b], row[a] - row[b]).max()))
    steps = int(np.clip(np.ceil(widest / 0.8), 2, _FINEST_LATTICE))
    depth = np.full(size * size, -np.inf, np.float32)
    brightness = np.full(size * size, -1.0, np.float32)
    for i in range(steps + 1):
        for j in range(steps + 1 - i):
            weights = np.array([i, j, steps - i - j], np.float32) / steps
            x, y, near, light = (
                weights[0] * values[first]
                + weights[1] * values[second]
                + weights[2] * values[third]
                for values in (column, row, -away, shade)
            )
            inside = (x >= 0) & (x < size) & (y >= 0) & (y < size)
            pixel = y[inside].astype(np.int64) * size + x[inside].astype(np.int64)
            near, light = near[inside], light[inside]
            np.maximum.at(depth, pixel, near)
            nearest = near == depth[pixel]
            brightness[pixel[nearest]] = light[nearest]
    return brightness.reshape(size, size)
