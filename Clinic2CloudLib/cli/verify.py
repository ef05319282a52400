"""``clinic2cloud verify``: an independent second look at cases."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import Cancelled, Clinic2CloudError, VerificationError
from .console import Console

if TYPE_CHECKING:
    from ..progress import Progress

HELP = "look at cases again with an independent reader; exit 1 when anything is found"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command's arguments."""
    parser.add_argument("case", type=Path, nargs="+", help="a case folder")
    parser.add_argument("--key", type=Path, metavar="FILE", help="the site's secret key")
    parser.add_argument("--crosswalk", type=Path, metavar="FILE", help="the encrypted crosswalk")
    parser.add_argument(
        "--source",
        type=Path,
        metavar="SOURCE",
        help="make each case again from its source as its record says; the bytes must be the same",
    )


def run(args: argparse.Namespace, console: Console) -> None:
    """Verify each case, show its findings, and fail when there are any.

    A case that cannot be verified does not keep the others waiting; what was done is told whatever
    stops the rest.
    """
    from ..progress import part

    rows: list[dict[str, Any]] = []
    errors: list[Clinic2CloudError] = []
    try:
        for number, folder in enumerate(args.case):
            share = part(console.progress, number / len(args.case), (number + 1) / len(args.case))
            rows.append(_row(folder))
            try:
                _verify(rows[-1], folder, args, share)
            except Cancelled:
                raise
            except Clinic2CloudError as error:
                rows[-1]["error"] = str(error)
                errors.append(error)
            _tell(rows[-1], args, console)
    finally:
        findings = sum(len(row["findings"]) for row in rows)
        console.result({"cases": rows, "findings": findings})
    _fail(findings, errors, len(rows))


def _row(folder: Path) -> dict[str, Any]:
    """Return what is told of a case of which nothing is known yet."""
    return {
        "path": str(folder),
        "state": None,
        "error": None,
        "ok": False,
        "checks": [],
        "findings": [],
    }


def _verify(
    row: dict[str, Any], folder: Path, args: argparse.Namespace, progress: Progress
) -> None:
    """Verify one case, and with ``--source`` make it again, noting each outcome as it is known."""
    from ..steps.check import check_case
    from ..steps.replay import replay

    case = check_case(folder, key=args.key, crosswalk=args.crosswalk, progress=progress)
    row.update(state=case.state, **(case.verification or {}))
    if args.source:
        row["replayed"] = replay(folder, args.source, key=args.key, progress=progress)


def _tell(row: dict[str, Any], args: argparse.Namespace, console: Console) -> None:
    """Print what was found in one case."""
    if row["state"] is not None:
        checks, findings = len(row["checks"]), len(row["findings"])
        console.say(f"{row['path']}  {checks} checks, {findings} findings")
    for finding in row["findings"]:
        console.say(f"  {finding['kind']}  {finding['file']}: {finding['text']}")
    if row["error"]:
        console.say(f"{row['path']}  {row['error']}")
    if "replayed" in row:
        digest = row["replayed"]
        console.say(f"  made again from {args.source.name}: same bytes, SHA-256 {digest}")


def _fail(findings: int, errors: list[Clinic2CloudError], cases: int) -> None:
    """Raise when anything was found, or a case could not be verified at all."""
    if errors and cases == 1:
        raise errors[0]
    told = []
    if errors:
        told.append(f"{len(errors)} of {cases} cases could not be verified: {errors[0]}")
    if findings:
        told.append(f"{findings} findings; none of these cases can be approved as it is")
    if told:
        raise VerificationError("; ".join(told))
