"""Conformance by dciodvfy (Debian dicom3tools) where it is installed: errors that were added.

A source that was wrong before stays wrong; what counts is that de-identification adds nothing. So
this needs both files and is no part of :func:`~Clinic2CloudLib.verify.verify_case`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections import Counter

from ..errors import InputError

PROGRAM = "dciodvfy"
_TIMEOUT = 120.0
_VALUES = re.compile(r"<[^>]*>|\[[^\]]*\]|=.*$|\bvalue \S+")


def is_installed() -> bool:
    """Return whether dciodvfy can be run: it is there, and so are files in memory (Linux)."""
    return shutil.which(PROGRAM) is not None and hasattr(os, "memfd_create")


def errors_in(data: bytes) -> Counter[str]:
    """Return dciodvfy's errors about a file, the values in them left out, and how often each.

    Parameters
    ----------
    data : bytes
        A Part 10 file; it is handed over in memory and never written to disk.

    Raises
    ------
    InputError
        When the program is not installed or does not come to an end.
    """
    if not is_installed():
        raise InputError(f"{PROGRAM} is not installed (package dicom3tools)")
    with os.fdopen(os.memfd_create(PROGRAM), "wb") as handle:
        handle.write(data)
        handle.flush()
        command = [PROGRAM, f"/proc/self/fd/{handle.fileno()}"]
        try:
            done = subprocess.run(
                command,
                capture_output=True,
                timeout=_TIMEOUT,
                check=False,
                pass_fds=(handle.fileno(),),
            )
        except subprocess.TimeoutExpired:
            raise InputError(f"{PROGRAM} did not come to an end") from None
    lines = (done.stderr + b"\n" + done.stdout).decode("latin-1").splitlines()
    return Counter(_VALUES.sub("", line).strip() for line in lines if line.startswith("Error"))


def added_errors(before: bytes, after: bytes) -> Counter[str]:
    """Return the errors of a de-identified file that its source had not."""
    return errors_in(after) - errors_in(before)
