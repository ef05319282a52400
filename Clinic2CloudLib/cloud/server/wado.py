"""Retrieve instances and their metadata: WADO-RS, PS3.18 section 10.4.

The bytes that were stored are the bytes that come back. A client that accepts a transfer syntax
other than the stored one only (none named means Explicit VR Little Endian, 8.7.3.5.2) gets it where
the instance is not compressed, 406 otherwise; ``transfer-syntax=*`` always gives what is stored.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from ..dicomjson import DataSet
from .answers import DICOM_JSON, Refusal, wants_json
from .attributes import is_uid
from .multipart import parse_media_type
from .store import Store, Stored

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

_PIECE = 1 << 20
EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
#: Little endian and not compressed: each can be written as the other, pixel values untouched.
_NATIVE = frozenset({"1.2.840.10008.1.2", EXPLICIT_LITTLE, "1.2.840.10008.1.2.1.99"})


class RetrieveService:
    """The retrieve transactions.

    Parameters
    ----------
    store : Store
        Whose instances are returned.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def instances(self, request: Request) -> Response:
        """Answer ``GET`` of a study, a series or an instance."""
        from starlette.responses import StreamingResponse

        found = self._found(request)
        single, accepted = _accepted(request, alone="instance" in request.path_params)
        sent = [(one, _syntax(one, accepted)) for one in found]
        if single:
            one, syntax = sent[0]
            kind = f"application/dicom; transfer-syntax={syntax}"
            headers = {"Content-Length": str(one.size)} if syntax == one.transfer_syntax else {}
            return StreamingResponse(_content(one, syntax), 200, headers, kind)
        boundary = secrets.token_hex(16)
        kind = f'multipart/related; type="application/dicom"; boundary={boundary}'
        headers = {}
        if all(syntax == one.transfer_syntax for one, syntax in sent):
            length = sum(len(_head(boundary, s)) + one.size + 2 for one, s in sent)
            headers["Content-Length"] = str(length + len(_tail(boundary)))
        return StreamingResponse(_multipart(boundary, sent), 200, headers, kind)

    def metadata(self, request: Request) -> Response:
        """Answer ``GET .../metadata``: all attributes but the pixels, as DICOM JSON."""
        from starlette.responses import StreamingResponse

        wants_json(request)
        return StreamingResponse(_metadata(self._found(request)), 200, None, DICOM_JSON)

    def _found(self, request: Request) -> list[Stored]:
        wanted = {name: request.path_params.get(name) for name in ("study", "series", "instance")}
        for name, uid in wanted.items():
            if uid is not None and not is_uid(uid):
                raise Refusal(400, f"the {name} in the URL is no UID")
        found = self._store.find(**wanted)
        if not found:
            raise Refusal(404, "there is nothing stored under this URL")
        return found


def _accepted(request: Request, *, alone: bool) -> tuple[bool, frozenset[str]]:
    """Return whether a single part is wanted, and which transfer syntaxes are accepted."""
    accept = request.query_params.get("accept") or request.headers.get("accept") or "*/*"
    multipart: set[str] = set()
    single: set[str] = set()
    for part in _media_ranges(accept):
        kind, parameters = parse_media_type(part)
        syntax = parameters.get("transfer-syntax", "")
        wanted = parameters.get("type", "application/dicom").lower()
        if kind in ("*/*", "application/*", "multipart/*"):
            multipart.add("*")
        elif kind == "multipart/related" and wanted in ("application/dicom", "*/*"):
            multipart.add(syntax or EXPLICIT_LITTLE)
        elif kind == "application/dicom" and alone:
            single.add(syntax or EXPLICIT_LITTLE)
    if multipart:
        return False, frozenset(multipart)
    if single:
        return True, frozenset(single)
    raise Refusal(406, 'instances are returned as multipart/related; type="application/dicom"')


def _media_ranges(accept: str) -> Iterator[str]:
    """Split an Accept header at its commas, but not within quotes."""
    start, quoted = 0, False
    for place, letter in enumerate(accept):
        if letter == '"':
            quoted = not quoted
        elif letter == "," and not quoted:
            yield accept[start:place]
            start = place + 1
    yield accept[start:]


def _syntax(one: Stored, accepted: frozenset[str]) -> str:
    if "*" in accepted or one.transfer_syntax in accepted:
        return one.transfer_syntax
    if EXPLICIT_LITTLE in accepted and one.transfer_syntax in _NATIVE:
        return EXPLICIT_LITTLE
    raise Refusal(406, f"an instance is stored as {one.transfer_syntax}, which is not accepted")


def _head(boundary: str, syntax: str) -> bytes:
    return (
        f"--{boundary}\r\nContent-Type: application/dicom; transfer-syntax={syntax}\r\n\r\n"
    ).encode()


def _tail(boundary: str) -> bytes:
    return f"--{boundary}--\r\n".encode()


def _multipart(boundary: str, sent: Sequence[tuple[Stored, str]]) -> Iterator[bytes]:
    for one, syntax in sent:
        if one.size <= _PIECE and syntax == one.transfer_syntax:
            yield _head(boundary, syntax) + one.path.read_bytes() + b"\r\n"
            continue
        yield _head(boundary, syntax)
        yield from _content(one, syntax)
        yield b"\r\n"
    yield _tail(boundary)


def _content(one: Stored, syntax: str) -> Iterator[bytes]:
    if syntax != one.transfer_syntax:
        yield _rewritten(one.path, syntax)
        return
    with one.path.open("rb") as handle:
        while piece := handle.read(_PIECE):
            yield piece


def _rewritten(path: Path, syntax: str) -> bytes:
    """Return an uncompressed instance in another uncompressed encoding, values unchanged."""
    from pydicom import dcmread
    from pydicom.uid import UID

    data_set = dcmread(path)
    data_set.file_meta.TransferSyntaxUID = UID(syntax)
    stream = BytesIO()
    data_set.save_as(stream, implicit_vr=False, little_endian=True, enforce_file_format=True)
    return stream.getvalue()


def _metadata(found: Sequence[Stored]) -> Iterator[bytes]:
    for number, one in enumerate(found):
        text = json.dumps(_without_pixels(one.path), ensure_ascii=False, separators=(",", ":"))
        yield (b"[" if number == 0 else b",") + text.encode()
    yield b"]"


def _without_pixels(path: Path) -> DataSet:
    from pydicom import dcmread

    data_set = dcmread(path, stop_before_pixels=True)
    written: DataSet = data_set.to_json_dict(suppress_invalid_tags=True)
    return written
