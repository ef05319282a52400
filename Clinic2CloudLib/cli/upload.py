"""``clinic2cloud upload``: approved cases go to the cloud."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from .console import Console

if TYPE_CHECKING:
    from ..steps.send import Attempt

HELP = "upload approved cases, start a pipeline on them, fetch its results"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command's arguments."""
    parser.add_argument("case", type=Path, nargs="+", help="a case folder")
    add_destination_arguments(parser)
    parser.add_argument("--key", type=Path, metavar="FILE", help="the site's secret key")
    parser.add_argument("--start", metavar="PIPELINE", help="start this once all is verified")
    parser.add_argument(
        "--option",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="an option of the pipeline; repeatable",
    )
    parser.add_argument(
        "--again", action="store_true", help="start anew though an earlier job has ended"
    )
    parser.add_argument("--wait", action="store_true", help="wait until the pipeline has ended")
    parser.add_argument("--results", type=Path, metavar="DIR", help="fetch the results (waits)")


def add_destination_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say which server, and how it knows us."""
    parser.add_argument("--to", required=True, metavar="URL", help="the DICOMweb base URL")
    parser.add_argument(
        "--token-file", type=Path, metavar="F", help="file that holds the bearer token"
    )
    parser.add_argument("--ca", type=Path, metavar="F", help="PEM file of the server's authority")


def destination_from(args: argparse.Namespace) -> Any:
    """Return the destination that the arguments name."""
    from ..cloud.destination import Destination

    return Destination(args.to, ca=args.ca, token_file=args.token_file)


def run(args: argparse.Namespace, console: Console) -> None:
    """Send the cases; each is verified at the server before anything is started."""
    from ..steps.send import send

    if args.results and not args.start:
        raise InputError("--results needs --start: without a pipeline there are no results")
    attempts: list[Attempt] = []
    try:
        send(
            args.case,
            destination_from(args),
            pipeline=args.start,
            options=_options(args.option),
            again=args.again,
            wait=args.wait,
            results=args.results,
            key=args.key,
            progress=console.progress,
            into=attempts,
        )
    finally:
        if attempts:  # what was sent is told, whatever stopped the rest
            for attempt in attempts:
                _tell(attempt, args.results, console)
            console.result({"uploads": [_row(attempt) for attempt in attempts]})


def _tell(attempt: Attempt, results: Path | None, console: Console) -> None:
    """Print how far a case came."""
    from ..pipelines.local import read_results

    if attempt.sent is not None:
        upload, job = attempt.sent.upload, attempt.sent.job
        console.say(
            f"{attempt.folder}  {upload.instances} instances verified at {upload.url} "
            f"({upload.sent} sent, {upload.already_there} were there)"
        )
        if upload.workitem_uid:
            console.say(f"  job {upload.workitem_uid}  {job.state if job else 'started'}")
        for result in attempt.sent.results:
            console.say(f"  {result.modality}  {result.path}")
        if results and attempt.sent.results:
            for row in read_results(results / upload.case_id):
                console.say(f"  {row.name}: {row.value} {row.unit}".rstrip())
    if attempt.error:
        console.say(f"{attempt.folder}  {attempt.error}")


def _row(attempt: Attempt) -> dict[str, Any]:
    """Return what a script is told of a case: the same keys however far it came."""
    sent = attempt.sent
    upload, job = (sent.upload, sent.job) if sent else (None, None)
    return {
        "path": str(attempt.folder),
        "state": _state_of(attempt.folder),
        "error": attempt.error,
        "instances": upload and upload.instances,
        "sent": upload and upload.sent,
        "already_there": upload and upload.already_there,
        "seconds": upload and round(upload.seconds, 3),
        "workitem_uid": upload and upload.workitem_uid,
        "job": job and job.state,
        "results": [str(result.path) for result in sent.results] if sent else [],
    }


def _state_of(folder: Path) -> str | None:
    """Return a case's state as it is now; None where the folder is no case."""
    from ..cases.case import load_case

    try:
        return load_case(folder).state
    except InputError:
        return None


def _options(words: list[str]) -> dict[str, str]:
    """Return the pipeline's options from NAME=VALUE words."""
    options = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not (name and equals):
            raise InputError(f"--option {word} is not of the form NAME=VALUE")
        options[name] = value
    return options
