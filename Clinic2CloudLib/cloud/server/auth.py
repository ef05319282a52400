"""The outermost layer: who may ask, and what becomes of an error nobody foresaw."""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

log = logging.getLogger(__name__)

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

#: As much of a refused request's body is read and dropped, so that a client that is still sending
#: gets the answer and not a reset connection.
DRAINED = 16 << 20


class Gate:
    """Lets requests with the bearer token (RFC 6750) through; others get 401.

    Errors of the application end here as 500; the log tells their type and place only, since their
    text may quote what was sent.

    Parameters
    ----------
    app : ASGI application
        What is behind.
    token : str
        The one token.
    """

    def __init__(self, app: App, token: str) -> None:
        self._app = app
        self._wanted = _digest(token.encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if not self._allowed(scope):
            await self._refuse(scope, receive, send)
            return
        started = False

        async def watched(message: MutableMapping[str, Any]) -> None:
            nonlocal started
            started = started or message["type"].endswith((".start", ".accept", ".close"))
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:
            log.error("unexpected %s in %s", type(error).__name__, _place(error))
            if scope["type"] == "http" and not started:
                await _answer(send, 500, b"the server failed unexpectedly")

    def _allowed(self, scope: Scope) -> bool:
        given = next((v for k, v in scope["headers"] if k == b"authorization"), b"")
        scheme, _, token = given.partition(b" ")
        # Digests have one length, so that the comparison's time tells nothing of the token.
        same = hmac.compare_digest(_digest(token.strip()), self._wanted)
        return same and scheme.lower() == b"bearer"

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        dropped = 0
        while dropped < DRAINED:
            message = await receive()
            dropped += len(message.get("body", b""))
            if not message.get("more_body"):
                break
        await _answer(send, 401, b"a valid bearer token is needed", b"Bearer")


async def _answer(send: Send, status: int, text: bytes, challenge: bytes = b"") -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    headers.append((b"content-length", str(len(text)).encode()))
    if challenge:
        headers.append((b"www-authenticate", challenge))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text})


def _digest(token: bytes) -> bytes:
    return hashlib.sha256(token).digest()


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "an unknown place"
    return f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}"
