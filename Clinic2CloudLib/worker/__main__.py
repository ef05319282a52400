"""Runs one task; the exit code is 0 for a result and 1 for an error."""

from __future__ import annotations

import logging
import os
import signal
import sys
import warnings
from types import FrameType
from typing import NoReturn

from ..errors import Cancelled, Clinic2CloudError
from .channel import Channel
from .tasks import TASKS


def main(arguments: list[str]) -> int:
    """Run the task that the arguments name."""
    # Whatever a library prints must not come between the lines of the channel.
    outgoing = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    logging.getLogger("pydicom").setLevel(logging.CRITICAL)
    warnings.simplefilter("ignore")  # a library's warning may quote a header's value
    signal.signal(signal.SIGTERM, _stop)
    channel = Channel(outgoing=outgoing)
    try:
        task = TASKS[arguments[0]]
        channel.say({"result": task(channel.request(), channel) or {}})
    except (KeyboardInterrupt, Cancelled):
        return _fail(channel, "cancelled; nothing half-made is left", cancelled=True)
    except Clinic2CloudError as error:
        return _fail(channel, str(error))
    except MemoryError:
        return _fail(channel, "this machine's memory is too small for that series")
    except BrokenPipeError:  # the front end has gone
        return 1
    except Exception as error:
        # The text of an unforeseen error may quote a header, so only its kind is told.
        return _fail(channel, f"unexpected {type(error).__name__} in the {arguments[0]} step")
    return 0


def _fail(channel: Channel, sentence: str, cancelled: bool = False) -> int:
    try:
        channel.say({"error": " ".join(sentence.split()), "cancelled": cancelled})
    except OSError:  # nobody is listening any more
        return 1
    return 1


def _stop(signum: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    code = main(sys.argv[1:])
    # Not through the interpreter's end: threads of libraries may keep it waiting.
    sys.stderr.flush()
    os._exit(code)
