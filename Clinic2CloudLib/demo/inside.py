"""Fat, muscle, bone, air and eyes: what lies between the skin and the brain."""

from __future__ import annotations

import numpy as np

from .anatomy import SIDES, Person
from .shapes import Point, add, capsule, ellipsoid, path
from .tissue import Canvas

#: Thickness of skin, and of skin with the fat under it, mm.
SKIN, FAT = 2.0, 5.5
#: Thickness of the skull's vault, mm.
VAULT = 6.0


def paint_soft_tissue(canvas: Canvas, skin: np.ndarray, cavity: np.ndarray) -> None:
    """Paint skin, fat and muscle in layers, and the bone of the vault."""
    grid = canvas.grid
    canvas.paint(skin, "skin")
    canvas.paint(skin + SKIN, "fat")
    # The scalp has a thin layer of fat right on the bone; face and neck a thicker one on muscle.
    canvas.paint(np.maximum(skin + FAT, VAULT + 0.8 - cavity), "muscle")
    within = skin + 3.0
    bone = np.maximum(cavity - VAULT, -76 - grid.z)
    canvas.paint(np.maximum(bone, within), "cortical bone")
    diploe = np.maximum(np.abs(cavity - VAULT / 2) - 1.2, np.maximum(-22 - grid.z, within))
    canvas.paint(diploe, "marrow")


def paint_face(canvas: Canvas, skin: np.ndarray, who: Person) -> None:
    """Paint the bones of the face, teeth, tongue, the airway and the eyes."""
    grid = canvas.grid
    deep = skin + 2.5
    _bones(canvas, skin, who)
    canvas.shape(ellipsoid((0, 50, -108), (21, 29, 15)), "muscle", deep)
    _air(canvas, deep)
    for side in SIDES:
        nostril = capsule((side * 6.5, 103, -94), (side * 4.5, 88, -78), 3.4, 3)
        canvas.shape(nostril, "air")
        canvas.shape(capsule((side * 86, -7, -57), (side * 50, -8, -55), 2.9), "air")
        _eye(canvas, side * who.eyes_apart, side, deep)
    # The cartilage of the ears: everything far out at the side is skin over it.
    index, part = grid.window((-120, -45, -95), (120, 15, -20))
    plate = np.maximum(skin[index] + 1.3, 79 - np.abs(part.x))
    canvas.paint(plate, "cartilage", index)


def _bones(canvas: Canvas, skin: np.ndarray, who: Person) -> None:
    under = skin + 4.0
    j, c = who.jaw, who.cheeks
    canvas.shape(ellipsoid((0, 62, -90), (27, 25, 17)), "cortical bone", under)
    canvas.shape(ellipsoid((0, 62, -90), (24, 22, 14)), "marrow", under)
    for s in SIDES:
        jaw: list[Point] = [
            (s * 52 * j, 6, -56),
            (s * 47 * j, 4, -112),
            (s * 30, 52, -132),
            (0, 80, -139),
        ]
        for rod in path(jaw, 6.5):
            canvas.shape(rod, "cortical bone", under)
        for rod in path(jaw[1:], 3.6):
            canvas.shape(rod, "marrow", under)
        cheek: list[Point] = [
            (s * 24, 66, -68),
            (s * 43 * c, 60, -64),
            (s * 60 * c, 28, -58),
            (s * 63 * c, 2, -55),
        ]
        for rod in path(cheek, 4.2):
            canvas.shape(rod, "cortical bone", under)
        canvas.shape(ellipsoid((s * 43 * c, 58, -64), (7, 6, 6)), "marrow", under)
        rim: list[Point] = [
            (s * 14, 78, -36),
            (s * 32, 80, -27),
            (s * 48, 68, -36),
            (s * 43, 66, -56),
        ]
        for rod in path(rim, 3.4):
            canvas.shape(rod, "cortical bone", under)
        canvas.shape(
            capsule((s * 3, 84, -40), (s * 3.5, 93, -58), 2.4), "cortical bone", skin + 2.2
        )
        for n in range(8):
            angle = np.radians(8 + n * 11.5)
            x, y = s * 27 * np.sin(angle), 50 + 40 * np.cos(angle)
            canvas.shape(capsule((x, y, -99), (x, y, -110.5), 3.4, 2.8), "teeth", under)
            canvas.shape(capsule((x, y - 2, -114), (x, y - 2, -125), 2.8, 3.2), "teeth", under)
    for n in range(6):
        z = -84 - 19.0 * n
        canvas.shape(ellipsoid((0, 0 - n, z), (16, 10, 8)), "cortical bone", under)
        canvas.shape(ellipsoid((0, 0 - n, z), (14.5, 8.5, 6.5)), "marrow", under)
        canvas.shape(capsule((0, -36 - n, z - 4), (0, -52 - n, z - 8), 3.5), "cortical bone", under)
    canvas.shape(capsule((0, -24, -80), (0, -30, -215), 8.5), "fluid", under)
    canvas.shape(capsule((0, -24, -80), (0, -30, -215), 5.5), "white", under)


