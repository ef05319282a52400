"""The DICOMweb client: store, search, retrieve (PS3.18 section 10) and work items (section 11)."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import CloudError, OutputError
from ..progress import Progress
from . import dicomjson
from .content import Fingerprint, fingerprint
from .destination import Destination
from .dicomjson import DataSet
from .multipart import PIECE, Outgoing, RelatedBody, RelatedReader, parameter
from .retry import Patience, RetryPolicy, TemporaryError
from .store import StoreAnswer, read_store_answer
from .transport import Transport

if TYPE_CHECKING:
    import requests

#: How many instances one search asks for; servers may give fewer at a time.
PAGE = 2000
#: The slowest server that is waited for after it has all of a large body, in bytes per second.
SLOWEST = 10e6

_JSON = "application/dicom+json"
_PART10 = 'multipart/related; type="application/dicom"; transfer-syntax=*'


class DICOMwebClient:
    """A client of one DICOMweb server.

    Methods that may be repeated without harm retry by themselves, within the policy's budget;
    :meth:`store` does not, because what is missing must be asked before anything is sent again.

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

    def __enter__(self) -> DICOMwebClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections that were kept open."""
        self._http.close()

    # ---------------------------------------------------------------- store

    def store(self, parts: Sequence[Outgoing], sent: Callable[[int], None]) -> StoreAnswer:
        """Send instances in one STOW-RS request (PS3.18 section 10.5), once.

        Parameters
        ----------
        parts : sequence of Outgoing
            The instances; streamed from disk.
        sent : callable
            Told how many bytes were handed over; may raise Cancelled.

        Raises
        ------
        TemporaryError
            When it is not known what the server kept.
        CloudError
            When the server does not accept this client at all.
        NotApprovedError
            When a file is not what was approved.
        """
        body = RelatedBody(parts, sent)
        answer = self._http.send(
            "POST",
            "/studies",
            headers={"Content-Type": body.content_type},
            data=body,
            patience=len(body) / SLOWEST,
        )
        if answer.status_code in (404, 405, 501):
            raise CloudError(f"{self._host} has no DICOMweb store at this URL")
        return read_store_answer(answer, {part.uid for part in parts})

    # --------------------------------------------------------------- search

    def present(
        self, study: str, series: str, wanted: frozenset[str], progress: Progress | None = None
    ) -> frozenset[str]:
        """Return which of the wanted SOP Instance UIDs the server has in a series (QIDO-RS).

        Pages until all are found or a page brings nothing new, since servers limit their answers.
        """
        path = f"/studies/{study}/series/{series}/instances"
        seen: set[str] = set()
        while not wanted <= seen:
            page = self._search(path, {"limit": str(PAGE), "offset": str(len(seen))}, progress)
            fresh = {dicomjson.text(item, "00080018") for item in page} - seen
            if not fresh:
                break
            seen |= fresh
        return wanted & seen

    def _search(
        self, path: str, params: Mapping[str, str], progress: Progress | None
    ) -> list[DataSet]:
        def ask() -> list[DataSet]:
            answer = self._http.send("GET", path, params=params)
            if answer.status_code in (204, 404):  # nothing matches; some servers say 404
                return []
            return self._json(answer)

        return self.patience.keep_trying(ask, progress)

    # ------------------------------------------------------------- retrieve

    def fingerprint(
        self, study: str, series: str, instance: str, progress: Progress | None = None
    ) -> Fingerprint:
        """Retrieve an instance as it is stored and return its fingerprint, nothing on disk."""
        return self.patience.keep_trying(
            lambda: self._retrieve(study, series, instance, fingerprint), progress
        )

    def fingerprints(self, study: str, series: str) -> Iterator[Fingerprint]:
        """Retrieve a whole series in one answer and yield the fingerprint of each instance.

        Tried once: what has not come when the line breaks is asked for by :meth:`fingerprint`.

        Raises
        ------
        TemporaryError
            When the answer breaks off.
        CloudError
            When the server does not give the series.
        """
        with contextlib.closing(self._objects(f"/studies/{study}/series/{series}")) as objects:
            for content in objects:
                yield fingerprint(content)

    def save(
        self,
        study: str,
        series: str,
        instance: str,
        path: Path,
        progress: Progress | None = None,
    ) -> None:
        """Retrieve an instance as it is stored into a file, streaming.

        Raises
        ------
        OutputError
            When the file cannot be written.
        CloudError
            When the server does not have it or does not answer.
        """

        def write(chunks: Iterator[bytes]) -> None:
            try:
                with path.open("wb") as handle:
                    for chunk in chunks:
                        handle.write(chunk)
            except OSError as error:
                raise OutputError(f"cannot write {path.name}: {error.strerror or error}") from error

        self.patience.keep_trying(lambda: self._retrieve(study, series, instance, write), progress)

    def _retrieve(
        self, study: str, series: str, instance: str, take: Callable[[Iterator[bytes]], Any]
    ) -> Any:
        path = f"/studies/{study}/series/{series}/instances/{instance}"
        with contextlib.closing(self._objects(path)) as objects:
            for content in objects:
                return take(content)
        raise TemporaryError(f"{self._host} gave an empty answer")

    def _objects(self, path: str) -> Generator[Iterator[bytes], None, None]:
        """Yield each object that one WADO-RS request gives, as it arrives."""
        with self._http.send("GET", path, accept=_PART10, stream=True) as answer:
            if answer.status_code not in (200, 206):
                raise CloudError(
                    f"{self._host} does not give back what it keeps ({answer.status_code})"
                )
            kind = answer.headers.get("Content-Type", "")
            chunks = self._body(answer)
            boundary = parameter(kind, "boundary")
            if boundary:
                yield from RelatedReader(chunks, boundary).parts()
            elif kind.startswith("application/dicom") and "json" not in kind:
                yield chunks
            else:
                raise CloudError(f"{self._host} does not give back DICOM")

    def _body(self, answer: requests.Response) -> Iterator[bytes]:
        import requests

        try:
            yield from answer.iter_content(PIECE)
        except requests.RequestException as error:
            raise self._http.explain(error) from None

    # ----------------------------------------------------------- work items

    def create_workitem(
        self, uid: str, data_set: DataSet, progress: Progress | None = None
    ) -> bool:
        """Create a work item under our own UID (PS3.18 section 11.4).

        Returns
        -------
        bool
            False when the server had it already (200 or 409): an earlier request got through.

        Raises
        ------
        CloudError
            When the server refuses it, for instance because inputs are missing there.
        """

        def ask() -> bool:
            answer = self._http.send(
                "POST",
                f"/workitems?workitem={uid}",
                headers={"Content-Type": _JSON},
                data=json.dumps([data_set]).encode(),
            )
            if answer.status_code == 409 and self._workitem(uid) is not None:
                return False
            if answer.status_code not in (200, 201):
                raise CloudError(self._refusal("does not start the processing", answer))
            return answer.status_code == 201

        return self.patience.keep_trying(ask, progress)

    def workitem(self, uid: str, progress: Progress | None = None) -> DataSet:
        """Retrieve a work item (section 11.5).

        Raises
        ------
        CloudError
            When the server does not know it.
        """
        found = self.find_workitem(uid, progress)
        if found is None:
            raise CloudError(f"{self._host} does not know this job")
        return found

    def find_workitem(self, uid: str, progress: Progress | None = None) -> DataSet | None:
        """Retrieve a work item, None when the server has none of that UID."""
        return self.patience.keep_trying(lambda: self._workitem(uid), progress)

    def _workitem(self, uid: str) -> DataSet | None:
        answer = self._http.send("GET", f"/workitems/{uid}")
        if answer.status_code in (404, 410):
            return None
        listed = self._json(answer)
        # A work item's own UID stands in the request; not every server repeats it in the data set.
        return {"00080018": dicomjson.element("UI", uid)} | listed[0] if listed else None

    def workitems(
        self, match: Mapping[str, str] | None = None, progress: Progress | None = None
    ) -> list[DataSet]:
        """Search work items (section 11.9); the keys of ``match`` are tags or keywords."""
        found: dict[str, DataSet] = {}
        while True:
            asked = {**(match or {}), "includefield": "all", "limit": str(PAGE)}
            page = self._search("/workitems", asked | {"offset": str(len(found))}, progress)
            fresh = {dicomjson.text(item, "00080018"): item for item in page}
            if not fresh.keys() - found.keys():
                return list(found.values())
            found.update(fresh)

    def request_cancel(self, uid: str, progress: Progress | None = None) -> None:
        """Ask for a job to be cancelled (section 11.8).

        Raises
        ------
        CloudError
            When it has ended already, or the server does not know it.
        """

        def ask() -> None:
            answer = self._http.send(
                "POST",
                f"/workitems/{uid}/cancelrequest",
                headers={"Content-Type": _JSON},
                data=b"[{}]",
            )
            if answer.status_code == 409:
                raise CloudError("the job has ended already; it cannot be cancelled")
            if answer.status_code not in (200, 202):
                raise CloudError(self._refusal("does not cancel the job", answer))

        self.patience.keep_trying(ask, progress)

    # -------------------------------------------------------------- answers

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
