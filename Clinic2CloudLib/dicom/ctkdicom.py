"""Slicer's own DICOM database, read while Slicer may have it open.

The schema is ctkDICOMDatabase's 0.8.1: table ``Images`` with SOPInstanceUID, Filename (absolute,
or relative to the database's folder) and SeriesInstanceUID. Only the file names are taken from it;
what an image is, its own header says.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..errors import InputError
from .model import SetAside, SourceFile
from .source import Source, disk_file


def open_database(path: Path, series: Sequence[str] = ()) -> Source:
    """Open a ``ctkDICOM.sql``, read-only.

    Parameters
    ----------
    path : Path
        The database file.
    series : sequence of str
        Only the files of these Series Instance UIDs, where any are named: a clinic's database holds
        far more than one wants to read for one series.

    Returns
    -------
    Source
        Its image files, sorted; entries whose file is missing are set aside.

    Raises
    ------
    InputError
        When it is not such a database, is damaged, or holds no images.
    """
    names = _file_names(path, series)
    if not names and series:
        raise InputError(f"the database {path.name} holds no images of that series")
    if not names:
        raise InputError(f"there are no images in the database {path.name}")
    folder = path.resolve().parent
    return Source(path.name, lambda aside: _walk(names, folder, aside))


def _file_names(path: Path, series: Sequence[str]) -> list[str]:
    """Read the file names, first as a guest of a live database, then as from a read-only disc."""
    address = path.resolve().as_uri()
    for options in ("mode=ro", "mode=ro&immutable=1"):
        try:
            connection = sqlite3.connect(f"{address}?{options}", uri=True, timeout=10)
            try:
                rows = connection.execute(
                    "SELECT DISTINCT Filename, SeriesInstanceUID FROM Images "
                    "WHERE Filename IS NOT NULL AND Filename <> '' ORDER BY Filename"
                ).fetchall()
            finally:
                connection.close()
            wanted = frozenset(series)
            named = (str(row[0]) for row in rows if not wanted or row[1] in wanted)
            return list(dict.fromkeys(named))
        except sqlite3.OperationalError as error:
            if "no such" in str(error):
                raise InputError(f"{path.name} is not a Slicer DICOM database") from error
            if "locked" in str(error) or "busy" in str(error):
                break
        except sqlite3.DatabaseError as error:
            raise InputError(f"the database {path.name} is damaged") from error
    raise InputError(f"the database {path.name} cannot be opened; it may be locked")


def _walk(names: list[str], folder: Path, aside: list[SetAside]) -> Iterator[SourceFile]:
    shown = _shown_names(names, folder)
    for name in names:
        place = folder / name.replace("\\", "/") if os.name != "nt" else folder / name
        if place.is_file():
            yield disk_file(place, shown[name])
        else:
            reason = "the database names this file, but it is not there"
            aside.append(SetAside(shown[name], reason))


def _shown_names(names: list[str], folder: Path) -> dict[str, str]:
    """Shorten the names to what the user needs: relative to the database, or to what they share."""
    shown = {name: name.replace("\\", "/") for name in names}
    outside = []
    for name in names:
        place = Path(name)
        if not place.is_absolute():
            continue
        try:
            shown[name] = place.relative_to(folder).as_posix()
        except ValueError:
            outside.append(name)
    if outside:
        try:
            common = os.path.commonpath([str(Path(name).parent) for name in outside])
        except ValueError:  # several drives
            common = ""
        for name in outside:
            rest = Path(name).relative_to(common) if common else Path(*Path(name).parts[1:])
            shown[name] = rest.as_posix()
    return shown
