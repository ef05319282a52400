"""``clinic2cloud render``: 3D views of a case (before and after) or of a source."""

from __future__ import annotations

import argparse
from pathlib import Path

from .console import Console

HELP = "render 3D views before and after to PNG, same camera, same transfer function"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command's arguments."""
    parser.add_argument("case", type=Path, metavar="CASE|SOURCE", help="a case, or any source")
    parser.add_argument("out", type=Path, help="folder for the PNG files")
    parser.add_argument("--size", type=_pixels, default=512, metavar="PIXELS", help="of each view")


def run(args: argparse.Namespace, console: Console) -> None:
    """Render; a case brings the views from before along, its original being gone from it."""
    from ..steps.render import render

    files = render(args.case, args.out, args.size, console.progress)
    for path in files:
        console.say(str(path))
    console.result({"files": [str(path) for path in files]})


def _pixels(text: str) -> int:
    """Return a view's size: what a screen shows."""
    number = int(text)
    if not 16 <= number <= 8192:
        raise argparse.ArgumentTypeError("between 16 and 8192")
    return number
