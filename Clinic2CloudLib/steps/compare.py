"""The look at a case beside its original: both as volumes, and what lies between them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .. import paths
from ..cases.case import INSTANCES, Case, load_case
from ..cases.crosswalk import Crosswalk
from ..cases.sitekey import load_key
from ..dicom.model import Volume
from ..dicom.series import find_series
from ..dicom.source import open_source
from ..dicom.volume import read_volumes
from ..errors import Clinic2CloudError, InputError
from ..preview.sheet import grey_window
from ..preview.surface import Transfer, resample, skin_transfer
from ..progress import Progress, part


@dataclass(frozen=True)
class Comparison:
    """A case beside its original.

    Attributes
    ----------
    case : Case
        The case.
    after : Volume or None
        The largest volume of the case; None where it holds single images only.
    before : Volume or None
        The same volume of the source; None where the source is not at hand.
    changed : numpy.ndarray or None
        Shape (K, J, I), bool: the region in which values differ, its holes filled.
    transfer : Transfer or None
        What of the image is skin: the original's where it is at hand.
    window : tuple of float
        Values shown as black and as white in slices.
    missing : str
        Why there is no original, empty otherwise.
    """

    case: Case
    after: Volume | None
    before: Volume | None = None
    changed: np.ndarray | None = None
    transfer: Transfer | None = None
    window: tuple[float, float] = (0.0, 1.0)
    missing: str = ""


def compare(
    folder: Path,
    source: Path | None,
    *,
    key: Path | None = None,
    crosswalk: Path | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """Read a case and its original for the look at both.

    Parameters
    ----------
    folder : Path
        The case folder.
    source : Path or None
        Where the original is; its series is known from the crosswalk.
    key, crosswalk : Path, optional
        The site's secrets; the default ones when left out.
    progress : Progress, optional
        Told how far it is.

    Raises
    ------
    InputError
        When the folder is no case. A source that cannot be read is no error: ``missing`` says why.
    """
    case = load_case(folder)
    after = _largest_volume(folder / INSTANCES, case.series_uid, part(progress, 0.0, 0.4))
    if after is None:
        return Comparison(case, None, missing="the case holds no volume")
    before, missing = None, ""
    try:
        before = _original(case, source, key, crosswalk, part(progress, 0.4, 0.8))
    except Clinic2CloudError as error:
        missing = str(error)
    if before is not None and before.stored.shape != after.stored.shape:
        before, missing = None, "instances of this series were set aside, so volumes differ"
    shown = before or after
    smooth = resample(shown.values(), shown.ijk_to_ras)
    return Comparison(
        case,
        after,
        before,
        None if before is None else solid(before.stored != after.stored),
        skin_transfer(smooth.values, shown.modality),
        grey_window(shown.values(), shown.modality),
        missing,
    )


def solid(changed: np.ndarray) -> np.ndarray:
    """Close the speckle of a change into a region worth outlining, slice by slice."""
    from scipy import ndimage

    if not changed.any():
        return changed
    closed = ndimage.binary_closing(changed, iterations=2) | changed
    return np.stack([np.asarray(ndimage.binary_fill_holes(plane)) for plane in closed])


def _original(
    case: Case,
    source: Path | None,
    key: Path | None,
    crosswalk: Path | None,
    progress: Progress,
) -> Volume | None:
    if source is None:
        raise InputError("the source of this case is not known here")
    path = crosswalk or paths.crosswalk()
    uid = (
        Crosswalk(path, load_key(key, make=False)).lookup(case.series_uid)
        if path.exists()
        else None
    )
    if uid is None:
        raise InputError("the crosswalk does not know this case")
    return _largest_volume(source, uid, progress)


def _largest_volume(source: Path, uid: str, progress: Progress) -> Volume | None:
    with open_source(source, (uid,)) as opened:
        for series in find_series(opened).series:
            if series.uid == uid:
                volumes = read_volumes(series, progress).volumes
                return max(volumes, key=lambda volume: volume.stored.size, default=None)
    raise InputError("the source does not hold the series of this case any more")
