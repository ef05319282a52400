"""``clinic2cloud demo``: the whole main job in one command."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..cases.policy import FACE_METHODS
from .console import Console

if TYPE_CHECKING:
    from ..steps.demo import DemoResult

HELP = "de-identify, review, upload, process and fetch, all on this machine"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command's arguments."""
    parser.add_argument(
        "out", type=Path, nargs="?", default=Path("demo-output"), help="folder to make"
    )
    parser.add_argument(
        "--input", type=Path, metavar="DIR", help="a head series; one is made when left out"
    )
    parser.add_argument("--policy", metavar="FILE", help="research, keep-dates, strict or a file")
    parser.add_argument("--deface", choices=FACE_METHODS, help="how faces are replaced")
    parser.set_defaults(keep=[], text=None)


def run(args: argparse.Namespace, console: Console) -> None:
    """Run the demo and say what is where."""
    from ..steps.demo import run_demo
    from .deidentify import policy_from

    result = run_demo(args.out, args.input, policy_from(args), console.progress)
    _tell(result, console)
    console.result(
        {
            "cases": str(result.cases),
            "results": str(result.results),
            "sent": [item.folder.name for item in result.sent],
            "held": [case.id for case in result.held],
            "set_aside": [{"file": a.file, "reason": a.reason} for a in result.made.set_aside],
            "before_after": [
                str(outcome.case.folder / outcome.case.preview["sheet"])
                for outcome in result.made.series
                if outcome.case and outcome.case.preview
            ],
            "measured": {
                name: [{"name": r.name, "value": r.value, "unit": r.unit} for r in rows]
                for name, rows in result.measured.items()
            },
        }
    )


def _tell(result: DemoResult, console: Console) -> None:
    """Print the summary."""
    console.say("Done. This is what happened, and where to look:")
    for outcome in result.made.series:
        case = outcome.case
        assert case is not None
        console.say()
        console.say(f"{case.id}  ({case.modality}, {len(case.instances)} instances)")
        tally = case.headers["actions"]
        counts = [f"{sum(tally[name].values())} {name}" for name in tally if tally[name]]
        console.say(f"  headers       {', '.join(counts)}")
        if case.face:
            console.say(
                f"  face          {case.face['status'].replace('_', ' ')}, {case.face['method']}, "
                f"{case.face['voxels']} voxels, in {outcome.seconds['face']:.1f} s"
            )
        if case.preview:
            console.say(f"  before/after  {case.folder / case.preview['sheet']}")
        console.say(f"  report        {case.folder / 'report.html'}")
        for reason in case.needs_review:
            console.say(f"  held back     {reason}")
    for item in result.sent:
        console.say()
        console.say(
            f"{item.folder.name} went to the cloud: {item.upload.instances} instances verified, "
            f"{item.job.pipeline if item.job else ''} {item.job.state if item.job else ''}"
        )
        for one in item.results:
            console.say(f"  {one.modality:<13} {one.path}")
        for row in result.measured[item.folder.name]:
            console.say(f"  {row.name}: {row.value} {row.unit}".rstrip())
    for aside in result.made.set_aside:
        console.say(f"set aside  {aside.file}: {aside.reason}")
