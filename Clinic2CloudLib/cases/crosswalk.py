"""The crosswalk: which pseudonym stands for which original, encrypted, and never beside the output.

The file is a header and records, appended only (see :mod:`.crosswalk_file`). A record holds what
was learned of one series in one go. Whoever holds the site key can look originals up, list the
tokens by which the leak scan checks a case, and export everything as CSV.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .. import atomic
from ..errors import InputError
from .crosswalk_file import CrosswalkFile

if TYPE_CHECKING:
    from ..dicom.profile import HeaderResult
    from ..dicom.pseudonyms import Pseudonyms

#: Kinds of entries that map a new value to an original one; the others are tokens to look for.
UID, PATIENT, ACCESSION = "uid", "patient", "accession"

#: What a policy's options keep; a crosswalk may know such tokens from a run under a stricter one.
_KEPT_BY = {
    "retain_full_dates": ("date",),
    "retain_device": ("device",),
    "retain_institution": ("institution", "address"),
    "retain_uids": (UID,),
}
_NAME_PARTS = re.compile(r"[\^=\s,;&]+")
_COLUMNS = ("new_series_uid", "kind", "new", "original")


@dataclass(frozen=True, order=True)
class Entry:
    """One line of the crosswalk.

    Attributes
    ----------
    series : str
        The new Series Instance UID of the case that it was learned with.
    kind : str
        ``uid``, ``patient``, ``accession`` for what was replaced; ``name``, ``id``, ``person``,
        ``date``, ``institution``, ``device``, ``address`` and the like for tokens of the source.
    new : str
        The pseudonym; empty where the original was not replaced by one.
    original : str
        What stood in the source.
    """

    series: str
    kind: str
    new: str
    original: str


class Crosswalk:
    """An encrypted crosswalk on disk. Several processes may append to it at the same time.

    Parameters
    ----------
    path : Path
        The file; made with the first entries. Keep it apart from the key and from all output.
    key : bytes
        The site key; the file's own keys are derived from it (HKDF).

    Raises
    ------
    InputError
        When the file is no crosswalk, was made with another key, or is damaged.
    """

    def __init__(self, path: Path, key: bytes) -> None:
        self._file = CrosswalkFile(path, key)

    def add(self, entries: Iterable[Entry]) -> int:
        """Append what is not yet there; on disk for good when this returns.

        Parameters
        ----------
        entries : iterable of Entry
            The same entries again add nothing, in whatever order.

        Returns
        -------
        int
            How many were new.

        Raises
        ------
        InputError, OutputError
            When the file is damaged or cannot be written.
        """
        by_series: dict[str, set[Entry]] = defaultdict(set)
        for entry in entries:
            by_series[entry.series].add(entry)
        added = 0
        with self._file.appending() as appending:
            for series, found in sorted(by_series.items()):
                batch = _encoded(found)
                if appending.has(series, batch):
                    continue
                new = found - {item for data in appending.read(series) for item in _decoded(data)}
                if new:
                    appending.append(series, batch, _encoded(new))
                added += len(new)
        return added

    def entries(self, series: str | None = None) -> Iterator[Entry]:
        """Yield all entries, or those of one new Series Instance UID, in the order of the file."""
        for data in self._file.read(series):
            yield from _decoded(data)

    def lookup(self, new: str) -> str | None:
        """Return the original of a new UID, Patient ID or accession number; None when unknown.

        Of a patient that is the Patient ID where it is known as such, otherwise another ID or name.
        """
        order = (UID, PATIENT, ACCESSION, "id", "name")
        found = [entry for entry in self.entries() if new and entry.new == new]
        known = {kind: rank for rank, kind in enumerate(order)}
        best = min(found, key=lambda entry: known.get(entry.kind, len(order)), default=None)
        return best.original if best else None

    def tokens_for(self, series_uid: str, leave_out: Collection[str] = ()) -> list[str]:
        """Return what of the source must not be found in a case, sorted, each once.

        Parameters
        ----------
        series_uid : str
            The case's new Series Instance UID.
        leave_out : collection of str
            Kinds that the case's policy keeps (:func:`kinds_kept`).

        Returns
        -------
        list of str
            Original UIDs, IDs, numbers, dates and addresses as they were written; names as a
            whole and in their parts. Empty for a series that is not in the crosswalk.
        """
        tokens: set[str] = set()
        for entry in self.entries(series_uid):
            if entry.kind not in leave_out:
                tokens.update(_tokens_of(entry))
        return sorted(tokens)

    def export_csv(self, path: Path) -> None:
        """Write everything in the clear, readable by its owner alone, for who keeps the study.

        Raises
        ------
        InputError
            When the file would lie in a case.
        OutputError
            When it cannot be written.
        """
        for folder in path.absolute().parents:
            if (folder / "case.json").exists():
                raise InputError(f"{path.name} would lie in a case; the crosswalk never does")
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow(_COLUMNS)
        for entry in sorted(set(self.entries())):
            writer.writerow(astuple(entry))
        # The mark lets a spreadsheet know that it is UTF-8.
        atomic.write_bytes(path, text.getvalue().encode("utf-8-sig"), mode=0o600)


def entries_of(
    results: Iterable[HeaderResult], pseudonyms: Pseudonyms | None = None
) -> list[Entry]:
    """Return the entries of de-identified headers, sorted, each once.

    Parameters
    ----------
    results : iterable of HeaderResult
        What the header engine returned.
    pseudonyms : Pseudonyms, optional
        The ones it used: with them each accession number stands beside its pseudonym, and the
        Patient ID is told from other IDs. Without, all names and IDs stand beside the new Patient
        ID.
    """
    found: set[Entry] = set()
    for result in results:
        series = result.series_uid
        found.update(Entry(series, UID, new, original) for original, new in result.uids.items())
        for kind, originals in result.identifiers.items():
            if kind != UID:
                found.update(_entry(result, kind, original, pseudonyms) for original in originals)
    return sorted(found)


def _entry(result: HeaderResult, kind: str, original: str, pseudonyms: Pseudonyms | None) -> Entry:
    """Return the entry of one identifier, beside the pseudonym that took its place."""
    new = ""
    if kind == ACCESSION and pseudonyms:
        new = pseudonyms.accession_number(original)
    elif kind == "id" and pseudonyms and pseudonyms.patient_id(original) == result.patient_id:
        kind, new = PATIENT, result.patient_id
    elif kind in (PATIENT, "name", "id"):
        new = result.patient_id
    return Entry(result.series_uid, kind, new, original)


def kinds_kept(headers: Mapping[str, object]) -> frozenset[str]:
    """Return the kinds of tokens that a policy keeps, from the ``headers`` part of its record."""
    return frozenset(
        kind for option, kinds in _KEPT_BY.items() if headers.get(option) for kind in kinds
    )


def refuse_beside_output(path: Path, out: Path) -> None:
    """Refuse a crosswalk inside the folder that is given away.

    Raises
    ------
    InputError
        When ``path`` lies in ``out``, symbolic links followed.
    """
    if path.resolve().is_relative_to(out.resolve()):
        raise InputError(f"{path.name} would lie in the output; keep the crosswalk elsewhere")


def _tokens_of(entry: Entry) -> Iterator[str]:
    """Yield what to look for because of one entry."""
    value = entry.original.strip(" \0")
    if value and value != entry.new:
        yield value
        if entry.kind in ("name", "person"):
            yield from (part for part in _NAME_PARTS.split(value) if part)


def _encoded(entries: Iterable[Entry]) -> bytes:
    """Return entries as compressed JSON; the same set gives the same bytes."""
    rows = [astuple(entry) for entry in sorted(entries)]
    return zlib.compress(json.dumps(rows, ensure_ascii=False).encode("utf-8", "surrogatepass"))


def _decoded(data: bytes) -> list[Entry]:
    """Return the entries of one record."""
    rows = json.loads(zlib.decompress(data).decode("utf-8", "surrogatepass"))
    return [Entry(*row) for row in rows]
