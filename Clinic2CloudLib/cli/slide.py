"""``clinic2cloud slide``: whole slide images."""

from __future__ import annotations

import argparse

from ..errors import Clinic2CloudError
from .console import Console

HELP = "prepare a whole slide image (comes with a later version)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command's arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    prepare = actions.add_parser("prepare", help="strip, tile and clean a slide")
    prepare.add_argument("slide", help="an SVS, NDPI or DICOM slide")
    prepare.add_argument("out", help="folder to make")


def run(args: argparse.Namespace, console: Console) -> None:
    """Say that this version has no slides yet."""
    raise Clinic2CloudError("slides come with a later version of clinic2cloud")
