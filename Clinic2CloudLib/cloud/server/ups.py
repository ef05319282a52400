"""Work items over HTTP: UPS-RS, PS3.18 section 11.

With these transactions the server is a task manager of IHE AIW-I: create, search, claim, get,
update, change state, request cancellation. A work item for one of this server's pipelines is
refused unless all of its inputs are stored, so that a job never starts on incomplete data, and
unless the pipeline takes its options. The UID that the client chose makes creation idempotent: the
same request again is answered 200 and changes nothing, another content under that UID is answered
409.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ...errors import InputError
from ..dicomjson import DataSet, text
from . import workitem
from .answers import (
    BASE,
    Refusal,
    dicom_json,
    empty,
    read_json,
    wants_json,
    warning,
)
from .attributes import is_uid
from .itemsearch import read_item_question
from .transitions import WorkItem
from .worklist import Worklist

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from ...pipelines.registry import Pipeline

#: A work item that lists a hundred thousand inputs has some 15 MB of JSON.
LONGEST_BODY = 64 << 20


class WorkItemService:
    """The work item transactions.

    Parameters
    ----------
    worklist : Worklist
        Where they are.
    pipelines : mapping of str to Pipeline
        What this server performs itself.
    reachable : callable
        Whether another performer of an item hears of a request to cancel it.
    """

    def __init__(
        self,
        worklist: Worklist,
        pipelines: Mapping[str, Pipeline],
        reachable: Callable[[WorkItem], bool],
    ) -> None:
        self._worklist = worklist
        self._pipelines = pipelines
        self._reachable = reachable

    async def create(self, request: Request) -> Response:
        """Answer ``POST /workitems?workitem={uid}`` (section 11.4)."""
        data_set = read_json(await read_body(request))
        return await _in_thread(self._create, request, data_set)

    def _create(self, request: Request, data_set: DataSet) -> Response:
        uid = _wanted_uid(request, data_set)
        digest = workitem.request_digest(data_set)
        item, filled = workitem.created(data_set, uid)
        pipeline = workitem.pipeline_of(item)
        try:
            known = self._worklist.get(uid)
        except Refusal:
            known = None
        if known is None:
            self._check(item, pipeline)
        stored, new = self._worklist.create(item, uid, digest, pipeline)
        url = f"{BASE}/workitems/{stored.uid}"
        headers = {"Content-Location": url, "Location": url}
        if filled:
            headers |= warning("The Workitem was created with modifications.")
        return empty(201 if new else 200, headers)

    def _check(self, item: DataSet, name: str | None) -> None:
        """Refuse what this server could not perform, before anything is started."""
        if name is None:  # for another performer
            return
        pipeline = self._pipelines.get(name)
        if pipeline is None:
            offered = ", ".join(self._pipelines) or "none"
            raise Refusal(400, f"this server does not have that pipeline (it has: {offered})")
        try:
            pipeline.check(workitem.options_of(item))
        except InputError as error:
            raise Refusal(400, str(error)) from None
        wanted = workitem.inputs_of(item)
        if not wanted:
            raise Refusal(400, "the work item lists no inputs")
        missing = len(wanted) - len(self._worklist.inputs(wanted))
        if missing:
            raise Refusal(409, f"{missing} of {len(wanted)} inputs are not stored here")

    def retrieve(self, request: Request) -> Response:
        """Answer ``GET /workitems/{uid}`` (section 11.5)."""
        wants_json(request)
        item = self._worklist.get(_path_uid(request))
        return dicom_json([item.data_set], headers={"Cache-Control": "no-cache"})

    def search(self, request: Request) -> Response:
        """Answer ``GET /workitems`` (section 11.9)."""
        wants_json(request)
        question = read_item_question(request.query_params)
        found = [item.data_set for item in self._worklist.all() if question.matches(item.data_set)]
        page = found[question.offset : question.offset + question.limit]
        if not page:
            return empty(204)
        more = len(found) > question.offset + len(page)
        headers = {"Cache-Control": "no-cache"}
        if more:
            headers |= warning("There are additional results that can be requested")
        return dicom_json([question.shown(item) for item in page], headers=headers)

    async def update(self, request: Request) -> Response:
        """Answer ``POST /workitems/{uid}?transaction-uid={uid}`` (section 11.6)."""
        changes = read_json(await read_body(request))
        given = request.query_params.get("transaction-uid") or text(
            changes, workitem.TRANSACTION_UID
        )
        await _in_thread(
            self._worklist.update,
            _path_uid(request),
            changes,
            given,
            lambda item: self._check(item.data_set, item.pipeline),
        )
        return empty(200, {"Content-Location": request.url.path})

    async def change_state(self, request: Request) -> Response:
        """Answer ``PUT /workitems/{uid}/state`` (section 11.7)."""
        wanted = read_json(await read_body(request))
        state = text(wanted, workitem.STATE)
        transaction = text(wanted, workitem.TRANSACTION_UID)
        if state not in (workitem.IN_PROGRESS, *workitem.FINAL):
            raise Refusal(400, "the state must be IN PROGRESS, COMPLETED or CANCELED")
        if transaction and not is_uid(transaction):
            raise Refusal(400, "The Transaction UID is incorrect.")
        was = await _in_thread(self._worklist.change_state, _path_uid(request), state, transaction)
        return empty(200, _already(was))

    async def request_cancel(self, request: Request) -> Response:
        """Answer ``POST /workitems/{uid}/cancelrequest`` (section 11.8)."""
        body = await read_body(request)
        reason = text(read_json(body), "00741238") if body.strip() else ""
        was = await _in_thread(
            self._worklist.request_cancel,
            _path_uid(request),
            reason or "cancelled on request",
            self._reachable,
        )
        return empty(202, _already(was))


async def read_body(request: Request, longest: int = LONGEST_BODY) -> bytes:
    """Read a request's body.

    Raises
    ------
    Refusal
        413, when it is too long.
    """
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > longest:
            raise Refusal(413, "the body is too large")
    return bytes(body)


def _already(state: str | None) -> dict[str, str] | None:
    if state is None:
        return None
    return warning(f"The UPS is already in the requested state of {state}.")


async def _in_thread(function: Callable[..., Any], *arguments: Any) -> Any:
    from starlette.concurrency import run_in_threadpool

    return await run_in_threadpool(function, *arguments)


def _path_uid(request: Request) -> str:
    uid: str = request.path_params["workitem"]
    if not is_uid(uid):
        raise Refusal(400, "the work item in the URL is no UID")
    return uid


def _wanted_uid(request: Request, data_set: DataSet) -> str:
    """Return the UID that the client chose, or a new one."""
    bare = [name for name, value in request.query_params.multi_items() if not value]
    in_url = request.query_params.get("workitem") or (bare[0] if bare else "")
    inside = text(data_set, workitem.UID)
    if in_url and inside and in_url != inside:
        raise Refusal(400, "the URL and the data set name different UIDs")
    uid = in_url or inside or f"2.25.{uuid.uuid4().int}"
    if not is_uid(uid):
        raise Refusal(400, "the work item's UID is none")
    return uid
