"""Section 2: de-identify what is ticked, in another process, and have it verified."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import qt
from slicer.i18n import tr as _

from .cases import clearLeftovers
from .section import Section, withWayOut

SERIES, PROGRESS, STATE = range(3)


class DeidentifySection(Section):
    """Apply, which is Cancel while it works."""

    def __init__(self, panel: Any) -> None:
        super().__init__(panel)
        self.made: list[str] = []
        self._rows: list[Any] = []
        self._out = Path()
        self._stage = ""
        self._classical = ""
        self.ui.applyButton.connect("clicked()", self.applyOrCancel)
        self.ui.policyFile.connect("currentPathChanged(QString)", lambda _p: self._ownPolicy())
        self.ui.progressTree.setColumnWidth(SERIES, 220)

    def parametersChanged(self) -> None:
        """Show the policy's file where one is meant."""
        own = self.panel.parameters.policy.value == "file"
        self.ui.policyFile.setVisible(own)
        self.ui.policyFileLabel.setVisible(own)
        self.updateButton()

    def _ownPolicy(self) -> None:
        if self.panel.parameters is not None:
            self.panel.parametersChanged()

    def updateButton(self) -> None:
        """Say what a click would do."""
        button = self.ui.applyButton
        if self.busy:
            button.setText(_("Cancel"))
            button.setToolTip(_("Stop; cases that are complete stay, nothing half-made is left"))
            button.setEnabled(True)
            return
        count = len(self.panel.select.selected())
        noFile = (
            self.panel.parameters is not None
            and self.panel.parameters.policy.value == "file"
            and not self.ui.policyFile.currentPath
        )
        button.setEnabled(count > 0 and not noFile)
        texts = {0: _("De-identify"), 1: _("De-identify 1 series")}
        button.setText(texts.get(count, _("De-identify {count} series").format(count=count)))
        tips = {
            True: _("Name the policy file first"),
            False: _("Make a case of each ticked series") if count else _("Tick a series first"),
        }
        button.setToolTip(tips[noFile])

    def applyOrCancel(self) -> None:
        """Start, or stop what was started."""
        if self.busy:
            self.worker.cancel()
            self.ui.applyButton.setEnabled(False)
            self.ui.applyButton.setText(_("Cancelling..."))
        else:
            self.start()

    def start(self) -> None:
        """De-identify what is ticked."""
        from Clinic2CloudLib.errors import Clinic2CloudError

        uids = self.panel.select.selected()
        self._out = self.panel.casesFolder
        self.made = []
        request = {
            "source": str(self.panel.source),
            "series": uids,
            "out": str(self._out),
            **self.panel.policyRequest(),
        }
        self._showRows([self.panel.select.nameOf(uid) for uid in uids])
        self._stage = "deidentify"
        try:
            self._classical = self._offerNetwork(uids)
            self.work(
                "deidentify",
                request,
                onResult=self._madeCases,
                onError=self._failed,
                onProgress=self._progress,
                onEvent=self._event,
            )
        except Clinic2CloudError as error:
            self._failed(str(error), False)
            return
        self._say(_("Reading the series..."))
        self.updateButton()

    def _offerNetwork(self, uids: list[str]) -> str:
        """Offer the face network where faces are looked for; return why it is not asked."""
        from .packages import ensureNetwork, ensurePackages

        ensurePackages()
        faces = {"CT", "MR"} & {self.panel.select.kindOf(uid) for uid in uids}
        if not faces or self.panel.parameters.face.value == "off":
            return ""
        return ensureNetwork()

    # ----------------------------------------------------------------- progress

    def _showRows(self, names: list[str]) -> None:
        tree = self.ui.progressTree
        tree.clear()
        self._rows = []
        for name in names:
            item = qt.QTreeWidgetItem(tree)
            item.setText(SERIES, name)
            item.setText(STATE, _("waits"))
            self._rows.append(item)
        tree.setVisible(True)
        self.ui.deidentifyProgress.setValue(0)
        self.ui.deidentifyProgress.setVisible(True)

    def _progress(self, fraction: float, message: str) -> None:
        share = 0.9 * fraction if self._stage == "deidentify" else 0.9 + 0.1 * fraction
        self.ui.deidentifyProgress.setValue(round(100 * share))
        self._say(message)

    def _event(self, event: dict) -> None:
        if event["event"] != "series":
            return
        number = event["number"] - 1
        for row in self._rows[:number]:
            if row.text(STATE) != _("done"):
                row.setText(PROGRESS, "100 %")
                row.setText(STATE, _("done"))
        if number < len(self._rows):
            self._rows[number].setText(PROGRESS, f"{100 * min(event['progress'], 1):.0f} %")
            self._rows[number].setText(STATE, event["message"])

    # ------------------------------------------------------------------- ending

    def _madeCases(self, result: dict) -> None:
        self.made = result["cases"]
        for row in self._rows:
            row.setText(PROGRESS, "100 %")
            row.setText(STATE, _("done"))
        aside = result["set_aside"]
        self._aside = aside
        self.panel.casesChanged()
        if not self.made:
            why = aside[0]["reason"] if aside else _("it holds no images")
            self._failed(_("nothing was de-identified: {why}").format(why=why), False)
            return
        self._stage = "verify"
        self.work(
            "verify",
            {"cases": self.made},
            onResult=self._verified,
            onError=self._failed,
            onProgress=self._progress,
        )
        self.updateButton()

    def _verified(self, result: dict) -> None:
        found = sum(1 for count in result["findings"].values() if count)
        self._finish()
        text = _("{count} cases made and verified.").format(count=len(self.made))
        if len(self.made) == 1:
            text = _("1 case made and verified.")
        if self._aside:
            text += " " + _("{count} files were set aside, first because {why}.").format(
                count=len(self._aside), why=self._aside[0]["reason"]
            )
        if self._classical:
            text += " " + _("Faces were found by the classical method: {why}.").format(
                why=self._classical
            )
        if found:
            text += " " + _("The second look found something in {count}: review them.").format(
                count=found
            )
        self._say(text, "error" if found else "done")
        self.panel.review.present(Path(self.made[0]))

    def _failed(self, sentence: str, cancelled: bool) -> None:
        clearLeftovers(self._out)
        self._finish()
        for row in self._rows:
            if row.text(STATE) != _("done"):
                row.setText(PROGRESS, "")
                row.setText(STATE, _("cancelled") if cancelled else _("not done"))
        self._say(
            sentence if cancelled else withWayOut(sentence), "plain" if cancelled else "error"
        )

    def _finish(self) -> None:
        self.ui.deidentifyProgress.setVisible(False)
        self.updateButton()
        self.panel.casesChanged()

    def _say(self, text: str, kind: str = "plain") -> None:
        self.panel.say(self.ui.deidentifyStatus, text, kind)
