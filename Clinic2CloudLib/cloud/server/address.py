"""Where the server may listen: anywhere with TLS and a token, else on this machine only."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

from ...errors import InputError
from ..destination import is_loopback


def check_exposure(
    host: str, token: str | None, tls_cert: Path | None, tls_key: Path | None
) -> bool:
    """Refuse to be open to other machines without TLS and a token.

    Returns
    -------
    bool
        Whether TLS is on.

    Raises
    ------
    InputError
        Also when certificate and key cannot be used.
    """
    if (tls_cert is None) != (tls_key is None):
        raise InputError("TLS needs both a certificate and its key")
    if not is_loopback(host):
        if tls_cert is None:
            raise InputError(
                f"{host} can be reached from other machines, so the server needs a TLS certificate"
            )
        if token is None:
            raise InputError(
                f"{host} can be reached from other machines, so the server needs a token"
            )
    if tls_cert is not None and tls_key is not None:
        _check_certificate(tls_cert, tls_key)
    return tls_cert is not None


def _check_certificate(tls_cert: Path, tls_key: Path) -> None:
    """Load certificate and key once, before anything is opened; an encrypted key is refused."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        # Without a password OpenSSL would ask for one on the terminal.
        context.load_cert_chain(tls_cert, tls_key, password=lambda: b"")
    except OSError as error:  # SSLError is one
        said = getattr(error, "reason", None) or error.strerror or type(error).__name__
        raise InputError(f"the TLS certificate or key cannot be used: {said}") from None


def listen_on(host: str, port: int) -> socket.socket:
    """Return a socket that listens; port 0 takes a free one.

    Raises
    ------
    InputError
        When the address is not this machine's or the port is taken.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        # asyncio turns Nagle's delay (40 ms an answer) off only where the protocol is named.
        listening = socket.socket(family, kind, protocol)
    except (OSError, OverflowError, UnicodeError):
        raise InputError(f"{host} port {port} is no address of this machine") from None
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(128)
    except OSError as error:
        listening.close()
        raise InputError(
            f"cannot listen on {host} port {port}: {error.strerror or error}"
        ) from None
    return listening
