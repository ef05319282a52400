"""Runs the embedded cloud: ``clinic2cloud serve``, the demo and the tests."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ... import atomic
from ...errors import InputError
from ..destination import read_token
from .address import check_exposure, listen_on
from .answers import BASE

if TYPE_CHECKING:
    import uvicorn

    from ...pipelines.registry import Pipeline

log = logging.getLogger(__name__)
#: A client that holds a connection open without asking for anything is dropped after so long.
_IDLE_S = 75
#: How long requests that are being answered may take when the server is asked to stop.
_GRACE_S = 10


@dataclass(frozen=True)
class Running:
    """A server that accepts requests.

    Attributes
    ----------
    base_url : str
        ``http://127.0.0.1:8042/dicom-web``, with the port that was chosen.
    token_file : Path or None
        Where the server wrote the token that it made itself.
    """

    base_url: str
    token_file: Path | None = None


def serve(
    data: Path,
    host: str = "127.0.0.1",
    port: int = 8042,
    *,
    token: str | None = None,
    tls_cert: Path | None = None,
    tls_key: Path | None = None,
    scheduler: str | None = None,
    pipelines: Mapping[str, Pipeline] | None = None,
    deidentified_only: bool = True,
    ready: Callable[[Running], None] | None = None,
) -> None:
    """Serve until SIGTERM or Ctrl-C; what is being answered is finished first.

    Parameters
    ----------
    data : Path
        The data folder.
    host, port : str, int
        Where to listen; port 0 takes a free one.
    token : str, optional
        The bearer token. On this machine's own address the server makes one when there is none
        and keeps it in ``token`` in the data folder, readable by this user only.
    tls_cert, tls_key : Path, optional
        Certificate chain and private key, PEM. Needed for any address but this machine's own.
    scheduler, pipelines, deidentified_only
        See :func:`.app.create_app`.
    ready : callable, optional
        Called once with :class:`Running` when requests are accepted.

    Raises
    ------
    InputError
        When the address is open to others without TLS or without a token, the port is taken, or
        certificate, token, scheduler or data folder make no sense.
    """
    server, running = _prepare(
        data,
        host,
        port,
        token=token,
        tls_cert=tls_cert,
        tls_key=tls_key,
        scheduler=scheduler,
        pipelines=pipelines,
        deidentified_only=deidentified_only,
    )
    with server.sockets[0]:
        server.on_ready = lambda: ready(running) if ready is not None else None
        with _signals(server):
            server.run(server.sockets)


@contextlib.contextmanager
def serving(data: Path, **options: Any) -> Iterator[Running]:
    """Serve in a thread for as long as the context lasts; parameters as for :func:`serve`.

    Yields
    ------
    Running
        When requests are accepted. The port is a free one unless given.
    """
    server, running = _prepare(data, **options)
    up = threading.Event()
    server.on_ready = up.set

    def work() -> None:
        try:
            with server.sockets[0]:
                server.run(server.sockets)
        finally:
            up.set()

    thread = threading.Thread(target=work, name="clinic2cloud-server", daemon=True)
    thread.start()
    up.wait()
    try:
        if not server.started:
            raise InputError("the server did not start")
        yield running
    finally:
        server.should_exit = True
        thread.join()


def _prepare(
    data: Path,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    token: str | None = None,
    tls_cert: Path | None = None,
    tls_key: Path | None = None,
    **options: Any,
) -> tuple[Any, Running]:
    """Check all that can be wrong and return a server that has its socket."""
    from .app import create_app

    secure = check_exposure(host, token, tls_cert, tls_key)
    listening = listen_on(host, port)
    try:
        token_file = None
        if token is None:
            token, token_file = _own_token(data)
        app = create_app(data, token=token, **options)
        server = _server(app, tls_cert, tls_key, listening)
    except BaseException:
        listening.close()
        raise
    name = f"[{host}]" if ":" in host else host
    scheme = "https" if secure else "http"
    url = f"{scheme}://{name}:{listening.getsockname()[1]}{BASE}"
    return server, Running(url, token_file)


def _own_token(data: Path) -> tuple[str, Path]:
    """Return the data folder's own token, made at the first start."""
    path = data / "token"
    if not path.exists():
        try:
            data.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise InputError(
                f"the data folder {data.name} cannot be used: {error.strerror or error}"
            ) from error
        atomic.write_bytes(path, secrets.token_urlsafe(32).encode() + b"\n", mode=0o600)
    return read_token(path), path


def _server(
    app: Any, tls_cert: Path | None, tls_key: Path | None, listening: socket.socket
) -> uvicorn.Server:
    import uvicorn

    class Server(uvicorn.Server):
        """Tells when it accepts requests; leaves signals to who runs it."""

        sockets = (listening,)

        def on_ready(self) -> None:
            """Nobody wants to know."""

        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            if self.started:
                self.on_ready()

        async def shutdown(self, sockets: Any = None) -> None:
            dropping = asyncio.create_task(self._drop_idle())
            try:
                await super().shutdown(sockets)
            finally:
                dropping.cancel()

        async def _drop_idle(self) -> None:
            """Drop connections without a request: over TLS they would be waited for."""
            while True:
                await asyncio.sleep(0.2)
                if not self.server_state.tasks:
                    for connection in list(self.server_state.connections):
                        connection.transport.abort()

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,  # a search's URL may hold a name
        server_header=False,
        lifespan="on",
        timeout_keep_alive=_IDLE_S,
        timeout_graceful_shutdown=_GRACE_S,
        ssl_certfile=tls_cert,
        ssl_keyfile=tls_key,
    )
    return Server(config)


@contextlib.contextmanager
def _signals(server: Any) -> Iterator[None]:
    """Have SIGTERM and Ctrl-C end the server in good order."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(signum: int, frame: Any) -> None:
        server.force_exit = server.should_exit and signum == signal.SIGINT
        server.should_exit = True

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
