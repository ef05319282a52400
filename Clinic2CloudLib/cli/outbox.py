"""``clinic2cloud outbox``: uploads under way, to resume or give up."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import Clinic2CloudError, CloudError, InputError
from .console import Console

if TYPE_CHECKING:
    from ..cloud.outbox import Outbox

HELP = "list, resume or cancel uploads that are under way"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command's arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    actions.add_parser("list", help="what is in the outbox")
    resume = actions.add_parser("resume", help="take up all that is open where it was left")
    resume.add_argument("--key", type=Path, metavar="FILE", help="the site's secret key")
    cancel = actions.add_parser("cancel", help="give an upload up")
    cancel.add_argument("number", type=int, nargs="+", help="its number in the list")


def run(args: argparse.Namespace, console: Console) -> None:
    """List, resume or cancel."""
    from ..cloud.outbox import Outbox
    from ..cloud.upload import resume

    with Outbox() as outbox:
        if args.action == "list":
            _show([_row(entry) for entry in outbox.list()], console)
        elif args.action == "cancel":
            _cancel(args.number, outbox, console)
        else:
            fared = resume(outbox, console.progress, key=args.key)
            _show([_row(item.entry) for item in fared], console)
            failed = [item.error for item in fared if item.error]
            if failed:
                raise CloudError(f"{len(failed)} of {len(fared)} uploads failed: {failed[0]}")


def _cancel(numbers: list[int], outbox: Outbox, console: Console) -> None:
    """Give uploads up; one that cannot be given up does not keep the others."""
    rows: list[dict[str, Any]] = []
    errors: dict[int, Clinic2CloudError] = {}
    for number in numbers:
        try:
            rows.append(_row(outbox.cancel(number)))
        except Clinic2CloudError as error:
            errors[number] = error
    if len(errors) == len(numbers) == 1:
        raise errors[numbers[0]]
    _show_rows(rows, console)
    refused = [{"number": number, "error": str(error)} for number, error in errors.items()]
    console.result({"outbox": rows, "refused": refused})
    if refused:
        first = refused[0]["error"]
        raise InputError(f"{len(refused)} of {len(numbers)} cannot be cancelled: {first}")


def _row(entry: Any) -> dict[str, Any]:
    return {
        "number": entry.id,
        "case": entry.case_id,
        "path": str(entry.folder),
        "to": entry.destination.url,
        "pipeline": entry.pipeline,
        "state": entry.state,
        "attempts": entry.attempts,
        "instances": dict(entry.instances),
        "error": entry.error,
    }


def _show(rows: list[dict[str, Any]], console: Console) -> None:
    if not rows:
        console.say("the outbox is empty")
    _show_rows(rows, console)
    console.result({"outbox": rows})


def _show_rows(rows: list[dict[str, Any]], console: Console) -> None:
    for row in rows:
        counts = ", ".join(f"{count} {state}" for state, count in row["instances"].items())
        console.say(f"{row['number']:>4}  {row['state']:<9}  {row['case']}  {row['to']}  {counts}")
        if row["error"]:
            console.say(f"      {row['error']}")
