"""Which series a source holds."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ..errors import NotDeidentifiableError
from ..progress import Progress, silent
from .index import IndexedFile, index_file
from .model import Series, SetAside, SourceFile
from .source import Source

_BATCH = 64


@dataclass(frozen=True)
class SeriesListing:
    """The series of a source, and the files that are in none, each with its reason.

    Every file of the source is in exactly one of the two.
    """

    series: tuple[Series, ...]
    set_aside: tuple[SetAside, ...]


def find_series(source: Source, progress: Progress | None = None) -> SeriesListing:
    """Read every file's header and group the images by Series Instance UID.

    Parameters
    ----------
    source : Source
        What :func:`~Clinic2CloudLib.dicom.source.open_source` opened.
    progress : Progress, optional
        Told how far it is; may raise ``Cancelled``.

    Returns
    -------
    SeriesListing
        Series in the order in which the source first names them, instances in its order.

    Raises
    ------
    InputError
        When the source is unreadable.
    """
    report = progress or silent
    files = list(source.files())
    aside = list(source.set_aside)
    indexed: list[IndexedFile] = []
    for done, (file, result) in enumerate(_index_all(files), start=1):
        if isinstance(result, str):
            aside.append(SetAside(file.relative, result))
        else:
            indexed.append(result)
        if done % _BATCH == 0 or done == len(files):
            report(done / len(files), f"{done} of {len(files)} files read")
    series = _group(indexed, aside)
    return SeriesListing(tuple(series), tuple(aside))


def _index_all(files: Sequence[SourceFile]) -> Iterator[tuple[SourceFile, IndexedFile | str]]:
    """Index files in batches on a few threads, so that a slow drive is waited for only once."""

    def attempt(batch: Sequence[SourceFile]) -> list[IndexedFile | str]:
        results: list[IndexedFile | str] = []
        for file in batch:
            try:
                results.append(index_file(file))
            except NotDeidentifiableError as error:
                results.append(str(error))
        return results

    batches = [files[start : start + _BATCH] for start in range(0, len(files), _BATCH)]
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        try:
            for batch, results in zip(batches, pool.map(attempt, batches), strict=True):
                yield from zip(batch, results, strict=True)
        finally:
            pool.shutdown(cancel_futures=True)


def _group(indexed: Iterable[IndexedFile], aside: list[SetAside]) -> list[Series]:
    """Group by Series Instance UID; what contradicts the rest is set aside.

    Which files stay depends on what they hold, never on their names or order.
    """
    by_uid: dict[str, list[IndexedFile]] = {}
    for entry in indexed:
        by_uid.setdefault(entry.instance.sop_instance_uid, []).append(entry)
    groups: dict[str, list[IndexedFile]] = {}
    for uid in sorted(by_uid):
        for entry in _one_of(by_uid[uid], aside):
            groups.setdefault(entry.instance.series_uid, []).append(entry)
    return [_series(_of_one_patient(group, aside)) for group in groups.values()]


def _one_of(alike: list[IndexedFile], aside: list[SetAside]) -> list[IndexedFile]:
    """Return the one file that stands for a SOP Instance UID: that of the smallest digest."""
    if len(alike) == 1:
        return alike
    digests: list[tuple[bytes, IndexedFile]] = []
    for entry in alike:
        try:
            digests.append((hashlib.sha256(entry.instance.file.read()).digest(), entry))
        except NotDeidentifiableError as error:
            aside.append(SetAside(entry.instance.file.relative, str(error)))
    digests.sort(key=lambda pair: pair[0])  # files of the same content keep the source's order
    for digest, entry in digests[1:]:
        same = digest == digests[0][0]
        reason = "another file has the same SOP Instance UID but other content"
        reason = "a second copy of another file" if same else reason
        aside.append(SetAside(entry.instance.file.relative, reason))
    return [entry for _, entry in digests[:1]]


def _of_one_patient(group: list[IndexedFile], aside: list[SetAside]) -> list[IndexedFile]:
    """Return the files of the study and patient that most of a series belongs to."""
    owners = Counter(_owner(entry) for entry in group)
    most = min(owners, key=lambda owner: (-owners[owner], owner))
    for entry in group:
        if _owner(entry) != most:
            reason = "its series belongs to another study or patient"
            aside.append(SetAside(entry.instance.file.relative, reason))
    return [entry for entry in group if _owner(entry) == most]


def _owner(entry: IndexedFile) -> tuple[str, str]:
    return (entry.instance.study_uid, entry.instance.patient_id)


def _series(group: list[IndexedFile]) -> Series:
    first = group[0]

    def common(values: Iterable[str]) -> str:
        return next((value for value in values if value), "")

    return Series(
        uid=first.instance.series_uid,
        study_uid=first.instance.study_uid,
        patient_id=first.instance.patient_id,
        patient_name=common(entry.patient_name for entry in group),
        modality=common(entry.instance.modality for entry in group),
        description=common(entry.description for entry in group),
        study_description=common(entry.study_description for entry in group),
        body_part=common(entry.instance.body_part for entry in group),
        instances=tuple(entry.instance for entry in group),
    )
