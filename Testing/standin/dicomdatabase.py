"""``slicer.dicomDatabase``: ctkDICOMDatabase's reading side on a real ``ctkDICOM.sql``.

The schema is 0.8.1's tables with the columns a reader asks for (names as ctk has them); ctk's
display tables, tag cache and thumbnails are left out.
"""

from __future__ import annotations

import os
import sqlite3
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PySide6.QtCore import Property, QObject, Signal

from .pythonqt import native

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
        _make_tables(connection)
        add_files(connection, sorted(p for p in dicom.rglob("*") if p.is_file()), folder, relative)
    connection.close()
    return path


def _make_tables(connection: sqlite3.Connection) -> None:
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


@native
class ctkDICOMDatabase(QObject):
    """A database, open or not; an unopened one answers with nothing, as ctk's does."""

    databaseChanged = Signal()
    opened = Signal()
    closed = Signal()

    def __init__(self, path: Path | None = None) -> None:
        super().__init__()
        self._path = path
        self._cache: dict[str, Any] = {}

    def openDatabase(self, path: str) -> bool:
        """Open another database; it is made when it is not there."""
        self._path = Path(path)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with sqlite3.connect(self._path) as connection:
            _make_tables(connection)
        connection.close()
        self._cache.clear()
        self.opened.emit()
        self.databaseChanged.emit()
        return True

    def closeDatabase(self) -> None:
        """Close it."""
        self._path = None
        self.closed.emit()

    def addFiles(self, folder: Path) -> None:
        """Import what is in a folder (the stand-in's own; Slicer has an indexer)."""
        assert self._path is not None
        make_dicom_database(folder, self._path.parent)
        self.databaseChanged.emit()

    def _rows(self, query: str, *values: Any) -> list[Any]:
        if self._path is None or not self._path.exists():
            return []
        connection = sqlite3.connect(f"{self._path.resolve().as_uri()}?mode=ro", uri=True)
        try:
            return connection.execute(query, values).fetchall()
        finally:
            connection.close()

    def _first(self, query: str, *values: Any) -> str:
        rows = self._rows(query, *values)
        return str(rows[0][0] or "") if rows else ""

    def patients(self) -> list[str]:
        """Return the database's own numbers of its patients."""
        return [str(r[0]) for r in self._rows("SELECT UID FROM Patients ORDER BY UID")]

    def studiesForPatient(self, patient: str) -> list[str]:
        """Return Study Instance UIDs."""
        query = "SELECT StudyInstanceUID FROM Studies WHERE PatientsUID = ? ORDER BY StudyDate"
        return [str(r[0]) for r in self._rows(query, patient)]

    def seriesForStudy(self, study: str) -> list[str]:
        """Return Series Instance UIDs."""
        query = (
            "SELECT SeriesInstanceUID FROM Series WHERE StudyInstanceUID = ? ORDER BY SeriesNumber"
        )
        return [str(r[0]) for r in self._rows(query, study)]

    def filesForSeries(self, series: str, hits: int = -1) -> list[str]:
        """Return absolute paths."""
        rows = self._rows("SELECT Filename FROM Images WHERE SeriesInstanceUID = ?", series)
        folder = Path(self.databaseDirectory)
        files = [str((folder / r[0]).resolve()) for r in rows if r[0]]
        return files[:hits] if hits > 0 else files

    def instancesForSeries(self, series: str, hits: int = -1) -> list[str]:
        """Return SOP Instance UIDs."""
        rows = self._rows("SELECT SOPInstanceUID FROM Images WHERE SeriesInstanceUID = ?", series)
        found = [str(r[0]) for r in rows]
        return found[:hits] if hits > 0 else found

    def fileForInstance(self, instance: str) -> str:
        """Return the path of an instance."""
        name = self._first("SELECT Filename FROM Images WHERE SOPInstanceUID = ?", instance)
        return str((Path(self.databaseDirectory) / name).resolve()) if name else ""

    def instanceForFile(self, file: str) -> str:
        """Return the SOP Instance UID of a file."""
        return self._of_file("SOPInstanceUID", file)

    def seriesForFile(self, file: str) -> str:
        """Return the Series Instance UID of a file."""
        return self._of_file("SeriesInstanceUID", file)

    def _of_file(self, column: str, file: str) -> str:
        wanted, folder = Path(file).resolve(), Path(self.databaseDirectory)
        for value, name in self._rows(f"SELECT {column}, Filename FROM Images"):
            if name and (folder / name).resolve() == wanted:
                return str(value)
        return ""

    def studyForSeries(self, series: str) -> str:
        """Return the study of a series."""
        return self._first(
            "SELECT StudyInstanceUID FROM Series WHERE SeriesInstanceUID = ?", series
        )

    def patientForStudy(self, study: str) -> str:
        """Return the patient of a study."""
        return self._first("SELECT PatientsUID FROM Studies WHERE StudyInstanceUID = ?", study)

    def nameForPatient(self, patient: str) -> str:
        """Return a patient's name."""
        return self._first("SELECT PatientsName FROM Patients WHERE UID = ?", patient)

    def descriptionForStudy(self, study: str) -> str:
        """Return the Study Description."""
        return self._first("SELECT StudyDescription FROM Studies WHERE StudyInstanceUID = ?", study)

    def descriptionForSeries(self, series: str) -> str:
        """Return the Series Description."""
        return self._first(
            "SELECT SeriesDescription FROM Series WHERE SeriesInstanceUID = ?", series
        )

    def fieldForPatient(self, field: str, patient: str) -> str:
        """Return a column of Patients."""
        return self._first(f"SELECT {field} FROM Patients WHERE UID = ?", patient)

    def fieldForStudy(self, field: str, study: str) -> str:
        """Return a column of Studies."""
        return self._first(f"SELECT {field} FROM Studies WHERE StudyInstanceUID = ?", study)

    def fieldForSeries(self, field: str, series: str) -> str:
        """Return a column of Series."""
        return self._first(f"SELECT {field} FROM Series WHERE SeriesInstanceUID = ?", series)

    def fileValue(self, file: str, tag: str) -> str:
        """Return an element's value as text, by ``"gggg,eeee"``; empty when there is none."""
        import pydicom

        if file not in self._cache:
            self._cache[file] = pydicom.dcmread(file, stop_before_pixels=True)
        element = self._cache[file].get(tuple(int(part, 16) for part in tag.split(",")))
        return "" if element is None else str(element.value if element.value is not None else "")

    def instanceValue(self, instance: str, tag: str) -> str:
        """Return an element's value of an instance."""
        file = self.fileForInstance(instance)
        return self.fileValue(file, tag) if file else ""

    isOpen = Property(bool, lambda s: s._path is not None)
    databaseFilename = Property(str, lambda s: str(s._path) if s._path is not None else "")
    databaseDirectory = Property(str, lambda s: str(s._path.parent) if s._path is not None else "")


def make_dicomlib() -> types.ModuleType:
    """Make ``DICOMLib`` with the two functions of ``DICOMUtils`` that panels call."""
    import slicer

    def load_series_by_uid(uids: list[str]) -> list[str]:
        from .volumes import load_volume

        loaded: list[str] = []
        for uid in uids:
            loaded += load_volume(slicer.dicomDatabase.filesForSeries(uid))
        return loaded

    def import_dicom(folder: str, database: Any = None, copyFiles: bool = False) -> bool:
        (database or slicer.dicomDatabase).addFiles(Path(folder))
        return True

    library = types.ModuleType("DICOMLib", "Stand-in of Slicer's DICOMLib")
    utils = types.ModuleType("DICOMLib.DICOMUtils")
    utils.loadSeriesByUID = load_series_by_uid  # type: ignore[attr-defined]
    utils.importDicom = import_dicom  # type: ignore[attr-defined]
    library.DICOMUtils = utils  # type: ignore[attr-defined]
    library.__path__ = []
    return library
