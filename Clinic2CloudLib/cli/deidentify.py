"""``clinic2cloud deidentify``: a source becomes cases."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..cases.policy import FACE_METHODS, TEXT_METHODS, Policy, load_policy, with_keep
from ..errors import Clinic2CloudError, InputError
from .console import Console

if TYPE_CHECKING:
    from ..steps.deidentify import DeidentifyResult

HELP = "de-identify series: headers, burned-in text and faces"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command's arguments."""
    parser.add_argument("source", type=Path, help="a folder, file, zip, DICOMDIR or ctkDICOM.sql")
    parser.add_argument("out", type=Path, help="folder to make, one case a series")
    parser.add_argument(
        "--series", action="append", default=[], metavar="UID", help="only this series; repeatable"
    )
    add_policy_arguments(parser)
    parser.add_argument(
        "--export",
        action="append",
        default=[],
        choices=("dicom", "multiframe", "nifti", "nrrd"),
        help="write the images in this form too; repeatable (dicom is always written)",
    )
    parser.add_argument("--workers", type=_positive, default=1, metavar="N", help="series at once")
    parser.add_argument(
        "--dry-run", action="store_true", help="say what would happen and write nothing"
    )


def add_policy_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say what is removed and which secrets are used."""
    parser.add_argument(
        "--policy", metavar="FILE", help="research (default), keep-dates, strict, or a TOML file"
    )
    parser.add_argument("--key", type=Path, metavar="FILE", help="the site's secret key")
    parser.add_argument("--deface", choices=FACE_METHODS, help="how faces are replaced")
    parser.add_argument("--text", choices=TEXT_METHODS, help="burned-in text: auto or off")
    parser.add_argument(
        "--keep",
        action="append",
        default=[],
        metavar="A,B",
        help="keep also: age, sex, weight, size, descriptions, dates, device, institution, "
        "characteristics, uids, private, or DICOM keywords",
    )
    parser.add_argument("--crosswalk", type=Path, metavar="FILE", help="the encrypted crosswalk")


def policy_from(args: argparse.Namespace) -> Policy:
    """Return the policy that the arguments ask for."""
    policy = load_policy(args.policy)
    words = [word.strip() for group in args.keep for word in group.split(",") if word.strip()]
    policy = with_keep(policy, words)
    if args.deface:
        policy = dataclasses.replace(policy, face=args.deface)
    if args.text:
        policy = dataclasses.replace(policy, text=args.text)
    return policy


def run(args: argparse.Namespace, console: Console) -> None:
    """De-identify, or with ``--dry-run`` say what would be done."""
    from ..steps.deidentify import DeidentifyResult, deidentify
    from ..steps.plan import plan_source
    from ..steps.site import open_site

    policy = policy_from(args)
    if args.dry_run:
        plan = plan_source(args.source, policy, args.series, console.progress, trial=True)
        from .series import show_plan

        show_plan(plan, console)
        return
    site = open_site(args.out, policy=policy, key=args.key, crosswalk=args.crosswalk)
    result = DeidentifyResult()
    try:
        deidentify(
            args.source,
            args.out,
            site,
            series=args.series,
            workers=args.workers,
            progress=console.progress,
            into=result,
        )
        failures = _export(result, args.export)
    except (Clinic2CloudError, KeyboardInterrupt):
        if result.series:  # what is on disk is told, whatever stopped the rest
            _show(result, console)
        raise
    _show(result, console)
    if not result.series:
        if len(result.set_aside) == 1:
            only = result.set_aside[0]
            raise InputError(f"nothing was de-identified: {only.file}: {only.reason}")
        raise InputError(
            f"nothing was de-identified: all {len(result.set_aside)} files were set aside"
        )
    if failures:
        count = f"{len(failures)} of {len(result.series)} cases could not be exported"
        raise InputError(f"{count}: {failures[0]}")


def _export(result: DeidentifyResult, wanted: list[str]) -> list[str]:
    """Export every case that can be, and say of the others why not."""
    from ..steps.export import export_case

    forms = [form for form in dict.fromkeys(wanted) if form != "dicom"]
    failures = []
    for outcome in result.series if forms else ():
        assert outcome.case is not None
        try:
            export_case(outcome.case, forms)
        except InputError as error:
            failures.append(str(error))
    return failures


def _show(result: Any, console: Console) -> None:
    """Print what was made and what was set aside."""
    cases = []
    for outcome in result.series:
        case = outcome.case
        face = case.face and {
            "method": case.face["method"],
            "voxels": case.face["voxels"],
            "seconds": outcome.seconds["face"],
        }
        cases.append(
            {
                "path": str(case.folder),
                "series_uid": case.series_uid,
                "modality": case.modality,
                "state": case.state,
                "instances": len(case.instances),
                "face": face,
                "text": {"boxes": (case.text or {}).get("boxes", 0)},
                "seconds": outcome.seconds,
            }
        )
        what = f"face: {case.face['status'].replace('_', ' ')}" if case.face else "no face step"
        console.say(f"{case.folder}  {case.modality}  {len(case.instances)} instances  {what}")
        for reason in case.needs_review:
            console.say(f"  needs a look: {reason}")
    for item in result.set_aside:
        console.say(f"set aside  {item.file}: {item.reason}")
    console.result(
        {
            "cases": cases,
            "set_aside": [{"file": item.file, "reason": item.reason} for item in result.set_aside],
        }
    )


def _positive(text: str) -> int:
    """Return a number of workers from 1 up."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number
