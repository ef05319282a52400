"""A DICOMDIR: the files that a disc or a folder's directory names (PS3.3 annex F, PS3.10 8.6)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..errors import InputError
from .model import SetAside, SourceFile
from .source import Source, disk_file


def open_dicomdir(path: Path) -> Source:
    """Open a DICOMDIR.

    Parameters
    ----------
    path : Path
        The directory file; what it references lies beside and below it.

    Returns
    -------
    Source
        The referenced files in the order of the directory; missing ones are set aside.

    Raises
    ------
    InputError
        When it cannot be read or references no file.
    """
    references = _references(path)
    if not references:
        raise InputError(f"{path.name} names no files")
    folder = path.resolve().parent
    return Source(path.name, lambda aside: _walk(references, folder, aside))


def _references(path: Path) -> list[tuple[str, ...]]:
    """Return the Referenced File IDs, each as its components."""
    import pydicom

    references: dict[tuple[str, ...], None] = {}
    try:
        records = pydicom.dcmread(path).get("DirectoryRecordSequence") or []
        for record in records:
            value = record.get("ReferencedFileID")
            if value:
                parts = (value,) if isinstance(value, str) else tuple(value)
                references[tuple(str(part).strip() for part in parts)] = None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, EOFError) as error:
        raise InputError(f"{path.name} cannot be read as a DICOMDIR") from error
    except pydicom.errors.InvalidDicomError as error:
        raise InputError(f"{path.name} cannot be read as a DICOMDIR") from error
    return list(references)


def _walk(
    references: list[tuple[str, ...]], folder: Path, aside: list[SetAside]
) -> Iterator[SourceFile]:
    for parts in references:
        shown = "/".join(parts)
        if any(part in ("", ".", "..") or "/" in part or "\\" in part for part in parts):
            aside.append(SetAside(shown, "the DICOMDIR leads out of its folder"))
            continue
        place = _find(folder, parts)
        if place is None:
            aside.append(SetAside(shown, "the DICOMDIR names this file, but it is not there"))
        else:
            yield disk_file(place, shown)


def _find(folder: Path, parts: tuple[str, ...]) -> Path | None:
    """Find a referenced file; discs copied on another system have names in small letters."""
    exact = folder.joinpath(*parts)
    if exact.is_file():
        return exact
    place = folder
    for part in parts:
        if not place.is_dir():
            return None
        wanted = part.lower()
        near = sorted(p for p in place.iterdir() if p.name.lower() in (wanted, f"{wanted};1"))
        if not near:
            return None
        place = near[0]
    return place if place.is_file() else None
