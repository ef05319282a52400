"""Results as rows, for the terminal and the panel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydicom import Dataset

from ..errors import InputError

#: Concept codes (scheme, value) of what is shown.
_VOLUME_GROUP = ("DCM", "125007")  # Measurement Group
_FINDING = ("DCM", "121071")
_TRACKING = ("DCM", "112039")
_COMMENT = ("DCM", "121106")


@dataclass(frozen=True)
class ResultRow:
    """One line of a result: ``Grey matter``, ``671.3``, ``mL``; a remark has no unit."""

    name: str
    value: str
    unit: str


def read_results(folder: Path) -> list[ResultRow]:
    """Return what the structured reports in a folder say.

    Parameters
    ----------
    folder : Path
        Where a pipeline or the DICOMweb client put its results.

    Returns
    -------
    list of ResultRow
        The measurements first, then the remarks; empty when there is no report.

    Raises
    ------
    InputError
        When the folder cannot be read.
    """
    from pydicom import dcmread
    from pydicom.errors import InvalidDicomError

    try:
        files = sorted(path for path in folder.iterdir() if path.is_file())
    except OSError as error:
        raise InputError(f"cannot read {folder.name}: {error.strerror or error}") from error
    numbers: list[ResultRow] = []
    remarks: list[ResultRow] = []
    for path in files:
        try:
            result = dcmread(path)
        except InvalidDicomError:  # pictures and tables may lie there too
            continue
        for row in _rows(result):
            (numbers if row.unit else remarks).append(row)
    return numbers + remarks


def _rows(report: Dataset) -> Iterator[ResultRow]:
    for item in report.get("ContentSequence", ()):
        kind = _concept(item)
        if kind == _COMMENT:
            yield ResultRow("Remark", str(item.TextValue), "")
        elif kind == _VOLUME_GROUP:
            yield from _measurements(item)
        else:
            yield from _rows(item)


def _measurements(group: Dataset) -> Iterator[ResultRow]:
    """Yield the numbers of one measurement group under the group's own name."""
    name = "Measurement"
    for item in group.ContentSequence:
        if _concept(item) == _TRACKING:
            name = str(item.TextValue)
    for item in group.ContentSequence:
        if item.ValueType == "NUM":
            measured = item.MeasuredValueSequence[0]
            unit = measured.MeasurementUnitsCodeSequence[0].CodeValue
            yield ResultRow(name, str(measured.NumericValue), str(unit))


def _concept(item: Dataset) -> tuple[str, str]:
    if "ConceptNameCodeSequence" not in item:
        return ("", "")
    code = item.ConceptNameCodeSequence[0]
    return (str(code.CodingSchemeDesignator), str(code.get("CodeValue", "")))
