"""The durable queue of cases under way: what was sent, what was acknowledged, what was started.

SQLite in WAL mode with full synchronisation: what :meth:`Outbox.acknowledge` noted survives a power
cut. It holds pseudonymous ids, paths, digests and URLs; never patient data, never a token.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .. import paths
from ..cases.case import Case, load_case, set_state
from ..errors import InputError, OutputError
from .destination import Destination
from .entry import OPEN_STATES, Entry
from .locks import exclusive

_SCHEMA = """
CREATE TABLE IF NOT EXISTS entry (
    id INTEGER PRIMARY KEY,
    identity TEXT NOT NULL UNIQUE,
    case_id TEXT NOT NULL,
    folder TEXT NOT NULL,
    digest TEXT NOT NULL,
    url TEXT NOT NULL,
    token_file TEXT,
    ca TEXT,
    proxy TEXT,
    pipeline TEXT,
    options TEXT NOT NULL,
    workitem_uid TEXT,
    state TEXT NOT NULL CHECK (state IN ('queued', 'uploaded', 'done', 'cancelled')),
    attempts INTEGER NOT NULL DEFAULT 0,
    error TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS instance (
    entry INTEGER NOT NULL REFERENCES entry (id) ON DELETE CASCADE,
    uid TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'acknowledged', 'present', 'verified')),
    attempts INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (entry, uid)
) WITHOUT ROWID;
PRAGMA user_version = 1;
"""


class Outbox:
    """The queue in one SQLite file; usable from several processes and threads.

    Parameters
    ----------
    path : Path, optional
        The file; :func:`Clinic2CloudLib.paths.outbox` by default.

    Raises
    ------
    OutputError
        When it cannot be opened or written.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or paths.outbox()
        self._guard = threading.RLock()
        with self._failing_clearly():
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.path.touch(mode=0o600)
            self._base = sqlite3.connect(
                self.path, timeout=30, isolation_level=None, check_same_thread=False
            )
            self._base.row_factory = sqlite3.Row
            self._base.execute("PRAGMA journal_mode = WAL")
            self._base.execute("PRAGMA synchronous = FULL")
            self._base.execute("PRAGMA foreign_keys = ON")
            self._base.executescript(_SCHEMA)

    def __enter__(self) -> Outbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._base.close()

    # ------------------------------------------------------------ by the user

    def enqueue(
        self,
        case: Case,
        destination: Destination,
        pipeline: str | None = None,
        options: Mapping[str, Any] | None = None,
        workitem_uid: str | None = None,
    ) -> Entry:
        """Note a case for sending; the same case, destination, pipeline and options only once.

        An entry that was done or cancelled is opened again, and what is at the server is then
        verified anew instead of believed.
        """
        said = json.dumps(options or {}, sort_keys=True)
        identity = _identity(case.digest, destination.url, pipeline, said, workitem_uid)
        wish = {
            "identity": identity,
            "case": case.id,
            "folder": str(case.folder.resolve()),
            "digest": case.digest,
            "url": destination.url,
            "token_file": _path(destination.token_file),
            "ca": _path(destination.ca),
            "proxy": destination.proxy,
            "pipeline": pipeline,
            "options": said,
            "workitem": workitem_uid,
            "now": _now(),
        }
        with self._writing() as base:
            base.execute(
                "INSERT INTO entry (identity, case_id, folder, digest, url, pipeline, options,"
                " workitem_uid, state, created_at, updated_at)"
                " VALUES (:identity, :case, :folder, :digest, :url, :pipeline, :options,"
                " :workitem, 'queued', :now, :now) ON CONFLICT (identity) DO NOTHING",
                wish,
            )
            row = base.execute("SELECT * FROM entry WHERE identity = ?", (identity,)).fetchone()
            reopened = row["state"] not in OPEN_STATES
            base.execute(
                "UPDATE entry SET folder = :folder, token_file = :token_file, ca = :ca,"
                " proxy = :proxy, state = :state, error = NULL, updated_at = :now WHERE id = :id",
                wish | {"id": row["id"], "state": "queued" if reopened else row["state"]},
            )
            base.executemany(
                "INSERT INTO instance (entry, uid, bytes, state) VALUES (?, ?, ?, 'pending')"
                " ON CONFLICT DO NOTHING",
                [(row["id"], item.sop_instance_uid, item.bytes) for item in case.instances],
            )
            if reopened:
                base.execute("UPDATE instance SET state = 'pending' WHERE entry = ?", (row["id"],))
        return self.entry(row["id"])

    def entry(self, number: int) -> Entry:
        """Return one entry.

        Raises
        ------
        InputError
            When there is none of that number.
        """
        with self._failing_clearly():
            row = self._base.execute("SELECT * FROM entry WHERE id = ?", (number,)).fetchone()
            if row is None:
                raise InputError(f"the outbox has no entry {number}")
            return self._entry(row)

    def list(self, *, only_open: bool = False) -> tuple[Entry, ...]:
        """Return all entries, oldest first."""
        with self._failing_clearly():
            rows = self._base.execute("SELECT * FROM entry ORDER BY id").fetchall()
            entries = (self._entry(row) for row in rows)
            return tuple(entry for entry in entries if entry.open or not only_open)

    def cancel(self, number: int) -> Entry:
        """Give an open entry up; what is at the server already stays there.

        Raises
        ------
        InputError
            When there is none of that number, or it is done.
        CloudError
            When a process is sending it right now.
        """
        entry = self.entry(number)
        if entry.state == "done":
            raise InputError(f"entry {number} is done; there is nothing to cancel")
        with self.working_on(entry):
            self.set_entry(number, "cancelled")
            self._call_back(entry)
        return self.entry(number)

    def _call_back(self, entry: Entry) -> None:
        """Return a queued case to ``approved`` when nothing is left that would send it."""
        if any(other.digest == entry.digest for other in self.list(only_open=True)):
            return
        with contextlib.suppress(InputError):  # the folder may be gone, which is no reason to fail
            if load_case(entry.folder).state == "queued":
                set_state(entry.folder, "approved")

    # ------------------------------------------------------- by the upload

    def working_on(self, entry: Entry) -> contextlib.AbstractContextManager[None]:
        """Return a lock on the entry's case and destination, freed also when its holder dies."""
        name = hashlib.sha256(f"{entry.digest} {entry.destination.url}".encode()).hexdigest()[:24]
        folder = self.path.with_name(f"{self.path.name}.locks")
        return exclusive(
            folder / f"{name}.lock", f"{entry.case_id} is being sent by another process already"
        )

    def begin(self, number: int) -> None:
        """Count an attempt."""
        with self._writing() as base:
            base.execute(
                "UPDATE entry SET attempts = attempts + 1, error = NULL, updated_at = ?"
                " WHERE id = ?",
                (_now(), number),
            )

    def set_entry(self, number: int, state: str, error: str | None = None) -> None:
        """Move an entry on, or note why an attempt ended."""
        with self._writing() as base:
            base.execute(
                "UPDATE entry SET state = ?, error = ?, updated_at = ? WHERE id = ?",
                (state, error, _now(), number),
            )

    def instances(self, number: int) -> dict[str, str]:
        """Return each instance's state by SOP Instance UID."""
        with self._failing_clearly():
            rows = self._base.execute("SELECT uid, state FROM instance WHERE entry = ?", (number,))
            return {row["uid"]: row["state"] for row in rows}

    def set_instances(
        self, number: int, states: Mapping[str, str], attempted: Iterable[str] = ()
    ) -> None:
        """Move instances on and count attempts to send some; on disk when this returns.

        One transaction, because each one costs a flush of the disk.
        """
        with self._writing() as base:
            base.executemany(
                "UPDATE instance SET attempts = attempts + 1 WHERE entry = ? AND uid = ?",
                [(number, uid) for uid in attempted],
            )
            base.executemany(
                "UPDATE instance SET state = ? WHERE entry = ? AND uid = ?",
                [(state, number, uid) for uid, state in states.items()],
            )

    # ------------------------------------------------------------- inside

    def _entry(self, row: sqlite3.Row) -> Entry:
        counts = self._base.execute(
            "SELECT state, COUNT(*) AS n FROM instance WHERE entry = ? GROUP BY state",
            (row["id"],),
        )
        counted = dict.fromkeys(("pending", "acknowledged", "present", "verified"), 0)
        counted.update({count["state"]: count["n"] for count in counts})
        destination = Destination(
            row["url"],
            ca=Path(row["ca"]) if row["ca"] else None,
            token_file=Path(row["token_file"]) if row["token_file"] else None,
            proxy=row["proxy"],
        )
        plain = {key: row[key] for key in ("id", "case_id", "digest", "pipeline", "workitem_uid")}
        plain |= {key: row[key] for key in ("state", "attempts", "error")}
        return Entry(
            **plain,
            folder=Path(row["folder"]),
            destination=destination,
            options=json.loads(row["options"]),
            created_at=row["created_at"],
            updated_at=row["updated_at"],
            instances=counted,
        )

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Run statements as one transaction."""
        with self._failing_clearly():
            self._base.execute("BEGIN IMMEDIATE")
            try:
                yield self._base
                self._base.execute("COMMIT")
            except BaseException:
                if self._base.in_transaction:  # a full disk may have ended it already
                    self._base.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def _failing_clearly(self) -> Iterator[None]:
        with self._guard:
            try:
                yield
            except (sqlite3.Error, OSError) as error:
                raise OutputError(f"the outbox cannot be used: {error}") from error


def _identity(
    digest: str, url: str, pipeline: str | None, options: str, workitem_uid: str | None
) -> str:
    text = "\n".join((digest, url, pipeline or "", options, workitem_uid or ""))
    return hashlib.sha256(text.encode()).hexdigest()


def _path(path: Path | None) -> str | None:
    return str(path.resolve()) if path else None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
