"""The tasks of the worker: each takes a request of plain values and returns plain values."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from ..progress import Progress
from .channel import Channel
from .shown import pictures_shown

if TYPE_CHECKING:
    from ..cases.policy import Policy
    from ..cloud.destination import Destination

Request: TypeAlias = Mapping[str, Any]
Task: TypeAlias = Callable[[Request, Channel], "dict[str, Any] | None"]


def path_of(value: Any) -> Path | None:
    """Return a path, or None where none was named."""
    return Path(value) if value else None


def policy_of(request: Request) -> Policy:
    """Return the policy that ``policy`` (name or file), ``keep``, ``face`` and ``text`` ask for."""
    from ..cases.policy import load_policy, with_keep

    policy = with_keep(load_policy(request.get("policy") or None), request.get("keep", ()))
    changes = {name: request[name] for name in ("face", "text") if request.get(name)}
    return dataclasses.replace(policy, **changes)


def destination_of(request: Request) -> Destination:
    """Return the destination of ``{"url": ..., "token_file": ..., "ca": ...}``."""
    from ..cloud.destination import Destination

    return Destination(
        request["url"], ca=path_of(request.get("ca")), token_file=path_of(request.get("token_file"))
    )


def plan(request: Request, channel: Channel) -> dict[str, Any]:
    """Say what would be done to each series of ``source``, or to those in ``series``."""
    from ..steps.plan import plan_source

    found = plan_source(
        Path(request["source"]), policy_of(request), request.get("series", ()), channel.progress
    )
    rows = [
        {
            "uid": item.series.uid,
            "study_uid": item.series.study_uid,
            "patient_id": item.series.patient_id,
            "patient_name": item.series.patient_name,
            "study_description": item.series.study_description,
            "modality": item.series.modality,
            "description": item.series.description,
            "instances": len(item.series.instances),
            "headers": item.headers,
            "text": item.text,
            "face": item.face,
        }
        for item in found.series
    ]
    aside = [dataclasses.asdict(item) for item in found.set_aside]
    return {"series": rows, "set_aside": aside}


def deidentify(request: Request, channel: Channel) -> dict[str, Any]:
    """Make cases of the series of ``source`` in ``out``; each is told as soon as it is whole."""
    from ..steps.deidentify import deidentify as step
    from ..steps.site import open_site

    out = Path(request["out"])
    site = open_site(
        out,
        policy=policy_of(request),
        key=path_of(request.get("key")),
        crosswalk=path_of(request.get("crosswalk")),
    )
    wanted = list(request.get("series", ()))
    made = step(
        Path(request["source"]),
        out,
        site,
        series=wanted,
        progress=_by_series(channel, len(wanted)),
    )
    return {
        "cases": [str(outcome.case.folder) for outcome in made.series if outcome.case],
        "set_aside": [dataclasses.asdict(item) for item in made.set_aside],
    }


def _by_series(channel: Channel, count: int) -> Progress:
    """Report the whole, and from the label that the step puts in front, which series it is at."""

    def progress(fraction: float, message: str) -> None:
        label, _, rest = message.partition(": ")
        words = label.split()
        if len(words) == 4 and words[0] == "series" and words[1].isdigit() and rest:
            number, total = int(words[1]), int(words[3])
            share = (fraction - 0.1) / 0.9 * total - (number - 1)
            channel.event(
                "series", number=number, total=total, progress=round(share, 3), message=rest
            )
        channel.progress(fraction, message)

    return progress


def verify(request: Request, channel: Channel) -> dict[str, Any]:
    """Have the second reader look at ``cases``."""
    from ..steps.check import check_case

    folders = [Path(folder) for folder in request["cases"]]
    findings = {}
    for number, folder in enumerate(folders):
        channel.progress(number / len(folders), f"verifying {number + 1} of {len(folders)}")
        case = check_case(
            folder, key=path_of(request.get("key")), crosswalk=path_of(request.get("crosswalk"))
        )
        findings[str(folder)] = len((case.verification or {}).get("findings", ()))
    return {"findings": findings}


def decide(request: Request, channel: Channel) -> dict[str, Any]:
    """Record a person's decision on ``case``, if it still is what that person saw (``digest``)."""
    from ..cases.case import load_case
    from ..errors import NotApprovedError
    from ..steps.check import checker
    from ..steps.decide import decide as step

    folder = Path(request["case"])
    if load_case(folder).digest != request.get("digest"):
        raise NotApprovedError(f"{folder.name} was made anew since it was shown; look at it again")
    case = step(
        folder,
        approve=bool(request["approve"]),
        reviewer=request["reviewer"],
        note=request.get("note", ""),
        verifier=checker(path_of(request.get("key")), path_of(request.get("crosswalk"))),
        key=path_of(request.get("key")),
    )
    return {"case": str(case.folder), "state": case.state}


