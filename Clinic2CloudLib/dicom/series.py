"""Which series a source holds."""

from __future__ import annotations

import hashlib
import os
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
    """Group by Series Instance UID; what contradicts an earlier file is set aside."""
    groups: dict[str, list[IndexedFile]] = {}
    known: dict[str, SourceFile] = {}
    for entry in indexed:
        instance = entry.instance
        earlier = known.get(instance.sop_instance_uid)
        if earlier is not None:
            aside.append(SetAside(instance.file.relative, _duplicate(earlier, instance.file)))
            continue
        group = groups.setdefault(instance.series_uid, [])
        if group and not _same_patient(group[0], entry):
            reason = "its series belongs to another study or patient"
            aside.append(SetAside(instance.file.relative, reason))
            continue
        known[instance.sop_instance_uid] = instance.file
        group.append(entry)
    return [_series(group) for group in groups.values()]


def _same_patient(first: IndexedFile, other: IndexedFile) -> bool:
    one, two = first.instance, other.instance
    return (one.study_uid, one.patient_id) == (two.study_uid, two.patient_id)


def _duplicate(earlier: SourceFile, later: SourceFile) -> str:
    """Say whether two files of one SOP Instance UID are the same."""
    digests = []
    for file in (earlier, later):
        try:
            digests.append(hashlib.sha256(file.read()).digest())
        except NotDeidentifiableError as error:
            return str(error)
    if digests[0] == digests[1]:
        return "a second copy of another file"
    return "another file has the same SOP Instance UID but other content"


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
