"""Results onto disk, whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

from pydicom import Dataset

from ... import atomic
from ...errors import OutputError
from ..inputs import Study

#: Where result series are numbered from: far above what scanners count to.
_FIRST_SERIES = 9000


def free_series_number(study: Study) -> int:
    """Return a Series Number for the results that tells which source series they belong to."""
    number = study.headers[0].get("SeriesNumber")
    source = abs(int(number)) if number not in (None, "") else 0
    return _FIRST_SERIES + 10 * (source % 1000)


def write_results(out: Path, results: Mapping[str, Dataset | None]) -> tuple[Path, ...]:
    """Write result instances; those that are None are left out.

    Raises
    ------
    OutputError
        When the folder cannot be made or written, or the disk is full.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make the folder for the results: {error.strerror}") from error
    encoded = {}
    for name, result in results.items():
        if result is not None:
            buffer = BytesIO()
            result.save_as(buffer, enforce_file_format=True)
            encoded[out / name] = buffer.getvalue()
    for path, data in encoded.items():
        atomic.write_bytes(path, data)
    return tuple(encoded)
