"""The look at a case beside its original, as volumes or as pictures, and what lies between them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .. import paths
from ..cases.case import INSTANCES, Case, load_case
from ..cases.crosswalk import UID, Crosswalk
from ..cases.sitekey import load_key
from ..dicom.model import Volume
from ..dicom.series import find_series
from ..dicom.source import open_source
from ..dicom.volume import read_volumes
from ..errors import Cancelled, Clinic2CloudError, InputError
from ..preview.sheet import grey_window
from ..preview.surface import Transfer, resample, skin_transfer
from ..preview.write import FEWEST_SLICES
from ..progress import Progress, part, silent
from .compare_pictures import Pictures, compare_pictures


@dataclass(frozen=True)
class Comparison:
    """A case beside its original.

    Attributes
    ----------
    case : Case
        The case.
    after : Volume or None
        A volume of the case; None where it is to be looked at as pictures.
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
    pictures : Pictures or None
        The images, where there is no volume to turn or where text was painted over in them.
    number, volumes : int
        Which volume this is, from 0, the largest first; and how many the case has.
    """

    case: Case
    after: Volume | None
    before: Volume | None = None
    changed: np.ndarray | None = None
    transfer: Transfer | None = None
    window: tuple[float, float] = (0.0, 1.0)
    missing: str = ""
    pictures: Pictures | None = None
    number: int = 0
    volumes: int = 0


@dataclass(frozen=True)
class _Read:
    """A volume, and the images it is made of: SOP Instance UID and frame."""

    volume: Volume
    images: frozenset[tuple[str, int]]


def compare(
    folder: Path,
    source: Path | None,
    *,
    number: int = 0,
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
    number : int
        Which of the case's volumes, from 0, the largest first; echoes and time points are volumes
        of their own.
    key, crosswalk : Path, optional
        The site's secrets; the default ones when left out.
    progress : Progress, optional
        Told how far it is.

    Raises
    ------
    InputError
        When the folder is no case or has no such volume. A source that cannot be read is no
        error: ``missing`` says why.
    """
    case = load_case(folder)
    read = _volumes(folder / INSTANCES, case.series_uid, part(progress, 0.0, 0.4))
    painted = case.face is None and bool((case.text or {}).get("boxes"))
    if not read or len(read[0].volume.stored) < FEWEST_SLICES or painted:
        return _as_pictures(case, source, key, crosswalk, progress or silent)
    if not 0 <= number < len(read):
        raise InputError(f"this case has {len(read)} volumes")
    after = read[number].volume
    before, missing = None, ""
    try:
        before = _original(case, read[number], source, key, crosswalk, part(progress, 0.4, 0.8))
    except Cancelled:
        raise
    except Clinic2CloudError as error:
        missing = str(error)
    if not missing and (before is None or before.stored.shape != after.stored.shape):
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
        number=number,
        volumes=len(read),
    )


def solid(changed: np.ndarray) -> np.ndarray:
    """Close the speckle of a change into a region worth outlining, slice by slice."""
    from scipy import ndimage

    if not changed.any():
        return changed
    closed = ndimage.binary_closing(changed, iterations=2) | changed
    return np.stack([np.asarray(ndimage.binary_fill_holes(plane)) for plane in closed])


def _as_pictures(
    case: Case, source: Path | None, key: Path | None, crosswalk: Path | None, progress: Progress
) -> Comparison:
    """Read the images of a case and, where they are at hand, their originals."""
    try:
        originals = _originals_of(case, key, crosswalk)
        if source is None:
            raise InputError("the source of this case is not known here")
        with open_source(source, (originals[case.series_uid],)) as opened:
            files = {
                item.sop_instance_uid: item.file
                for series in find_series(opened).series
                for item in series.instances
            }

            def original(uid: str) -> bytes | None:
                file = files.get(originals.get(uid, ""))
                return file.read() if file is not None else None

            pictures = compare_pictures(case, original, progress)
            missing = ""
    except Cancelled:
        raise
    except Clinic2CloudError as error:
        missing = str(error)
        pictures = compare_pictures(case, lambda _uid: None, progress)
    if pictures is not None and pictures.missing == len(pictures.shown):
        missing = missing or "the source does not hold the images of this case any more"
    return Comparison(case, None, missing=missing, pictures=pictures)


def _original(
    case: Case,
    after: _Read,
    source: Path | None,
    key: Path | None,
    crosswalk: Path | None,
    progress: Progress,
) -> Volume | None:
    """Return the volume whose images became those of ``after``: of echoes each is as large."""
    if source is None:
        raise InputError("the source of this case is not known here")
    known = _originals_of(case, key, crosswalk)
    images = {(known.get(uid, ""), frame) for uid, frame in after.images}
    read = _volumes(source, known[case.series_uid], progress)
    return next((item.volume for item in read if item.images == images), None)


def _originals_of(case: Case, key: Path | None, crosswalk: Path | None) -> dict[str, str]:
    """Return the original UIDs of a case by its new ones; its series is always among them."""
    path = crosswalk or paths.crosswalk()
    known = {}
    if path.exists():
        entries = Crosswalk(path, load_key(key, make=False)).entries(case.series_uid)
        known = {entry.new: entry.original for entry in entries if entry.kind == UID}
    if case.series_uid not in known:
        raise InputError("the crosswalk does not know this case")
    return known


def _volumes(source: Path, uid: str, progress: Progress) -> list[_Read]:
    """Read the volumes of a series, the largest first."""
    with open_source(source, (uid,)) as opened:
        for series in find_series(opened).series:
            if series.uid == uid:
                read = []
                for volume in read_volumes(series, progress).volumes:
                    places = ((series.instances[s.instance], s.frame) for s in volume.slices)
                    images = frozenset((item.sop_instance_uid, frame) for item, frame in places)
                    read.append(_Read(volume, images))
                # Of the same size in the order of their images, so that a number stays a number.
                return sorted(read, key=lambda r: (-r.volume.stored.size, min(r.images)))
    raise InputError("the source does not hold the series of this case any more")
