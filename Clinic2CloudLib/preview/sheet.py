"""Sheets for the reviewer: before and after in one picture, and slices with the change outlined."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .render import BACKGROUND
from .views import TITLES

BEFORE, AFTER = "BEFORE (stays in the clinic)", "AFTER (what would leave)"
#: The two rows' colours: warm for what must not leave, cool for what may.
WARM, COOL, TEXT = (240, 168, 92), (110, 190, 240), (214, 219, 226)
OUTLINE = (255, 96, 80)
#: Height of a row's title and of a picture's caption, as shares of a tile.
GAP = 4


def png(picture: np.ndarray) -> bytes:
    """Encode (H, W, 3) uint8 as PNG with nothing in it but the pixels."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG", optimize=False, compress_level=3)
    return buffer.getvalue()


def before_after_sheet(
    before: Mapping[str, np.ndarray],
    after: Mapping[str, np.ndarray],
    views: Sequence[str],
    tile: int = 400,
) -> np.ndarray:
    """Lay the views side by side, before above after.

    Parameters
    ----------
    before, after : mapping
        View name to (H, W, 3) uint8.
    views : sequence of str
        The columns.
    tile : int
        Width of a column in pixels.

    Returns
    -------
    numpy.ndarray
        (H, W, 3) uint8. Labels are of kind and view; nothing of the patient is written.
    """
    rows = [[_fit(pictures[view], tile, tile) for view in views] for pictures in (before, after)]
    return table(rows, [TITLES[view] for view in views], tile, tile)


def slices_sheet(
    before: np.ndarray,
    after: np.ndarray,
    ijk_to_ras: np.ndarray,
    window: tuple[float, float],
    tile: int = 400,
) -> np.ndarray:
    """Show an axial, a coronal and a sagittal slice through the change, before above after.

    The planes are those of the array that lie closest to the patient's, as acquired; the outline
    is of the voxels whose stored value differs.

    Parameters
    ----------
    before, after : numpy.ndarray
        Shape (K, J, I), modality values.
    ijk_to_ras : numpy.ndarray
        4 x 4, mm.
    window : tuple of float
        Values shown as black and as white.
    tile : int
        Width and height of each slice's place, in pixels.

    Returns
    -------
    numpy.ndarray
        (H, W, 3) uint8.
    """
    arrays, spacing = _closest_to_patient([before, after, before != after], ijk_to_ras)
    changed = arrays[2].astype(bool)
    place = _middle(changed)
    rows: list[list[np.ndarray]] = [[], []]
    # Arrays are (superior, anterior, right) upwards now; a slice is shown as radiologists do:
    # the patient's right on the left, anterior up in axial, facing left in sagittal.
    for axis in (0, 1, 2):
        cut = [slice(None)] * 3
        cut[axis] = place[axis]  # type: ignore[call-overload]
        high, wide = [spacing[a] for a in range(3) if a != axis]
        mask = np.take(changed, place[axis], axis=axis)[::-1, ::-1]
        for row, values in zip(rows, arrays[:2], strict=True):
            flat = np.take(values, place[axis], axis=axis)[::-1, ::-1]
            row.append(_slice_picture(flat, mask, high, wide, window, tile))
    return table(
        rows,
        ["axial, R on the left", "coronal, R on the left", "sagittal, front on the left"],
        tile,
        tile,
    )


