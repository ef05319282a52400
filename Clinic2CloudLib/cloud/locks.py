"""One process at a time: a lock that the system takes back when its holder dies."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from ..errors import CloudError, OutputError


@contextlib.contextmanager
def exclusive(path: Path, busy: str) -> Iterator[None]:
    """Hold a lock file; ``kill -9`` frees it as well.

    Parameters
    ----------
    path : Path
        The lock file; made when missing and left behind, since removing it would race.
    busy : str
        The sentence of the error when somebody else holds it.

    Raises
    ------
    CloudError
        When another process, or another thread of this one, holds the lock.
    OutputError
        When the lock file cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise OutputError(f"cannot write {path.name}: {error.strerror or error}") from error
    try:
        if not _locked(handle):
            raise CloudError(busy)
        yield
    finally:
        os.close(handle)


if sys.platform == "win32":
    import msvcrt

    def _locked(handle: int) -> bool:
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _locked(handle: int) -> bool:
        # flock belongs to the open file, not the process, so it also keeps threads apart.
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
