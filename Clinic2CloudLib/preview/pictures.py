"""The preview of single images: radiographs, ultrasound, secondary captures, before above after."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .. import atomic
from ..errors import OutputError
from .sheet import OUTLINE, border, pad, png, table

#: More pictures than this on one sheet show nothing any more.
MOST_PICTURES = 6
TILE = 400


@dataclass(frozen=True)
class Shown:
    """One image before and after, as DICOM files in memory, and how many boxes were painted."""

    before: bytes
    after: bytes
    boxes: int


def write_pictures(shown: Sequence[Shown], folder: Path) -> Path | None:
    """Write ``before_after.png``: up to six images, what changed outlined in red.

    Parameters
    ----------
    shown : sequence of Shown
        In the order of the case; those with painted boxes are preferred, then evenly spread ones.
    folder : Path
        Made if missing.

    Returns
    -------
    Path or None
        None where no image could be drawn.

    Raises
    ------
    OutputError
        When the folder cannot be written.
    """
    pairs = [(number, pair) for number in chosen(shown) if (pair := drawn(shown[number]))]
    if not pairs:
        return None
    captions = [f"image {number + 1} of {len(shown)}" for number, _ in pairs]
    rows = [[pair[side] for _, pair in pairs] for side in (0, 1)]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make {folder.name}: {error.strerror or error}") from error
    path = folder / "before_after.png"
    atomic.write_bytes(path, png(table(rows, captions, TILE, TILE)))
    return path


def chosen(shown: Sequence[Shown]) -> list[int]:
    """Return which images the sheet shows, in order."""
    painted = [number for number, item in enumerate(shown) if item.boxes]
    picked = painted[:MOST_PICTURES]
    rest = [number for number in range(len(shown)) if number not in picked]
    free = min(MOST_PICTURES - len(picked), len(rest))
    if free > 0:
        picked += [rest[round(step)] for step in np.linspace(0, len(rest) - 1, free)]
    return sorted(set(picked))


def drawn(item: Shown) -> tuple[np.ndarray, np.ndarray] | None:
    """Draw an image's first frame before and after; None where it cannot be decoded."""
    from pydicom import dcmread

    try:
        before, after = (_picture(dcmread(io.BytesIO(raw))) for raw in (item.before, item.after))
    except Exception:
        # The sheet is an aid: an image that trips a codec is seen in the file, not here.
        return None
    if before.shape != after.shape:
        return None
    low, high = np.percentile(before, [0.5, 99.5])
    tiles = []
    changed = _scaled((np.any(before != after, axis=-1) * 255).astype(np.uint8)) > 127
    for picture in (before, after):
        grey = np.clip((picture - low) / max(high - low, 1e-6), 0.0, 1.0)
        tile = _scaled((grey * 255).astype(np.uint8)).copy()
        if changed.any():
            tile[border(changed)] = OUTLINE
        tiles.append(pad(tile, TILE, TILE))
    return tiles[0], tiles[1]


def shown_frame(dataset: object, index: int) -> np.ndarray:
    """Return a frame as a viewer would show it.

    Parameters
    ----------
    dataset : pydicom.Dataset
        With its pixel data.
    index : int
        Which frame, from 0.

    Returns
    -------
    numpy.ndarray
        float32, shape (rows, columns), or (rows, columns, 3) in red, green and blue; bright is
        bright also where MONOCHROME1 stores it as dark.
    """
    from pydicom import Dataset
    from pydicom.pixels import apply_color_lut, pixel_array

    assert isinstance(dataset, Dataset)
    frame = pixel_array(dataset, index=index)
    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        frame = apply_color_lut(frame, dataset)[..., :3]
    frame = frame.astype(np.float32)
    if dataset.PhotometricInterpretation == "MONOCHROME1":
        frame = (1 << int(dataset.BitsStored)) - 1 - frame
    return frame


def _picture(dataset: object) -> np.ndarray:
    """Return the first frame as red, green and blue, float32, shape (rows, columns, 3)."""
    frame = shown_frame(dataset, 0)
    return frame if frame.ndim == 3 else np.repeat(frame[..., None], 3, axis=-1)


def _scaled(picture: np.ndarray) -> np.ndarray:
    """Fit a picture into a tile."""
    from PIL import Image

    scale = TILE / max(picture.shape[:2])
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BILINEAR))