def _air(canvas: Canvas, deep: np.ndarray) -> None:
    """Nasal cavity with septum and turbinates, sinuses, throat, windpipe, mastoid cells."""
    grid = canvas.grid
    nose = np.full(grid.shape, 60, np.float32)
    add(nose, grid, ellipsoid((0, 66, -74), (13, 27, 15)), 1)
    add(nose, grid, capsule((0, 40, -72), (0, 24, -80), 9, 9), 6)
    index, part = grid.window((-30, 10, -100), (30, 100, -50))
    septum = np.maximum(1.1 - np.abs(part.x), 38 - part.y)
    hollow = np.maximum(np.maximum(nose[index], deep[index] + 2), septum)
    canvas.paint(nose[index] - 2, "mucosa", index)
    canvas.paint(hollow, "air", index)
    for s in SIDES:
        for z, y in ((-82, 64), (-73, 60), (-65, 56)):
            canvas.shape(capsule((s * 8, y + 14, z), (s * 8, y - 14, z - 1), 2.6), "mucosa")
        for centre, radii in (
            ((s * 28, 56, -72), (12, 14, 15)),
            ((s * 11, 80, -24), (9, 4, 7)),
            ((s * 8, 58, -48), (4, 15, 7)),
            ((s * 8, 32, -46), (8, 11, 8)),
        ):
            canvas.shape(
                ellipsoid(centre, (radii[0] + 1.2, radii[1] + 1.2, radii[2] + 1.2)),
                "cortical bone",
                deep,
            )
            canvas.shape(ellipsoid(centre, radii), "air", deep)
        for n in range(6):
            cell = (s * (50 + 3 * (n % 2)), -18 - 3 * (n % 3), -54 - 5 * (n // 2))
            canvas.shape(ellipsoid(cell, (3, 2.4, 2.6)), "air", deep)
    throat: list[Point] = [(0, 24, -80), (0, 19, -104), (0, 17, -128), (0, 16, -150), (0, 13, -215)]
    for rod in path(throat, 8.5):
        canvas.shape(rod, "mucosa", deep)
    for rod in path(throat, 6.8):
        canvas.shape(rod, "air", deep)
    canvas.shape(ellipsoid((0, 56, -94.5), (17, 25, 1.6)), "air", deep)


def _eye(canvas: Canvas, x: float, side: float, deep: np.ndarray) -> None:
    canvas.shape(ellipsoid((x - side * 4, 60, -43), (18, 24, 16), (0, 0, side * 20)), "fat", deep)
    back: Point = (x - side * 15, 36, -41)
    for up, out in ((11, 0), (-11, 0), (0, 11), (0, -11)):
        start: Point = (x + side * out, 72, -43 + up)
        canvas.shape(capsule(start, back, 2.0), "muscle", deep)
    canvas.shape(capsule((x - side * 2, 62, -43), (x - side * 22, 24, -38), 2.4), "white", deep)
    canvas.shape(ellipsoid((x, 74, -43), (12.4, 12.4, 12.4)), "muscle")
    canvas.shape(ellipsoid((x, 74, -43), (11.4, 11.4, 11.4)), "vitreous")
    canvas.shape(ellipsoid((x, 81, -43), (4.6, 2.2, 4.6)), "lens")
