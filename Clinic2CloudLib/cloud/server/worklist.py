"""The work items in the index: created once, claimed once, ended once.

Each change is one transaction, so that a state never disagrees with its data set and two claims
never both win. Rules of change: PS3.4 table CC.1.1-2.
"""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ..dicomjson import DataSet, text
from . import workitem
from .answers import Refusal
from .store import Outcome, Store, Stored
from .workitem import CANCELED, COMPLETED, FINAL, IN_PROGRESS, SCHEDULED

#: A work item that was begun so often without an end is given up: it may be what ends the server.
MOST_ATTEMPTS = 3
#: Who performs it: this server.
WORKER = "worker"


@dataclass(frozen=True)
class WorkItem:
    """One row of the worklist; ``data_set`` never holds the Transaction UID."""

    uid: str
    state: str
    pipeline: str | None
    performer: str | None
    transaction_uid: str | None
    attempts: int
    cancel_reason: str | None
    data_set: DataSet


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
        return self.change(
            uid,
            lambda item: replace(
                item, attempts=item.attempts + 1, data_set=workitem.begun(item.data_set)
            ),
        )

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
        self.change(uid, lambda item: _canceled(item, reason))

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

    def request_cancel(self, uid: str, reason: str, reachable: Callable[[WorkItem], bool]) -> str:
        """Have an item cancelled (PS3.18 section 11.8, PS3.4 CC.2.2).

        A scheduled item ends at once; the worker ends its own; another performer must be asked.

        Returns
        -------
        str
            A warning for the answer, or empty.

        Raises
        ------
        Refusal
            404; 409 when it is completed or its performer cannot be told.
        """
        said = ""

        def change(item: WorkItem) -> WorkItem:
            nonlocal said
            if item.state == COMPLETED:
                raise Refusal(409, "The UPS is already COMPLETED.")
            if item.state == CANCELED:
                said = "The UPS is already in the requested state of CANCELED."
                return item
            if item.state == SCHEDULED:
                return _canceled(item, reason)
            if item.performer != WORKER and not reachable(item):
                raise Refusal(409, "The performer cannot be contacted.")
            return replace(item, cancel_reason=item.cancel_reason or reason)

        self.change(uid, change)
        return said

    def update(self, uid: str, changes: DataSet, transaction_uid: str) -> None:
        """Change a work item's attributes (PS3.18 section 11.6).

        Raises
        ------
        Refusal
            404; 400 in a final state or with a wrong Transaction UID.
        """

        def change(item: WorkItem) -> WorkItem:
            if item.state in FINAL:
                raise Refusal(
                    400, "The submitted request is inconsistent with the state of the UPS Instance."
                )
            if item.state == IN_PROGRESS:
                _check_transaction(item, transaction_uid)
            data_set = workitem.updated(item.data_set, changes)
            return replace(item, data_set=data_set)

        self.change(uid, change)

    def change_state(self, uid: str, state: str, transaction_uid: str) -> str:
        """Claim, complete or cancel a work item (PS3.18 section 11.7).

        Returns
        -------
        str
            A warning for the answer, or empty.

        Raises
        ------
        Refusal
            404; 400 for the Transaction UID; 409 for a change that the state does not allow.
        """
        said = ""

        def change(item: WorkItem) -> WorkItem:
            nonlocal said
            if not transaction_uid:
                raise Refusal(400, "The Transaction UID is missing.")
            if item.state in FINAL:
                if item.state != state:
                    raise Refusal(
                        409,
                        "The submitted request is inconsistent with the state of the UPS Instance.",
                    )
                _check_transaction(item, transaction_uid)
                said = f"The UPS is already in the requested state of {state}."
                return item
            return _moved(item, state, transaction_uid)

        self.change(uid, change)
        return said

    def change(self, uid: str, change: Callable[[WorkItem], WorkItem]) -> WorkItem:
        """Apply a change to an item in one transaction and tell the listeners."""
        with self._index.writing() as writer:
            before = _get(writer, uid)
            after = change(before)
            if after != before:
                _put(writer, after)
        if after != before:
            self._tell(before, after)
        return after

    def _tell(self, before: WorkItem | None, after: WorkItem) -> None:
        for listener in self._listeners:
            listener(before, after)


def _moved(item: WorkItem, state: str, transaction_uid: str) -> WorkItem:
    """Return an item that is not in a final state in its next one."""
    inconsistent = Refusal(
        409, "The submitted request is inconsistent with the state of the UPS Instance."
    )
    if state == IN_PROGRESS:
        if item.state != SCHEDULED:
            raise inconsistent
        data_set = workitem.with_state(item.data_set, IN_PROGRESS)
        return replace(item, state=IN_PROGRESS, transaction_uid=transaction_uid, data_set=data_set)
    if item.state != IN_PROGRESS:
        raise inconsistent
    _check_transaction(item, transaction_uid)
    if state == CANCELED:
        return _canceled(item, item.cancel_reason or "")
    if not workitem.may_complete(item.data_set):
        raise Refusal(409, "The performed procedure is not described, so it cannot be COMPLETED.")
    return replace(item, state=COMPLETED, data_set=workitem.with_state(item.data_set, COMPLETED))


def _canceled(item: WorkItem, reason: str) -> WorkItem:
    return replace(item, state=CANCELED, data_set=workitem.canceled(item.data_set, reason))


def _check_transaction(item: WorkItem, transaction_uid: str) -> None:
    if not transaction_uid:
        raise Refusal(400, "The Transaction UID is missing.")
    if item.transaction_uid != transaction_uid:
        raise Refusal(400, "The Transaction UID is incorrect.")


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
        "cancel_reason = ?, priority = ?, data_set = ? WHERE uid = ?",
        (
            item.state,
            item.performer,
            item.transaction_uid,
            item.attempts,
            item.cancel_reason,
            workitem.PRIORITIES[text(item.data_set, workitem.PRIORITY)],
            json.dumps(item.data_set),
            item.uid,
        ),
    )
