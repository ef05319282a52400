"""The look at single images beside their originals: a stack of pictures fit for a screen.

Radiographs, ultrasound and secondary captures have no volume to turn. Text may be burned into any
of their images, so every image is shown; of a long cine evenly spread frames where memory asks.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..cases.case import Case
from ..preview.pictures import shown_frame
from ..progress import Progress

#: Bytes that before, after and the outline together may take.
LARGEST = 400_000_000
#: Of a cine at least so many frames are shown: the first, the middle, the last.
FEWEST_FRAMES = 3


@dataclass(frozen=True)
class Picture:
    """One picture of the stack.

    Attributes
    ----------
    file : str
        The instance, relative to the case folder.
    frame, frames : int
        Which frame of it (from 0), of how many.
    boxes : tuple
        What was painted over, each as top, left, bottom, right in pixels of the instance.
    """

    file: str
    frame: int
    frames: int
    boxes: tuple[tuple[int, int, int, int], ...] = ()


@dataclass(frozen=True)
class Pictures:
    """Before and after as 8-bit pictures, smaller images centred on the canvas of the largest.

    Attributes
    ----------
    shown : tuple of Picture
        What each picture is.
    after, before : numpy.ndarray
        uint8, shape (N, rows, columns), or (N, rows, columns, 3) where one of them has colour.
    changed : numpy.ndarray
        Bool, shape (N, rows, columns): painted boxes, and whatever else differs.
    missing : int
        How many of the pictures have no original at hand; these are black before.
    undrawn : int
        How many could not be decoded for the screen; these are black.
    left_out : int
        Frames that are not shown.
    step : int
        Only every ``step``-th row and column is shown.
    """

    shown: tuple[Picture, ...]
    after: np.ndarray
    before: np.ndarray
    changed: np.ndarray
    missing: int = 0
    undrawn: int = 0
    left_out: int = 0
    step: int = 1


@dataclass(frozen=True)
class _Size:
    """What an instance's header says of its pictures."""

    file: str
    uid: str
    rows: int
    columns: int
    frames: int
    colour: bool


