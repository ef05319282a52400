"""``slicer.dicomDatabase``: ctkDICOMDatabase's reading side on a real ``ctkDICOM.sql``."""

from __future__ import annotations

import sqlite3
import types
from pathlib import Path
from typing import Any

from PySide6.QtCore import Property, QObject, Signal

from .dicomindex import make_dicom_database, make_tables
from .pythonqt import native


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
            make_tables(connection)
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
    utils.loadSeriesByUID = load_series_by_uid
    utils.importDicom = import_dicom
    library.DICOMUtils = utils
    library.__path__ = []
    return library
