"""``clinic2cloud jobs``: what the cloud is working on, and its results."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from .console import Console
from .upload import add_destination_arguments, destination_from

HELP = "list jobs, show one, fetch its results"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command's arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="all jobs of the server")
    listing.add_argument("--pipeline", metavar="NAME", help="of this pipeline only")
    add_destination_arguments(listing)
    for name, words in (("show", "one job"), ("results", "fetch a finished job's results")):
        action = actions.add_parser(name, help=words)
        action.add_argument("job", metavar="UID", help="the job's UID")
        if name == "results":
            action.add_argument("out", type=Path, metavar="DIR", help="where to put them")
        add_destination_arguments(action)


def run(args: argparse.Namespace, console: Console) -> None:
    """List, show or fetch."""
    from ..cloud.jobs import list_jobs, show_job
    from ..cloud.results import fetch_results

    destination = destination_from(args)
    if args.action == "list":
        jobs = [_row(job) for job in list_jobs(destination, pipeline=args.pipeline)]
        for row in jobs:
            console.say(_line(row))
        if not jobs:
            console.say("no jobs")
        console.result({"jobs": jobs})
        return
    job = show_job(destination, args.job)
    row = _row(job)
    console.say(_line(row))
    if row["reason"]:
        console.say(f"  {row['reason']}")
    if args.action == "results":
        fetched = fetch_results(job, args.out, progress=console.progress)
        row["results"] = [str(result.path) for result in fetched]
        for result in fetched:
            console.say(f"  {result.modality}  {result.path}")
    console.result({"job": row})


def _row(job: Any) -> dict[str, Any]:
    return {
        "uid": job.uid,
        "pipeline": job.pipeline,
        "state": job.state,
        "progress": job.progress,
        "message": job.message,
        "inputs": len(job.inputs),
        "outputs": len(job.outputs),
        "reason": job.reason,
    }


def _line(row: dict[str, Any]) -> str:
    return f"{row['uid']}  {row['pipeline']}  {row['state']}  {100 * row['progress']:.0f} %"
