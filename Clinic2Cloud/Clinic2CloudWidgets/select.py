"""Section 1: which series, and what will be done to each and why."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from .section import Section, debounced, withWayOut
from .seriestree import IMAGES, KIND, NAME, PLAN, addSeries, applyFilter

#: So many series are planned unasked; of the others what is ticked. Planning reads their headers.
PLANNED_UNASKED = 40


class DropFilter(qt.QWidget):
    """Takes files and folders that are dropped on the list."""

    def __init__(self, take: Any) -> None:
        qt.QWidget.__init__(self)
        self._take = take

    def eventFilter(self, watched: Any, event: Any) -> bool:
        """Accept local files; let everything else pass."""
        if event.type() in (qt.QEvent.DragEnter, qt.QEvent.DragMove):
            if event.mimeData().hasUrls():
                event.acceptProposedAction()
                return True
        elif event.type() == qt.QEvent.Drop:
            paths = [u.toLocalFile() for u in event.mimeData().urls() if u.isLocalFile()]
            if paths:
                event.acceptProposedAction()
                self._take(whatHoldsAll([Path(path) for path in paths]))
                return True
        return False


def whatHoldsAll(paths: list[Path]) -> Path:
    """Return the one path that was dropped, or the folder that holds all of several.

    Nothing is done to what is not ticked, so a list that shows more than was dropped does no harm;
    one that shows less would leave out images of a series.
    """
    return paths[0] if len(paths) == 1 else Path(os.path.commonpath(paths))


class SelectSection(Section):
    """The list of patients, studies and series."""

    def __init__(self, panel: Any) -> None:
        super().__init__(panel)
        self.items: dict[str, Any] = {}
        self.plans: dict[str, dict] = {}
        self._changing = False
        self._planTimer = debounced(250, self._planMore)
        self._filterTimer = debounced(150, self._applyFilter)
        tree = self.ui.seriesTree
        tree.setColumnWidth(NAME, 210)
        tree.setColumnWidth(KIND, 38)
        tree.setColumnWidth(IMAGES, 56)
        tree.connect("itemChanged(QTreeWidgetItem*,int)", self._itemChanged)
        tree.connect(
            "currentItemChanged(QTreeWidgetItem*,QTreeWidgetItem*)", lambda *_a: self._tellPlan()
        )
        tree.setAcceptDrops(True)
        self._drop = DropFilter(self.takeFolder)
        tree.viewport().setAcceptDrops(True)
        tree.viewport().installEventFilter(self._drop)
        self.ui.seriesFilter.connect("textChanged(QString)", lambda _t: self._filterTimer.start())
        self.ui.openFolderButton.connect("clicked()", self._chooseFolder)
        self.ui.databaseButton.connect("clicked()", self.showDatabase)
        self.ui.sceneVolumeSelector.connect(
            "currentNodeChanged(vtkMRMLNode*)", self._tickSceneVolume
        )
        self._policy: dict | None = None

    # ------------------------------------------------------------------ the list

    def enter(self) -> None:
        """Fill the list the first time."""
        if not self.items and not self.busy and not self.filling:
            self.showDatabase()

    def showDatabase(self) -> None:
        """List what Slicer's DICOM database holds."""
        self._stop()
        self.panel.source = self.panel.logic.databasePath()
        self._clear()
        if self.panel.source is None:
            self._say(
                _("There is no DICOM database. Open one in the DICOM module, or drop a folder.")
            )
            return
        self.fill(self._databaseRows())

    def _databaseRows(self) -> Iterator[None]:
        database = slicer.dicomDatabase
        for patient in database.patients():
            who = database.fieldForPatient("PatientsName", patient)
            number = database.fieldForPatient("PatientID", patient)
            for study in database.studiesForPatient(patient):
                what = database.fieldForStudy("StudyDescription", study)
                for series in database.seriesForStudy(study):
                    row = {
                        "uid": series,
                        "patient_name": who,
                        "patient_id": number,
                        "study_uid": study,
                        "study_description": what,
                        "modality": database.fieldForSeries("Modality", series),
                        "description": database.fieldForSeries("SeriesDescription", series),
                        "instances": len(database.instancesForSeries(series)),
                    }
                    self._addSeries(row)
                    yield
        self._listed()

    def takeFolder(self, path: Path) -> None:
        """List the DICOM images of a folder, file or zip that is not in the database."""
        self._stop()
        self.panel.source = path
        self._clear()
        self._say(_("Reading {name}...").format(name=path.name))
        request = {"source": str(path), **self.panel.policyRequest()}
        self.work("plan", request, onResult=self._folderRead, onError=self._failed)

    def _folderRead(self, result: dict) -> None:
        def rows() -> Iterator[None]:
            for row in result["series"]:
                self._addSeries(row)
                self._planned(row)
                yield
            self._listed(len(result["set_aside"]))

        self.fill(rows())

    def _chooseFolder(self) -> None:
        path = qt.QFileDialog.getExistingDirectory(self.panel.widget, _("DICOM images"))
        if path:
            self.takeFolder(Path(path))

    def _addSeries(self, row: dict) -> None:
        self._changing = True
        self.items[row["uid"]] = addSeries(self.ui.seriesTree, row)
        self._changing = False

    def _clear(self) -> None:
        self._changing = True
        self.items, self.plans = {}, {}
        self.ui.seriesTree.clear()
        self._changing = False
        self._selectionChanged()

    def _listed(self, aside: int = 0) -> None:
        where = _("Slicer's DICOM database") if self._isDatabase() else self.panel.source.name
        if not self.items:
            self._say(
                _(
                    "{where} holds no series. Import images in the DICOM module, or drop a folder."
                ).format(where=where)
            )
        else:
            text = _("{count} series in {where}.").format(count=len(self.items), where=where)
            if aside:
                text += " " + _("{count} files cannot be used.").format(count=aside)
            self._say(text)
        self._applyFilter()
        self._tickSceneVolume()
        self._planTimer.start()

    def _isDatabase(self) -> bool:
        return self.panel.source == self.panel.logic.databasePath()

    def _applyFilter(self) -> None:
        applyFilter(self.ui.seriesTree, self.ui.seriesFilter.text)

    # ---------------------------------------------------------------- selection

    def selected(self) -> list[str]:
        """Return the Series Instance UIDs that are ticked, in the list's order."""
        return [u for u, item in self.items.items() if item.checkState(NAME) == qt.Qt.Checked]

    def nameOf(self, uid: str) -> str:
        """Return how a series is shown."""
        item = self.items.get(uid)
        return f"{item.text(KIND)}  {item.text(NAME)}" if item is not None else _("series")

    def kindOf(self, uid: str) -> str:
        """Return a series' modality."""
        item = self.items.get(uid)
        return item.text(KIND) if item is not None else ""

    def tick(self, uid: str, ticked: bool = True) -> bool:
        """Tick a series; False when it is not in the list."""
        item = self.items.get(uid)
        if item is None:
            return False
        item.setCheckState(NAME, qt.Qt.Checked if ticked else qt.Qt.Unchecked)
        return True

    def _itemChanged(self, item: Any, column: int) -> None:
        if column == NAME and not self._changing:
            self._selectionChanged()
            self._planTimer.start()

    def _selectionChanged(self) -> None:
        if hasattr(self.panel, "deidentify"):
            self.panel.deidentify.updateButton()

    def _tickSceneVolume(self, node: Any = None) -> None:
        node = self.ui.sceneVolumeSelector.currentNode()
        if node is None or self.filling:
            return
        uids = (node.GetAttribute("DICOM.instanceUIDs") or "").split()
        database = getattr(slicer, "dicomDatabase", None)
        file = database.fileForInstance(uids[0]) if uids and database is not None else ""
        if not uids or not file:
            self._say(
                _(
                    "{name} is not from the DICOM database, so it has no headers to de-identify."
                ).format(name=node.GetName()),
                "error",
            )
            return
        if not self._isDatabase():
            self.showDatabase()
            return
        if not self.tick(database.seriesForFile(file)):
            self._say(_("The series of this volume is not in the list; refresh it."), "error")

    # --------------------------------------------------------------------- plan

    def parametersChanged(self) -> None:
        """Plan anew when the policy is another."""
        request = self.panel.policyRequest()
        if request != self._policy:
            self._policy = request
            self.plans.clear()
            self._planTimer.start()

    def _planMore(self) -> None:
        if self.busy or self.filling or self.panel.source is None or self.panel.parameters is None:
            return
        unasked = list(self.items)[:PLANNED_UNASKED]
        wanted = [u for u in dict.fromkeys(self.selected() + unasked) if u not in self.plans]
        if not wanted:
            return
        request = {"source": str(self.panel.source), "series": wanted[:10]}
        self.work(
            "plan",
            {**request, **self.panel.policyRequest()},
            onResult=lambda result: self._plansCame(wanted[:10], result),
            onError=self._failed,
        )

    def _plansCame(self, asked: list[str], result: dict) -> None:
        for row in result["series"]:
            self._planned(row)
        for uid in asked:  # what cannot be read is not asked for again
            self.plans.setdefault(uid, {})
        self._planTimer.start()

    def _planned(self, row: dict) -> None:
        item = self.items.get(row["uid"])
        self.plans[row["uid"]] = row
        if item is None:
            return
        face = row["face"].partition(":")[0].partition(";")[0]
        self._changing = True
        item.setText(PLAN, _("face {face}, text {text}").format(face=face, text=row["text"]))
        self._changing = False
        item.setToolTip(PLAN, self._planText(row))
        self._tellPlan()

    @staticmethod
    def _planText(row: dict) -> str:
        text = _("Headers: {headers}.\nFace: {face}.\nBurned-in text: {text}.")
        return text.format(headers=row["headers"], face=row["face"], text=row["text"])

    def _tellPlan(self) -> None:
        """Write out what will be done to the series that is current in the list."""
        item = self.ui.seriesTree.currentItem()
        row = self.plans.get(item.data(NAME, qt.Qt.UserRole)) if item is not None else None
        if row:
            self._say(self._planText(row))

    def _failed(self, sentence: str, cancelled: bool) -> None:
        if not cancelled:
            self._say(withWayOut(sentence), "error")

    def _stop(self) -> None:
        if self.worker is not None:
            self.worker.abandon()
            self.worker = None

    def _say(self, text: str, kind: str = "plain") -> None:
        self.panel.say(self.ui.selectStatus, text, kind)
