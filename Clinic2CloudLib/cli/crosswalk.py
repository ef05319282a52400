"""``clinic2cloud crosswalk``: from pseudonyms back to originals, for whoever holds the key."""

from __future__ import annotations

import argparse
from pathlib import Path

from .. import paths
from ..errors import InputError
from .console import Console

HELP = "export the encrypted crosswalk, or look up one pseudonym"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command's arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    export = actions.add_parser("export", help="write all of it to a CSV file (mode 0600)")
    export.add_argument("out", type=Path, help="the CSV file to write")
    lookup = actions.add_parser("lookup", help="say which original stands behind a pseudonym")
    lookup.add_argument("new", help="a new UID, Patient ID or accession number")
    for action in (export, lookup):
        action.add_argument("--key", type=Path, metavar="FILE", help="the site's secret key")
        action.add_argument("--crosswalk", type=Path, metavar="FILE", help="the crosswalk")


def run(args: argparse.Namespace, console: Console) -> None:
    """Export or look up."""
    from ..cases.crosswalk import Crosswalk
    from ..cases.sitekey import load_key

    path = args.crosswalk or paths.crosswalk()
    if not path.is_file():
        raise InputError(f"there is no crosswalk {path.name} yet")
    crosswalk = Crosswalk(path, load_key(args.key, make=False))
    if args.action == "export":
        crosswalk.export_csv(args.out)
        console.say(f"{args.out}  holds patient data: keep it where only you can read it")
        console.result({"path": str(args.out)})
        return
    original = crosswalk.lookup(args.new)
    if original is None:
        raise InputError("the crosswalk does not know that pseudonym")
    console.say(original)
    console.result({"new": args.new, "original": original})
