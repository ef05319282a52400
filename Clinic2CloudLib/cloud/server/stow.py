"""Store instances: STOW-RS, PS3.18 section 10.5.

``POST /studies`` and ``POST /studies/{study}``, ``multipart/related; type="application/dicom"``.
An instance stands in Referenced SOP Sequence (0008,1199) only when it is durable: written, flushed
and committed to the index. One that was sent before with the very same bytes counts as stored. When
a request is cut short, the parts that were complete are kept (nobody was told so; a client that
asks finds them) and nothing of the part that was cut.

Failure reasons (0008,1197) are those of :class:`.reasons.Reason`. Instances whose UIDs could not be
read stand in Other Failures Sequence (0008,119A).
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from ..dicomjson import DataSet, element
from .answers import Refusal, base_url, dicom_json, warning
from .attributes import is_uid
from .intake import Intake, Result
from .multipart import (
    MalformedError,
    PartBegins,
    PartData,
    RelatedParser,
    parse_media_type,
)
from .reasons import Reason
from .staging import Outcome, Staged
from .store import Store

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

log = logging.getLogger(__name__)
_PART10 = "application/dicom"
#: A client that sends nothing for so long is given up, seconds.
STALLED_S = 60.0


class StoreService:
    """The store transaction.

    Parameters
    ----------
    store : Store
        Where instances go.
    deidentified_only : bool
        Whether to refuse what does not say that the patient's identity was removed.
    writers : int
        How many are written and flushed at once.
    """

    def __init__(self, store: Store, *, deidentified_only: bool = True, writers: int = 8) -> None:
        self._store = store
        self._deidentified_only = deidentified_only
        self._pool = ThreadPoolExecutor(writers, thread_name_prefix="clinic2cloud-store")

    def close(self) -> None:
        """Wait for the writers."""
        self._pool.shutdown()

    async def post(self, request: Request) -> Response:
        """Answer ``POST /studies`` and ``POST /studies/{study}``."""
        study = request.path_params.get("study")
        if study is not None and not is_uid(study):
            raise Refusal(400, "the study in the URL is no UID")
        parser = _parser(request.headers.get("content-type", ""))
        intake = Intake(self._store, self._pool, self._deidentified_only)
        cut = await self._receive(request, parser, intake)
        results = await intake.results()
        loop = asyncio.get_running_loop()
        outcomes = await loop.run_in_executor(self._pool, self._settle, results, study)
        if cut:
            log.warning("a store request was cut short after %d complete parts", len(outcomes))
            raise Refusal(400, f"the request was cut short; {cut}")
        if not outcomes:
            raise Refusal(400, "the request holds no instances")
        return _answer(outcomes, base_url(request), study)

    async def _receive(self, request: Request, parser: RelatedParser, intake: Intake) -> str:
        """Take the body in; return what was wrong with its end, empty when nothing was."""
        from starlette.requests import ClientDisconnect

        problem = ""
        try:
            async for chunk in _chunks(request):
                for event in parser.feed(chunk):
                    if isinstance(event, PartData):
                        await intake.add(event.data)
                    elif isinstance(event, PartBegins):
                        intake.begin(_refused_part(event))
                    else:
                        await intake.end()
            if not parser.complete:
                problem = "its closing boundary is missing"
        except ClientDisconnect:
            problem = "the connection broke off"
        except TimeoutError:
            problem = f"nothing came for {STALLED_S:.0f} seconds"
        except MalformedError as error:
            problem = str(error)
        finally:
            await intake.abandon()
        return problem

    def _settle(self, results: Sequence[Result], study: str | None) -> list[Outcome]:
        """Commit what was staged and put the outcomes back in the request's order."""
        outcomes: list[Outcome | None] = []
        staged: list[Staged] = []
        for result in results:
            if isinstance(result, Outcome):
                outcomes.append(result)
            elif study not in (None, result.attributes["StudyInstanceUID"]):
                outcomes.append(_of_another_study(result))
            else:
                outcomes.append(None)
                staged.append(result)
        committed = iter(self._store.commit(staged) if staged else ())
        return [next(committed) if outcome is None else outcome for outcome in outcomes]


async def _chunks(request: Request) -> AsyncIterator[bytes]:
    """Yield the body as it comes.

    Raises
    ------
    TimeoutError
        When the client stalls.
    """
    stream = aiter(request.stream())
    while True:
        async with asyncio.timeout(STALLED_S):
            try:
                chunk = await anext(stream)
            except StopAsyncIteration:
                return
        yield chunk


def _parser(content_type: str) -> RelatedParser:
    kind, parameters = parse_media_type(content_type)
    if kind != "multipart/related" or parameters.get("type", _PART10).lower() != _PART10:
        raise Refusal(415, 'instances must come as multipart/related; type="application/dicom"')
    try:
        return RelatedParser(parameters.get("boundary", ""))
    except MalformedError as error:
        raise Refusal(400, str(error)) from None


def _refused_part(begins: PartBegins) -> Outcome | None:
    kind, _ = parse_media_type(begins.content_type)
    if kind in ("", _PART10):
        return None
    return Outcome(
        reason=Reason.CANNOT_UNDERSTAND, sentence="a part is not of type application/dicom"
    )


def _of_another_study(staged: Staged) -> Outcome:
    if staged.path is not None:
        staged.path.unlink(missing_ok=True)
    return Outcome(
        class_uid=str(staged.attributes["SOPClassUID"]),
        uid=staged.uid,
        reason=Reason.PROCESSING_FAILURE,
        sentence="it belongs to another study than the URL says",
    )


def _answer(outcomes: Sequence[Outcome], base: str, study: str | None) -> Response:
    """Return the Store Instances Response Module (PS3.18 annex I) with the right status."""
    stored = [one for one in outcomes if one.reason is None]
    failed = [one for one in outcomes if one.reason is not None]
    module: DataSet = {}
    studies = {one.study for one in stored}
    if len(studies) == 1 or study is not None:
        module["00081190"] = element("UR", f"{base}/studies/{study or next(iter(studies))}")
    if stored:
        module["00081199"] = element("SQ", *(_reference(one, base) for one in stored))
    known = [_failure(one) for one in failed if one.uid]
    if known:
        module["00081198"] = element("SQ", *known)
    unknown = [_failure(one) for one in failed if not one.uid]
    if unknown:
        module["0008119A"] = element("SQ", *unknown)
    return dicom_json([module], _status(stored, failed), _told(failed))


def _status(stored: list[Outcome], failed: list[Outcome]) -> int:
    if not failed:
        return 200
    if stored:
        return 202
    if all(one.reason is Reason.OUT_OF_RESOURCES for one in failed):
        return 507
    return 409


def _told(failed: list[Outcome]) -> dict[str, str]:
    if not failed:
        return {}
    counted = Counter(one.sentence for one in failed)
    said = "; ".join(f"{number} not stored: {why}" for why, number in counted.most_common(3))
    log.warning("store: %s", said)
    return warning(said)


def _reference(one: Outcome, base: str) -> dict[str, Any]:
    url = f"{base}/studies/{one.study}/series/{one.series}/instances/{one.uid}"
    return {
        "00081150": element("UI", one.class_uid),
        "00081155": element("UI", one.uid),
        "00081190": element("UR", url),
    }


def _failure(one: Outcome) -> dict[str, Any]:
    item: dict[str, Any] = {"00081197": element("US", int(one.reason or 0))}
    if one.uid:
        item["00081150"] = element("UI", one.class_uid)
        item["00081155"] = element("UI", one.uid)
    return item
