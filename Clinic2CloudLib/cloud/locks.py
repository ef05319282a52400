"""One process at a time: a lock that the system takes back when its holder dies."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from ..cases.filelock import taken
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


def _locked(handle: int) -> bool:
    try:
        return taken(handle)
    except OSError:  # a file system without locks: nobody can say that we are alone
        return False
