"""Subscriptions to work items and the events they bring (PS3.18 sections 8.10 and 11.10 to 11.12).

A subscriber, named by an AE title, subscribes to one work item, to all, or to those that match a
filter, and opens a WebSocket on ``/subscribers/{aetitle}``, over which events come as DICOM JSON.
Subscriptions are kept in the index; events are told to those who listen at that moment, and who
subscribes or connects later is told the present state. Work items are never deleted here, so a
deletion lock is always granted.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import threading
from collections import defaultdict
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from ..dicomjson import DataSet, element, items
from . import workitem
from .answers import BASE, Refusal, empty
from .attributes import is_uid
from .itemsearch import ItemQuestion, read_path
from .store import Store
from .transitions import WorkItem
from .worklist import Worklist

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.websockets import WebSocket

ALL = "1.2.840.10008.5.1.4.34.5"
FILTERED = "1.2.840.10008.5.1.4.34.5.1"
UPS_EVENT = "1.2.840.10008.5.1.4.34.6.4"
#: Event Type ID (0000,1002), PS3.4 table CC.2.4-1.
STATE_REPORT, CANCEL_REQUESTED, PROGRESS_REPORT = 1, 2, 3
_AE_TITLE = re.compile(r"[!-\[\]-~]([ -\[\]-~]{0,14}[!-\[\]-~])?")


def can_notify() -> bool:
    """Whether the web server has what it needs for WebSockets."""
    return find_spec("websockets") is not None or find_spec("wsproto") is not None


class Subscriptions:
    """Who wants to know what, and who is listening.

    Parameters
    ----------
    store : Store
        Whose index keeps the subscriptions.
    worklist : Worklist
        Whose changes are told.
    notifying : bool
        False where events could not be sent: then subscribing is refused with 501.
    """

    def __init__(self, store: Store, worklist: Worklist, *, notifying: bool) -> None:
        self._index = store.index
        self._worklist = worklist
        self._notifying = notifying
        self._lock = threading.Lock()
        self._listening: dict[str, set[_Line]] = defaultdict(set)
        worklist.listen(self._changed)

    # -------------------------------------------------------------- requests

    def subscribe(self, request: Request) -> Response:
        """Answer ``POST /workitems/{workitem}/subscribers/{aetitle}``."""
        if not self._notifying:
            raise Refusal(501, "this server was installed without WebSockets")
        uid, title = _target(request)
        wanted = _filter(request) if uid == FILTERED else None
        if uid not in (ALL, FILTERED):
            self._worklist.get(uid)
        with self._index.writing() as writer:
            writer.execute(
                "INSERT OR REPLACE INTO subscription VALUES (?, ?, ?, ?)",
                (uid, title, request.query_params.get("deletionlock") == "true", wanted),
            )
        for item in self._present(uid, wanted):
            self._send(title, _state_report(item))
        scheme = "wss" if request.url.scheme == "https" else "ws"
        url = f"{scheme}://{request.url.netloc}{BASE}/subscribers/{title}"
        return empty(201, {"Content-Location": url})

    def unsubscribe(self, request: Request) -> Response:
        """Answer ``DELETE /workitems/{workitem}/subscribers/{aetitle}``."""
        uid, title = _target(request)
        if uid not in (ALL, FILTERED):
            self._worklist.get(uid)
        self._remove(title, None if uid == ALL else uid)
        return empty(200)

    def suspend(self, request: Request) -> Response:
        """Answer ``POST .../{aetitle}/suspend``: no new work items, but still the old ones."""
        uid, title = _target(request)
        if uid not in (ALL, FILTERED):
            raise Refusal(400, "only the subscription to a worklist can be suspended")
        with self._index.writing() as writer:
            rows = writer.execute(
                "SELECT filter FROM subscription WHERE workitem = ? AND aetitle = ?", (uid, title)
            ).fetchall()
            if not rows:
                raise Refusal(404, "there is no such subscription")
            for item in self._present(uid, rows[0]["filter"]):
                writer.execute(
                    "INSERT OR IGNORE INTO subscription VALUES (?, ?, 0, NULL)", (item.uid, title)
                )
            writer.execute(
                "DELETE FROM subscription WHERE workitem = ? AND aetitle = ?", (uid, title)
            )
        return empty(200)

    async def listen(self, socket: WebSocket) -> None:
        """Answer the WebSocket ``/subscribers/{aetitle}``: send events until it is closed."""
        title = socket.path_params["aetitle"]
        await socket.accept()
        line = _Line()
        with self._lock:
            self._listening[title].add(line)
        sending = asyncio.create_task(line.send_over(socket))
        try:
            while (await socket.receive())["type"] != "websocket.disconnect":
                pass  # a subscriber has nothing to say
        finally:
            with self._lock:
                self._listening[title].discard(line)
            sending.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await sending

    # ---------------------------------------------------------------- events

    def reachable(self, item: WorkItem) -> bool:
        """Whether somebody who subscribed to an item is listening."""
        with self._lock:
            listening = {title for title, lines in self._listening.items() if lines}
        return bool(listening & self._subscribers(item))

    def _changed(self, before: WorkItem | None, after: WorkItem) -> None:
        events = []
        if before is None or before.state != after.state or _readiness(before) != _readiness(after):
            events.append(_state_report(after))
        elif before.data_set.get(workitem.PROGRESS) != after.data_set.get(workitem.PROGRESS):
            told = after.data_set.get(workitem.PROGRESS, element("SQ"))
            events.append(_event(after, PROGRESS_REPORT, {workitem.PROGRESS: told}))
        if after.cancel_reason and (before is None or not before.cancel_reason):
            why = {"00741238": element("LT", after.cancel_reason)}
            events.append(_event(after, CANCEL_REQUESTED, why))
        if not events or not self._listening:
            return
        for title in self._subscribers(after):
            for event in events:
                self._send(title, event)

    def _subscribers(self, item: WorkItem) -> set[str]:
        rows = self._index.reading.execute(
            "SELECT workitem, aetitle, filter FROM subscription WHERE workitem IN (?, ?, ?)",
            (item.uid, ALL, FILTERED),
        )
        return {
            row["aetitle"]
            for row in rows
            if row["workitem"] != FILTERED or _question(row["filter"]).matches(item.data_set)
        }

    def _present(self, uid: str, wanted: str | None) -> list[WorkItem]:
        """Return the existing work items that a subscription covers."""
        if uid not in (ALL, FILTERED):
            return [self._worklist.get(uid)]
        question = _question(wanted)
        return [item for item in self._worklist.all() if question.matches(item.data_set)]

    def _send(self, title: str, event: DataSet) -> None:
        with self._lock:
            lines = list(self._listening.get(title, ()))
        for line in lines:
            line.put(json.dumps(dict(sorted(event.items()))))

    def _remove(self, title: str, uid: str | None) -> None:
        """Remove one subscription; unsubscribing from the worklist removes all (CC.2.3)."""
        with self._index.writing() as writer:
            if uid is None:
                writer.execute("DELETE FROM subscription WHERE aetitle = ?", (title,))
            else:
                writer.execute(
                    "DELETE FROM subscription WHERE aetitle = ? AND workitem = ?", (title, uid)
                )


class _Line:
    """One open WebSocket; events are put from any thread."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._events: asyncio.Queue[str] = asyncio.Queue()

    def put(self, event: str) -> None:
        with contextlib.suppress(RuntimeError):  # the server has just stopped
            self._loop.call_soon_threadsafe(self._events.put_nowait, event)

    async def send_over(self, socket: WebSocket) -> None:
        while True:
            await socket.send_text(await self._events.get())


