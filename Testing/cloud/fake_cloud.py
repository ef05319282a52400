"""A DICOMweb server with bad habits: what real servers do wrong, one flag each."""

from __future__ import annotations

import contextlib
import io
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from pydicom import dcmread


@dataclass
class Cloud:
    """What the server keeps, and how it misbehaves."""

    token: str | None = None
    #: Answers 200 and keeps nothing, with an empty Referenced SOP Sequence (a full disk, Orthanc).
    keeps_nothing: bool = False
    #: Acknowledges everything and keeps nothing.
    lies: bool = False
    #: Refuses these UIDs with 409 and this reason, keeps the others.
    refuses: dict[str, int] = field(default_factory=dict)
    #: Acknowledges these as coerced (Warning Reason 0xB000).
    coerces: set[str] = field(default_factory=set)
    #: At most so many matches a search.
    page: int = 10_000
    #: Searches show a stored instance only from the n-th search on.
    lists_after: int = 0
    #: Status of every store request.
    store_status: int | None = None
    redirect: str | None = None
    #: Whether the file meta information is written anew, as dcm4chee does.
    rewrites_meta: bool = False
    #: Called before each store request is answered, in its thread, with its number from 1.
    before_store: Callable[[int], None] | None = None

    port: int = 0
    kept: dict[str, bytes] = field(default_factory=dict)
    stored: list[str] = field(default_factory=list)
    searches: int = 0
    #: Store requests so far, how many of them are under way, and most of them at once.
    stores: int = 0
    storing: int = 0
    most_storing: int = 0
    guard: Any = field(default_factory=threading.Lock)
    workitems: dict[str, dict[str, Any]] = field(default_factory=dict)
    sent_workitems: list[dict[str, Any]] = field(default_factory=list)
    created: list[str] = field(default_factory=list)
    cancels: list[str] = field(default_factory=list)
    heads: list[dict[str, str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/dicom-web"

    @contextlib.contextmanager
    def counting(self) -> Iterator[int]:
        """Count a store request while it is under way."""
        with self.guard:
            self.stores += 1
            number = self.stores
            self.storing += 1
            self.most_storing = max(self.most_storing, self.storing)
        try:
            yield number
        finally:
            with self.guard:
                self.storing -= 1

    def keep(self, content: bytes) -> str:
        uid = str(dcmread(io.BytesIO(content), stop_before_pixels=True).SOPInstanceUID)
        self.kept.setdefault(uid, content)
        return uid


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    cloud: Cloud

    def log_message(self, *_: Any) -> None:
        pass

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def json(self, status: int, value: Any) -> None:
        self.answer(status, json.dumps(value).encode(), Content_Type="application/dicom+json")

    def allowed(self) -> bool:
        self.cloud.heads.append(dict(self.headers))
        token = self.cloud.token
        if self.cloud.redirect:
            self.answer(307, Location=self.cloud.redirect)
            return False
        if token and self.headers.get("Authorization") != f"Bearer {token}":
            self.answer(401)
            return False
        return True

    def do_GET(self) -> None:
        if not self.allowed():
            return
        parts = urlsplit(self.path)
        query = {key: found[0] for key, found in parse_qs(parts.query).items()}
        steps = parts.path.removeprefix("/dicom-web/").split("/")
        if steps[0] == "workitems":
            self.get_workitems(steps, query)
        elif steps[0] != "studies":
            self.answer(404)
        elif len(steps) == 5:
            self.search(query)
        else:
            self.retrieve(steps[5:6] or sorted(self.cloud.kept))

    def search(self, query: dict[str, str]) -> None:
        self.cloud.searches += 1
        shown = sorted(self.cloud.kept) if self.cloud.searches >= self.cloud.lists_after else []
        start, limit = int(query.get("offset", 0)), int(query.get("limit", 10_000))
        page = shown[start : start + min(limit, self.cloud.page)]
        self.json(200, [{"00080018": {"vr": "UI", "Value": [uid]}} for uid in page])

    def retrieve(self, uids: list[str]) -> None:
        found = [self.written(self.cloud.kept[uid]) for uid in uids if uid in self.cloud.kept]
        if not found:
            self.answer(404)
            return
        opened = b"--b0\r\nContent-Type: application/dicom\r\n\r\n"
        body = b"".join(opened + content + b"\r\n" for content in found) + b"--b0--"
        kind = 'multipart/related; type="application/dicom"; boundary=b0'
        self.answer(200, body, Content_Type=kind)

    def written(self, content: bytes) -> bytes:
        if self.cloud.rewrites_meta:
            data = dcmread(io.BytesIO(content))
            data.file_meta.ImplementationClassUID = "1.2.3.4"
            data.file_meta.SourceApplicationEntityTitle = "ARCHIVE"
            stream = io.BytesIO()
            data.save_as(stream)
            content = stream.getvalue()
        return content

    def get_workitems(self, steps: list[str], query: dict[str, str]) -> None:
        if len(steps) > 1:
            found = self.cloud.workitems.get(steps[1])
            self.json(200, [found]) if found else self.answer(404)
        else:
            start = int(query.get("offset", 0))
            self.json(200, list(self.cloud.workitems.values())[start:])

    def do_POST(self) -> None:
        parts = urlsplit(self.path)
        if parts.path == "/dicom-web/studies":
            with self.cloud.counting() as number:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.allowed():
                    if self.cloud.before_store:
                        self.cloud.before_store(number)
                    self.store(body)
            return
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not self.allowed():
            return
        if parts.path == "/dicom-web/workitems":
            item = json.loads(body)[0]
            self.cloud.sent_workitems.append(item)
            uid = parse_qs(parts.query)["workitem"][0]
            if uid in self.cloud.workitems:
                self.answer(409)
                return
            inputs = item["00404021"]["Value"][0]["00081199"]["Value"]
            if {one["00081155"]["Value"][0] for one in inputs} - self.cloud.kept.keys():
                self.answer(409, Warning='299 - "inputs are missing"')
                return
            self.cloud.workitems[uid] = {**item, "00080018": {"vr": "UI", "Value": [uid]}}
            self.cloud.created.append(uid)
            self.answer(201)
        else:
            uid = parts.path.split("/")[-2]
            state = self.cloud.workitems[uid]["00741000"]["Value"][0]
            self.cloud.cancels.append(uid)
            self.answer(409 if state in ("COMPLETED", "CANCELED") else 202)

    def store(self, body: bytes) -> None:
        cloud = self.cloud
        if cloud.store_status:
            self.answer(cloud.store_status)
            return
        boundary = self.headers["Content-Type"].partition("boundary=")[2].encode()
        kept, failed = [], []
        for part in (b"\r\n" + body).split(b"\r\n--" + boundary)[1:-1]:
            content = part.partition(b"\r\n\r\n")[2]
            uid = str(dcmread(io.BytesIO(content), stop_before_pixels=True).SOPInstanceUID)
            cloud.stored.append(uid)
            reference: dict[str, Any] = {"00081155": {"vr": "UI", "Value": [uid]}}
            if uid in cloud.refuses:
                reference["00081197"] = {"vr": "US", "Value": [cloud.refuses[uid]]}
                failed.append(reference)
                continue
            if cloud.keeps_nothing:
                continue
            if not cloud.lies:
                cloud.kept.setdefault(uid, content)
            if uid in cloud.coerces:
                reference["00081196"] = {"vr": "US", "Value": [0xB000]}
            kept.append(reference)
        module: dict[str, Any] = {"00081199": {"vr": "SQ", "Value": kept}}
        if failed:
            module["00081198"] = {"vr": "SQ", "Value": failed}
        self.json((202 if kept else 409) if failed else 200, module)


@contextlib.contextmanager
def fake_cloud(**habits: Any) -> Iterator[Cloud]:
    """Run the server in a thread."""
    cloud = Cloud(**habits)
    handler = type("Bound", (Handler,), {"cloud": cloud})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    cloud.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield cloud
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
