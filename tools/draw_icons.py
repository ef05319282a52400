"""Draw the extension's icons: a head in profile and a cloud that takes only what was let go.

    python tools/draw_icons.py

Writes ``Clinic2Cloud/Resources/Icons/Clinic2Cloud.png`` (the module's) and
``Resources/Clinic2Cloud.png`` (the extension's), both 128 x 128 with a transparent ground.
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw

ROOT = Path(__file__).resolve().parent.parent
TARGETS = (
    ROOT / "Clinic2Cloud" / "Resources" / "Icons" / "Clinic2Cloud.png",
    ROOT / "Resources" / "Clinic2Cloud.png",
)
SIZE, FINE = 128, 8
HEAD = (84, 138, 148, 255)  # stands out from a light and a dark ground
CLOUD = (47, 128, 214, 255)
WHITE = (255, 255, 255, 255)
CLEAR = (0, 0, 0, 0)

Point = tuple[float, float]
#: The profile, looking left, as cubic Bezier curves in 128ths: start, then two handles and an end.
PROFILE: tuple[Point, tuple[tuple[Point, Point, Point], ...]] = (
    (92, 126),
    (
        ((84, 112), (90, 100), (98, 88)),  # nape
        ((112, 66), (106, 4), (60, 4)),  # back and top of the head
        ((34, 4), (20, 20), (20, 44)),  # forehead
        ((20, 54), (10, 66), (7, 73)),  # bridge and tip of the nose
        ((6, 77), (10, 79), (17, 79)),  # under the nose
        ((16, 83), (14, 85), (14, 87)),  # upper lip
        ((17, 89), (17, 90), (15, 93)),  # mouth and lower lip
        ((19, 96), (15, 101), (18, 106)),  # chin
        ((24, 114), (36, 111), (46, 109)),  # jaw
        ((48, 115), (48, 120), (46, 126)),  # throat
    ),
)
#: Circles of the cloud: centre and radius.
PUFFS = ((64, 99, 15), (84, 85, 21), (107, 97, 17))
BASE = (64, 92, 107, 114)
ARROW = ((85, 72), (99, 88), (90, 88), (90, 106), (80, 106), (80, 88), (71, 88))
#: The arrow is cut out of the cloud; the gap keeps cloud and head apart.
GAP = 5


def curve(start: Point, handles: tuple[Point, Point, Point], steps: int = 40) -> list[Point]:
    """Return points along one cubic Bezier curve."""
    points = []
    for number in range(1, steps + 1):
        t = number / steps
        weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
        corners = (start, *handles)
        x = sum(w * p[0] for w, p in zip(weights, corners, strict=True))
        y = sum(w * p[1] for w, p in zip(weights, corners, strict=True))
        points.append((x, y))
    return points


def profile() -> list[Point]:
    """Return the outline of the head."""
    start, pieces = PROFILE
    points = [start]
    for handles in pieces:
        points += curve(points[-1], handles)
    return points


def draw() -> Image.Image:
    """Draw large and reduce: that smooths every edge."""
    image = Image.new("RGBA", (SIZE * FINE, SIZE * FINE), CLEAR)
    pen = ImageDraw.Draw(image)
    pen.polygon([(x * FINE, y * FINE) for x, y in profile()], fill=HEAD)
    for margin, colour in ((GAP, CLEAR), (0, CLOUD)):
        for x, y, radius in PUFFS:
            r = radius + margin
            pen.ellipse([v * FINE for v in (x - r, y - r, x + r, y + r)], fill=colour)
        left, top, right, bottom = BASE
        pen.rectangle([v * FINE for v in (left, top, right, bottom + margin)], fill=colour)
    pen.polygon([(x * FINE, y * FINE) for x, y in ARROW], fill=WHITE)
    return image.resize((SIZE, SIZE), Image.Resampling.LANCZOS)


def main() -> None:
    """Write both files."""
    image = draw()
    for target in TARGETS:
        target.parent.mkdir(parents=True, exist_ok=True)
        image.save(target, optimize=True)


if __name__ == "__main__":
    main()
