"""One HTTP exchange at a time: TLS always verified, no surprise from the environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import CloudError, InputError
from .destination import Destination, is_loopback
from .retry import TemporaryError

if TYPE_CHECKING:
    import requests

#: Statuses after which the same request may succeed later (RFC 9110); 507 is told at once.
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})

_NO_SPACE = 507


class Transport:
    """A ``requests`` session bound to one destination.

    Redirects are refused (a token would follow them), ``.netrc`` and proxies of the environment are
    left alone, and ``verify`` is passed with each request, because REQUESTS_CA_BUNDLE overrides the
    session's own setting.

    Parameters
    ----------
    destination : Destination
        The server.
    connect_timeout, read_timeout : float
        Seconds; the second also bounds each wait for the server to take more of what is sent.

    Raises
    ------
    InputError
        When the token's or the authority's file cannot be read.
    """

    def __init__(
        self, destination: Destination, connect_timeout: float = 5.0, read_timeout: float = 30.0
    ) -> None:
        if destination.ca is not None and not destination.ca.is_file():
            raise InputError(f"the certificate file {destination.ca.name} does not exist")
        self.destination = destination
        self._timeouts = (connect_timeout, read_timeout)
        self._session = _session(read_timeout)
        self._token = destination.current_token()
        self._proxies = _proxies(destination)

    def another(self) -> Transport:
        """Return a session of the same kind to the same destination."""
        return Transport(self.destination, *self._timeouts)

    def close(self) -> None:
        """Close the connections that were kept open."""
        self._session.close()

    def send(
        self,
        method: str,
        path: str,
        *,
        accept: str = "application/dicom+json",
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | str | None = None,
        data: Any = None,
        stream: bool = False,
        patience: float = 0.0,
    ) -> requests.Response:
        """Make one request; the answer's status may still be a refusal that its body explains.

        Parameters
        ----------
        method, path : str
            The path is appended to the destination's URL.
        accept : str
            The Accept header.
        headers, params, data
            As for ``requests``.
        stream : bool
            Whether the body is left to be read piece by piece.
        patience : float
            Seconds added to the read timeout, for large bodies.

        Raises
        ------
        TemporaryError
            Where a later try may succeed: no connection, broken line, timeout, 429, most of 5xx.
        CloudError
            Where it will not: certificate, 401, 403, redirect, 507.
        """
        arguments = {"params": params, "data": data, "stream": stream}
        answer = self._once(method, path, accept, headers, arguments, patience)
        if answer.status_code == 401 and self._token_was_renewed():
            answer.close()
            answer = self._once(method, path, accept, headers, arguments, patience)
        self._check_status(answer)
        return answer

    def _once(
        self,
        method: str,
        path: str,
        accept: str,
        headers: Mapping[str, str] | None,
        arguments: Mapping[str, Any],
        patience: float,
    ) -> requests.Response:
        import requests

        own = {"Accept": accept, **(headers or {})}
        if self._token is not None:
            own["Authorization"] = f"Bearer {self._token}"
        connect, read = self._timeouts
        try:
            return self._session.request(
                method,
                self.destination.url + path,
                headers=own,
                timeout=(connect, read + patience),
                verify=str(self.destination.ca) if self.destination.ca else True,
                proxies=self._proxies,
                allow_redirects=False,
                **arguments,
            )
        except requests.RequestException as error:
            raise self.explain(error) from None

    def explain(self, error: Exception) -> CloudError:
        """Return one sentence for an exception of ``requests``, without any of its URLs."""
        import requests

        host = self.destination.host
        said = str(error)
        if isinstance(error, requests.exceptions.SSLError):
            if "CERTIFICATE_VERIFY_FAILED" in said:
                return CloudError(f"the certificate of {host} is not trusted; nothing was sent")
            if "WRONG_VERSION_NUMBER" in said or "record layer failure" in said:
                return CloudError(f"{host} does not speak TLS; nothing was sent")
        if isinstance(error, requests.exceptions.InvalidProxyURL | requests.exceptions.ProxyError):
            return TemporaryError(f"the proxy towards {host} does not answer")
        if isinstance(error, requests.Timeout) or "timed out" in said:
            return TemporaryError(f"{host} did not answer in time")
        if isinstance(error, requests.ConnectionError) and "refused" in said.lower():
            return TemporaryError(f"{host} refuses the connection: no server is running there")
        if "Name or service not known" in said or "NameResolutionError" in said:
            return TemporaryError(f"the name {host} is not known")
        return TemporaryError(f"the connection to {host} broke off")

    def _token_was_renewed(self) -> bool:
        before, self._token = self._token, self.destination.current_token()
        return self._token != before

    def _check_status(self, answer: requests.Response) -> None:
        host, status = self.destination.host, answer.status_code
        if status < 300 or (status >= 400 and status not in PASSING | {401, 403, _NO_SPACE}):
            return
        answer.close()
        if status == 401:
            wanted = "does not accept the token" if self._token else "wants a token"
            raise CloudError(f"{host} {wanted} (401 Unauthorized)")
        if status == 403:
            raise CloudError(f"{host} does not allow this with the given token (403 Forbidden)")
        if status == _NO_SPACE:
            raise CloudError(f"{host} has no space left (507 Insufficient Storage)")
        if status < 400:
            raise CloudError(f"{host} redirects elsewhere ({status}), which is not followed")
        raise TemporaryError(
            f"{host} cannot do it now ({status})", _seconds(answer.headers.get("Retry-After"))
        )


def _seconds(retry_after: str | None) -> float | None:
    """Read a Retry-After header given in seconds; a date is left to our own backoff."""
    try:
        return max(0.0, float(retry_after)) if retry_after else None
    except ValueError:
        return None


def _proxies(destination: Destination) -> dict[str, str]:
    from urllib.parse import urlsplit

    from requests.utils import get_environ_proxies

    host = urlsplit(destination.url).hostname or ""
    if destination.proxy is None or is_loopback(host):
        return {}
    if destination.proxy == "environment":
        return dict(get_environ_proxies(destination.url))
    return {"http": destination.proxy, "https": destination.proxy}


def _session(send_timeout: float) -> requests.Session:
    """Return a session that ignores the environment and is patient while it sends.

    urllib3 leaves the connect timeout on a new socket until the request is sent; five seconds is
    too little for a server that flushes a large instance to disk before it reads on.
    """
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

    class Plain(HTTPConnection):
        def connect(self) -> None:
            super().connect()
            self.sock.settimeout(send_timeout)

    class Secure(HTTPSConnection):
        def connect(self) -> None:
            super().connect()
            self.sock.settimeout(send_timeout)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    class Adapter(HTTPAdapter):
        def init_poolmanager(self, *given: Any, **named: Any) -> None:
            super().init_poolmanager(*given, **named)
            self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}

    session = requests.Session()
    session.trust_env = False
    session.mount("https://", Adapter())
    session.mount("http://", Adapter())
    return session
