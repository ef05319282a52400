"""The DICOMweb client: store, search, retrieve (PS3.18 section 10) and work items (section 11)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import CloudError, OutputError
from ..progress import Progress
from . import dicomjson
from .content import Fingerprint, fingerprint
from .multipart import PIECE, Outgoing, RelatedBody, RelatedReader, parameter
from .retry import TemporaryError
from .service import PAGE
from .store import StoreAnswer, read_store_answer
from .ups import WorkItemService

if TYPE_CHECKING:
    import requests

#: The slowest server that is waited for after it has all of a large body, in bytes per second.
SLOWEST = 10e6

_PART10 = 'multipart/related; type="application/dicom"; transfer-syntax=*'


class DICOMwebClient(WorkItemService):
    """A client of one DICOMweb server: store, search, retrieve, and work items.

    Methods that may be repeated without harm retry by themselves, within the policy's budget;
    :meth:`store` does not, because what is missing must be asked before anything is sent again.
    Made as :class:`.service.Service`: ``DICOMwebClient(destination, policy=...)`` or
    ``DICOMwebClient(base_url, token, ca)``.
    """

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