def compare_pictures(
    case: Case, original: Callable[[str], bytes | None], progress: Progress
) -> Pictures | None:
    """Draw the images of a case and their originals.

    Parameters
    ----------
    case : Case
        The case.
    original : callable
        ``original(sop_instance_uid)`` returns the source file of a new UID, None when it is not at
        hand.
    progress : Progress
        Told how far it is.

    Returns
    -------
    Pictures or None
        None where the case holds no pixels.
    """
    sizes = _sizes(case)
    if not sizes:
        return None
    counts, step = _fitting(sizes)
    rows = max(-(-size.rows // step) for size in sizes)
    columns = max(-(-size.columns // step) for size in sizes)
    shape = (sum(counts), rows, columns, *((3,) if any(s.colour for s in sizes) else ()))
    after, before = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    changed = np.zeros(shape[:3], bool)
    painted = _painted(case)
    shown: list[Picture] = []
    missing = undrawn = 0
    for number, (size, count) in enumerate(zip(sizes, counts, strict=True)):
        progress(number / len(sizes), f"reading image {number + 1} of {len(sizes)}")
        ours = _opened((case.folder / size.file).read_bytes())
        theirs = _opened(original(size.uid))
        boxes = painted.get(size.file, ())
        for frame in _spread(size.frames, count):
            place = len(shown)
            was, is_ = _drawn(theirs, frame), _drawn(ours, frame)
            if was is not None and is_ is not None and was.shape != is_.shape:
                was = None
            missing += was is None
            undrawn += is_ is None
            if is_ is not None:
                window = _window(is_ if was is None else was)
                _put(after[place], is_, window, step)
                if was is not None:
                    _put(before[place], was, window, step)
                    _put(changed[place], _differ(was, is_), None, step)
            _outline(changed[place], boxes, (size.rows, size.columns), step)
            shown.append(Picture(size.file, frame, size.frames, boxes))
    left_out = sum(size.frames for size in sizes) - len(shown)
    return Pictures(tuple(shown), after, before, changed, missing, undrawn, left_out, step)


def _sizes(case: Case) -> list[_Size]:
    """Return the sizes of those instances that hold pixels, in the order of the case."""
    from pydicom import dcmread

    tags = ["Rows", "Columns", "NumberOfFrames", "SamplesPerPixel", "PhotometricInterpretation"]
    found = []
    for item in case.instances:
        header = dcmread(case.path_of(item), stop_before_pixels=True, specific_tags=tags)
        if not header.get("Rows") or not header.get("Columns"):
            continue
        colour = int(header.get("SamplesPerPixel") or 1) > 1
        found.append(
            _Size(
                item.file, item.sop_instance_uid, int(header.Rows), int(header.Columns),
                int(header.get("NumberOfFrames") or 1),
                colour or header.get("PhotometricInterpretation") == "PALETTE COLOR",
            )
        )  # fmt: skip
    return found


def _fitting(sizes: Sequence[_Size]) -> tuple[list[int], int]:
    """Return how many frames of each instance are shown, and at which step, so that all fits."""
    samples = 3 if any(size.colour for size in sizes) else 1
    canvas = max(s.rows for s in sizes) * max(s.columns for s in sizes) * (2 * samples + 1)
    most, step = max(size.frames for size in sizes), 1
    while True:
        counts = [min(size.frames, most) for size in sizes]
        if sum(counts) * canvas // step**2 <= LARGEST:
            return counts, step
        if most > FEWEST_FRAMES:
            most = max(most // 2, FEWEST_FRAMES)
        else:
            step += 1


def _spread(frames: int, count: int) -> list[int]:
    """Return ``count`` of the frames, evenly spread, first and last among them."""
    return [round(float(place)) for place in np.linspace(0, frames - 1, count)]


def _painted(case: Case) -> Mapping[str, tuple[tuple[int, int, int, int], ...]]:
    """Return the painted boxes by file; none are known of a case of an earlier version."""
    places = (case.text or {}).get("places", ())
    return {item["file"]: tuple(tuple(box) for box in item["boxes"]) for item in places}


def _opened(raw: bytes | None) -> Any:
    from pydicom import dcmread

    return dcmread(io.BytesIO(raw), force=True) if raw is not None else None


def _drawn(dataset: Any, index: int) -> np.ndarray | None:
    """Return one frame as a viewer shows it; None where there is none or a codec trips over it."""
    if dataset is None:
        return None
    try:
        return shown_frame(dataset, index)
    except Exception:  # said to the reviewer, who opens the file elsewhere
        return None


def _window(picture: np.ndarray) -> tuple[float, float]:
    """Return the values shown as black and as white: 8-bit colour as it is, the rest stretched."""
    if picture.ndim == 3 and picture.max() <= 255:
        return 0.0, 255.0
    low, high = np.percentile(picture, (0.5, 99.9))
    if high <= low:
        low, high = float(picture.min()), float(picture.max())
    return float(low), float(max(high, low + 1e-6))


def _differ(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    differs = one != other
    return np.asarray(differs.any(axis=-1) if differs.ndim == 3 else differs)


def _put(
    canvas: np.ndarray, picture: np.ndarray, window: tuple[float, float] | None, step: int
) -> None:
    """Draw a picture into the middle of its place in the stack."""
    small = picture[::step, ::step]
    if window is not None:
        low, high = window
        small = (np.clip((small - low) / (high - low), 0.0, 1.0) * 255).astype(np.uint8)
        if canvas.ndim == 3 and small.ndim == 2:
            small = small[..., None]
    top, left = _corner(canvas.shape, small.shape)
    canvas[top : top + small.shape[0], left : left + small.shape[1]] = small


def _outline(
    canvas: np.ndarray,
    boxes: Sequence[tuple[int, int, int, int]],
    shape: Sequence[int],
    step: int,
) -> None:
    """Mark painted boxes as a whole: under the fill, values may be the original's by chance."""
    small = (-(-shape[0] // step), -(-shape[1] // step))
    row, column = _corner(canvas.shape, small)
    for top, left, bottom, right in boxes:
        rows = slice(row + top // step, row + -(-bottom // step))
        canvas[rows, column + left // step : column + -(-right // step)] = True


def _corner(canvas: Sequence[int], picture: Sequence[int]) -> tuple[int, int]:
    return (canvas[0] - picture[0]) // 2, (canvas[1] - picture[1]) // 2
