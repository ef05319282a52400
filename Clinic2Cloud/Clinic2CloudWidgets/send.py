"""Section 4: exactly what leaves and to where, the consent, the upload, the jobs."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import qt
from slicer.i18n import tr as _

from .cases import megabytes, sizeOf
from .jobs import JobList
from .process import Worker
from .section import Section, safe, withWayOut


class SendSection(Section):
    """Destination, consent, upload and jobs. What may be sent is what was approved."""

    def __init__(self, panel: Any) -> None:
        super().__init__(panel)
        self.server = JobList(panel, self.request, self._contentChanged)
        self.waiting: list[dict] = []
        self._outboxWorker: Worker | None = None
        self._agreed: tuple | None = None
        ui = self.ui
        ui.destinationEdit.setText(panel.setting("Destination"))
        ui.tokenFile.setCurrentPath(panel.setting("TokenFile"))
        ui.destinationEdit.connect("textChanged(QString)", lambda _t: self._destinationChanged())
        ui.tokenFile.connect("currentPathChanged(QString)", lambda _p: self._destinationChanged())
        ui.tokenButton.connect("clicked()", self._storeToken)
        ui.consentCheckBox.connect("toggled(bool)", self._consented)
        ui.uploadButton.connect("clicked()", self.sendOrPause)
        ui.resumeButton.connect("clicked()", self.resume)
        ui.giveUpButton.connect("clicked()", self.giveUp)

    # ------------------------------------------------------------- what and where

    @property
    def url(self) -> str:
        """The server's address as it was typed."""
        return self.ui.destinationEdit.text.strip()

    def request(self) -> dict[str, Any]:
        """Return the destination as a request's values."""
        return {"url": self.url, "token_file": self.ui.tokenFile.currentPath or None}

    def leaving(self) -> list:
        """Return the cases that would leave: approved and not under way yet."""
        underWay = {entry["folder"] for entry in self.waiting}
        return [
            case
            for case in self.panel.review.cases
            if case.state == "approved" and str(case.folder.resolve()) not in underWay
        ]

    def enter(self) -> None:
        """Look for uploads that an earlier session left."""
        self.refresh()
        self._askOutbox()
        self.server.follow()

    def exit(self) -> None:
        """Ask the server no more."""
        self.server.stop()

    def refresh(self) -> None:
        """Show what would leave."""
        self._contentChanged()

    def _content(self) -> tuple:
        cases = tuple((case.id, case.digest) for case in self.leaving())
        pipeline = self.server.pipeline()
        options = tuple(sorted(self.server.options.values().items())) if pipeline else ()
        return (self.url, cases, pipeline, options)

    def _contentChanged(self) -> None:
        if not hasattr(self.panel, "send"):
            return
        cases = self.leaving()
        self.ui.leavesBrowser.setHtml(self._leavesText(cases))
        if self._agreed is not None and self._agreed != self._content():
            self.ui.consentCheckBox.setChecked(False)
        host = urlsplit(self.url).netloc or _("the server")
        count = sum(len(case.instances) for case in cases)
        text = _("I agree: {images} images of {cases} cases ({size}) go to {host}")
        if len(cases) == 1:
            text = _("I agree: {images} images of 1 case ({size}) go to {host}")
        elif not cases:
            text = _("I agree that the images named above are sent")
        self.ui.consentCheckBox.setText(
            text.format(
                images=count,
                cases=len(cases),
                size=megabytes(sum(sizeOf(case) for case in cases)),
                host=host,
            )
        )
        self.updateButtons()

    def _leavesText(self, cases: list) -> str:
        if not cases:
            return _("Nothing: no approved case waits to be sent.")
        rows = "".join(
            f"<li>{safe(case.description or case.id)} – {safe(case.modality)}, "
            + _("{count} images, {size}, approved by {who}").format(
                count=len(case.instances),
                size=megabytes(sizeOf(case)),
                who=safe((case.review or {}).get("reviewer", "?")),
            )
            + "</li>"
            for case in cases
        )
        encrypted = self.url.startswith("https")
        way = _("over an encrypted line") if encrypted else _("on this computer")
        to = _("To {url}, {way}").format(url=safe(self.url or "?"), way=way)
        then = safe(self.server.pipeline()) or _("nothing more")
        return (
            f"<p><b>{to}</b></p><ul style='margin:0 0 0 -24px'>{rows}</ul>"
            + "<p>" + _("These images and nothing else: no preview, no report, no crosswalk.")
            + "<br>" + _("Then: {what}").format(what=then) + "</p>"
        )  # fmt: skip

    def _destinationChanged(self) -> None:
        self.panel.saveSetting("Destination", self.url)
        self.panel.saveSetting("TokenFile", self.ui.tokenFile.currentPath)
        self.server.restart()
        self._contentChanged()

    def _storeToken(self) -> None:
        """Put a token into the system's keyring; it is shown nowhere."""
        token = qt.QInputDialog.getText(
            self.panel.widget,
            _("Access token"),
            _("The token for {url}:").format(url=self.url or _("the server")),
            qt.QLineEdit.Password,
        )
        if not token:
            return
        from Clinic2CloudLib.cloud.destination import KEYRING_SERVICE, checked_token, checked_url
        from Clinic2CloudLib.errors import Clinic2CloudError

        try:
            import keyring
            from keyring.errors import KeyringError
        except ImportError:
            self._say(_("There is no keyring here; use a token file."), "error")
            return
        try:
            keyring.set_password(
                KEYRING_SERVICE, checked_url(self.url), checked_token(token, _("the token"))
            )
        except Clinic2CloudError as error:
            self._say(withWayOut(str(error)), "error")
        except KeyringError:
            self._say(_("The keyring refuses it; use a token file."), "error")
        else:
            self._say(_("The token is in the keyring."), "done")
            self._destinationChanged()

    # ---------------------------------------------------------------- the upload

    def _consented(self, agreed: bool) -> None:
        self._agreed = self._content() if agreed else None
        self.updateButtons()

    def updateButtons(self) -> None:
        """Say what a click would do, or why it cannot."""
        button, cases = self.ui.uploadButton, self.leaving()
        why = ""
        if self.busy:
            button.setText(_("Pause"))
            button.setToolTip(_("Stop here; Resume goes on where it was, also after a restart"))
            button.setEnabled(True)
        else:
            if not cases:
                why = _("Approve a case first")
            elif not self.url:
                why = _("Name the server first")
            elif not self.ui.consentCheckBox.checked:
                why = _("Tick that you agree first")
            button.setText(_("Send"))
            button.setToolTip(why or _("Send what is named above"))
            button.setEnabled(not why)
        self.ui.consentCheckBox.setEnabled(bool(cases and self.url and not self.busy))
        paused = bool(self.waiting) and not self.busy
        self.ui.resumeButton.setVisible(paused)
        self.ui.giveUpButton.setVisible(paused)
        for widget in (self.ui.destinationEdit, self.ui.tokenFile, self.ui.pipelineComboBox):
            widget.setEnabled(not self.busy)

    def sendOrPause(self) -> None:
        """Send, or pause what is being sent."""
        if self.busy:
            self.worker.cancel()
            self.ui.uploadButton.setEnabled(False)
            self.ui.uploadButton.setText(_("Pausing..."))
            return
        if not self.ui.consentCheckBox.checked or self._agreed != self._content():
            return
        pipeline = self.server.pipeline()
        self._start(
            "upload",
            {
                **self.request(),
                "cases": [str(case.folder) for case in self.leaving()],
                "pipeline": pipeline,
                "options": self.server.options.values() if pipeline else {},
            },
            self._sent,
        )

    def resume(self) -> None:
        """Take up what was paused or broken off."""
        if not self.busy:
            self._start("resume", self.request(), self._resumed)

    def _start(self, task: str, request: dict, onResult: Any) -> None:
        self.ui.uploadProgress.setValue(0)
        self.ui.uploadProgress.setVisible(True)
        self._say(_("Connecting..."))
        self.work(
            task,
            request,
            onResult=onResult,
            onError=self._notSent,
            onProgress=self._uploading,
        )
        self.updateButtons()

    def _uploading(self, fraction: float, message: str) -> None:
        self.ui.uploadProgress.setValue(round(100 * fraction))
        self._say(message[:1].upper() + message[1:])

    def _sent(self, result: dict) -> None:
        count = sum(row["instances"] for row in result["uploads"])
        self._ended(
            _("{count} images are at the server, each verified.").format(count=count), "done"
        )

    def _resumed(self, result: dict) -> None:
        failed = [row["error"] for row in result["resumed"] if row["error"]]
        if failed:
            self._ended(withWayOut(failed[0]), "error")
        else:
            self._ended(_("What was open has been sent and verified."), "done")

    def _notSent(self, sentence: str, cancelled: bool) -> None:
        if cancelled:
            self._ended(_("Paused. Resume goes on where it was."), "plain")
        else:
            self._ended(withWayOut(sentence), "error")

    def _ended(self, text: str, kind: str) -> None:
        self.ui.uploadProgress.setVisible(False)
        self.ui.consentCheckBox.setChecked(False)
        self._say(text, kind)
        self.panel.casesChanged()
        self._askOutbox()
        self.server.follow()

    def giveUp(self) -> None:
        """Take what waits out of the outbox; the cases are approved as before."""
        self._askOutbox([entry["number"] for entry in self.waiting])

    def _askOutbox(self, cancel: list[int] | None = None) -> None:
        if self._outboxWorker is None or not self._outboxWorker.running:
            self._outboxWorker = Worker(
                "outbox",
                {"cancel": cancel or []},
                onResult=self._outboxTold,
                onError=lambda sentence, _c: self._say(withWayOut(sentence), "error"),
            )

    def _outboxTold(self, result: dict) -> None:
        self.waiting = result["open"]
        if self.waiting and not self.busy and not self.ui.sendStatus.text:
            text = _("{count} uploads were not finished. Resume goes on where they were.")
            self._say(text.format(count=len(self.waiting)))
        self.panel.casesChanged()
        self._contentChanged()

    def _say(self, text: str, kind: str = "plain") -> None:
        self.panel.say(self.ui.sendStatus, text, kind)

    def close(self) -> None:
        """End all work; an upload goes on with Resume."""
        super().close()
        self.server.stop()
        if self._outboxWorker is not None:
            self._outboxWorker.abandon()
