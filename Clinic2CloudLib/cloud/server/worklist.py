"""The work items in the index: created once, claimed once, ended once.

Each change is one transaction, so that a state never disagrees with its data set and two claims
never both win. Which changes are allowed stands in :mod:`.transitions`.
"""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace

from ..dicomjson import DataSet, text
from . import transitions, workitem
from .answers import Refusal
from .staging import Outcome
from .store import Store, Stored
from .transitions import WORKER, WorkItem
from .workitem import CANCELED, COMPLETED, IN_PROGRESS, SCHEDULED

#: A work item that was begun so often without an end is given up: it may be what ends the server.
MOST_ATTEMPTS = 3
Listener = Callable[[WorkItem | None, WorkItem], None]


class Worklist:
    """All work items of one data folder.

    Parameters
    ----------
    store : Store
        Holds their inputs and results.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._index = store.index
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> None:
        """Have a callable told each change, after it is durable: ``listener(before, after)``."""
        self._listeners.append(listener)

    # ------------------------------------------------------------------ ask

    def get(self, uid: str) -> WorkItem:
        """Return a work item.

        Raises
        ------
        Refusal
            404.
        """
        return _get(self._index.reading, uid)

    def all(self) -> list[WorkItem]:
        """Return all work items, the oldest first."""
        rows = self._index.reading.execute("SELECT * FROM workitem ORDER BY created")
        return [_item(row) for row in rows]

    def inputs(self, uids: Sequence[str]) -> list[Stored]:
        """Return those of the wanted instances that are stored, in the wanted order."""
        found = (self._store.find(instance=uid) for uid in uids)
        return [one for listed in found for one in listed]

    def cancel_wish(self, uid: str) -> str | None:
        """Return why the item should be cancelled, None when nobody asked for it."""
        row = self._index.reading.execute(
            "SELECT cancel_reason FROM workitem WHERE uid = ?", (uid,)
        ).fetchone()
        return None if row is None else row[0]

    def interrupted(self) -> list[str]:
        """Return the items that this server began and did not end before it stopped."""
        rows = self._index.reading.execute(
            "SELECT uid FROM workitem WHERE state = ? AND performer = ? ORDER BY created",
            (IN_PROGRESS, WORKER),
        )
        return [row[0] for row in rows]

    # --------------------------------------------------------------- change

    def create(
        self, data_set: DataSet, uid: str, request: str, pipeline: str | None
    ) -> tuple[WorkItem, bool]:
        """Add a work item; the same request under the same UID changes nothing.

        Returns
        -------
        tuple of WorkItem and bool
            The item as it is now, and whether it is new.

        Raises
        ------
        Refusal
            409, when another work item has this UID.
        """
        with self._index.writing() as writer:
            row = writer.execute("SELECT * FROM workitem WHERE uid = ?", (uid,)).fetchone()
            if row is not None:
                if row["request"] != request:
                    raise Refusal(409, "another work item exists under this UID")
                return _item(row), False
            writer.execute(
                "INSERT INTO workitem (uid, created, request, state, priority, pipeline, data_set)"
                " VALUES (?, (SELECT coalesce(max(created), 0) + 1 FROM workitem), ?, ?, ?, ?, ?)",
                (
                    uid,
                    request,
                    SCHEDULED,
                    workitem.PRIORITIES[text(data_set, workitem.PRIORITY)],
                    pipeline,
                    json.dumps(data_set),
                ),
            )
            after = _get(writer, uid)
        self._tell(None, after)
        return after, True

    def claim(self, pipelines: Sequence[str]) -> WorkItem | None:
        """Take the next item for this server: the most urgent, then the oldest that is ready."""
        marks = ", ".join("?" * len(pipelines))
        with self._index.writing() as writer:
            rows = writer.execute(
                f"SELECT * FROM workitem WHERE state = ? AND pipeline IN ({marks}) "
                "ORDER BY priority, created",
                (SCHEDULED, *pipelines),
            )
            ready = (item for item in map(_item, rows) if _is_ready(item))
            before = next(ready, None)
            if before is None:
                return None
            after = replace(
                before,
                state=IN_PROGRESS,
                performer=WORKER,
                transaction_uid=f"2.25.{uuid.uuid4().int}",
                attempts=1,
                data_set=workitem.begun(before.data_set),
            )
            _put(writer, after)
        self._tell(before, after)
        return after

    def resume(self, uid: str) -> WorkItem:
        """Begin an interrupted item once more."""
        _, after = self.change(
            uid,
            lambda item: replace(
                item, attempts=item.attempts + 1, data_set=workitem.begun(item.data_set)
            ),
        )
        return after

    def progress(self, uid: str, fraction: float, message: str) -> None:
        """Write down how far this server is with an item."""
        self.change(
            uid,
            lambda item: replace(
                item, data_set=workitem.with_progress(item.data_set, fraction, message)
            ),
        )

    def cancel(self, uid: str, reason: str) -> None:
        """End an item without a result."""
        self.change(uid, lambda item: transitions.canceled(item, reason))

    def complete(
        self, writer: sqlite3.Connection, uid: str, outputs: Sequence[Outcome]
    ) -> Callable[[], None]:
        """End an item with its results, within the transaction that makes them known.

        Returns
        -------
        callable
            Tells the listeners; to be called when the transaction is durable.
        """
        before = _get(writer, uid)
        after = replace(
            before, state=COMPLETED, data_set=workitem.completed(before.data_set, outputs)
        )
        _put(writer, after)
        return lambda: self._tell(before, after)

    def request_cancel(
        self, uid: str, reason: str, reachable: Callable[[WorkItem], bool]
    ) -> str | None:
        """Have an item cancelled; see :func:`.transitions.cancel_requested`.

        Returns
        -------
        str or None
            The state, when it was CANCELED already.
        """
        before, _ = self.change(
            uid, lambda item: transitions.cancel_requested(item, reason, reachable)
        )
        return CANCELED if before.state == CANCELED else None

    def update(
        self,
        uid: str,
        changes: DataSet,
        transaction_uid: str,
        check: Callable[[WorkItem], None] = lambda item: None,
    ) -> None:
        """Change a work item's attributes; see :func:`.transitions.updated`.

        ``check`` refuses what a scheduled one would become.
        """

        def updated(item: WorkItem) -> WorkItem:
            after = transitions.updated(item, changes, transaction_uid)
            if after.state == SCHEDULED:
                check(after)
            return after

        self.change(uid, updated)

    def change_state(self, uid: str, state: str, transaction_uid: str) -> str | None:
        """Claim, complete or cancel a work item; see :func:`.transitions.moved`.

        Returns
        -------
        str or None
            The state, when the item was in it already.
        """
        before, _ = self.change(uid, lambda item: transitions.moved(item, state, transaction_uid))
        return state if before.state == state else None

    def change(self, uid: str, change: Callable[[WorkItem], WorkItem]) -> tuple[WorkItem, WorkItem]:
        """Apply a change to an item in one transaction and tell the listeners.

        Returns
        -------
        tuple of WorkItem
            Before and after.

        Raises
        ------
        Refusal
            404, and what the change refuses.
        """
        with self._index.writing() as writer:
            before = _get(writer, uid)
            after = change(before)
            if after != before:
                _put(writer, after)
        if after != before:
            self._tell(before, after)
        return before, after

    def _tell(self, before: WorkItem | None, after: WorkItem) -> None:
        for listener in self._listeners:
            listener(before, after)


def _is_ready(item: WorkItem) -> bool:
    return text(item.data_set, workitem.READINESS) == "READY"


def _get(connection: sqlite3.Connection, uid: str) -> WorkItem:
    row = connection.execute("SELECT * FROM workitem WHERE uid = ?", (uid,)).fetchone()
    if row is None:
        raise Refusal(404, "there is no such work item")
    return _item(row)


def _item(row: sqlite3.Row) -> WorkItem:
    return WorkItem(
        uid=row["uid"],
        state=row["state"],
        pipeline=row["pipeline"],
        performer=row["performer"],
        transaction_uid=row["transaction_uid"],
        attempts=row["attempts"],
        cancel_reason=row["cancel_reason"],
        data_set=json.loads(row["data_set"]),
    )


def _put(writer: sqlite3.Connection, item: WorkItem) -> None:
    writer.execute(
        "UPDATE workitem SET state = ?, performer = ?, transaction_uid = ?, attempts = ?, "
        "cancel_reason = ?, priority = ?, pipeline = ?, data_set = ? WHERE uid = ?",
        (
            item.state,
            item.performer,
            item.transaction_uid,
            item.attempts,
            item.cancel_reason,
            workitem.PRIORITIES[text(item.data_set, workitem.PRIORITY)],
            item.pipeline,
            json.dumps(item.data_set),
            item.uid,
        ),
    )
