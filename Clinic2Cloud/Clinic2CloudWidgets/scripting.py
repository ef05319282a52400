"""The steps of the panel as calls for Slicer's Python console; part of ``Clinic2CloudLogic``."""

from __future__ import annotations

import pathlib
from typing import Any

import slicer


class Scripting:
    """Each call waits until it is done.

    Errors are ``Clinic2CloudError``: one sentence without patient data.
    """

    def __init__(self) -> None:
        self.views: Any = None

    def installPackages(self) -> str:
        """Have Slicer install what the library and its face network need; asks the user first.

        Returns
        -------
        str
            Why faces will be found by the classical method; empty where the network is there.
        """
        from Clinic2CloudWidgets.packages import ensureNetwork, ensurePackages

        ensurePackages()
        return ensureNetwork(again=True)

    def databasePath(self) -> pathlib.Path | None:
        """Return Slicer's DICOM database file, or None when there is none open."""
        database = getattr(slicer, "dicomDatabase", None)
        if database is None or not database.isOpen:
            return None
        return pathlib.Path(database.databaseFilename)

    def defaultFolder(self) -> pathlib.Path:
        """Return the folder of cases that the panel shows."""
        return self.getParameterNode().casesFolder

    def deidentifySeries(
        self, uid: str, policy: str = "research", source: Any = None, folder: Any = None,
        face: str | None = None, keep: Any = (), progress: Any = None,
    ) -> Any:  # fmt: skip
        """De-identify one series of the DICOM database (or of ``source``) and verify the case.

        Parameters
        ----------
        uid : str
            Series Instance UID.
        policy : str
            ``research``, ``keep-dates``, ``strict`` or a TOML file.
        source, folder : path, optional
            Where the images are, and where the case goes.
        face : str, optional
            ``auto``, ``smooth``, ``remove``, ``reface``, ``off``; as the policy says when left out.
        keep : sequence of str
            Words of ``--keep``: age, sex, weight, ...

        Returns
        -------
        Case
            Its ``folder``, ``state``, ``face``, ``needs_review``, ...
        """
        import dataclasses

        from Clinic2CloudLib import check_case, deidentify, load_policy, open_site, with_keep
        from Clinic2CloudLib.errors import InputError

        source = pathlib.Path(source) if source else self.databasePath()
        if source is None:
            raise InputError("there is no DICOM database open; name a source")
        folder = pathlib.Path(folder or self.defaultFolder())
        chosen = with_keep(load_policy(policy), keep)
        if face:
            chosen = dataclasses.replace(chosen, face=face)
        made = deidentify(
            source, folder, open_site(folder, policy=chosen), series=[uid], progress=progress
        )
        if not made.series:
            reason = made.set_aside[0].reason if made.set_aside else "it holds no images"
            raise InputError(f"the series was set aside: {reason}")
        return check_case(made.series[0].case.folder)

    def cases(self, folder: Any = None) -> list:
        """Return the cases of a folder."""
        from Clinic2CloudWidgets.cases import casesIn

        return casesIn(pathlib.Path(folder or self.defaultFolder()))

    def showPreview(self, case: Any, source: Any = None, number: int = 0) -> dict:
        """Load a case and its original; side by side where there is a main window.

        Parameters
        ----------
        number : int
            Which volume, from 0, the largest first, where the series has several.

        Returns
        -------
        dict
            The nodes by role: ``after``, and where the original is there ``before``, ``changed``.
        """
        from Clinic2CloudLib.steps.compare import compare

        from Clinic2CloudWidgets import scene
        from Clinic2CloudWidgets.views import CaseViews

        source = pathlib.Path(source) if source else self.databasePath()
        seen = compare(case.folder, source, number=number)
        if self.views is None:
            self.views = CaseViews()
        arrays = {}
        if seen.after is not None:
            arrays["after"] = seen.after.values()
            if seen.before is not None:
                arrays["before"] = seen.before.values()
                arrays["changed"] = seen.changed.astype("u1")
            facts = {
                "ijk_to_ras": seen.after.ijk_to_ras, "window": seen.window,
                "skin": seen.transfer.level, "air": seen.transfer.air,
            }  # fmt: skip
            self.views.show(case.id, arrays, facts)
        return {node.GetAttribute(scene.ROLE_ATTRIBUTE): node for node in scene.ownNodes(case.id)}

    def approve(self, case: Any, reviewer: str, note: str = "") -> Any:
        """Approve a case; the decision is bound to the SHA-256 of every file and picture."""
        return self._decide(case, True, reviewer, note)

    def reject(self, case: Any, reviewer: str, note: str = "") -> Any:
        """Reject a case; it does not leave."""
        return self._decide(case, False, reviewer, note)

    def _decide(self, case: Any, approve: bool, reviewer: str, note: str) -> Any:
        from Clinic2CloudLib import decide
        from Clinic2CloudLib.steps.check import checker

        return decide(
            case.folder, approve=approve, reviewer=reviewer, note=note, verifier=checker()
        )

    def destination(self, url: str, tokenFile: Any = None, ca: Any = None) -> Any:
        """Return a destination; without a token file the system's keyring is asked."""
        from Clinic2CloudLib.cloud.destination import Destination

        return Destination(
            url,
            token_file=pathlib.Path(tokenFile) if tokenFile else None,
            ca=pathlib.Path(ca) if ca else None,
        )

    def upload(
        self, case: Any, destination: Any, pipeline: str | None = None, options: Any = None,
        progress: Any = None,
    ) -> Any:  # fmt: skip
        """Send an approved case; returns the job where a pipeline was named, None otherwise."""
        from Clinic2CloudLib import send
        from Clinic2CloudLib.cloud.jobs import show_job

        sent = send(
            [case.folder], destination, pipeline=pipeline, options=options, progress=progress
        )[0]
        if sent.upload.workitem_uid is None:
            return None
        return show_job(destination, sent.upload.workitem_uid)

    def jobs(self, destination: Any) -> tuple:
        """Return the server's jobs."""
        from Clinic2CloudLib.cloud.jobs import list_jobs

        return list_jobs(destination)

    def loadResults(self, job: Any, case: Any = None, folder: Any = None) -> list:
        """Wait for a job, fetch its results and load them under the case's study.

        Returns
        -------
        list
            The nodes: segmentations, volumes, a table.
        """
        from Clinic2CloudLib.cloud.jobs import wait_for
        from Clinic2CloudLib.cloud.results import fetch_results
        from Clinic2CloudLib.errors import CloudError
        from Clinic2CloudLib.worker.shown import show_results
        from Clinic2CloudLib.worker.tasks import note_outcome

        from Clinic2CloudWidgets.cases import Collected, resultsFolder
        from Clinic2CloudWidgets.results import intoScene

        job = wait_for(job)
        if job.state != "done":
            raise CloudError(f"{job.pipeline} failed: {job.reason}")
        name = case.id if case is not None else f"job-{job.uid[-8:]}"
        folder = pathlib.Path(folder) if folder else resultsFolder(self.defaultFolder()) / name
        files = fetch_results(job, folder, case)
        note_outcome(case.folder if case is not None else None, job.uid)
        collected = Collected()
        shown = show_results([item.path for item in files], folder, collected)
        study = case.study_uid if case is not None else job.inputs[0].study_uid
        return intoScene(name, job.patient_id, study, shown, collected.arrays)
