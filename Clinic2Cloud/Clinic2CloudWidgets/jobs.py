"""What the server says: the pipelines it offers and how its jobs are, live."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import qt
from slicer.i18n import tr as _

from .facts import stateName
from .options import OptionsForm
from .process import Worker
from .section import debounced, withWayOut

CASE, PIPELINE, STATE, PROGRESS = range(4)


class JobList:
    """Watches a server from another process for as long as the section is open.

    Parameters
    ----------
    panel : Panel
        The panel.
    request : callable
        Returns the destination as a request's values.
    changed : callable
        Called when another pipeline or option was chosen.
    """

    def __init__(
        self, panel: Any, request: Callable[[], dict], changed: Callable[[], None]
    ) -> None:
        self.panel, self.ui = panel, panel.ui
        self.jobs: list[dict] = []
        self.watcher: Worker | None = None
        self._request, self._changed = request, changed
        self._offers: list[dict] = []
        self.options = OptionsForm(self.ui.optionsWidget, changed)
        self._timer = debounced(500, self._watch)
        ui = self.ui
        ui.pipelineComboBox.addItem(_("Only store"), "")
        ui.pipelineComboBox.connect("currentIndexChanged(int)", lambda _i: self._chosen())
        ui.sendCollapsibleButton.connect("contentsCollapsed(bool)", lambda _c: self.follow())
        ui.jobTree.setColumnWidth(CASE, 170)
        ui.jobTree.connect(
            "currentItemChanged(QTreeWidgetItem*,QTreeWidgetItem*)",
            lambda *_a: self.panel.results.updateButton(),
        )

    # ----------------------------------------------------------------- watching

    def follow(self) -> None:
        """Watch while the section is open and a server is named."""
        if self._wanted():
            self._timer.start()
        else:
            self.stop()

    def restart(self) -> None:
        """Watch another server."""
        self.stop()
        self.follow()

    def stop(self) -> None:
        """Ask the server no more."""
        self._timer.stop()
        if self.watcher is not None:
            self.watcher.abandon()
            self.watcher = None

    def _wanted(self) -> bool:
        return bool(self.ui.sendCollapsibleButton.checked and self._request()["url"])

    def _watch(self) -> None:
        if self.watcher is not None or not self._wanted():
            return
        self._say(_("Asking the server..."))
        self.watcher = Worker(
            "watch",
            {**self._request(), "every": 1.0},
            onEvent=self._heard,
            onError=self._ended,
        )

    def _ended(self, sentence: str, cancelled: bool) -> None:
        self.watcher = None
        if not cancelled:
            self._say(withWayOut(sentence), "error")

    def _heard(self, event: dict) -> None:
        if event["event"] == "offers":
            self._offered(event["pipelines"])
        elif event["event"] == "jobs":
            self._say("")
            self._show(event["jobs"])
        elif event["event"] == "trouble":
            self._say(withWayOut(event["sentence"]), "error")

    # ---------------------------------------------------------------- pipelines

    def pipeline(self) -> str:
        """Return the name of the pipeline that is chosen, empty for none."""
        return self.ui.pipelineComboBox.itemData(self.ui.pipelineComboBox.currentIndex) or ""

    def _offered(self, offers: list[dict]) -> None:
        chosen, self._offers = self.pipeline() or self.panel.setting("Pipeline"), offers
        combo = self.ui.pipelineComboBox
        blocked = combo.blockSignals(True)
        combo.clear()
        combo.addItem(_("Only store"), "")
        for offer in offers:
            combo.addItem(offer["title"], offer["name"])
            combo.setItemData(combo.count - 1, offer["description"], qt.Qt.ToolTipRole)
        names = [offer["name"] for offer in offers]
        combo.setCurrentIndex(names.index(chosen) + 1 if chosen in names else 0)
        combo.blockSignals(blocked)
        self._chosen(remember=False)

    def _chosen(self, remember: bool = True) -> None:
        name = self.pipeline()
        if remember:
            self.panel.saveSetting("Pipeline", name)
        offer = next((offer for offer in self._offers if offer["name"] == name), None)
        self.options.show(offer["options"] if offer else [])
        self.ui.pipelineComboBox.setToolTip(
            offer["description"] if offer else _("What the server shall do with the images")
        )
        self._changed()

    # --------------------------------------------------------------------- jobs

    def _show(self, jobs: list[dict]) -> None:
        self.jobs = jobs
        tree = self.ui.jobTree
        items = [tree.topLevelItem(i) for i in range(tree.topLevelItemCount)]
        rows = {item.data(CASE, qt.Qt.UserRole): item for item in items}
        bySeries = {case.series_uid: case for case in self.panel.review.cases}
        for job in jobs:
            item = rows.pop(job["uid"], None)
            if item is None:
                item = qt.QTreeWidgetItem(tree)
                item.setData(CASE, qt.Qt.UserRole, job["uid"])
            case = next((bySeries[s] for s in job["series"] if s in bySeries), None)
            item.setText(CASE, (case.description or case.id) if case else job["patient_id"])
            item.setText(PIPELINE, job["pipeline"])
            item.setText(STATE, stateName(job["state"]))
            item.setToolTip(STATE, job["reason"] or job["message"])
            item.setText(PROGRESS, f"{100 * job['progress']:.0f} %")
        for item in rows.values():
            tree.takeTopLevelItem(tree.indexOfTopLevelItem(item))
        if tree.currentItem() is None and tree.topLevelItemCount:
            tree.setCurrentItem(tree.topLevelItem(tree.topLevelItemCount - 1))
        self.panel.results.updateButton()

    def chosenJob(self) -> dict | None:
        """Return the job that is chosen in the list."""
        item = self.ui.jobTree.currentItem()
        uid = item.data(CASE, qt.Qt.UserRole) if item is not None else None
        return next((job for job in self.jobs if job["uid"] == uid), None)

    def _say(self, text: str, kind: str = "plain") -> None:
        self.panel.say(self.ui.serverStatus, text, kind)
