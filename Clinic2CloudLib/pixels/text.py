"""Burned-in annotation: find it in the pixels, and paint it over without touching the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from ..dicom.pixel_edit import FrameEdit
from ..errors import NotDeidentifiableError

#: The long side is shrunk to this before detection; words of large radiographs are still found.
LONG_SIDE = 1280

#: What counts as text: this many letters or digits, on a line at most this high (share of the
#: long side). Both were measured: without them anatomy is boxed.
FEWEST_CHARACTERS = 2
TALLEST_LINE = 0.12

#: Boxes grow by this many pixels, plus a share of the line's height: anti-aliased rims name too.
MARGIN_PIXELS = 2
MARGIN_SHARE = 0.25

#: A cine is looked at through its maximum and median and this many of its frames.
SAMPLED_FRAMES = 6


@dataclass(frozen=True)
class TextBox:
    """A half-open rectangle: rows ``top`` to ``bottom``, columns ``left`` to ``right``."""

    top: int
    left: int
    bottom: int
    right: int


def find_text(frames: np.ndarray, photometric: str) -> list[TextBox]:
    """Find burned-in text in an instance.

    Parameters
    ----------
    frames : numpy.ndarray
        Stored values, shape (frames, rows, columns) or (frames, rows, columns, samples).
    photometric : str
        Photometric Interpretation of those values.

    Returns
    -------
    list of TextBox
        Lines of text; a box holds for every frame.

    Raises
    ------
    NotDeidentifiableError
        When no text engine is installed.
    """
    engine = _engine()
    boxes: list[TextBox] = []
    for picture in _pictures(frames, photometric):
        for view in (picture, 255 - picture):
            boxes += [box for box in _lines(engine, view) if not _inside(box, boxes)]
    return boxes


def redact(frames: np.ndarray, boxes: Sequence[TextBox]) -> dict[int, FrameEdit]:
    """Paint boxes over in every frame, each with the median of the pixels around it.

    Parameters
    ----------
    frames : numpy.ndarray
        Stored values, shape (frames, rows, columns) or (frames, rows, columns, samples).
    boxes : sequence of TextBox
        What to paint over.

    Returns
    -------
    dict
        A :class:`FrameEdit` for each frame, empty when there is no box.
    """
    if not boxes:
        return {}
    mask = np.zeros(frames.shape[1:3], bool)
    for box in boxes:
        mask[box.top : box.bottom, box.left : box.right] = True
    edits = {}
    for number, frame in enumerate(frames):
        painted = frame.copy()
        for box in boxes:
            inner = (slice(box.top, box.bottom), slice(box.left, box.right))
            outer = (
                slice(max(box.top - 3, 0), box.bottom + 3),
                slice(max(box.left - 3, 0), box.right + 3),
            )
            rim = frame[outer][~mask[outer]]
            fill = np.median(rim, axis=0) if len(rim) else np.zeros(frame.shape[2:])
            painted[inner] = fill.astype(frame.dtype)
        edits[number] = FrameEdit(mask, painted)
    return edits


@lru_cache(maxsize=1)
def _engine() -> Any:
    """Return the text engine; its models come with its package, nothing is downloaded."""
    try:
        from rapidocr_onnxruntime import RapidOCR
    except ImportError:
        raise NotDeidentifiableError(
            "burned-in annotation cannot be excluded: the text engine is not installed "
            "(package rapidocr-onnxruntime)"
        ) from None
    return RapidOCR()


def _pictures(frames: np.ndarray, photometric: str) -> list[np.ndarray]:
    """Return 8-bit gray pictures, shape (rows, columns), that together show all text there is."""
    gray = [_gray(frame, photometric) for frame in _telling(frames)]
    return [_eight_bit(picture) for picture in gray]


def _telling(frames: np.ndarray) -> list[np.ndarray]:
    """Return the frames to read: all of a few, else projections and samples."""
    if len(frames) <= 2:
        return list(frames)
    step = max(len(frames) // SAMPLED_FRAMES, 1)
    chosen = [frames[i] for i in range(0, len(frames), step)]
    sampled = frames[:: max(len(frames) // 32, 1)]
    return [frames.max(axis=0), np.median(sampled, axis=0), *chosen]


def _gray(frame: np.ndarray, photometric: str) -> np.ndarray:
    """Return a frame's brightness as float32."""
    if frame.ndim == 2:
        return frame.astype(np.float32)
    if photometric.startswith("YBR"):
        return frame[..., 0].astype(np.float32)
    return frame.astype(np.float32).max(axis=-1)


def _eight_bit(picture: np.ndarray) -> np.ndarray:
    """Return a picture scaled to 0..255, outliers clipped."""
    low, high = np.percentile(picture, (0.5, 99.9))
    if high <= low:
        low, high = float(picture.min()), float(picture.max())
    scaled = (picture - low) / max(float(high - low), 1e-6)
    return (np.clip(scaled, 0, 1) * 255).astype(np.uint8)


def _lines(engine: Any, picture: np.ndarray) -> list[TextBox]:
    """Return the lines of text the engine reads in one 8-bit picture."""
    from PIL import Image

    rows, columns = picture.shape
    scale = min(LONG_SIDE / max(rows, columns), 1.0)
    if scale < 1.0:
        size = (max(round(columns * scale), 1), max(round(rows * scale), 1))
        picture = np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS))
    found, _ = engine(np.repeat(picture[..., None], 3, axis=-1), use_cls=False)
    boxes = []
    for corners, text, _score in found or ():
        points = np.asarray(corners, float) / scale
        height = np.ptp(points[:, 1])
        if sum(c.isalnum() for c in text) < FEWEST_CHARACTERS:
            continue
        if height > TALLEST_LINE * max(rows, columns):
            continue
        margin = MARGIN_PIXELS + MARGIN_SHARE * height
        top, left = points.min(axis=0)[::-1] - margin
        bottom, right = points.max(axis=0)[::-1] + margin + 1
        boxes.append(
            TextBox(
                max(int(top), 0),
                max(int(left), 0),
                min(int(np.ceil(bottom)), rows),
                min(int(np.ceil(right)), columns),
            )
        )
    return boxes


def _inside(box: TextBox, boxes: Sequence[TextBox]) -> bool:
    """Tell whether a box lies within one that is there already."""
    return any(
        other.top <= box.top
        and other.left <= box.left
        and other.bottom >= box.bottom
        and other.right >= box.right
        for other in boxes
    )
