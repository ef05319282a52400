"""One server for one data folder."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ...errors import InputError


class FolderLock:
    """A lock that ends with the process that holds it, however that ends.

    Raises
    ------
    InputError
        When another process holds it.
    """

    def __init__(self, folder: Path) -> None:
        self._descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(self._descriptor)
        except OSError:
            os.close(self._descriptor)
            raise InputError(f"another server is using the data folder {folder.name}") from None

    def release(self) -> None:
        """Let another process have the folder."""
        os.close(self._descriptor)


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
