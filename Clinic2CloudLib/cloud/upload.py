"""Upload an approved case, verify it, and only then start a pipeline on it."""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from ..cases import case as cases
from ..errors import Cancelled, Clinic2CloudError, CloudError, NotApprovedError, OutputError
from ..progress import Progress, silent
from .destination import Destination
from .dicomjson import text
from .dicomweb import DICOMwebClient
from .outbox import Entry, Outbox
from .retry import RetryPolicy
from .transfer import Transfer
from .workitem import workitem, workitem_uid


@dataclass(frozen=True)
class UploadResult:
    """What an upload did.

    Attributes
    ----------
    case_id : str
        The case.
    entry : int
        Its number in the outbox.
    url : str
        The destination.
    instances : int
        How many the case has; all are verified at the server.
    sent : int
        How many were handed over, repeated ones counted again.
    already_there : int
        How many the server had before.
    compared : int
        How many were read back and compared byte for byte.
    bytes_sent : int
        Bytes handed over.
    seconds : float
        From asking the server to the end of verification.
    workitem_uid : str or None
        The job, where one was asked for.
    started : bool
        Whether this call started it; False when an earlier one had already.
    """

    case_id: str
    entry: int
    url: str
    instances: int
    sent: int
    already_there: int
    compared: int
    bytes_sent: int
    seconds: float
    workitem_uid: str | None
    started: bool


@dataclass(frozen=True)
class Resumed:
    """How one entry of the outbox fared: a result, or the sentence of what went wrong."""

    entry: Entry
    result: UploadResult | None
    error: str | None


def upload_case(
    folder: Path,
    destination: Destination,
    outbox: Outbox | None = None,
    start: str | None = None,
    options: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
    *,
    policy: RetryPolicy | None = None,
    again: bool = False,
    key: Path | None = None,
) -> UploadResult:
    """Send an approved case, verify that the server keeps it, and start a pipeline on it.

    Whatever goes wrong, the case stays in the outbox and :func:`resume` takes it up where it was.

    Parameters
    ----------
    folder : Path
        The case folder; it must be approved, and all its files are hashed again now.
    destination : Destination
        The server.
    outbox : Outbox, optional
        The user's own by default.
    start : str, optional
        Name of the pipeline to start once everything is verified.
    options : mapping, optional
        Its options.
    progress : Progress, optional
        May raise Cancelled at any time.
    policy : RetryPolicy, optional
        How long trouble is put up with: 15 minutes without any success by default.
    again : bool
        Start the same pipeline anew although an earlier job on the same case has ended.
    key : Path, optional
        The site's key, with which approvals are sealed; the site's own by default.

    Raises
    ------
    NotApprovedError
        When the case is not approved, was rejected, or changed since.
    CloudError
        When the server is down, refuses, or did not keep what it was sent.
    InputError, OutputError
        When the folder is no case, or the outbox cannot be written.
    """
    case = cases.require_approved(folder, key)
    with contextlib.ExitStack() as stack:
        box = outbox or stack.enter_context(Outbox())
        job = None
        if start:
            job = workitem_uid(case.digest, destination.url, start, options or {})
            if again:
                job = _next_job(case, destination, start, options or {}, policy)
        entry = box.enqueue(case, destination, start, options, job)
        own = replace(entry, destination=destination)
        return _work(own, box, progress or silent, policy, lambda: case)


