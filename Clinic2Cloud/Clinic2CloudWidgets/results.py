"""Section 5: what came back, in the scene and in numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import qt
from slicer.i18n import tr as _

from . import scene
from .cases import resultsFolder
from .section import Section, withWayOut

NAME, VALUE, UNIT = range(3)


class ResultsSection(Section):
    """Fetch the results of a job and load them under the case's study."""

    def __init__(self, panel: Any) -> None:
        super().__init__(panel)
        self._job: dict = {}
        self._name = ""
        self._documents: list[str] = []
        self.ui.loadResultsButton.connect("clicked()", self.loadOrCancel)
        self.ui.openDocumentButton.connect("clicked()", self._openDocument)
        self.ui.resultsTree.setColumnWidth(NAME, 200)

    def updateButton(self) -> None:
        """Say what a click would do, or why it cannot."""
        button, job = self.ui.loadResultsButton, self.panel.send.server.chosenJob()
        if self.busy:
            button.setText(_("Cancel"))
            button.setEnabled(True)
            return
        button.setText(_("Load results"))
        ready = job is not None and job["state"] == "done"
        button.setEnabled(ready)
        if ready:
            tip = _("Fetch the results of {pipeline} into the scene").format(
                pipeline=job["pipeline"]
            )
        elif job is not None and job["state"] == "failed":
            tip = _("This job failed: {why}").format(why=job["reason"])
        else:
            tip = _("Choose a job that is done in the list above")
        button.setToolTip(tip)

    def loadOrCancel(self) -> None:
        """Fetch what the chosen job made, or stop fetching."""
        if self.busy:
            self.worker.cancel()
            self.ui.loadResultsButton.setEnabled(False)
            return
        job = self.panel.send.server.chosenJob()
        if job is None or job["state"] != "done":
            return
        case = next((c for c in self.panel.review.cases if c.series_uid in job["series"]), None)
        self._job = job
        self._name = case.id if case is not None else f"job-{job['uid'][-8:]}"
        request = {
            **self.panel.send.request(),
            "job": job["uid"],
            "case": str(case.folder) if case is not None else None,
            "out": str(resultsFolder(self.panel.casesFolder) / self._name),
        }
        self.ui.resultsProgress.setValue(0)
        self.ui.resultsProgress.setVisible(True)
        self.work(
            "fetch",
            request,
            onResult=self._fetched,
            onError=self._failed,
            onProgress=self._progress,
            onEvent=self._event,
        )
        self.updateButton()

    def _progress(self, fraction: float, message: str) -> None:
        self.ui.resultsProgress.setValue(round(100 * fraction))
        self._say(message[:1].upper() + message[1:])

    def _event(self, event: dict) -> None:
        if event["event"] == "trouble":
            self._say(withWayOut(event["sentence"]), "error")

    def _fetched(self, shown: dict) -> None:
        arrays, self.worker.arrays = self.worker.arrays, {}
        nodes = intoScene(
            self._name, self._job["patient_id"], self._job["studies"][0], shown, arrays
        )
        tree = self.ui.resultsTree
        tree.clear()
        for row in shown["rows"]:
            if row[UNIT]:
                item = qt.QTreeWidgetItem(tree)
                for column, text in enumerate(row):
                    item.setText(column, text)
        remarks = [row[VALUE] for row in shown["rows"] if not row[UNIT]]
        self.panel.say(self.ui.remarksLabel, "\n".join(remarks))
        self._documents = shown["documents"]
        self.ui.openDocumentButton.setVisible(bool(self._documents))
        self.ui.resultsProgress.setVisible(False)
        text = _("{count} results are in the scene, under {patient}.")
        self._say(text.format(count=len(nodes), patient=self._job["patient_id"]), "done")
        self.panel.open("send", "results")
        self.panel.casesChanged()
        self.updateButton()

    def _failed(self, sentence: str, cancelled: bool) -> None:
        self.ui.resultsProgress.setVisible(False)
        self._say(
            sentence if cancelled else withWayOut(sentence), "plain" if cancelled else "error"
        )
        self.updateButton()

    def _openDocument(self) -> None:
        for path in self._documents[:1]:
            qt.QDesktopServices.openUrl(qt.QUrl.fromLocalFile(str(Path(path))))

    def _say(self, text: str, kind: str = "plain") -> None:
        self.panel.say(self.ui.resultsStatus, text, kind)

    def sceneCloses(self) -> None:
        """The nodes go with the scene; the files stay."""
        self.ui.resultsTree.clear()
        self.panel.say(self.ui.remarksLabel, "")
        self._say("")


def intoScene(name: str, patientId: str, studyUid: str, shown: dict, arrays: dict) -> list:
    """Put what a job made into the scene, under the case's study in the subject hierarchy.

    Parameters
    ----------
    name : str
        The case's id, for the names of the nodes.
    patientId, studyUid : str
        Pseudonym and new Study Instance UID.
    shown : dict
        From :func:`Clinic2CloudLib.worker.shown.show_results`.
    arrays : dict
        The arrays it handed over.
    """
    nodes = []
    for number, volume in enumerate(shown["volumes"]):
        nodes.append(
            scene.addVolume(
                f"{name} {volume['name']}", arrays[volume["array"]], volume["ijk_to_ras"],
                name, f"result volume {number}",
            )
        )  # fmt: skip
    for number, segmentation in enumerate(shown["segmentations"]):
        segments = [{**s, "values": arrays[s["array"]]} for s in segmentation["segments"]]
        nodes.append(
            scene.addSegmentation(
                f"{name} segmentation", segments, segmentation["ijk_to_ras"],
                name, f"result segmentation {number}",
            )
        )  # fmt: skip
    if shown["rows"]:
        nodes.append(scene.addTable(f"{name} measurements", shown["rows"], name, "result table"))
    own = [n for role in ("after",) for n in scene.ownNodes(name, role)]
    scene.hangUnder(scene.studyItem(patientId, studyUid, name), nodes + own)
    return nodes