def compare(request: Request, channel: Channel) -> dict[str, Any]:
    """Hand over ``case`` and its original, in memory only: a volume in RAS, or pictures."""
    from ..steps.compare import compare as step

    seen = step(
        Path(request["case"]),
        path_of(request.get("source")),
        number=int(request.get("number", 0)),
        key=path_of(request.get("key")),
        crosswalk=path_of(request.get("crosswalk")),
        progress=channel.progress,
    )
    names = ("missing", "window", "number", "volumes")
    facts: dict[str, Any] = {name: getattr(seen, name) for name in names}
    if seen.pictures is not None:
        return facts | pictures_shown(seen.pictures, channel)
    if seen.after is None:
        return facts
    facts["ijk_to_ras"] = seen.after.ijk_to_ras.tolist()
    facts["modality"] = seen.after.modality
    if seen.transfer is not None:
        facts["skin"], facts["air"] = seen.transfer.level, seen.transfer.air
    if seen.before is not None:
        channel.array("before", seen.before.values())
    if seen.changed is not None:
        channel.array("changed", seen.changed.astype("u1"))
    channel.array("after", seen.after.values())
    return facts


def upload(request: Request, channel: Channel) -> dict[str, Any]:
    """Send approved ``cases`` and, with ``pipeline``, start it on each."""
    from ..steps.send import send

    sent = send(
        [Path(folder) for folder in request["cases"]],
        destination_of(request),
        pipeline=request.get("pipeline") or None,
        options=request.get("options") or None,
        key=path_of(request.get("key")),
        progress=channel.progress,
    )
    return {
        "uploads": [
            {
                "case": str(item.folder),
                "instances": item.upload.instances,
                "sent": item.upload.sent,
                "already_there": item.upload.already_there,
                "job": item.upload.workitem_uid,
            }
            for item in sent
        ]
    }


def resume(request: Request, channel: Channel) -> dict[str, Any]:
    """Take up every open upload of the outbox where it was left."""
    from ..cloud.upload import resume as step

    fared = step(progress=channel.progress, key=path_of(request.get("key")))
    return {
        "resumed": [
            {"case": item.entry.case_id, "state": item.entry.state, "error": item.error}
            for item in fared
        ]
    }


def outbox(request: Request, channel: Channel) -> dict[str, Any]:
    """Tell the open uploads, after giving up those whose numbers are in ``cancel``."""
    from ..cloud.outbox import Outbox

    with Outbox() as box:
        for number in request.get("cancel", ()):
            box.cancel(int(number))
        entries = box.list(only_open=True)
    return {
        "open": [
            {
                "number": entry.id,
                "case": entry.case_id,
                "folder": str(entry.folder),
                "url": entry.destination.url,
                "error": entry.error,
            }
            for entry in entries
        ]
    }


def watch(request: Request, channel: Channel) -> None:
    """Tell what the server offers and how its jobs are, until cancelled; trouble is an event."""
    from ..cloud.jobs import list_jobs
    from ..cloud.offers import list_pipelines
    from ..cloud.retry import RetryPolicy
    from ..errors import Cancelled, Clinic2CloudError

    patience = RetryPolicy(budget=3.0, before_contact=1.0)
    offered = None
    while True:
        try:
            destination = destination_of(request)
            if offered is None:
                offered = list_pipelines(destination, policy=patience)
                channel.event("offers", pipelines=[dataclasses.asdict(o) for o in offered])
            jobs = list_jobs(destination, policy=patience)
            channel.event("jobs", jobs=[_job_row(job) for job in jobs])
        except Cancelled:
            raise
        except Clinic2CloudError as error:
            offered = None
            channel.event("trouble", sentence=str(error))
        channel.sleep(float(request.get("every", 1.0)))


def _job_row(job: Any) -> dict[str, Any]:
    names = ("uid", "pipeline", "state", "progress", "message", "reason", "patient_id")
    return {name: getattr(job, name) for name in names} | {
        "outputs": len(job.outputs),
        "studies": sorted({reference.study_uid for reference in job.inputs}),
        "series": sorted({reference.series_uid for reference in job.inputs}),
    }


def fetch(request: Request, channel: Channel) -> dict[str, Any]:
    """Fetch the results of ``job`` into ``out`` and hand over what can be shown."""
    from ..cases.case import load_case
    from ..cloud.jobs import show_job
    from ..cloud.results import fetch_results
    from ..progress import part
    from .shown import show_results

    folder = path_of(request.get("case"))
    job = show_job(destination_of(request), request["job"])
    out = Path(request["out"])
    case = load_case(folder) if folder else None
    files = fetch_results(job, out, case, part(channel.progress, 0.0, 0.6))
    note_outcome(folder, job.uid)
    return show_results([item.path for item in files], out, channel)


def note_outcome(folder: Path | None, job: str) -> None:
    """Move the case on to ``done``, once its results are here."""
    from ..cases.case import FOLLOWS, load_case, set_state
    from ..cases.report import write_report

    if folder is None:
        return
    if load_case(folder).state == "failed":  # an earlier job on it failed, this one did not
        set_state(folder, "processing", workitem_uid=job)
    if "done" in FOLLOWS[load_case(folder).state]:
        set_state(folder, "done", workitem_uid=job)
        write_report(folder)


TASKS: Mapping[str, Task] = {
    "plan": plan,
    "deidentify": deidentify,
    "verify": verify,
    "decide": decide,
    "compare": compare,
    "upload": upload,
    "resume": resume,
    "outbox": outbox,
    "watch": watch,
    "fetch": fetch,
}
