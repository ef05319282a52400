"""The burned-in annotation step of one instance: judge, read, paint over, look again."""

from __future__ import annotations

import io
from dataclasses import dataclass, field

import numpy as np

from ..dicom.decode import DecodedPixels, decode_pixels
from ..dicom.model import Instance
from ..dicom.pixel_edit import FrameEdit, replace_pixels
from ..errors import NotDeidentifiableError
from ..pixels.risk import slide_label_risk, text_risk
from ..pixels.text import TextBox, find_text, redact


@dataclass
class TextOutcome:
    """What the text step did to an instance: its bytes, and the boxes painted over."""

    raw: bytes
    boxes: list[TextBox] = field(default_factory=list)
    checked: bool = False
    reason: str | None = None


def remove_text(instance: Instance, raw: bytes, method: str) -> TextOutcome:
    """Take burned-in annotation out of an instance that may have some.

    Parameters
    ----------
    instance : Instance
        What the index knows of it.
    raw : bytes
        The whole Part 10 file.
    method : str
        ``auto`` or ``off``.

    Returns
    -------
    TextOutcome
        The file, changed only where text was.

    Raises
    ------
    NotDeidentifiableError
        When the pixels cannot be decoded, no text engine is there, text is still read after it was
        painted over, or it is the label of a slide.
    """
    if label := slide_label_risk(instance):
        raise NotDeidentifiableError(label)
    reason = text_risk(instance)
    if reason is None or method == "off":
        return TextOutcome(raw, reason=reason)
    pixels = decode_pixels(raw)
    boxes = find_text(_as_shown(raw, pixels), pixels.photometric)
    if not boxes:
        return TextOutcome(raw, checked=True, reason=reason)
    edits = redact(pixels.stored, boxes)
    painted = replace_pixels(raw, edits)
    _look_again(painted, pixels.stored, edits, boxes)
    return TextOutcome(painted, boxes, True, reason)


def _as_shown(raw: bytes, pixels: DecodedPixels) -> np.ndarray:
    """Return what a viewer would show: palette indices say nothing of brightness."""
    if pixels.photometric != "PALETTE COLOR":
        return pixels.stored
    import pydicom
    from pydicom.pixels import apply_color_lut

    header = pydicom.dcmread(io.BytesIO(raw), stop_before_pixels=True, force=True)
    try:
        return apply_color_lut(pixels.stored, header)
    except (AttributeError, ValueError, KeyError):
        raise NotDeidentifiableError(
            "burned-in annotation cannot be excluded: its colour palette cannot be read"
        ) from None


def _look_again(
    painted: bytes,
    frames: np.ndarray,
    edits: dict[int, FrameEdit],
    boxes: list[TextBox],
) -> None:
    """Raise unless the painted file holds what was asked for, and no text where it was."""
    after = decode_pixels(painted)
    for number, edit in edits.items():
        found = after.stored[number]
        if not np.array_equal(found[edit.mask], edit.stored[edit.mask]):
            raise NotDeidentifiableError("burned-in annotation was found but not painted over")
        if not np.array_equal(found[~edit.mask], frames[number][~edit.mask]):
            raise NotDeidentifiableError("painting over burned-in annotation changed other pixels")
    left = find_text(_as_shown(painted, after), after.photometric)
    if any(_overlap(one, other) > 0.5 for one in left for other in boxes):
        raise NotDeidentifiableError("burned-in annotation is still readable after painting over")


def _overlap(one: TextBox, other: TextBox) -> float:
    """Return which share of ``one`` lies in ``other``."""
    rows = min(one.bottom, other.bottom) - max(one.top, other.top)
    columns = min(one.right, other.right) - max(one.left, other.left)
    area = (one.bottom - one.top) * (one.right - one.left)
    return max(rows, 0) * max(columns, 0) / area if area else 0.0
