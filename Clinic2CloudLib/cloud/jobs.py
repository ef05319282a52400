"""Jobs at the cloud: which there are, how far they are, and their results."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

from ..cases import case as cases
from ..errors import CloudError
from ..progress import Progress, silent
from .destination import Destination
from .dicomjson import DataSet, items, text
from .dicomweb import DICOMwebClient
from .retry import RetryPolicy

#: Procedure Step State (0074,1000) in the words of a case's states.
STATES = {
    "SCHEDULED": "scheduled",
    "IN PROGRESS": "processing",
    "COMPLETED": "done",
    "CANCELED": "failed",
}
ENDED = frozenset({"done", "failed"})


@dataclass(frozen=True)
class Reference:
    """One instance a job reads or made."""

    study_uid: str
    series_uid: str
    sop_class_uid: str
    sop_instance_uid: str


@dataclass(frozen=True)
class Job:
    """A work item, as the server tells it.

    Attributes
    ----------
    uid : str
        SOP Instance UID of the work item.
    pipeline : str
        What is run.
    state : str
        ``scheduled``, ``processing``, ``done`` or ``failed`` (which includes cancelled).
    progress : float
        From 0 to 1.
    message : str
        What the server says it is doing.
    inputs, outputs : tuple of Reference
        What it reads, and what it made.
    reason : str
        Why it failed, empty otherwise.
    patient_id : str
        The pseudonymous Patient ID.
    destination : Destination
        Where it runs.
    """

    uid: str
    pipeline: str
    state: str
    progress: float
    message: str
    inputs: tuple[Reference, ...]
    outputs: tuple[Reference, ...]
    reason: str
    patient_id: str
    destination: Destination = field(repr=False)

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in ENDED


def list_jobs(
    destination: Destination, *, pipeline: str | None = None, policy: RetryPolicy | None = None
) -> tuple[Job, ...]:
    """Return the server's jobs, optionally of one pipeline only.

    Raises
    ------
    CloudError
        When the server is down or refuses.
    """
    with DICOMwebClient(destination, policy=policy) as client:
        jobs = (job_of(found, destination) for found in client.workitems())
        return tuple(job for job in jobs if pipeline in (None, job.pipeline))


def show_job(destination: Destination, uid: str, *, policy: RetryPolicy | None = None) -> Job:
    """Return one job as it is now.

    Raises
    ------
    CloudError
        When the server does not know it, is down or refuses.
    """
    with DICOMwebClient(destination, policy=policy) as client:
        return job_of(client.workitem(uid), destination)


def request_cancel(job: Job, *, policy: RetryPolicy | None = None) -> None:
    """Ask the server to stop a job; it ends as ``failed`` when the server has done so.

    Raises
    ------
    CloudError
        When it has ended already, or the server does not do it.
    """
    with DICOMwebClient(job.destination, policy=policy) as client:
        client.request_cancel(job.uid)


def wait_for(
    job: Job,
    progress: Progress | None = None,
    poll: float = 1.0,
    *,
    case_folder: Path | None = None,
    policy: RetryPolicy | None = None,
) -> Job:
    """Wait until a job has ended.

    Parameters
    ----------
    job : Job
        From :func:`show_job` or :func:`list_jobs`.
    progress : Progress, optional
        Told the server's own fraction; may raise Cancelled, which leaves the job running.
    poll : float
        Seconds between two questions.
    case_folder : Path, optional
        The case the job works on: it becomes ``done`` or ``failed``.
    policy : RetryPolicy, optional
        How long trouble is put up with.

    Returns
    -------
    Job
        ``done``, or ``failed`` with its reason.

    Raises
    ------
    CloudError
        When the server is out of reach for longer than the policy allows.
    """
    report = progress or silent
    with DICOMwebClient(job.destination, policy=policy) as client:
        while True:
            now = job_of(client.workitem(job.uid, report), job.destination)
            if now.ended:
                break
            _pause(poll, report, now)
    if case_folder is not None:
        details = {"reason": now.reason} if now.state == "failed" else {}
        cases.set_state(case_folder, now.state, workitem_uid=now.uid, **details)
    report(1.0, f"{now.pipeline} {'is done' if now.state == 'done' else 'failed'}")
    return now


def _pause(seconds: float, report: Progress, job: Job) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        report(job.progress, job.message or f"{job.pipeline} is {job.state}")
        time.sleep(min(0.25, left))


def job_of(data_set: DataSet, destination: Destination) -> Job:
    """Read a work item.

    Raises
    ------
    CloudError
        When it has no UID or a state that no work item has.
    """
    uid, state = text(data_set, "00080018"), STATES.get(text(data_set, "00741000"))
    if not uid or state is None:
        raise CloudError(f"{destination.host} answers with something that is no job")
    told = (items(data_set, "00741002") or [{}])[0]  # Procedure Step Progress Information
    done = (items(data_set, "00741216") or [{}])[0]  # UPS Performed Procedure
    code = (items(data_set, "00404018") or [{}])[0]  # Scheduled Workitem Code
    return Job(
        uid=uid,
        pipeline=text(code, "00080100") or text(code, "00080119") or text(data_set, "00741204"),
        state=state,
        progress=1.0 if state == "done" else _fraction(text(told, "00741004")),
        message=text(told, "00741006"),
        inputs=_references(data_set, "00404021"),
        outputs=_references(done, "00404033"),
        reason=_reason(data_set, told) if state == "failed" else "",
        patient_id=text(data_set, "00100020"),
        destination=destination,
    )


def _fraction(percent: str) -> float:
    try:
        return min(max(float(percent) / 100.0, 0.0), 1.0)
    except ValueError:
        return 0.0


def _reason(data_set: DataSet, told: DataSet) -> str:
    """Return why a job was cancelled, in the most telling words there are."""
    code = (items(told, "0074100E") or items(data_set, "0074100E") or [{}])[0]
    found = (
        text(told, "00741238") or text(data_set, "00741238"),
        text(told, "00741006"),
        text(code, "00080104"),
    )
    return next((said for said in found if said), "the server gives no reason")


def _references(data_set: DataSet, tag: str) -> tuple[Reference, ...]:
    return tuple(
        Reference(
            text(item, "0020000D"),
            text(item, "0020000E"),
            text(instance, "00081150"),
            text(instance, "00081155"),
        )
        for item in items(data_set, tag)
        for instance in items(item, "00081199")
    )
