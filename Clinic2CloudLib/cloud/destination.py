"""Where a case goes: a DICOMweb base URL, what proves who we are, and whom we trust."""

from __future__ import annotations

import ipaddress
import logging
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from ..errors import InputError

log = logging.getLogger(__name__)

#: The path meant when a URL names only a host.
DEFAULT_PATH = "/dicom-web"

#: Under this name the token lies in the system's keyring; the user name there is the URL.
KEYRING_SERVICE = "clinic2cloud"


@dataclass(frozen=True)
class Destination:
    """One DICOMweb server and how to talk to it.

    Attributes
    ----------
    url : str
        Base URL (``https://host/dicom-web``); plain http only to this machine itself. Without a
        path ``/dicom-web`` is meant.
    token : str, optional
        Bearer token held in memory; it is never written down, printed or logged.
    ca : Path, optional
        PEM file of the authority that signed the server's certificate; the system-independent
        Mozilla list of ``certifi`` otherwise. Verification cannot be switched off.
    token_file : Path, optional
        File that holds the token on one line; read anew for each connection, so that a rotated
        token is taken up. Without token and file the keyring is asked.
    proxy : str, optional
        ``"environment"`` to honour HTTPS_PROXY and NO_PROXY, or a proxy's URL; no proxy otherwise.

    Raises
    ------
    InputError
        When the URL or the token makes no sense.
    """

    url: str
    token: str | None = field(default=None, repr=False)
    ca: Path | None = None
    token_file: Path | None = None
    proxy: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "url", checked_url(self.url))
        if self.token is not None:
            checked_token(self.token, "the token")

    @property
    def host(self) -> str:
        """Host and port, as a user is told which server is meant."""
        return urlsplit(self.url).netloc

    def current_token(self) -> str | None:
        """Return the bearer token as it is now: given, from its file, or from the keyring."""
        if self.token is not None:
            return self.token
        if self.token_file is not None:
            return read_token(self.token_file)
        return keyring_token(self.url)


def checked_url(url: str) -> str:
    """Return a base URL without a trailing slash, or say what is wrong with it.

    Raises
    ------
    InputError
        For anything but https, http to another machine, and credentials, a query or a fragment in
        the URL: those would end up in the list of processes and in logs.
    """
    try:
        parts = urlsplit(url.strip())
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise InputError("the server's URL cannot be read") from None
    if parts.scheme not in ("http", "https") or not host:
        raise InputError("the server's URL must begin with https:// and name a host")
    if parts.username is not None or parts.password is not None:
        raise InputError("the server's URL must not hold a user name or password; use a token file")
    if parts.query or parts.fragment:
        raise InputError("the server's URL must not hold a query or fragment")
    if parts.scheme == "http" and not is_loopback(host):
        raise InputError(f"{host} is not this machine, so it must be reached through https://")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/') or DEFAULT_PATH}"


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine itself."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def checked_token(token: str, called: str) -> str:
    """Return a token fit for an HTTP header (RFC 6750: visible ASCII, no space)."""
    if not token or not all(33 <= ord(letter) <= 126 for letter in token):
        raise InputError(f"{called} is empty or holds characters that no token has")
    return token


def read_token(path: Path) -> str:
    """Read a bearer token from the one line of a file.

    Raises
    ------
    InputError
        When the file is missing, unreadable, or holds no token.
    """
    try:
        text = path.read_text("ascii", errors="replace").strip()
        mode = path.stat().st_mode
    except OSError as error:
        raise InputError(
            f"the token file {path.name} cannot be read: {error.strerror or error}"
        ) from None
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        log.warning("others may read the token file %s; make its mode 0600", path.name)
    return checked_token(text, f"the token in {path.name}")


def keyring_token(url: str) -> str | None:
    """Return the token that the system's keyring holds for a URL, or None."""
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:  # an optional package; without it tokens come from files
        return None
    try:
        token: str | None = keyring.get_password(KEYRING_SERVICE, url)
    except KeyringError:
        return None
    return checked_token(token, "the token in the keyring") if token else None
