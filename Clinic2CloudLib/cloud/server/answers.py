"""What the server answers: DICOM JSON, or a refusal in one sentence."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..dicomjson import DataSet

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

DICOM_JSON = "application/dicom+json"
#: Where the services are; work items lie under it as ``/workitems`` (PS3.18 section 11).
BASE = "/dicom-web"


class Refusal(Exception):  # noqa: N818 - what the server says, not what went wrong in it
    """A request is refused.

    Attributes
    ----------
    status : int
        HTTP status.
    sentence : str
        Why, without patient data; it goes into the Warning header and the body.
    """

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


def warning(sentence: str) -> dict[str, str]:
    """Return a Warning header with code 299 (RFC 7234 5.5.7), as PS3.18 uses it."""
    text = sentence.encode("ascii", "replace").decode().replace("\\", "/").replace('"', "'")
    return {"Warning": f'299 clinic2cloud "{text}"'}


def refused(refusal: Refusal) -> Response:
    """Return the answer to a refused request."""
    from starlette.responses import PlainTextResponse

    return PlainTextResponse(refusal.sentence, refusal.status, warning(refusal.sentence))


def dicom_json(
    data_sets: Sequence[DataSet], status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return data sets as a JSON array (PS3.18 annex F.2.1)."""
    from starlette.responses import Response

    ordered = [dict(sorted(data_set.items())) for data_set in data_sets]
    body = json.dumps(ordered, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(body, status, headers, DICOM_JSON)


def empty(status: int, headers: Mapping[str, str] | None = None) -> Response:
    """Return an answer without a body."""
    from starlette.responses import Response

    return Response(b"", status, headers)


def base_url(request: Request) -> str:
    """Return the base URL as this client reached it."""
    return f"{request.url.scheme}://{request.url.netloc}{BASE}"


def wants_json(request: Request) -> None:
    """Refuse a request whose Accept header excludes DICOM JSON.

    Raises
    ------
    Refusal
        406.
    """
    accept = request.headers.get("accept", "*/*")
    kinds = {part.partition(";")[0].strip().lower() for part in accept.split(",")}
    if not kinds & {"", "*/*", "application/*", DICOM_JSON, "application/json"}:
        raise Refusal(406, "only application/dicom+json can be returned")


def read_json(body: bytes) -> DataSet:
    """Read a request's one data set; it may stand in an array.

    Raises
    ------
    Refusal
        400.
    """
    try:
        parsed: Any = json.loads(body)
    except (ValueError, RecursionError):
        raise Refusal(400, "the body is not DICOM JSON") from None
    if isinstance(parsed, list) and len(parsed) == 1:
        parsed = parsed[0]
    if not isinstance(parsed, dict) or not all(
        isinstance(element, dict) and isinstance(element.get("vr"), str)
        for element in parsed.values()
    ):
        raise Refusal(400, "the body must hold exactly one data set in the DICOM JSON model")
    return parsed
