"""What every DICOMweb client does: hold a connection, search, understand refusals."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Self

from ..errors import CloudError
from ..progress import Progress
from . import dicomjson
from .destination import Destination
from .dicomjson import DataSet
from .retry import Patience, RetryPolicy
from .transport import Transport

if TYPE_CHECKING:
    import requests

#: How many matches one search asks for; servers may give fewer at a time.
PAGE = 2000


class Service:
    """A DICOMweb server as the origin of all requests.

    Requests that may be repeated without harm retry by themselves, within the policy's budget.

    Parameters
    ----------
    destination : Destination or str
        The server; a str is its base URL.
    token : str, optional
        Bearer token, where a base URL was given.
    ca : Path, optional
        PEM file of the authority to trust, where a base URL was given.
    connect_timeout, read_timeout : float
        Seconds.
    policy : RetryPolicy, optional
        How long trouble is put up with.

    Raises
    ------
    InputError
        When URL, token or certificate file make no sense.
    """

    def __init__(
        self,
        destination: Destination | str,
        token: str | None = None,
        ca: Path | None = None,
        *,
        connect_timeout: float = 5.0,
        read_timeout: float = 30.0,
        policy: RetryPolicy | None = None,
    ) -> None:
        if isinstance(destination, str):
            destination = Destination(destination, token, ca)
        self.destination = destination
        self.patience = Patience(policy or RetryPolicy())
        self._http = Transport(destination, connect_timeout, read_timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def another(self) -> Self:
        """Return a client like this one with connections of its own, for another thread."""
        twin = copy.copy(self)
        twin.patience = Patience(self.patience.policy, contact=True)
        twin._http = self._http.another()
        return twin

    def close(self) -> None:
        """Close the connections that were kept open."""
        self._http.close()

    def _search(
        self, path: str, params: Mapping[str, str], progress: Progress | None
    ) -> list[DataSet]:
        """Search once; nothing found is an empty list, however the server puts that."""

        def ask() -> list[DataSet]:
            answer = self._http.send("GET", path, params=params)
            if answer.status_code == 204 or (answer.status_code == 404 and path.count("/") > 1):
                return []  # some servers say 404 when they do not have the study
            return self._json(answer)

        return self.patience.keep_trying(ask, progress)

    @property
    def _host(self) -> str:
        return self.destination.host

    def _json(self, answer: requests.Response) -> list[DataSet]:
        if answer.status_code != 200:
            raise CloudError(self._refusal("refuses the request", answer))
        try:
            return dicomjson.data_sets(answer.json())
        except ValueError:
            raise CloudError(f"{self._host} does not answer as a DICOMweb server does") from None

    def _refusal(self, what: str, answer: requests.Response) -> str:
        """Return a sentence with the server's own words, which come in Warning or the body."""
        said = answer.headers.get("Warning", "").partition('"')[2].rpartition('"')[0]
        if not said and answer.headers.get("Content-Type", "").startswith("text/plain"):
            said = answer.text
        said = " ".join("".join(c if c.isprintable() else " " for c in said).split())[:200]
        return f"{self._host} {what} ({answer.status_code}{': ' + said if said else ''})"