def resume(
    outbox: Outbox | None = None,
    progress: Progress | None = None,
    *,
    destinations: Sequence[Destination] = (),
    policy: RetryPolicy | None = None,
    key: Path | None = None,
) -> tuple[Resumed, ...]:
    """Take up every open entry of the outbox where it was left.

    Parameters
    ----------
    outbox : Outbox, optional
        The user's own by default.
    progress : Progress, optional
        May raise Cancelled, which ends the whole.
    destinations : sequence of Destination
        Used instead of the noted ones with the same URL: a token given in memory is not on disk.
    policy : RetryPolicy, optional
        How long trouble is put up with.
    key : Path, optional
        The site's key, with which approvals are sealed; the site's own by default.

    Returns
    -------
    tuple of Resumed
        One for each entry that was open; one that fails does not keep the others waiting.

    Raises
    ------
    Cancelled
        When the progress asked for it.
    """
    given = {destination.url: destination for destination in destinations}
    fared: list[Resumed] = []
    with contextlib.ExitStack() as stack:
        box = outbox or stack.enter_context(Outbox())
        for listed in box.list(only_open=True):
            entry = box.entry(listed.id)
            if not entry.open:  # another process was faster
                continue
            own = replace(entry, destination=given.get(entry.destination.url, entry.destination))
            try:
                approved = functools.partial(cases.require_approved, entry.folder, key)
                result = _work(own, box, progress or silent, policy, approved)
            except Cancelled:
                raise
            except Clinic2CloudError as error:
                fared.append(Resumed(box.entry(entry.id), None, str(error)))
            else:
                fared.append(Resumed(box.entry(entry.id), result, None))
    return tuple(fared)


def _work(
    entry: Entry,
    outbox: Outbox,
    progress: Progress,
    policy: RetryPolicy | None,
    approved: Callable[[], cases.Case],
) -> UploadResult:
    """Work on one entry, alone; note why when it fails, be it that it may not leave."""
    with outbox.working_on(entry):
        outbox.begin(entry.id)
        try:
            with DICOMwebClient(entry.destination, policy=policy) as client:
                return _upload(entry, outbox, client, progress, approved())
        except Clinic2CloudError as error:
            with contextlib.suppress(OutputError):  # the first trouble is the one to tell
                outbox.set_entry(entry.id, outbox.entry(entry.id).state, str(error))
            raise


def _upload(
    entry: Entry,
    outbox: Outbox,
    client: DICOMwebClient,
    progress: Progress,
    case: cases.Case,
) -> UploadResult:
    """Send an approved case, verify it, start what was asked for."""
    url = entry.destination.url
    if case.digest != entry.digest:
        raise NotApprovedError(f"{case.id} is not the version that was queued; upload it anew")
    begun = time.monotonic()
    cases.set_state(entry.folder, "queued", destination=url)
    transfer = Transfer(case, entry, outbox, client, progress)
    transfer.run()
    seconds = time.monotonic() - begun
    cases.set_state(entry.folder, "uploaded", destination=url, instances=len(case.instances))
    started = False
    if entry.pipeline and entry.workitem_uid:
        outbox.set_entry(entry.id, "uploaded")
        progress(1.0, f"starting {entry.pipeline}")
        wanted_at = datetime.fromisoformat(entry.created_at)
        item = workitem(case, url, entry.pipeline, entry.options, wanted_at)
        started = client.create_workitem(entry.workitem_uid, item, progress)
        cases.set_state(
            entry.folder, "processing", destination=url, workitem_uid=entry.workitem_uid
        )
    outbox.set_entry(entry.id, "done")
    progress(1.0, f"{len(case.instances)} instances are at {entry.destination.host}, verified")
    return UploadResult(
        case_id=case.id,
        entry=entry.id,
        url=url,
        instances=len(case.instances),
        sent=transfer.sent,
        already_there=transfer.already_there,
        compared=transfer.compared,
        bytes_sent=transfer.bytes_sent,
        seconds=seconds,
        workitem_uid=entry.workitem_uid,
        started=started,
    )


def _next_job(
    case: cases.Case,
    destination: Destination,
    start: str,
    options: Mapping[str, Any],
    policy: RetryPolicy | None,
) -> str:
    """Return the UID of the first job of this wish that has not ended yet."""
    with DICOMwebClient(destination, policy=policy) as client:
        for again in range(1000):
            uid = workitem_uid(case.digest, destination.url, start, options, again)
            item = client.find_workitem(uid)
            if item is None or text(item, "00741000") in ("SCHEDULED", "IN PROGRESS"):
                return uid
    raise CloudError("the same pipeline was started on this case too often")
