"""Writes that are whole or not there: beside the target first, then renamed over it."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from .errors import OutputError


def sync_folder(folder: Path) -> None:
    """Flush a folder's entries to disk, so that a rename survives a power cut."""
    if os.name == "nt":  # Windows has no handle on a folder to flush
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_bytes(path: Path, data: bytes, *, mode: int | None = None) -> None:
    """Write a file whole or not at all.

    Parameters
    ----------
    path : Path
        The file; an older one of this name is replaced in one step.
    data : bytes
        Its content.
    mode : int, optional
        Permission bits, set before the file gets its name.

    Raises
    ------
    OutputError
        When the disk is full or the folder cannot be written.
    """
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(beside, flags, 0o666 if mode is None else mode), "wb") as handle:
            handle.write(data)
            handle.flush()
            os.fsync(handle.fileno())
        beside.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise OutputError(f"cannot write {path.name}: {error.strerror or error}") from error
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def staged_folder(final: Path) -> Iterator[Path]:
    """Fill a folder beside its place; it gets its name only when all went well.

    Parameters
    ----------
    final : Path
        The folder to make; its parent exists, it does not.

    Yields
    ------
    Path
        The hidden folder to write into.

    Raises
    ------
    OutputError
        When the disk is full or the parent cannot be written; the hidden folder is gone then.
    """
    staging = final.with_name(f".{final.name}.{secrets.token_hex(4)}.part")
    try:
        staging.mkdir(parents=True)
        yield staging
        staging.replace(final)
        sync_folder(final.parent)
    except OSError as error:
        shutil.rmtree(staging, ignore_errors=True)
        raise OutputError(f"cannot write {final.name}: {error.strerror or error}") from error
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise
