"""The send step: approved cases go to the cloud, a pipeline starts, its results come back."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..cases.case import require_approved
from ..cases.report import write_report
from ..cloud.destination import Destination
from ..cloud.jobs import Job, show_job, wait_for
from ..cloud.results import Result, fetch_results
from ..cloud.upload import UploadResult, upload_case
from ..errors import Cancelled, Clinic2CloudError, CloudError, NotApprovedError
from ..progress import Progress, part


@dataclass(frozen=True)
class Sent:
    """What became of one case: its upload, its job, and the results that were fetched."""

    folder: Path
    upload: UploadResult
    job: Job | None = None
    results: tuple[Result, ...] = ()


@dataclass
class Attempt:
    """How far one case came, and the sentence of what stopped it there."""

    folder: Path
    sent: Sent | None = None
    error: str | None = None


def send(
    folders: Sequence[Path],
    destination: Destination,
    *,
    pipeline: str | None = None,
    options: Mapping[str, Any] | None = None,
    again: bool = False,
    wait: bool = False,
    results: Path | None = None,
    key: Path | None = None,
    progress: Progress | None = None,
    into: list[Attempt] | None = None,
) -> list[Sent]:
    """Upload cases and, where asked, start a pipeline, wait for it and fetch what it made.

    Every case is checked before the first byte leaves, so that one unapproved case among many
    stops them all. From then on, one that fails does not keep the others waiting, and all of them
    lie in the outbox.

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
    key : Path, optional
        The site's key, with which approvals are sealed; the site's own by default.
    progress : Progress, optional
        Told how far it is; may raise Cancelled.
    into : list of Attempt, optional
        Filled with how far each case came, also where this raises.

    Raises
    ------
    NotApprovedError
        When one of the cases may not leave.
    CloudError
        When the server is down, refuses, or a job fails, after all cases were tried.
    """
    attempts = [] if into is None else into
    attempts.extend(Attempt(folder) for folder in folders)
    errors: list[Clinic2CloudError] = []
    for attempt in attempts:
        with _noting(attempt, errors):
            require_approved(attempt.folder, key)
    if errors:
        raise _summary(NotApprovedError, errors, attempts, "may not leave, so none was sent")
    for number, attempt in enumerate(attempts):
        share = part(progress, number / len(attempts), (number + 1) / len(attempts))
        told = part(share, 0.0, 0.3)
        folder = attempt.folder
        with _noting(attempt, errors):
            upload = upload_case(
                folder, destination, None, pipeline, options, told, again=again, key=key
            )
            write_report(folder)
            attempt.sent = Sent(folder, upload)
            if upload.workitem_uid and (wait or results):
                job = show_job(destination, upload.workitem_uid)
                _follow(attempt, upload, job, results, key, share)
    if errors:
        raise _summary(CloudError, errors, attempts, "failed")
    return [attempt.sent for attempt in attempts if attempt.sent is not None]


@contextlib.contextmanager
def _noting(attempt: Attempt, errors: list[Clinic2CloudError]) -> Iterator[None]:
    """Note what stops one case, so that the others may go on; a wish to stop stops all."""
    try:
        yield
    except Cancelled:
        raise
    except Clinic2CloudError as error:
        attempt.error = str(error)
        errors.append(error)


def _summary(
    kind: type[Clinic2CloudError],
    errors: Sequence[Clinic2CloudError],
    attempts: Sequence[Attempt],
    what: str,
) -> Clinic2CloudError:
    """Return the one error to raise: the case's own where there is one case only."""
    if len(attempts) == 1:
        return errors[0]
    return kind(f"{len(errors)} of {len(attempts)} cases {what}: {errors[0]}")


def _follow(
    attempt: Attempt,
    upload: UploadResult,
    job: Job,
    results: Path | None,
    key: Path | None,
    progress: Progress,
) -> None:
    """Wait for a case's job to end and fetch what it made."""
    folder = attempt.folder
    job = wait_for(job, part(progress, 0.3, 0.9), case_folder=folder)
    attempt.sent = Sent(folder, upload, job)
    write_report(folder)
    if job.state != "done":
        why = job.reason or "no reason given"
        raise CloudError(f"{job.pipeline} failed on {folder.name}: {why}")
    if results is not None:
        case = require_approved(folder, key)
        fetched = fetch_results(job, results / case.id, case, part(progress, 0.9, 1.0))
        attempt.sent = Sent(folder, upload, job, fetched)
