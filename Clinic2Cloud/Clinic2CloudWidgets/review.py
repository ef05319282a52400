"""Section 3: see before and after from all angles, read what was found, decide."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from .cases import WAITING, casesIn
from .facts import factsOf, stateName, whyNotApprove
from .layout import Layout
from .look import AngleLook, PictureLook, VolumeLook, saidOfPictures, saidOfVolume
from .pictures import PictureViews
from .section import Section, debounced, withWayOut
from .views import CaseViews

CASE, KIND, IMAGES, STATE = range(4)


class ReviewSection(Section):
    """The queue of cases and the decision on the one that is shown."""

    def __init__(self, panel: Any) -> None:
        super().__init__(panel)
        arrangement = Layout()
        self.views = CaseViews(arrangement)
        self.pictureViews = PictureViews(arrangement, lambda number: self.pictures.go(number))
        self.angles = AngleLook(panel, self.views, self.updateButtons)
        self.volumes = VolumeLook(panel, self._read)
        self.pictures = PictureLook(panel, self.pictureViews, self.updateButtons)
        self.cases: list = []
        self.case: Any = None
        self.shown = False
        self._deciding = False
        self._volumes = 0
        self._changing = False
        tree = self.ui.caseTree
        tree.setColumnWidth(CASE, 190)
        tree.connect("currentItemChanged(QTreeWidgetItem*,QTreeWidgetItem*)", self._chosen)
        self._showTimer = debounced(50, self._showChosen)
        self.ui.noteEdit.connect("textChanged(QString)", lambda _t: self.updateButtons())
        self.ui.approveButton.connect("clicked()", lambda: self.decide(True))
        self.ui.rejectButton.connect("clicked()", lambda: self.decide(False))
        self.ui.reportButton.connect("clicked()", self._openReport)
        self.ui.nextButton.connect("clicked()", self.next)
        panel.shortcut("N", self.next)
        panel.shortcut("Ctrl+Shift+A", lambda: self.decide(True))
        panel.shortcut("Ctrl+Shift+R", lambda: self.decide(False))

    # ------------------------------------------------------------------ the queue

    def enter(self) -> None:
        """Show what is in the folder now."""
        self.refresh()

    def parametersChanged(self) -> None:
        """Follow the folder and the reviewer's name."""
        self.refresh()
        self.updateButtons()

    def refresh(self) -> None:
        """List the cases of the folder; the one that is shown stays chosen."""
        if self.panel.parameters is None:
            return
        cases = casesIn(self.panel.casesFolder)
        if cases == self.cases:
            return
        self.cases = cases
        self._changing = True
        tree = self.ui.caseTree
        tree.clear()
        for case in cases:
            item = qt.QTreeWidgetItem(tree)
            item.setText(CASE, case.description or case.id)
            item.setToolTip(CASE, case.id)
            item.setText(KIND, case.modality)
            item.setText(IMAGES, str(len(case.instances)))
            item.setText(STATE, stateName(case.state))
            item.setData(CASE, qt.Qt.UserRole, str(case.folder))
            if self.case is not None and case.folder == self.case.folder:
                tree.setCurrentItem(item)
        self._changing = False
        if self.case is not None:
            self._follow(next((c for c in cases if c.folder == self.case.folder), None))
        waiting = sum(case.state in WAITING for case in cases)
        title = _("3. Review")
        if waiting:
            title = _("3. Review ({count} waiting)").format(count=waiting)
        self.ui.reviewCollapsibleButton.setText(title)
        self.updateButtons()

    def _follow(self, case: Any) -> None:
        """Take over the shown case as it is on disk now; made anew, it has to be seen anew."""
        before, self.case = self.case, case
        if case is None:
            self._leave()
        elif (case.digest, case.policy) != (before.digest, before.policy):
            self._forget()
            self._showTimer.start()
        else:
            self.ui.factsBrowser.setHtml(factsOf(case))

    def present(self, folder: Path) -> None:
        """Open the section at a case."""
        self.panel.open("review")
        self.refresh()
        self._choose(folder)

    def _choose(self, folder: Path) -> None:
        tree = self.ui.caseTree
        for index in range(tree.topLevelItemCount):
            item = tree.topLevelItem(index)
            if item.data(CASE, qt.Qt.UserRole) == str(folder):
                tree.setCurrentItem(item)

    def next(self) -> None:
        """Go to the next case that waits for a decision."""
        own = self.case.folder if self.case is not None else None
        waiting = [c.folder for c in self.cases if c.state in WAITING and c.folder != own]
        if waiting:
            self._choose(waiting[0])

    # ------------------------------------------------------------------ the look

    def _chosen(self, item: Any, before: Any = None) -> None:
        if not self._changing and item is not None:
            self._forget()
            self.updateButtons()
            self._showTimer.start()

    def _showChosen(self) -> None:
        item = self.ui.caseTree.currentItem()
        if item is None or self._deciding:
            return
        folder = Path(item.data(CASE, qt.Qt.UserRole))
        self.case = next((case for case in self.cases if case.folder == folder), None)
        if self.case is None:
            return
        self._forget()
        self.ui.noteEdit.setText("")
        self.ui.factsBrowser.setHtml(factsOf(self.case))
        self._read(0)

    def _read(self, number: int) -> None:
        """Have one of the case's volumes read, before and after."""
        self._stopLook()
        self._clearViews()
        self.shown = False
        source = str(self.panel.source) if self.panel.source else None
        self.panel.say(self.ui.viewStatus, _("Reading before and after..."))
        self.work(
            "compare",
            {"case": str(self.case.folder), "source": source, "number": number},
            onResult=self._compared,
            onError=self._notCompared,
        )
        self.updateButtons()

    def _compared(self, facts: dict) -> None:
        arrays, self.worker.arrays = self.worker.arrays, {}
        self.shown = True
        self._volumes = len([a for a in ("before", "after") if a in arrays])
        if "pictures" in facts:
            self.pictureViews.show(self.case.id, arrays)
            self.pictures.begin(facts["pictures"])
            text = saidOfPictures(facts["told"], facts["missing"])
        elif self.views.show(self.case.id, arrays, facts):
            self.angles.begin(counts=facts["number"] == 0)
            self.volumes.begin(facts["number"], facts["volumes"])
            text = saidOfVolume(facts["missing"])
        else:
            text = _("This case holds no images; open the report to see what it is.")
        self.panel.say(self.ui.viewStatus, text)
        self.updateButtons()

    def _notCompared(self, sentence: str, cancelled: bool) -> None:
        if not cancelled:
            self.panel.say(self.ui.viewStatus, withWayOut(sentence), "error")
        self.updateButtons()

    def lacking(self) -> str:
        """Return what a person still has to look at; empty when nothing is left."""
        return self.angles.lacking() or self.volumes.lacking() or self.pictures.lacking()

    # --------------------------------------------------------------- the decision

    def updateButtons(self) -> None:
        """Enable what may be done, and say why the rest may not."""
        case, parameters = self.case, self.panel.parameters
        ready = case is not None and self.shown and not self._deciding and not self.busy
        open_ = ready and case.state in (*WAITING, "approved", "rejected")
        name = parameters.reviewer.strip() if parameters is not None else ""
        note = self.ui.noteEdit.text.strip()
        self.angles.enable(ready)
        self.volumes.enable(ready)
        self.pictures.enable(ready)
        why = whyNotApprove(case if open_ else None, self.lacking(), name, note)
        self.ui.approveButton.setEnabled(not why)
        self.ui.approveButton.setToolTip(why or _("May leave, exactly as it is (Ctrl+Shift+A)"))
        whyNot = ""
        if not open_:
            whyNot = _("Choose a case that waits for a decision")
        elif not name or not note:
            whyNot = _("Write your name and, as a note, the reason")
        self.ui.rejectButton.setEnabled(not whyNot)
        self.ui.rejectButton.setToolTip(whyNot or _("Does not leave (Ctrl+Shift+R)"))
        self.ui.reportButton.setEnabled(case is not None)
        self.ui.nextButton.setEnabled(any(c.state in WAITING and c is not case for c in self.cases))
        hint = ""
        if open_ and why and case.state in WAITING:
            hint = _("To approve: {why}").format(why=why[:1].lower() + why[1:] + ".")
        if not self._deciding and (hint or self._hinted):
            self.panel.say(self.ui.reviewStatus, hint)
            self._hinted = bool(hint)

    _hinted = False

    def decide(self, approve: bool) -> None:
        """Record the decision; hashing a large case takes a while, so in another process."""
        button = self.ui.approveButton if approve else self.ui.rejectButton
        if not button.enabled:
            return
        self._deciding = True
        self.panel.say(self.ui.reviewStatus, _("Recording the decision..."))
        self.work(
            "decide",
            {
                "case": str(self.case.folder),
                "digest": self.case.digest,
                "approve": approve,
                "reviewer": self.panel.parameters.reviewer,
                "note": self.ui.noteEdit.text,
            },
            onResult=self._decided,
            onError=self._notDecided,
        )
        self.updateButtons()

    def _decided(self, result: dict) -> None:
        self._deciding = False
        self._hinted = False
        approved = result["state"] == "approved"
        self.panel.casesChanged()
        text = _("Approved. It may be sent, exactly as it is.")
        if not approved:
            text = _("Rejected. It does not leave.")
        self.updateButtons()
        self.panel.say(self.ui.reviewStatus, text, "done")
        waiting = [case for case in self.cases if case.state in WAITING]
        if waiting:
            self.next()
        elif approved:
            self.panel.open("send")

    def _notDecided(self, sentence: str, cancelled: bool) -> None:
        self._deciding = False
        self.panel.casesChanged()
        self.updateButtons()
        kind = "plain" if cancelled else "error"
        self.panel.say(self.ui.reviewStatus, sentence if cancelled else withWayOut(sentence), kind)

    def _openReport(self) -> None:
        path = self.case.folder / "report.html"
        qt.QDesktopServices.openUrl(qt.QUrl.fromLocalFile(str(path)))

    # ------------------------------------------------------------------- endings

    def _forget(self) -> None:
        """Nothing of the case has been seen (any more)."""
        self.shown = False
        self._volumes = 0
        for look in (self.angles, self.volumes, self.pictures):
            look.forget()

    def _clearViews(self) -> None:
        self.views.clear()
        self.pictureViews.clear()

    def _leave(self) -> None:
        self._stopLook()
        self._clearViews()
        self.case = None
        self._forget()
        self.ui.factsBrowser.setHtml("")
        self.panel.say(self.ui.viewStatus, "")
        self.panel.say(self.ui.reviewStatus, "")

    def _stopLook(self) -> None:
        if self.worker is not None and self.worker.task == "compare":
            self.worker.abandon()

    def sceneCloses(self) -> None:
        """The volumes go with the scene; the cases stay on disk."""
        self.ui.caseTree.setCurrentItem(None)
        self._leave()
        self.updateButtons()

    def nodeRemoved(self) -> None:
        """A volume that is being looked at was deleted: what was seen does not count any more."""
        views = self.pictureViews if self.pictures.active else self.views
        if not self._volumes or not views.case or slicer.mrmlScene.IsClosing():
            return
        if not views.complete(self._volumes):
            self._clearViews()
            self._forget()
            text = _("A volume of this case was deleted. Choose the case again to look at it.")
            self.ui.caseTree.setCurrentItem(None)
            self.panel.say(self.ui.viewStatus, text, "error")
            self.updateButtons()

    def close(self) -> None:
        """End the look."""
        super().close()
        self._showTimer.stop()
        self.pictureViews.clear()
        self.views.close()
