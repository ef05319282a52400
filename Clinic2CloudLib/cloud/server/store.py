"""Instances as files under a data folder, each acknowledged only when it is durable.

An instance is staged first: written to ``incoming/``, hashed, flushed to disk. Staged instances
are then committed together: each gets its place ``instances/STUDY/SERIES/INSTANCE.dcm``, the
folders are flushed, and one transaction of the index makes them all known. A file that the index
does not know is what a crash left; it goes at the next start.
"""

from __future__ import annotations

import contextlib
import hashlib
import mmap
import os
import secrets
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, cast

from ...atomic import sync_folder
from ...errors import InputError
from .index import Index, insert_instance
from .locking import FolderLock
from .reasons import Reason
from .staging import Outcome, Staged, examine, failed_write, write_all


@dataclass(frozen=True)
class Stored:
    """One instance of the index, with the file that holds it."""

    uid: str
    class_uid: str
    series: str
    study: str
    transfer_syntax: str
    path: Path
    size: int


class Store:
    """All instances of one data folder.

    Parameters
    ----------
    data : Path
        The folder; made, private to this user, when missing.

    Raises
    ------
    InputError
        When another server uses the folder, or it cannot be written.
    """

    def __init__(self, data: Path) -> None:
        self.data = data
        self._incoming = data / "incoming"
        self._instances = data / "instances"
        try:
            data.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock = FolderLock(data)
            shutil.rmtree(self._incoming, ignore_errors=True)
            self._incoming.mkdir(mode=0o700)
            self._instances.mkdir(exist_ok=True, mode=0o700)
            sync_folder(data)
        except OSError as error:
            raise InputError(
                f"the data folder {data.name} cannot be used: {error.strerror or error}"
            ) from error
        try:
            if not (data / "index.sqlite").exists() and any(self._instances.iterdir()):
                raise InputError(
                    f"the data folder {data.name} holds instances but its index is missing"
                )
            self.index = Index(data / "index.sqlite")
            self._sweep()
        except BaseException:
            self._lock.release()
            raise

    def close(self) -> None:
        """Close the index and let another server have the folder."""
        self.index.close()
        self._lock.release()

    # ---------------------------------------------------------------- stage

    def new_file(self) -> Path:
        """Return a path in ``incoming/`` that nothing else uses."""
        return self._incoming / f"{secrets.token_hex(8)}.part"

    def stage_bytes(self, content: bytes, deidentified_only: bool = True) -> Staged | Outcome:
        """Read, hash and write a small instance; durable when this returns."""
        sha256 = hashlib.sha256(content).hexdigest()
        staged = examine(content, None, sha256, deidentified_only)
        if isinstance(staged, Outcome) or self._has(staged):
            return staged
        path = self.new_file()
        try:
            with path.open("xb", buffering=0) as handle:
                write_all(handle, content)
                os.fsync(handle.fileno())
        except OSError as error:
            path.unlink(missing_ok=True)
            return failed_write(error, staged)
        return replace(staged, path=path)

    def stage_file(
        self, path: Path, sha256: str, *, deidentified_only: bool = True
    ) -> Staged | Outcome:
        """Read a large instance that is flushed in ``incoming/`` already; it goes if refused."""
        with path.open("rb") as handle, _mapped(handle) as mapped:
            # A mapping can be sliced and unpacked as bytes can, and only pages looked at are read.
            staged = examine(cast(bytes, mapped), path, sha256, deidentified_only)
        if isinstance(staged, Outcome):
            path.unlink()
        return staged

    def adopt(self, path: Path, *, deidentified_only: bool = True) -> Staged | Outcome:
        """Stage a file that another part of the server made; it leaves its place."""
        own = self.new_file()
        try:
            with path.open("rb") as handle:
                sha256 = hashlib.file_digest(handle, "sha256").hexdigest()
                os.fsync(handle.fileno())
            path.rename(own)
        except OSError as error:
            return failed_write(error)
        return self.stage_file(own, sha256, deidentified_only=deidentified_only)

    def _has(self, staged: Staged) -> bool:
        row = _row(self.index.reading, staged.uid)
        return row is not None and row["sha256"] == staged.sha256 and self._is_whole(row)

    def _is_whole(self, row: sqlite3.Row) -> bool:
        """Whether the file of an indexed instance is there; somebody may have removed it."""
        try:
            size: int = (self._instances / row["path"]).stat().st_size
        except OSError:
            return False
        return bool(size == row["bytes"])

    # --------------------------------------------------------------- commit

    def commit(
        self,
        staged: Sequence[Staged],
        also: Callable[[sqlite3.Connection, Sequence[Outcome]], None] | None = None,
    ) -> list[Outcome]:
        """Make staged instances known, all in one transaction.

        Parameters
        ----------
        staged : sequence of Staged
            What to take in.
        also : callable, optional
            Called within the transaction with the outcomes; what it raises undoes all.

        Returns
        -------
        list of Outcome
            One for each, in order. When it returns, those without a reason are durable.
        """
        placed: list[Path] = []
        try:
            with self.index.writing() as writer:
                outcomes = [self._take_in(writer, one, placed) for one in staged]
                for folder in {path.parent for path in placed}:
                    sync_folder(folder)
                if also is not None:
                    also(writer, outcomes)
        except (OSError, sqlite3.OperationalError) as error:
            _remove(placed)
            if also is not None:
                raise
            outcomes = [failed_write(error, one) for one in staged]
        except BaseException:
            _remove(placed)
            raise
        finally:
            _remove([one.path for one in staged if one.path is not None])
        return outcomes

    def _take_in(self, writer: sqlite3.Connection, one: Staged, placed: list[Path]) -> Outcome:
        row = _row(writer, one.uid)
        if row is not None and row["sha256"] != one.sha256:
            return one.outcome(
                Reason.DUPLICATE, "another content is stored under its SOP Instance UID"
            )
        if row is not None and self._is_whole(row):
            return one.outcome()
        if one.path is None:
            return one.outcome(Reason.PROCESSING_FAILURE, "it was removed while it was stored")
        relative = Path(
            str(one.attributes["StudyInstanceUID"]),
            str(one.attributes["SeriesInstanceUID"]),
            f"{one.uid}.dcm",
        )
        if row is None:
            try:
                insert_instance(
                    writer,
                    one.attributes,
                    transfer_syntax=one.transfer_syntax,
                    path=relative.as_posix(),
                    size=one.size,
                    sha256=one.sha256,
                )
            except ValueError as error:
                return one.outcome(Reason.PROCESSING_FAILURE, str(error))
        final = self._instances / relative
        self._make_folders(final.parent)
        one.path.replace(final)
        if row is None:
            placed.append(final)
        else:
            sync_folder(final.parent)
        return one.outcome()

    def _make_folders(self, folder: Path) -> None:
        """Make a folder, each new level flushed into the one above."""
        if folder.is_dir():
            return
        self._make_folders(folder.parent)
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)

    def _sweep(self) -> None:
        """Remove files that the index does not know: a crash came before their transaction."""
        known = {row[0] for row in self.index.reading.execute("SELECT path FROM instance")}
        for path in self._instances.glob("*/*/*"):
            if path.relative_to(self._instances).as_posix() not in known:
                path.unlink()

    # ------------------------------------------------------------------ ask

    def find(
        self, study: str | None = None, series: str | None = None, instance: str | None = None
    ) -> list[Stored]:
        """Return the instances of a study, series or instance, in a stable order."""
        wanted = {
            "series.StudyInstanceUID": study,
            "series.SeriesInstanceUID": series,
            "SOPInstanceUID": instance,
        }
        given = {name: uid for name, uid in wanted.items() if uid is not None}
        rows = self.index.reading.execute(
            "SELECT SOPInstanceUID, SOPClassUID, series.SeriesInstanceUID, StudyInstanceUID, "
            "transfer_syntax, path, bytes FROM instance JOIN series USING (SeriesInstanceUID) "
            f"WHERE {' AND '.join(f'{name} = ?' for name in given) or '1'} "
            "ORDER BY StudyInstanceUID, series.SeriesInstanceUID, InstanceNumber, SOPInstanceUID",
            tuple(given.values()),
        )
        return [
            Stored(
                uid=row["SOPInstanceUID"],
                class_uid=row["SOPClassUID"],
                series=row["SeriesInstanceUID"],
                study=row["StudyInstanceUID"],
                transfer_syntax=row["transfer_syntax"],
                path=self._instances / row["path"],
                size=row["bytes"],
            )
            for row in rows
        ]


def _mapped(handle: IO[bytes]) -> contextlib.AbstractContextManager[mmap.mmap | bytes]:
    """Map a file into memory; an empty one cannot be."""
    try:
        return mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ)
    except ValueError:
        return contextlib.nullcontext(b"")


def _remove(paths: Sequence[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _row(connection: sqlite3.Connection, uid: str) -> sqlite3.Row | None:
    found: sqlite3.Row | None = connection.execute(
        "SELECT sha256, path, bytes FROM instance WHERE SOPInstanceUID = ?", (uid,)
    ).fetchone()
    return found
