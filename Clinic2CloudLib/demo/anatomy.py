"""The surface of a head and what lies under it, in RAS mm around the middle of the cerebrum.

Proportions after adult means of craniofacial anthropometry (Farkas, "Anthropometry of the Head
and Face", 1994): vertex to chin about 230 mm, glabella to back of head 195, breadth 155, eyes 63
apart, nasion to chin 120, mouth 50 wide, ears 62 long. A seed varies them within about a tenth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .shapes import Grid, Point, Shape, add, capsule, carve, ellipsoid, path, smooth_min

SIDES = (-1.0, 1.0)


@dataclass(frozen=True)
class Person:
    """What makes one invented face differ from the next; factors around 1, distances in mm."""

    nose: float = 1.0
    jaw: float = 1.0
    cheeks: float = 1.0
    lips: float = 1.0
    ears: float = 1.0
    eyes_apart: float = 32.0
    tilt: float = 0.0


def person(seed: int) -> Person:
    """Draw a person; seed 0 is the average one."""
    if seed == 0:
        return Person()
    rng = np.random.default_rng([seed, 1])
    nose, jaw, cheeks, lips, ears = 1 + 0.12 * rng.uniform(-1, 1, 5)
    return Person(nose, jaw, cheeks, lips, ears, 32 + rng.uniform(-1.5, 1.5), rng.uniform(-2, 2))


def cavity(grid: Grid) -> np.ndarray:
    """Return the distance to the inside of the skull, which holds brain and fluid."""
    front, back = ellipsoid((0, 18, 3), (57, 66, 56)), ellipsoid((0, -20, 5), (68, 66, 58))
    field = smooth_min(front.distance(grid), back.distance(grid), 14)
    for side in SIDES:
        add(field, grid, ellipsoid((side * 43, 14, -27), (22, 38, 24)), 10)
    add(field, grid, ellipsoid((0, -46, -38), (52, 36, 30)), 10)
    add(field, grid, capsule((0, -18, -40), (0, -26, -78), 16, 11), 8)
    return field


def surface(grid: Grid, who: Person, *, face: bool = True) -> np.ndarray:
    """Return the distance to the skin, shape of the grid; ``face=False`` leaves the face out."""
    front, back = ellipsoid((0, 18, 6), (68, 78, 68)), ellipsoid((0, -21, 7), (78, 77, 68))
    field = smooth_min(front.distance(grid), back.distance(grid), 24)
    add(field, grid, ellipsoid((0, -45, -42), (62, 48, 36)), 16)
    _neck(field, grid)
    if face:
        for shape, blend in _face_mass(who):
            add(field, grid, shape, blend)
        _eyes(field, grid, who)
        for shape, blend in _nose(who):
            add(field, grid, shape, blend)
        _mouth(field, grid, who)
        for side in SIDES:
            carve(field, grid, capsule((side * 6.5, 103, -94), (side * 5.5, 95, -84), 3.6, 3), 2)
    _ears(field, grid, who)
    return field


def _neck(field: np.ndarray, grid: Grid) -> None:
    for side in SIDES:
        add(field, grid, capsule((side * 15, -18, -80), (side * 18, -20, -215), 41, 44), 10)
        add(field, grid, capsule((side * 58, -28, -62), (side * 20, 22, -205), 13), 14)
    add(field, grid, capsule((0, -50, -66), (0, -42, -175), 24), 22)
    add(field, grid, capsule((0, 22, -128), (0, 14, -210), 22), 16)


def _face_mass(who: Person) -> list[tuple[Shape, float]]:
    j, c = who.jaw, who.cheeks
    shapes: list[tuple[Shape, float]] = [
        (ellipsoid((0, 36, -58), (58, 53, 50)), 14),
        (ellipsoid((0, 48, -104), (45 * j, 45, 44)), 16),
        (ellipsoid((0, 76, -104), (29, 22, 20)), 12),
        (ellipsoid((0, 85, -141), (17 * j, 13, 14)), 14),
        (ellipsoid((0, 88, -36), (13, 7, 9)), 10),
        (ellipsoid((0, 30, -122), (44, 44, 22)), 14),
    ]
    for s in SIDES:
        shapes += [
            (capsule((s * 56 * c, 4, -52), (s * 48 * j, 2, -110), 13, 11), 14),
            (capsule((s * 47 * j, 2, -110), (s * 16, 77, -141), 11, 12), 14),
            (ellipsoid((s * 43 * c, 62, -68), (19, 19, 15)), 12),
            (capsule((s * 46 * c, 62, -62), (s * 66 * c, 8, -54), 9, 8), 14),
            (ellipsoid((s * 33 * c, 58, -94), (24, 27, 28)), 16),
            (ellipsoid((s * 46 * j, 22, -84), (15, 34, 32)), 16),
            (capsule((s * 12, 85, -29), (s * 42, 72, -28), 7, 6), 13),
        ]
    return shapes


def _eyes(field: np.ndarray, grid: Grid, who: Person) -> None:
    for side in SIDES:
        x = side * who.eyes_apart
        carve(field, grid, ellipsoid((x - side, 95, -44), (17, 13, 9)), 9)
        carve(field, grid, ellipsoid((side * 17, 96, -47), (5, 9, 8)), 7)
    for side in SIDES:
        x = side * who.eyes_apart
        add(field, grid, ellipsoid((x, 75, -43), (14.3, 13.2, 11.6)), 5)
        corners = [(x - side * 14, 83.5, -45.5), (x, 90, -47.3), (x + side * 14, 81, -44.8)]
        for rod in path(corners, 1.4):
            carve(field, grid, rod, 1.2)
        crease = [(x - side * 12, 85, -38), (x, 88.5, -35.6), (x + side * 13, 81, -38)]
        for rod in path(crease, 1.6):
            carve(field, grid, rod, 2.5)


def _nose(who: Person) -> list[tuple[Shape, float]]:
    n = who.nose
    tip: Point = (0.8 * who.tilt, 95 + 16.5 * n, -80 - 2 * (n - 1))
    bridge: Point = (0, 88 + 9 * n, -60)
    shapes: list[tuple[Shape, float]] = [
        (capsule((0, 88, -38), bridge, 4.6, 4.6), 7),
        (capsule(bridge, tip, 4.6, 7.4), 5),
        (ellipsoid((0, 96 + 7 * n, -88), (4, 10, 4.5)), 4),
    ]
    for s in SIDES:
        shapes += [
            (capsule((s * 7, 80, -46), (s * 12 * n, 87, -78), 6, 8), 10),
            (capsule((s * 9, 90, -70), (s * 10 * n, 97, -82), 4, 6), 8),
            (ellipsoid((s * 12 * n, 96.5, -85), (5.5, 8, 6)), 4),
        ]
    return shapes


def _mouth(field: np.ndarray, grid: Grid, who: Person) -> None:
    p = who.lips
    for side in SIDES:
        corner: Point = (side * 25 * p, 89.5, -112.5)
        add(field, grid, capsule((side * 4, 98.6, -108.6), corner, 3.8 * p, 1.8), 4)
        add(field, grid, capsule((0, 97.4, -116.6), corner, 4.7 * p, 1.8), 4)
    for side in SIDES:
        corner = (side * 26 * p, 92.5, -112.9)
        carve(field, grid, capsule((0, 103.5, -112.2), corner, 1.3), 1.5)
        carve(field, grid, ellipsoid((side * 28.5 * p, 91, -113), (3.5, 4.5, 3)), 5)
    carve(field, grid, capsule((0, 104, -94), (0, 104.6, -103), 1.6), 4)
    carve(field, grid, capsule((-11, 101, -126.5), (11, 101, -126.5), 5), 9)


def _ears(field: np.ndarray, grid: Grid, who: Person) -> None:
    e = who.ears
    for s in SIDES:
        turn: Point = (12, s * 8, s * 28)

        def at(y: float, z: float, out: float, side: float = s) -> Point:
            """A place on the ear's plate: behind and above the canal, and out of the plate."""
            lean = 0.5 * -y + 0.14 * z + out
            return (side * (78.5 + lean), -7 + y * 0.9 * e - 0.2 * z, -56 + z * e)

        add(field, grid, ellipsoid(at(-8, 0, 0), (4.2, 17 * e, 31 * e), turn), 4)
        carve(field, grid, ellipsoid(at(-1, -5, 6.5), (7, 9, 11), turn), 2)
        carve(field, grid, ellipsoid(at(-11, 13, 5.5), (4.5, 7, 10), turn), 2)
        rim = [at(6, 9, 2), at(7, 21, 3), at(-1, 30, 3.5), at(-13, 29, 3.5), at(-22, 20, 3.5)]
        rim += [at(-25, 6, 3.5), at(-21, -9, 3), at(-12, -21, 1.5)]
        for rod in path(rim, 2.9):
            add(field, grid, rod, 2.5)
        for rod in path([at(-4, 12, 3), at(-13, 4, 3.5), at(-12, -8, 3), at(-4, -16, 2)], 2.4):
            add(field, grid, rod, 2.5)
        add(field, grid, ellipsoid(at(-4, -26, 1), (5, 7.5, 8)), 4)
        add(field, grid, ellipsoid(at(8, -4, 1), (4, 4, 6)), 4)
        carve(field, grid, capsule((s * 84, -7, -57), (s * 52, -8, -55), 3.0), 2)
