"""The embedded cloud as one ASGI application."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import warnings
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import InputError
from .answers import BASE, Refusal, refused
from .auth import App, Gate
from .engine import make_engine
from .qido import SearchService
from .store import Store
from .stow import StoreService
from .subscriptions import Subscriptions, can_notify
from .ups import WorkItemService
from .wado import RetrieveService
from .worker import Worker
from .worklist import Worklist

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute, Route

    from ...pipelines.registry import Pipeline


def create_app(
    data: Path,
    *,
    token: str,
    scheduler: str | None = None,
    pipelines: Mapping[str, Pipeline] | None = None,
    deidentified_only: bool = True,
    deidentified_results: bool = True,
    notifying: bool | None = None,
) -> App:
    """Return the server over a data folder.

    Parameters
    ----------
    data : Path
        Where everything is kept; made when missing, used by one server at a time.
    token : str
        The bearer token that each request must carry.
    scheduler : str, optional
        See :func:`.engine.make_engine`; threads of this machine when None.
    pipelines : mapping of str to Pipeline, optional
        What is offered; all of :data:`Clinic2CloudLib.pipelines.PIPELINES` when None.
    deidentified_only, deidentified_results : bool
        Whether instances that clients store, and that pipelines make, are refused unless they say
        Patient Identity Removed (0012,0062) = YES.
    notifying : bool, optional
        Whether work items can be subscribed to; where a WebSocket package is installed when None.

    Raises
    ------
    InputError
        When the folder is in use or cannot be used, the token is empty, or the scheduler is none.
    """
    from starlette.applications import Starlette

    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise InputError("the server needs a bearer token of visible characters without spaces")
    if pipelines is None:
        from ...pipelines import PIPELINES

        pipelines = PIPELINES
    _quieten()
    make_engine(scheduler).close()  # a wrong address is told now, not at the first job
    store = Store(data)
    worklist = Worklist(store)
    stores = StoreService(store, deidentified_only=deidentified_only)
    worker = Worker(
        store,
        worklist,
        pipelines,
        lambda: make_engine(scheduler),
        deidentified_only=deidentified_results,
    )
    subscriptions = Subscriptions(
        store, worklist, notifying=can_notify() if notifying is None else notifying
    )
    items = WorkItemService(worklist, pipelines, subscriptions.reachable)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        from starlette.concurrency import run_in_threadpool

        worker.start()
        try:
            yield
        finally:
            await run_in_threadpool(worker.stop)
            stores.close()
            store.close()

    application = Starlette(
        routes=[
            *_routes(stores, SearchService(store), RetrieveService(store), items, pipelines),
            *_subscription_routes(subscriptions),
        ],
        lifespan=lifespan,
        exception_handlers={
            Refusal: _on_refusal,
            sqlite3.OperationalError: _on_full_disk,
        },
    )
    return Gate(application, token)


def _quieten() -> None:
    """Keep pydicom from warning: it quotes the header values that it warns about."""
    warnings.filterwarnings("ignore", module=r"pydicom\.")
    logging.getLogger("pydicom").setLevel(logging.CRITICAL)


def _routes(
    stores: StoreService,
    searches: SearchService,
    retrieves: RetrieveService,
    items: WorkItemService,
    pipelines: Mapping[str, Pipeline],
) -> list[Route]:
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    def offered(request: Request) -> Response:
        return JSONResponse([_offer(one) for one in pipelines.values()])

    study, series = "/studies/{study}", "/studies/{study}/series/{series}"
    instance, item = series + "/instances/{instance}", "/workitems/{workitem}"
    table: list[tuple[str, str, Any]] = [
        ("POST", "/studies", stores.post),
        ("POST", study, stores.post),
        ("GET", "/studies", searches.studies),
        ("GET", "/series", searches.series),
        ("GET", "/instances", searches.instances),
        ("GET", study + "/series", searches.series),
        ("GET", study + "/instances", searches.instances),
        ("GET", series + "/instances", searches.instances),
        *(("GET", resource, retrieves.instances) for resource in (study, series, instance)),
        *(
            ("GET", f"{resource}/metadata", retrieves.metadata)
            for resource in (study, series, instance)
        ),
        ("POST", "/workitems", items.create),
        ("GET", "/workitems", items.search),
        ("GET", item, items.retrieve),
        ("POST", item, items.update),
        ("PUT", item + "/state", items.change_state),
        ("POST", item + "/cancelrequest", items.request_cancel),
        ("GET", "/pipelines", offered),
    ]
    return [Route(BASE + path, endpoint, methods=[method]) for method, path, endpoint in table]


def _subscription_routes(subscriptions: Subscriptions) -> list[BaseRoute]:
    from starlette.routing import Route, WebSocketRoute

    subscriber = BASE + "/workitems/{workitem}/subscribers/{aetitle}"
    return [
        Route(subscriber, subscriptions.subscribe, methods=["POST"]),
        Route(subscriber, subscriptions.unsubscribe, methods=["DELETE"]),
        Route(subscriber + "/suspend", subscriptions.suspend, methods=["POST"]),
        WebSocketRoute(BASE + "/subscribers/{aetitle}", subscriptions.listen),
    ]


def _offer(pipeline: Pipeline) -> dict[str, Any]:
    """Return a pipeline as ``GET /pipelines`` tells it."""
    return {
        "name": pipeline.name,
        "title": pipeline.title,
        "description": pipeline.description,
        "version": pipeline.version,
        "options": [
            {
                "name": option.name,
                "kind": option.kind,
                "default": option.default,
                "choices": list(option.choices),
                "help": option.help,
            }
            for option in pipeline.options
        ],
    }


async def _on_refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return refused(error)


async def _on_full_disk(request: Request, error: Exception) -> Response:
    """Answer when SQLite could not write; nothing of the request has changed anything then."""
    full = "full" in str(error) or "disk I/O" in str(error)
    if full:
        return refused(Refusal(507, "the server's disk is full"))
    return refused(Refusal(503, "the server is busy"))
