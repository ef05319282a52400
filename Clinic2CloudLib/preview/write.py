"""The preview of a case: pictures before and after, written into its folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .. import atomic
from ..dicom.model import Volume
from ..errors import InputError, OutputError
from ..progress import Progress, part
from .render import render_pair
from .sheet import before_after_sheet, grey_window, png, slices_sheet
from .views import SHEET_VIEWS

#: A thinner stack has no surface to speak of: it is shown in slices alone.
FEWEST_SLICES = 4


@dataclass(frozen=True)
class ViewPair:
    """One view's two pictures."""

    view: str
    before: Path
    after: Path


@dataclass(frozen=True)
class Previews:
    """What :func:`write_previews` wrote.

    Attributes
    ----------
    views : tuple of ViewPair
        The single pictures; none for a stack too thin for a surface.
    sheet : Path
        All views, before above after; of a thin stack the slices.
    slices : Path
        Three slices through the change, its outline in red.
    """

    views: tuple[ViewPair, ...]
    sheet: Path
    slices: Path

    def record(self) -> dict[str, Any]:
        """Return what ``case.json`` says, paths relative to the case folder."""

        def relative(path: Path) -> str:
            return f"{path.parent.name}/{path.name}"

        pairs = [
            {"view": v.view, "before": relative(v.before), "after": relative(v.after)}
            for v in self.views
        ]
        return {"views": pairs, "sheet": relative(self.sheet), "slices": relative(self.slices)}


def write_previews(
    before: Volume,
    after_stored: np.ndarray,
    folder: Path,
    size: int = 512,
    views: Sequence[str] = SHEET_VIEWS,
    progress: Progress | None = None,
) -> Previews:
    """Write ``before_<view>.png``, ``after_<view>.png``, ``before_after.png`` and ``slices.png``.

    Parameters
    ----------
    before : Volume
        The original; its affine, modality LUT and skin level serve both.
    after_stored : numpy.ndarray
        Stored values of the de-identified volume, shape (K, J, I) of ``before``.
    folder : Path
        Made if missing.
    size : int
        Width and height of a single picture.
    views : sequence of str
        Which views.
    progress : Progress, optional
        Told how far it is.

    Returns
    -------
    Previews
        The paths.

    Raises
    ------
    InputError
        When the two do not have one shape, or cannot be shown in 3D.
    OutputError
        When the folder cannot be written.
    """
    if after_stored.shape != before.stored.shape:
        raise InputError("the images before and after do not have the same size")
    report = part(progress, 0.0, 1.0)
    report(0.0, "rendering before and after")
    original = before.values()
    after = Volume(after_stored, before.ijk_to_lps, before.slices, before.modality).values()
    affine = before.ijk_to_ras
    if len(before.stored) < FEWEST_SLICES:
        views = ()
    pictures = render_pair(original, after, affine, before.modality, views, size) if views else None
    report(0.8, "writing the pictures")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make {folder.name}: {error.strerror or error}") from error
    tile = min(size, 400)
    sheet, slices = folder / "before_after.png", folder / "slices.png"
    window = grey_window(original, before.modality)
    cuts = slices_sheet(original, after, affine, window, tile)
    atomic.write_bytes(slices, png(cuts))
    pairs = []
    if pictures:
        for view in views:
            pair = ViewPair(view, folder / f"before_{view}.png", folder / f"after_{view}.png")
            atomic.write_bytes(pair.before, png(pictures[0][view]))
            atomic.write_bytes(pair.after, png(pictures[1][view]))
            pairs.append(pair)
        cuts = before_after_sheet(*pictures, views, tile)
    atomic.write_bytes(sheet, png(cuts))
    report(1.0, "the preview is written")
    return Previews(tuple(pairs), sheet, slices)
