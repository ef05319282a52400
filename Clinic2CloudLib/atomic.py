"""Writes that are whole or not there: beside the target first, then renamed over it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
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


def _token() -> str:
    """Return a unique suffix that also tells which process of which machine it belongs to."""
    host = hashlib.sha256(platform.node().encode()).hexdigest()[:8]
    return f"{host}-{os.getpid()}-{secrets.token_hex(4)}"


def _is_abandoned(name: str) -> bool:
    """Tell whether the process that made a hidden folder of ours has ended."""
    parts = name.rsplit(".", 2)[-2].split("-")
    if len(parts) != 3 or not parts[1].isdigit() or os.name == "nt":
        return False
    if parts[0] != _token().split("-")[0]:
        return False  # another machine's, on a shared drive: it may be at work
    try:
        os.kill(int(parts[1]), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def clear_abandoned(folder: Path) -> None:
    """Remove what killed runs left in a folder, and put back what they were about to replace.

    Half-made cases may hold pictures of the original face, so they are not left lying about.

    Raises
    ------
    OSError
        When the folder cannot be read or changed.
    """
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith(".") and entry.suffix in (".part", ".old") and entry.is_dir():
            if not _is_abandoned(entry.name):
                continue
            final = folder / entry.name[1:].rsplit(".", 2)[0]
            if entry.suffix == ".old" and not final.exists():
                entry.rename(final)
            else:
                shutil.rmtree(entry)


@contextlib.contextmanager
def scratch_folder(beside: Path) -> Iterator[Path]:
    """Make a hidden folder next to ``beside`` to fill; gone at the end unless published.

    Raises
    ------
    OutputError
        When the disk is full or the parent cannot be written.
    """
    scratch = beside.with_name(f".{beside.name}.{_token()}.part")
    try:
        scratch.mkdir(parents=True)
        yield scratch
    except OSError as error:
        raise OutputError(f"cannot write {beside.name}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def publish(scratch: Path, final: Path) -> None:
    """Give a filled scratch folder its name; an older folder of that name makes way.

    Raises
    ------
    OSError
        When it cannot be renamed; the older folder stays then.
    """
    old = final.with_name(f".{final.name}.{_token()}.old")
    replacing = final.exists()
    if replacing:
        final.rename(old)
    try:
        scratch.rename(final)
    except OSError:
        if replacing:
            old.rename(final)
        raise
    sync_folder(final.parent)
    if replacing:
        shutil.rmtree(old, ignore_errors=True)


@contextlib.contextmanager
def staged_folder(final: Path) -> Iterator[Path]:
    """Fill a folder beside its place; it gets its name only when all went well.

    Parameters
    ----------
    final : Path
        The folder to make.

    Yields
    ------
    Path
        The hidden folder to write into.

    Raises
    ------
    OutputError
        When the disk is full or the parent cannot be written; the hidden folder is gone then.
    """
    with scratch_folder(final) as scratch:
        yield scratch
        publish(scratch, final)
