"""The send step: approved cases go to the cloud, a pipeline starts, its results come back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..cases.case import require_approved
from ..cases.report import write_report
from ..cloud.destination import Destination
from ..cloud.jobs import Job, show_job, wait_for
from ..cloud.results import Result, fetch_results
from ..cloud.upload import UploadResult, upload_case
from ..errors import CloudError
from ..progress import Progress, part


@dataclass(frozen=True)
class Sent:
    """What became of one case: its upload, its job, and the results that were fetched."""

    folder: Path
    upload: UploadResult
    job: Job | None = None
    results: tuple[Result, ...] = ()


def send(
    folders: Sequence[Path],
    destination: Destination,
    *,
    pipeline: str | None = None,
    options: Mapping[str, Any] | None = None,
    again: bool = False,
    wait: bool = False,
    results: Path | None = None,
    progress: Progress | None = None,
) -> list[Sent]:
    """Upload cases and, where asked, start a pipeline, wait for it and fetch what it made.

    Every case is checked before the first byte leaves, so that one unapproved case among many
    stops them all.

    Parameters
    ----------
    folders : sequence of Path
        Case folders.
    destination : Destination
        The server.
    pipeline : str, optional
        What to start on each case.
    options : mapping, optional
        The pipeline's options.
    again : bool
        Start the pipeline anew although an earlier job on the same case has ended.
    wait : bool
        Wait until the jobs have ended.
    results : Path, optional
        Fetch the results into a folder a case below this one; implies waiting.

    Raises
    ------
    NotApprovedError
        When one of the cases may not leave.
    CloudError
        When the server is down, refuses, or a job fails.
    """
    for folder in folders:
        require_approved(folder)
    sent = []
    for number, folder in enumerate(folders):
        share = part(progress, number / len(folders), (number + 1) / len(folders))
        told = part(share, 0.0, 0.3)
        upload = upload_case(folder, destination, None, pipeline, options, told, again=again)
        write_report(folder)
        sent.append(Sent(folder, upload))
        if upload.workitem_uid and (wait or results):
            follow = part(share, 0.3, 1.0)
            sent[-1] = _follow(folder, upload, upload.workitem_uid, destination, results, follow)
    return sent


def _follow(
    folder: Path,
    upload: UploadResult,
    workitem_uid: str,
    destination: Destination,
    results: Path | None,
    progress: Progress,
) -> Sent:
    """Wait for a case's job to end and fetch what it made."""
    job = show_job(destination, workitem_uid)
    job = wait_for(job, part(progress, 0.0, 0.85), case_folder=folder)
    write_report(folder)
    if job.state != "done":
        why = job.reason or "no reason given"
        raise CloudError(f"{job.pipeline} failed on {folder.name}: {why}")
    if results is None:
        return Sent(folder, upload, job)
    case = require_approved(folder)
    fetched = fetch_results(job, results / case.id, case, part(progress, 0.85, 1.0))
    return Sent(folder, upload, job, fetched)
