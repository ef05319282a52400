"""The SQLite index: which instances are stored, which work items there are.

Write-ahead log with full synchronisation: what a transaction has committed survives a power cut.
One connection writes, under a lock; each thread has its own for reading.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

from ...errors import InputError
from .attributes import KEYS, LEVELS, NUMBERS, Attributes, Level
from .matching import matches

VERSION = 1
_UID_OF = {"study": "StudyInstanceUID", "series": "SeriesInstanceUID", "instance": "SOPInstanceUID"}
_PARENT_OF = {"series": "StudyInstanceUID", "instance": "SeriesInstanceUID"}

_WORK = """
CREATE TABLE workitem (
    uid TEXT PRIMARY KEY,
    created INTEGER NOT NULL UNIQUE,      -- the order in which they came
    request TEXT NOT NULL,                -- SHA-256 of what it was created with
    state TEXT NOT NULL,
    priority INTEGER NOT NULL,            -- 1 HIGH, 2 MEDIUM, 3 LOW
    pipeline TEXT,                        -- NULL: for another performer than this server
    performer TEXT,                       -- 'worker' when this server performs it
    transaction_uid TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    cancel_reason TEXT,                   -- not NULL once cancellation was requested
    data_set TEXT NOT NULL                -- DICOM JSON, without the Transaction UID
) STRICT;
CREATE INDEX workitem_state ON workitem(state, priority, created);
CREATE TABLE subscription (
    workitem TEXT NOT NULL,               -- or the UID of a worklist
    aetitle TEXT NOT NULL,
    deletion_lock INTEGER NOT NULL,
    filter TEXT,                          -- JSON, of a filtered worklist
    PRIMARY KEY (workitem, aetitle)
) STRICT;
"""


class Index:
    """The index of one data folder.

    Parameters
    ----------
    path : Path
        The SQLite file; made when missing.

    Raises
    ------
    InputError
        When the file is damaged or of a later version of this software.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._local = threading.local()
        self._opened: list[sqlite3.Connection] = []
        try:
            self._writer = self._connect()
            self._writer.execute("PRAGMA journal_mode = WAL")
            self._prepare()
        except sqlite3.DatabaseError as error:
            raise InputError(f"the index {path.name} cannot be opened: {error}") from error

    def close(self) -> None:
        """Close all connections; the log is folded into the file."""
        with self._lock:
            for connection in self._opened:
                connection.close()
            self._opened.clear()

    @property
    def reading(self) -> sqlite3.Connection:
        """The connection for reading, one for each thread."""
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            found = self._local.connection = self._connect()
            found.execute("PRAGMA query_only = ON")
        return found

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Yield the writing connection within one transaction, durable when this ends well."""
        with self._lock:
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                # A COMMIT that failed for want of space has rolled back already.
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, isolation_level=None, check_same_thread=False, timeout=30
        )
        self._opened.append(connection)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.create_function("dicom_matches", 3, matches, deterministic=True)
        return connection

    def _prepare(self) -> None:
        version = self._writer.execute("PRAGMA user_version").fetchone()[0]
        if version > VERSION:
            raise InputError("the data folder was written by a later version of this software")
        if version == 0:
            with self.writing() as writer:
                for statement in _schema().split(";\n"):
                    writer.execute(statement)
                writer.execute(f"PRAGMA user_version = {VERSION}")


def _schema() -> str:
    tables = [_WORK]
    for level in LEVELS:
        columns = [
            f"{key.keyword} {'INTEGER' if key.vr in NUMBERS else 'TEXT'}"
            + (" PRIMARY KEY" if key.keyword == _UID_OF[level] else "")
            for key in KEYS
            if key.level == level
        ]
        if level in _PARENT_OF:
            parent = _PARENT_OF[level]
            above = LEVELS[LEVELS.index(level) - 1]
            columns.append(f"{parent} TEXT NOT NULL REFERENCES {above}({parent})")
        if level == "instance":
            columns += [
                "transfer_syntax TEXT NOT NULL",
                "path TEXT NOT NULL",
                "bytes INTEGER NOT NULL",
                "sha256 TEXT NOT NULL",
            ]
        tables.append(f"CREATE TABLE {level} ({', '.join(columns)}) STRICT;\n")
        if level in _PARENT_OF:
            parent = _PARENT_OF[level]
            tables.append(f"CREATE INDEX {level}_{parent} ON {level}({parent});\n")
    return "".join(tables)


def insert_instance(
    writer: sqlite3.Connection,
    attributes: Attributes,
    *,
    transfer_syntax: str,
    path: str,
    size: int,
    sha256: str,
) -> None:
    """Add an instance, and its series and study where they are new.

    Raises
    ------
    ValueError
        When its series is stored under another study.
    """
    row = {
        **attributes,
        "transfer_syntax": transfer_syntax,
        "path": path,
        "bytes": size,
        "sha256": sha256,
    }
    for level in LEVELS:
        names = [key.keyword for key in KEYS if key.level == level]
        if level in _PARENT_OF:
            names.append(_PARENT_OF[level])
        if level == "instance":
            names += ["transfer_syntax", "path", "bytes", "sha256"]
        _insert(writer, level, names, row)


def _insert(writer: sqlite3.Connection, level: Level, names: list[str], row: Attributes) -> None:
    either = "" if level == "instance" else " ON CONFLICT DO NOTHING"
    writer.execute(
        f"INSERT INTO {level} ({', '.join(names)}) "
        f"VALUES ({', '.join(':' + name for name in names)}){either}",
        row,
    )
    if level == "series":
        stored = writer.execute(
            "SELECT StudyInstanceUID FROM series WHERE SeriesInstanceUID = ?",
            (row["SeriesInstanceUID"],),
        ).fetchone()
        if stored[0] != row["StudyInstanceUID"]:
            raise ValueError("its series belongs to another study")
