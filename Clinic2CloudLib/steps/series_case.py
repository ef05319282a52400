"""One series becomes one case folder: read, de-identify, preview, write."""

from __future__ import annotations

import dataclasses
import hashlib
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from .. import atomic
from ..cases.case import (
    APPROVED_STATES,
    CASE_FILE,
    INSTANCES,
    PREVIEW,
    Case,
    CaseInstance,
    check_unchanged,
    facts_text,
    load_case,
    save_case,
    sha256_of,
)
from ..cases.crosswalk import entries_of
from ..cases.report import write_report
from ..dicom.decode import undecodable_reason
from ..dicom.itk import image_on
from ..dicom.model import Instance, Series, SetAside
from ..dicom.pixel_edit import replace_pixels
from ..dicom.profile import HeaderDeidentifier, HeaderResult, PixelsDone
from ..errors import Clinic2CloudError, NotDeidentifiableError, OutputError
from ..preview import write_previews
from ..preview.pictures import Shown, write_pictures
from ..progress import Progress, part, silent
from .faces import FaceOutcome, remove_faces
from .record import Written, case_id_of, case_of, description_of
from .site import Site
from .texts import remove_text


@dataclass
class SeriesOutcome:
    """What became of a series.

    Attributes
    ----------
    case : Case or None
        The case on disk, None when every instance was set aside.
    set_aside : list of SetAside
        What was not passed on.
    seconds : dict
        Time spent in ``read``, ``headers``, ``text``, ``face``, ``write`` and in ``total``.
    """

    case: Case | None
    set_aside: list[SetAside] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)


class _Clock:
    """Adds up the time that each kind of work takes."""

    def __init__(self) -> None:
        self.spent: Counter[str] = Counter()
        self._start = self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.spent[name] += now - self._last  # type: ignore[assignment]
        self._last = now

    def seconds(self) -> dict[str, float]:
        names = ("read", "headers", "text", "face", "write")
        total = time.perf_counter() - self._start
        return {name: round(float(self.spent[name]), 3) for name in names} | {
            "total": round(total, 3)
        }


def deidentify_series(
    series: Series, out: Path, site: Site, progress: Progress | None = None
) -> SeriesOutcome:
    """De-identify one series into ``out``; the case appears whole or not at all.

    Parameters
    ----------
    series : Series
        What was found in the source.
    out : Path
        The folder of cases.
    site : Site
        Policy, key and crosswalk.
    progress : Progress, optional
        Called often; may raise :class:`~Clinic2CloudLib.errors.Cancelled`.

    Raises
    ------
    OutputError
        When the case cannot be written.
    """
    report = progress or silent
    clock = _Clock()
    uid = site.pseudonyms().uid(series.uid)
    try:
        face = remove_faces(series, site.policy.face, site.key, uid, part(report, 0.0, 0.6))
    except NotDeidentifiableError as error:
        aside = [SetAside(item.file.relative, str(error)) for item in series.instances]
        return SeriesOutcome(None, aside, clock.seconds())
    clock.lap("face")
    final = out / case_id_of(uid)
    with atomic.scratch_folder(final) as scratch:
        written = _write_instances(series, face, site, scratch, clock, part(report, 0.6, 0.8))
        if not written.instances:
            return SeriesOutcome(None, written.set_aside, clock.seconds())
        preview = _write_preview(face, written.pictures, scratch, part(report, 0.8, 0.97))
        case = case_of(series, site, face, written, preview, scratch)
        site.crosswalk().add(entries_of(written.results, site.pseudonyms()))
        standing = _standing_case(final, case)
        if standing is None and _is_approved(final):
            reason = "the output holds an approved case of this series with other content"
            aside = [SetAside(item.file.relative, reason) for item in series.instances]
            return SeriesOutcome(None, aside, clock.seconds())
        if standing is None:
            save_case(case)
            write_report(scratch)
            atomic.publish(scratch, final)
        clock.lap("write")
    report(1.0, "written")
    placed = standing or dataclasses.replace(case, folder=final)
    return SeriesOutcome(placed, written.set_aside, clock.seconds())


def _write_instances(
    series: Series,
    face: FaceOutcome,
    site: Site,
    folder: Path,
    clock: _Clock,
    progress: Progress,
) -> Written:
    """De-identify and write every instance, setting aside what cannot be."""
    engine = site.header_deidentifier()
    written = Written()
    (folder / INSTANCES).mkdir()
    order = _spatial_order(series, face, site)
    for number, index in enumerate(order):
        progress(number / len(order), f"de-identifying {number + 1} of {len(order)}")
        item = series.instances[index]
        try:
            data, result = _one_instance(item, index, face, site, engine, written, clock)
        except NotDeidentifiableError as error:
            written.set_aside.append(SetAside(item.file.relative, str(error)))
            continue
        except Clinic2CloudError:
            raise
        except Exception as error:  # one image that trips a codec does not take its series along
            reason = f"an unexpected {type(error).__name__} while it was de-identified"
            written.set_aside.append(SetAside(item.file.relative, reason))
            continue
        name = written.next_file()
        (folder / name).write_bytes(data)
        digest = hashlib.sha256(data).hexdigest()
        written.instances.append(
            CaseInstance(
                name,
                result.sop_instance_uid,
                result.sop_class_uid,
                digest,
                len(data),
                item.frames,
            )
        )
        if not written.results:
            written.description = description_of(data)
        # The audit travels on; the bytes are on disk, and a long series would fill the memory.
        written.results.append(dataclasses.replace(result, data=b""))
        clock.lap("write")
    return written


