"""``clinic2cloud review``: a person approves or rejects a case."""

from __future__ import annotations

import argparse
from pathlib import Path

from .console import Console

HELP = "approve or reject a case after looking at it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command's arguments."""
    parser.add_argument("case", type=Path, help="a case folder")
    decision = parser.add_mutually_exclusive_group(required=True)
    decision.add_argument("--approve", action="store_true", help="it may leave the clinic")
    decision.add_argument("--reject", action="store_true", help="it may not")
    parser.add_argument("--reviewer", required=True, metavar="NAME", help="who looked at it")
    parser.add_argument("--note", default="", metavar="TEXT", help="why")
    parser.add_argument("--key", type=Path, metavar="FILE", help="the site's secret key")
    parser.add_argument("--crosswalk", type=Path, metavar="FILE", help="the encrypted crosswalk")


def run(args: argparse.Namespace, console: Console) -> None:
    """Record the decision, bound to the digest of what was looked at."""
    from ..steps.check import checker
    from ..steps.decide import decide

    case = decide(
        args.case,
        approve=args.approve,
        reviewer=args.reviewer,
        note=args.note,
        verifier=checker(args.key, args.crosswalk),
        key=args.key,
    )
    console.say(f"{args.case}  {case.state} by {args.reviewer}")
    console.say(f"  bound to SHA-256 {case.digest}")
    console.result({"path": str(args.case), "state": case.state, "digest": case.digest})
