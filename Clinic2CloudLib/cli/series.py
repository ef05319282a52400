"""``clinic2cloud series``: what is in a source, and what would be done to it."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from ..cases.policy import load_policy
from .console import Console

if TYPE_CHECKING:
    from ..steps.plan import HeaderTrial, SourcePlan

HELP = "list patients, studies and series, and what would be done to each"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command's arguments."""
    parser.add_argument("source", type=Path, help="a folder, file, zip, DICOMDIR or ctkDICOM.sql")
    parser.add_argument("--policy", metavar="FILE", help="research, keep-dates, strict or a file")


def run(args: argparse.Namespace, console: Console) -> None:
    """List the source; nothing is written."""
    from ..steps.plan import plan_source

    show_plan(plan_source(args.source, load_policy(args.policy), (), console.progress), console)


def show_plan(plan: SourcePlan, console: Console) -> None:
    """Print a plan. It shows the originals: it is for the clinic's own eyes and writes no file."""
    rows = []
    shown_study = ""
    for item in sorted(plan.series, key=lambda p: (p.series.patient_id, p.series.study_uid)):
        series = item.series
        if series.study_uid != shown_study:
            shown_study = series.study_uid
            console.say(f"patient {series.patient_name or '?'} ({series.patient_id or 'no ID'})")
            console.say(f"  study {series.study_description or series.study_uid}")
        console.say(
            f"    {series.modality:<4} {len(series.instances):>5} instances  "
            f"{series.description or '(no description)'}"
        )
        console.say(f"         {series.uid}")
        console.say(f"         headers: {item.headers}; text: {item.text}; face: {item.face}")
        if item.trial:
            _show_trial(item.trial, console)
        rows.append(
            {
                "patient_id": series.patient_id,
                "patient_name": series.patient_name,
                "study_uid": series.study_uid,
                "study_description": series.study_description,
                "series_uid": series.uid,
                "modality": series.modality,
                "description": series.description,
                "instances": len(series.instances),
                "plan": {"headers": item.headers, "text": item.text, "face": item.face},
                "trial": item.trial and dataclasses.asdict(item.trial),
            }
        )
    for aside in plan.set_aside:
        console.say(f"set aside  {aside.file}: {aside.reason}")
    console.result(
        {
            "series": rows,
            "set_aside": [{"file": a.file, "reason": a.reason} for a in plan.set_aside],
        }
    )


def _show_trial(trial: HeaderTrial, console: Console) -> None:
    """Print what the header engine would do to the series' first instance."""
    if trial.refused:
        console.say(f"         would be set aside: {trial.refused}")
    for action, tally in trial.actions.items():
        if tally and action != "kept":
            console.say(f"         {action}: {', '.join(sorted(tally))}")
    for keyword, text in trial.kept_text:
        console.say(f"         text that stays in {keyword}: {text}")
