"""``clinic2cloud verify``: an independent second look at cases."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..errors import VerificationError
from .console import Console

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
    """Verify each case, show its findings, and fail when there are any."""
    from ..progress import part
    from ..steps.check import check_case
    from ..steps.replay import replay

    rows, count = [], 0
    for number, folder in enumerate(args.case):
        share = part(console.progress, number / len(args.case), (number + 1) / len(args.case))
        case = check_case(folder, key=args.key, crosswalk=args.crosswalk, progress=share)
        verification = case.verification or {}
        findings = verification["findings"]
        count += len(findings)
        rows.append({"path": str(folder), "state": case.state, **verification})
        console.say(f"{folder}  {len(verification['checks'])} checks, {len(findings)} findings")
        for finding in findings:
            console.say(f"  {finding['kind']}  {finding['file']}: {finding['text']}")
        if args.source:
            digest = replay(folder, args.source, key=args.key, progress=share)
            rows[-1]["replayed"] = digest
            console.say(f"  made again from {args.source.name}: same bytes, SHA-256 {digest}")
    console.result({"cases": rows, "findings": count})
    if count:
        raise VerificationError(f"{count} findings; none of these cases can be approved as it is")
