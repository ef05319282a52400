"""The embedded cloud under a load: little memory, and nothing lost that was answered for.

Figures of speed are printed here and by ``python -m benchmarks upload``; no test hangs on a clock.
"""

from __future__ import annotations

import http.client
import os
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import servermaker as sm
from servermaker import ALL, CONTENT_TYPE, STUDY, TOKEN, Process

LARGE = 1_500_000_000


def large_body() -> tuple[int, Iterator[bytes]]:
    """A store request with one instance of 1.5 GB, and its length."""
    small = sm.part10(sm.data_set(1, side=2))
    place = small.index(b"\xe0\x7f\x10\x00") + 8  # Pixel Data, OW: where its length stands
    head = small[:place] + LARGE.to_bytes(4, "little")
    before = b"--XbX\r\nContent-Type: application/dicom\r\n\r\n" + head
    after = b"\r\n--XbX--\r\n"
    block = os.urandom(1 << 18)

    def pieces() -> Iterator[bytes]:
        yield before
        for start in range(0, LARGE, len(block)):
            yield block[: LARGE - start]
        yield after

    return len(before) + LARGE + len(after), pieces()


def peak_megabytes(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return float(status.partition("VmHWM:")[2].split()[0]) / 1000


@pytest.mark.slow
def test_a_large_instance_needs_little_memory_either_way(tmp_path: Path, gate: Path) -> None:
    length, body = large_body()
    with Process(tmp_path / "data", gate) as server:
        address = urlsplit(server.web.base)
        connection = http.client.HTTPConnection(address.hostname or "", address.port)
        headers = {"Content-Type": CONTENT_TYPE, "Authorization": f"Bearer {TOKEN}"}
        started = time.monotonic()
        connection.request(
            "POST", "/dicom-web/studies", body, {**headers, "Content-Length": str(length)}
        )
        assert connection.getresponse().status == 200
        speed = length / 1e6 / (time.monotonic() - started)
        connection.close()
        url = f"{server.web.base}/studies/{STUDY}"
        with server.web.session.get(url, headers={"Accept": ALL}, stream=True, timeout=60) as back:
            received = sum(len(piece) for piece in back.iter_content(1 << 20))
        assert received > LARGE
        print(f"1.5 GB: {speed:.0f} MB/s, {peak_megabytes(server.process.pid):.0f} MB at most")
        assert peak_megabytes(server.process.pid) < 300


@pytest.mark.slow
def test_a_series_that_was_answered_for_outlives_a_killed_server(
    tmp_path: Path, gate: Path
) -> None:
    contents = sm.slices(384, side=316)
    batches = [sm.multipart(contents[start : start + 32]) for start in range(0, 384, 32)]
    with Process(tmp_path / "data", gate) as server:
        started = time.monotonic()
        for batch in batches:
            assert server.web.post("/studies", batch, CONTENT_TYPE).status_code == 200
        speed = sum(map(len, batches)) / 1e6 / (time.monotonic() - started)
        print(f"up in {server.seconds_to_start:.2f} s, {speed:.0f} MB/s")
        server.kill()
    with Process(tmp_path / "data", gate) as again:
        listed = again.web.get("/instances?limit=1000")
        assert listed.status_code == 200
        assert len(listed.json()) == 384
