"""A brain: hemispheres with folded cortex, ventricles, deep grey matter, cerebellum and stem."""

from __future__ import annotations

import numpy as np

from .anatomy import SIDES
from .shapes import Grid, Point, Shape, add, capsule, ellipsoid, path
from .tissue import Canvas

#: Fluid between the inside of the skull and the brain, mm.
FLUID = 2.0
#: Thickness of the cortex, mm.
CORTEX = 2.8


def paint_brain(canvas: Canvas, cavity: np.ndarray, seed: int) -> np.ndarray:
    """Paint all that is inside the skull.

    Parameters
    ----------
    canvas : Canvas
        Painted in place.
    cavity : numpy.ndarray
        Distance to the inside of the skull, mm.
    seed : int
        Another seed folds the cortex otherwise.

    Returns
    -------
    numpy.ndarray
        Boolean, shape of the grid: cerebrum, cerebellum and stem with the fluid in and on them
        (what a brain mask holds).
    """
    grid = canvas.grid
    canvas.paint(cavity, "fluid")
    index, part = grid.window((-72, -92, -50), (72, 88, 66))
    cerebrum = _cerebrum(part, cavity[index])
    depth = _sulci(part, seed)
    sheet = np.maximum(depth - 0.55, -(cerebrum + 17))
    canvas.paint(cerebrum, "grey", index)
    white = np.maximum(cerebrum + CORTEX, CORTEX + 0.3 - np.maximum(depth, -(cerebrum + 17)))
    canvas.paint(white, "white", index)
    canvas.paint(np.maximum(sheet, cerebrum), "fluid", index)
    _cerebellum(canvas, cavity)
    for shape, tissue in _deep():
        canvas.shape(shape, tissue, cavity)
    return np.asarray((cavity < -1.0) & (grid.z > -76))


def _cerebrum(grid: Grid, cavity: np.ndarray) -> np.ndarray:
    """Both hemispheres: the cavity above the tentorium, less the fissures."""
    tentorium = (-27.0 - 0.16 * (grid.y + 20)) - grid.z
    behind = grid.y + 24 - 0.25 * np.abs(grid.x)
    below = np.minimum(tentorium, -behind)
    field = np.maximum(cavity + FLUID, below)
    fissure = 1.3 - np.abs(grid.x)
    callosum = np.full(field.shape, 60, np.float32)
    add(callosum, grid, ellipsoid((0, -2, 4), (12, 40, 20)), 1)
    field = np.maximum(field, np.minimum(fissure, callosum - 1))
    for side in SIDES:
        index, rod = capsule((side * 62, 34, -16), (side * 60, -30, 10), 2.2, 1.2).near(grid, 8)
        field[index] = np.maximum(field[index], -rod)
    return field


def _sulci(grid: Grid, seed: int) -> np.ndarray:
    """Distance in mm to the nearest fold: the zero set of a random field of one wavelength.

    A sum of plane waves is a product of three lines for each wave, so the volume is one matrix
    product.
    """
    rng = np.random.default_rng([seed, 2])
    waves = 28
    number = 2 * np.pi / rng.uniform(20, 28, waves)
    direction = rng.normal(size=(waves, 3))
    direction *= (number / np.linalg.norm(direction, axis=1))[:, None]
    phase = rng.uniform(0, 2 * np.pi, waves)
    lines = [
        np.exp(1j * np.outer(c.ravel(), direction[:, n])).astype(np.complex64)
        for n, c in enumerate((grid.x, grid.y, grid.z))
    ]
    lines[0] = lines[0] * np.exp(1j * phase).astype(np.complex64)
    axes = [int(np.argmax(c.shape)) for c in (grid.x, grid.y, grid.z)]
    by_axis = [lines[axes.index(n)] for n in range(3)]
    pairs = (by_axis[1][:, None, :] * by_axis[2][None, :, :]).reshape(-1, waves)
    # Re(a b) as one real product, half the work of a complex one.
    left = np.concatenate([by_axis[0].real, -by_axis[0].imag], axis=1)
    right = np.concatenate([pairs.real, pairs.imag], axis=1)
    field = (left @ right.T).reshape(grid.shape)
    steepness = float(np.sqrt((direction**2).sum() / 2))
    return np.abs(field) / steepness


def _cerebellum(canvas: Canvas, cavity: np.ndarray) -> None:
    grid = canvas.grid
    field = np.full(grid.shape, 60, np.float32)
    for side in SIDES:
        add(field, grid, ellipsoid((side * 23, -54, -48), (30, 31, 25)), 6)
    index, part = grid.window((-58, -90, -76), (58, -18, -22))
    if not field[index].size:
        return
    body = np.maximum(field[index], cavity[index] + FLUID)
    rings = np.sqrt(part.x**2 * 0.25 + (part.y + 24) ** 2 + (part.z + 40) ** 2)
    folia = np.abs((rings % 6.0) - 3.0)
    canvas.paint(body, "grey", index)
    inner = np.maximum(body + 5, np.minimum(1.0 - folia + 0 * body, body + 14))
    canvas.paint(inner, "white", index)
    canvas.paint(np.maximum(body, np.maximum(folia - 0.5, -(body + 6))), "fluid", index)


def _deep() -> list[tuple[Shape, str]]:
    """What lies in the middle, from outside in; the ventricles' horns as rods on a curve."""
    shapes: list[tuple[Shape, str]] = [
        (ellipsoid((0, -2, 11), (22, 36, 9)), "white"),
        (capsule((0, -18, -28), (0, -24, -64), 14, 8), "white"),
        (ellipsoid((0, -12, -36), (17, 12, 14)), "white"),
        (capsule((0, -24, -64), (0, -30, -110), 7, 5.5), "white"),
    ]
    for s in SIDES:
        shapes += [
            (ellipsoid((s * 25, 4, 0), (7, 17, 9), (0, 0, s * 12)), "deep grey"),
            (ellipsoid((s * 11, -14, 2), (8, 14, 8), (0, 0, s * 20)), "deep grey"),
            (capsule((s * 12, 24, 4), (s * 17, -6, 18), 6.5, 3.5), "deep grey"),
            (ellipsoid((s * 24, 14, -26), (8, 9, 8)), "deep grey"),
            (ellipsoid((s * 27, -12, -26), (6, 18, 5), (0, 0, s * 10)), "deep grey"),
        ]
        horns: list[Point] = [
            (s * 7, 30, 6), (s * 8, 14, 13), (s * 11, -10, 17), (s * 17, -30, 13),
        ]  # fmt: skip
        lower: list[Point] = [(s * 17, -30, 13), (s * 27, -32, -4), (s * 31, -8, -21)]
        shapes += [(rod, "fluid") for rod in path(horns, 4.6)]
        shapes += [(rod, "fluid") for rod in path(lower, 3.2)]
        shapes.append((capsule((s * 19, -34, 11), (s * 20, -56, 6), 3.8, 1.5), "fluid"))
    shapes += [
        (ellipsoid((0, -10, 0), (2.2, 13, 9)), "fluid"),
        (capsule((0, -22, -12), (0, -30, -32), 1.2), "fluid"),
        (ellipsoid((0, -32, -42), (6, 4, 10)), "fluid"),
    ]
    return shapes
