"""The render step: 3D views of what is there, as PNG files."""

from __future__ import annotations

from pathlib import Path

from .. import atomic
from ..cases.case import CASE_FILE, load_case
from ..dicom.series import find_series
from ..dicom.source import open_source
from ..dicom.volume import read_volumes
from ..errors import InputError, OutputError
from ..preview import render_views
from ..preview.sheet import png
from ..progress import Progress, part, silent


def render(
    source: Path, out: Path, size: int = 512, progress: Progress | None = None
) -> list[Path]:
    """Render every volume of a case or source.

    Parameters
    ----------
    source : Path
        A case folder, or anything :func:`~Clinic2CloudLib.dicom.source.open_source` takes.
    out : Path
        The folder for the pictures; a case's are named ``before_*`` and ``after_*``.
    size : int
        Width and height of a view in pixels.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    InputError
        When there is no volume to render.
    OutputError
        When the folder cannot be written.
    """
    report = progress or silent
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot write {out.name}: {error.strerror}") from None
    if (source / CASE_FILE).is_file():
        return _copy_case_views(source, out)
    written = []
    with open_source(source) as opened:
        listing = find_series(opened, part(report, 0.0, 0.2))
        for number, series in enumerate(listing.series, 1):
            report(0.2 + 0.8 * number / len(listing.series), f"rendering series {number}")
            for stack, volume in enumerate(read_volumes(series).volumes, 1):
                if len(volume.slices) < 3:
                    continue
                views = render_views(volume.values(), volume.ijk_to_ras, volume.modality, size=size)
                for name, picture in views.items():
                    path = out / f"series{number}_stack{stack}_{name}.png"
                    atomic.write_bytes(path, png(picture))
                    written.append(path)
    if not written:
        raise InputError(f"{source.name} holds no volume that could be rendered")
    return written


def _copy_case_views(folder: Path, out: Path) -> list[Path]:
    """Copy the pair of views that were rendered while the original was at hand."""
    case = load_case(folder)
    if not case.preview:
        raise InputError(f"{case.id} holds no volume, so there are no 3D views of it")
    written = []
    for name in sorted(case.preview["sha256"]):
        path = folder / name
        if path.is_file():
            target = out / path.name
            atomic.write_bytes(target, path.read_bytes())
            written.append(target)
    return written