def _one_instance(
    item: Instance,
    index: int,
    face: FaceOutcome,
    site: Site,
    engine: HeaderDeidentifier,
    written: Written,
    clock: _Clock,
) -> tuple[bytes, HeaderResult]:
    """Return one instance's new bytes: pixels first, so that the header can tell what was done."""
    if index in face.set_aside:
        raise NotDeidentifiableError(face.set_aside[index])
    before = raw = item.file.read()
    if item.rows and (reason := undecodable_reason(raw)):
        raise NotDeidentifiableError(reason)
    clock.lap("read")
    text = remove_text(item, raw, site.policy.text)
    clock.lap("text")
    raw = text.raw
    if index in face.edits:
        raw = replace_pixels(raw, face.edits[index])
        clock.lap("face")
    done = PixelsDone(
        text_cleaned=bool(text.boxes),
        text_checked=text.checked,
        face_removed=face.face_removed,
    )
    result = engine.deidentify(raw, done)
    clock.lap("headers")
    if not face.previews and item.rows:
        written.show(Shown(before, result.data, len(text.boxes)))
    written.paint(text.boxes)
    if text.reason:
        written.text_reasons.add(text.reason)
        written.unchecked_text |= not text.checked
    return result.data, result


def _spatial_order(series: Series, face: FaceOutcome, site: Site) -> list[int]:
    """Return the instances' indices slice by slice, so that files sort as the anatomy does.

    The order depends on the images alone, never on the source's file names: the same input gives
    the same case whatever order it is read in.
    """
    place: dict[int, tuple[int, int]] = {}
    for number, (volume, _, _) in enumerate(face.previews):
        for k, source in enumerate(volume.slices):
            place.setdefault(source.instance, (number, k))
    uid = site.pseudonyms().uid
    last = (len(face.previews), 0)
    return sorted(
        range(len(series.instances)),
        key=lambda i: (place.get(i, last), uid(series.instances[i].sop_instance_uid)),
    )


def _write_preview(
    face: FaceOutcome, pictures: list[Shown], folder: Path, progress: Progress
) -> dict[str, Any] | None:
    """Render before and after; a series without a volume has pictures of its images."""
    if not face.previews:
        sheet = write_pictures(pictures, folder / PREVIEW)
        if sheet is None:
            return None
        name = f"{PREVIEW}/{sheet.name}"
        return {"views": [], "sheet": name, "face_masks": [], "sha256": {name: sha256_of(sheet)}}
    volume, after, _ = face.previews[0]
    made = write_previews(volume, after, folder / PREVIEW, progress=progress)
    masks = _write_masks(face, folder)
    files = sorted((folder / PREVIEW).iterdir())
    return {
        "views": [
            {
                "view": pair.view,
                "before": f"{PREVIEW}/{pair.before.name}",
                "after": f"{PREVIEW}/{pair.after.name}",
            }
            for pair in made.views
        ],
        "sheet": f"{PREVIEW}/{made.sheet.name}",
        "slices": f"{PREVIEW}/{made.slices.name}",
        "face_masks": masks,
        "sha256": {f"{PREVIEW}/{path.name}": sha256_of(path) for path in files},
    }


def _write_masks(face: FaceOutcome, folder: Path) -> list[str]:
    """Write which voxels the face step was free to change, so that anybody can check the rest."""
    import SimpleITK as sitk

    names: list[str] = []
    for volume, _, mask in face.previews:
        if mask.any():
            name = f"{PREVIEW}/face_mask_{len(names) + 1}.nrrd"
            image = image_on(volume, mask.astype(np.uint8))
            try:
                sitk.WriteImage(image, str(folder / name), useCompression=True)
            except RuntimeError:  # a full disk is no fault of the series
                raise OutputError(
                    f"cannot write {Path(name).name}: No space left, or no permission"
                ) from None
            names.append(name)
    return names


def _is_approved(final: Path) -> bool:
    """Tell whether a case stands there that a person approved: it is not replaced unasked."""
    try:
        return load_case(final).state in APPROVED_STATES
    except Clinic2CloudError:
        return False


def _standing_case(final: Path, fresh: Case) -> Case | None:
    """Return the case that stands there already if it says the same, with its review and state."""
    if not (final / CASE_FILE).is_file():
        return None
    try:
        standing = load_case(final)
        check_unchanged(standing)
    except Clinic2CloudError:
        return None
    return standing if facts_text(standing) == facts_text(fresh) else None
