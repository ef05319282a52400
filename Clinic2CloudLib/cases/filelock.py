"""Take turns with other processes and threads; the system ends a dead holder's turn."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from ..errors import OutputError

#: Turns last milliseconds; whoever waits this long waits for something that hangs.
PATIENCE = 60.0


@contextlib.contextmanager
def turn_at(path: Path, patience: float = PATIENCE) -> Iterator[None]:
    """Wait for the lock file ``path`` and hold it.

    Parameters
    ----------
    path : Path
        The lock file; made when missing, and left behind, since removing it would race.
    patience : float
        Seconds to wait.

    Raises
    ------
    OutputError
        When the lock file cannot be made or is not given up in time.
    """
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise OutputError(f"cannot write {path.name}: {error.strerror or error}") from None
    try:
        last = time.monotonic() + patience
        while not taken(handle):
            if time.monotonic() > last:
                raise OutputError(f"{path.name} is held by another process that does not let go")
            time.sleep(0.005)
        yield
    finally:
        os.close(handle)


if sys.platform == "win32":
    import msvcrt

    def taken(handle: int) -> bool:
        """Try once to take the lock of an open file; tell whether it worked."""
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def taken(handle: int) -> bool:
        """Try once to take the lock of an open file; tell whether it worked."""
        # flock belongs to the open file and not to the process: it keeps threads apart as well.
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
