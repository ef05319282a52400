"""A real ``ctkDICOM.sql`` made from DICOM files.

The schema is 0.8.1's tables with the columns a reader asks for (names as ctk has them); ctk's
display tables, tag cache and thumbnails are left out.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

VERSION = "0.8.1"
FILE = "ctkDICOM.sql"
#: Table, its columns of text beside keys, and the DICOM keyword that fills each.
_PATIENT = {
    "PatientsName": "PatientName",
    "PatientID": "PatientID",
    "PatientsBirthDate": "PatientBirthDate",
    "PatientsSex": "PatientSex",
    "PatientsAge": "PatientAge",
}
_STUDY = {
    "StudyInstanceUID": "StudyInstanceUID",
    "StudyID": "StudyID",
    "StudyDate": "StudyDate",
    "StudyTime": "StudyTime",
    "StudyDescription": "StudyDescription",
    "AccessionNumber": "AccessionNumber",
    "InstitutionName": "InstitutionName",
    "ReferringPhysician": "ReferringPhysicianName",
}
_SERIES = {
    "SeriesInstanceUID": "SeriesInstanceUID",
    "StudyInstanceUID": "StudyInstanceUID",
    "SeriesNumber": "SeriesNumber",
    "SeriesDate": "SeriesDate",
    "SeriesDescription": "SeriesDescription",
    "Modality": "Modality",
    "BodyPartExamined": "BodyPartExamined",
}


def make_dicom_database(dicom: Path, folder: Path, *, relative: bool = False) -> Path:
    """Index a folder of DICOM files as Slicer does.

    Parameters
    ----------
    dicom : Path
        Where the DICOM files are; others are passed over.
    folder : Path
        The database's folder; made when it is not there.
    relative : bool
        Name files relative to the database's folder, as for imported copies.

    Returns
    -------
    Path
        The ``ctkDICOM.sql``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE
    with sqlite3.connect(path) as connection:
        make_tables(connection)
        add_files(connection, sorted(p for p in dicom.rglob("*") if p.is_file()), folder, relative)
    connection.close()
    return path


def make_tables(connection: sqlite3.Connection) -> None:
    made = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    if "Images" in made:
        return

    def columns(names: Iterator[str] | dict[str, str]) -> str:
        return ", ".join(f"'{name}' VARCHAR(255) NULL" for name in names)

    connection.executescript(
        f"""
        CREATE TABLE SchemaInfo (Version VARCHAR(1024) NOT NULL);
        INSERT INTO SchemaInfo VALUES ('{VERSION}');
        CREATE TABLE Images (SOPInstanceUID VARCHAR(64) NOT NULL PRIMARY KEY,
            Filename VARCHAR(1024) NULL, URL VARCHAR(2048) NULL,
            SeriesInstanceUID VARCHAR(64) NOT NULL, InsertTimestamp VARCHAR(20) NOT NULL);
        CREATE TABLE Patients (UID INTEGER PRIMARY KEY AUTOINCREMENT, {columns(_PATIENT)},
            InsertTimestamp VARCHAR(20) NOT NULL, DisplayedPatientsName VARCHAR(255) NULL);
        CREATE TABLE Studies ({columns(_STUDY)}, PatientsUID INT NOT NULL,
            InsertTimestamp VARCHAR(20) NOT NULL, PRIMARY KEY (StudyInstanceUID));
        CREATE TABLE Series ({columns(_SERIES)}, InsertTimestamp VARCHAR(20) NOT NULL,
            PRIMARY KEY (SeriesInstanceUID));
        CREATE INDEX ImagesSeriesIndex ON Images (SeriesInstanceUID);
        """
    )


def add_files(
    connection: sqlite3.Connection, files: list[Path], folder: Path, relative: bool
) -> None:
    """Add files to the tables; what is no DICOM file is passed over."""
    import pydicom
    from pydicom.errors import InvalidDicomError

    for file in files:
        try:
            data = pydicom.dcmread(file, stop_before_pixels=True, force=False)
        except (InvalidDicomError, EOFError):
            continue
        if "SOPInstanceUID" not in data or "SeriesInstanceUID" not in data:
            continue
        patient = _add_patient(connection, data)
        study = {c: str(data.get(k, "")) for c, k in _STUDY.items()} | {"PatientsUID": patient}
        series = {c: str(data.get(k, "")) for c, k in _SERIES.items()}
        _insert(connection, "Studies", study)
        _insert(connection, "Series", series)
        name = file.resolve()
        shown = os.path.relpath(name, folder.resolve()) if relative else name
        _insert(
            connection,
            "Images",
            {
                "SOPInstanceUID": str(data.SOPInstanceUID),
                "Filename": str(shown),
                "SeriesInstanceUID": str(data.SeriesInstanceUID),
            },
        )


def _add_patient(connection: sqlite3.Connection, data: Any) -> int:
    values = {column: str(data.get(keyword, "")) for column, keyword in _PATIENT.items()}
    row = connection.execute(
        "SELECT UID FROM Patients WHERE PatientsName = ? AND PatientID = ?",
        (values["PatientsName"], values["PatientID"]),
    ).fetchone()
    if row is not None:
        return int(row[0])
    return _insert(connection, "Patients", values)


def _insert(connection: sqlite3.Connection, table: str, values: dict[str, Any]) -> int:
    values = values | {"InsertTimestamp": "2026-01-01T00:00:00"}
    names, marks = ", ".join(values), ", ".join("?" * len(values))
    cursor = connection.execute(
        f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({marks})", tuple(values.values())
    )
    return int(cursor.lastrowid or 0)
