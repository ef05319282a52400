"""The command ``clinic2cloud``: reads the arguments, runs one command, says how it ended."""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
import traceback
import warnings
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

from .._version import __version__
from ..errors import Cancelled, Clinic2CloudError
from .console import Console, start_logging

#: Each names a module of this package with HELP, add_arguments(parser) and run(args, console).
COMMANDS = (
    "demo",
    "series",
    "deidentify",
    "verify",
    "render",
    "review",
    "upload",
    "outbox",
    "jobs",
    "serve",
    "crosswalk",
    "slide",
)


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    parser = argparse.ArgumentParser(
        prog="clinic2cloud",
        description="De-identify medical images in the clinic, look at what leaves, "
        "and have the cloud process it.",
    )
    parser.add_argument("--version", action="version", version=f"clinic2cloud {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name in COMMANDS:
        module = importlib.import_module(f".{name}", __package__)
        sub = commands.add_parser(name, help=module.HELP, description=module.HELP)
        module.add_arguments(sub)
        for leaf in _leaves(sub):
            leaf.add_argument(
                "--json", action="store_true", help="print exactly one JSON document on stdout"
            )
            leaf.add_argument("-v", "--verbose", action="store_true", help="log to stderr")
        sub.set_defaults(run=module.run)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Returns
    -------
    int
        0 done, 1 failed (with one line on stderr), 2 wrong usage.
    """
    args = build_parser().parse_args(arguments)
    console = Console(as_json=args.json)
    start_logging(args.verbose)
    # A library's warning may quote a header's value; what matters is in the report.
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGTERM, _stop)
    try:
        args.run(args, console)
    except (KeyboardInterrupt, Cancelled):
        return _fail(console, "cancelled; nothing half-made is left")
    except Clinic2CloudError as error:
        return _fail(console, str(error))
    except BrokenPipeError:
        return _unheard()
    except MemoryError:
        return _fail(console, "this machine's memory is too small for that series")
    except Exception as error:
        # The text of an unforeseen error may quote a header, so only its place is shown.
        if args.verbose:
            for line in traceback.format_tb(error.__traceback__):
                print(line, end="", file=sys.stderr)
        where = f"{type(error).__name__} in {_place(error)}"
        return _fail(console, f"unexpected {where}; -v shows the way there")
    return 0


def _leaves(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    """Return the parsers that run something: the command's own, or its sub-commands'."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return list(action.choices.values())
    return [parser]


def _fail(console: Console, sentence: str) -> int:
    """Say why, and return the exit code of what failed."""
    try:
        console.failed(sentence)
    except BrokenPipeError:
        return _unheard()
    return 1


def _unheard() -> int:
    """Leave quietly when the reader of our output has gone, which is no error of ours."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1


def _place(error: BaseException) -> str:
    """Return the module and line where an unforeseen error was raised."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "an unknown place"
    return f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}"


def _stop(signum: int, frame: FrameType | None) -> NoReturn:
    """Turn a polite kill into the same clean end as Ctrl-C."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