def _target(request: Request) -> tuple[str, str]:
    uid, title = request.path_params["workitem"], request.path_params["aetitle"]
    if not is_uid(uid):
        raise Refusal(400, "the work item in the URL is no UID")
    if not _AE_TITLE.fullmatch(title):
        raise Refusal(400, "the subscriber in the URL is no AE title")
    return uid, title


def _filter(request: Request) -> str:
    """Return the filter of a filtered worklist as it is kept: pairs of path and value.

    Both ``filter=attribute=value,...`` and plain query parameters are understood.
    """
    pairs = [
        (name, value)
        for name, value in request.query_params.multi_items()
        if name not in ("filter", "deletionlock")
    ]
    for part in filter(None, request.query_params.get("filter", "").split(",")):
        name, _, value = part.partition("=")
        pairs.append((name, value))
    if not pairs:
        raise Refusal(400, "a filtered worklist needs a filter")
    return json.dumps([(".".join(read_path(name)), value) for name, value in pairs])


def _question(wanted: str | None) -> ItemQuestion:
    pairs = json.loads(wanted) if wanted else []
    return ItemQuestion([(tuple(path.split(".")), value) for path, value in pairs])


def _readiness(item: WorkItem) -> Any:
    return item.data_set.get(workitem.READINESS)


def _state_report(item: WorkItem) -> DataSet:
    told = (items(item.data_set, workitem.PROGRESS) or [{}])[0]
    information = {
        workitem.STATE: element("CS", item.state),
        workitem.READINESS: _readiness(item) or element("CS"),
    }
    if item.state == workitem.CANCELED:
        information |= {tag: told[tag] for tag in ("00741238", "0074100E") if tag in told}
    return _event(item, STATE_REPORT, information)


def _event(item: WorkItem, kind: int, information: DataSet) -> DataSet:
    return {
        "00000002": element("UI", UPS_EVENT),
        "00001000": element("UI", item.uid),
        "00001002": element("US", kind),
        **information,
    }