def grey_window(values: np.ndarray, modality: str) -> tuple[float, float]:
    """Return what a slice shows as black and as white: soft tissue in CT, 1 to 99 % elsewhere."""
    sample = values.ravel()[:: max(1, values.size // 500_000)]
    if modality.upper() == "CT" and np.mean(sample < -600) > 0.02:
        return -400.0, 600.0
    low, high = np.percentile(sample, [1, 99.3])
    return float(low), float(max(high, low + 1))


def _closest_to_patient(
    arrays: Sequence[np.ndarray], ijk_to_ras: np.ndarray
) -> tuple[list[np.ndarray], tuple[float, float, float]]:
    """Permute and flip (K, J, I) arrays to (superior, anterior, right), with the spacing."""
    directions = ijk_to_ras[:3, :3] / np.linalg.norm(ijk_to_ras[:3, :3], axis=0)
    left = [0, 1, 2]
    order, flips = [], []
    for ras in (2, 1, 0):
        best = max(left, key=lambda axis: abs(directions[ras, axis]))
        left.remove(best)
        order.append(2 - best)
        flips.append(-1 if directions[ras, best] < 0 else 1)
    index = tuple(slice(None, None, f) for f in flips)
    lengths = np.linalg.norm(ijk_to_ras[:3, :3], axis=0)
    spacing = tuple(float(lengths[2 - axis]) for axis in order)
    return [a.transpose(order)[index] for a in arrays], (spacing[0], spacing[1], spacing[2])


def _middle(mask: np.ndarray) -> list[int]:
    """The middle of what is true along each axis, or of the volume when nothing is."""
    places = []
    for axis in range(3):
        others = tuple(a for a in range(3) if a != axis)
        along = mask.sum(axis=others)
        if not along.any():
            places.append(mask.shape[axis] // 2)
        else:
            share = np.cumsum(along) / along.sum()
            places.append(int(np.searchsorted(share, 0.5)))
    return places


def _slice_picture(
    flat: np.ndarray,
    mask: np.ndarray,
    high: float,
    wide: float,
    window: tuple[float, float],
    tile: int,
) -> np.ndarray:
    from PIL import Image

    low, top = window
    grey = np.clip((flat.astype(np.float32) - low) / (top - low), 0, 1) * 255
    millimetres = (flat.shape[1] * wide, flat.shape[0] * high)
    scale = tile / max(millimetres)
    size = (max(1, round(millimetres[0] * scale)), max(1, round(millimetres[1] * scale)))
    picture = Image.fromarray(grey.astype(np.uint8)).resize(size, Image.Resampling.BILINEAR)
    region = Image.fromarray(mask.astype(np.uint8) * 255).resize(size, Image.Resampling.NEAREST)
    shown = np.repeat(np.asarray(picture)[:, :, None], 3, axis=2)
    shown = shown.copy()
    shown[border(np.asarray(region) > 0)] = OUTLINE
    return pad(shown, tile, tile)


def border(mask: np.ndarray) -> np.ndarray:
    """The outermost elements of a mask's regions; holes of a speckled change are not outlined."""
    from scipy import ndimage

    solid = ndimage.binary_fill_holes(ndimage.binary_closing(mask, iterations=2) | mask)
    return np.asarray(solid & ~ndimage.binary_erosion(solid))


def _fit(picture: np.ndarray, width: int, height: int) -> np.ndarray:
    from PIL import Image

    if picture.shape[:2] == (height, width):
        return picture
    image = Image.fromarray(picture).resize((width, height), Image.Resampling.LANCZOS)
    return np.asarray(image)


def pad(picture: np.ndarray, width: int, height: int) -> np.ndarray:
    """Centre a picture on the sheet's background."""
    result = np.full((height, width, 3), BACKGROUND, np.uint8)
    top, left = (height - picture.shape[0]) // 2, (width - picture.shape[1]) // 2
    result[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
    return result


def table(
    rows: Sequence[Sequence[np.ndarray]], captions: Sequence[str], width: int, height: int
) -> np.ndarray:
    """Two rows of tiles under their titles, with captions at the foot."""
    from PIL import Image, ImageDraw, ImageFont

    title_height, caption_height = max(24, width // 10), max(22, width // 10)
    columns = len(captions)
    total = (
        columns * width + (columns + 1) * GAP,
        len(rows) * (title_height + height + GAP) + caption_height,
    )
    sheet = Image.new("RGB", total, BACKGROUND)
    pen = ImageDraw.Draw(sheet)
    big: Any = ImageFont.load_default(title_height * 0.58)
    small: Any = ImageFont.load_default(caption_height * 0.58)
    y = 0
    for title, colour, row in zip((BEFORE, AFTER), (WARM, COOL), rows, strict=True):
        pen.rectangle((GAP, y + 5, GAP + 4, y + title_height - 6), fill=colour)
        pen.text((GAP + 14, y + title_height / 2), title, fill=colour, font=big, anchor="lm")
        y += title_height
        for column, picture in enumerate(row):
            sheet.paste(Image.fromarray(picture), (GAP + column * (width + GAP), y))
        y += height + GAP
    for column, caption in enumerate(captions):
        middle = GAP + column * (width + GAP) + width / 2
        pen.text((middle, y + caption_height / 2), caption, fill=TEXT, font=small, anchor="mm")
    return np.asarray(sheet)
