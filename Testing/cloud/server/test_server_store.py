"""What is stored, what is refused, and what a client is told (PS3.18 section 10.5)."""

from __future__ import annotations

import http.client
import os
import resource
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import servermaker as sm
from pydicom.uid import DeflatedExplicitVRLittleEndian, ImplicitVRLittleEndian
from servermaker import ALL, CONTENT_TYPE, SERIES, STUDY, TOKEN, Process, Web

from Clinic2CloudLib.cloud.server import serving
from Clinic2CloudLib.cloud.server.intake import IN_MEMORY
from Clinic2CloudLib.cloud.server.store import Store
from Clinic2CloudLib.errors import InputError


def test_what_was_stored_comes_back_byte_for_byte(web: Web) -> None:
    sent = sm.slices(5)
    answer = web.store(sent)
    assert answer.status_code == 200
    assert sm.referenced(answer) == [f"{SERIES}.{n}" for n in range(1, 6)]
    assert answer.json()[0]["00081190"]["Value"] == [f"{web.base}/studies/{STUDY}"]
    back = web.get(f"/studies/{STUDY}", accept=ALL)
    assert back.status_code == 200
    assert sm.parts_of(back) == sent


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, DeflatedExplicitVRLittleEndian])
def test_every_encoding_is_kept(web: Web, syntax: str) -> None:
    sent = [sm.part10(sm.data_set(1), syntax)]
    assert web.store(sent).status_code == 200
    assert sm.parts_of(web.get(f"/studies/{STUDY}", accept=ALL)) == sent


def test_the_same_again_counts_as_stored(web: Web) -> None:
    sent = sm.slices(3)
    web.store(sent)
    again = web.store([*sent, sent[0]])
    assert again.status_code == 200
    assert len(sm.referenced(again)) == 4
    assert len(web.stored()) == 3


def test_other_content_under_a_stored_uid_is_refused_and_the_first_kept(web: Web) -> None:
    first = sm.slices(1)
    web.store(first)
    other = sm.slices(1, SeriesDescription="T2")
    answer = web.store([*other, *sm.slices(1, first=2)])
    assert answer.status_code == 202
    assert sm.failures(answer) == {f"{SERIES}.1": 0x0111}
    assert sm.parts_of(web.get(f"/studies/{STUDY}/series/{SERIES}", accept=ALL))[0] == first[0]
    assert web.store(other).status_code == 409


def test_an_instance_that_is_not_de_identified_is_refused(web: Web) -> None:
    identifiable = sm.slices(1, PatientIdentityRemoved="NO", PatientName="Doe^Jane")
    missing = sm.slices(1, first=2, PatientIdentityRemoved=None)
    answer = web.store([*identifiable, *missing])
    assert answer.status_code == 409
    assert sm.failures(answer) == {f"{SERIES}.1": 0x0124, f"{SERIES}.2": 0x0124}
    assert "identity was removed" in answer.headers["Warning"]
    assert "Doe" not in str(answer.headers) + answer.text
    assert web.stored() == set()


def test_a_server_may_be_told_to_take_identifiable_instances(tmp_path: Path) -> None:
    with serving(tmp_path / "data", token=TOKEN, deidentified_only=False) as running:
        web = Web(running.base_url)
        assert web.store(sm.slices(1, PatientIdentityRemoved=None)).status_code == 200


def test_what_is_no_instance_is_refused_and_the_good_ones_stored(web: Web) -> None:
    good = sm.slices(2)
    cut_short = sm.slices(1, first=7)[0][:-100]
    headless = sm.slices(1, first=8)[0][132:]
    answer = web.store([b"a text", good[0], cut_short, headless, good[1], b""])
    assert answer.status_code == 202
    assert sm.referenced(answer) == [f"{SERIES}.1", f"{SERIES}.2"]
    assert len(answer.json()[0]["0008119A"]["Value"]) == 4
    assert set(sm.failures(answer).values()) == {0xC000}
    assert web.stored() == {f"{SERIES}.1", f"{SERIES}.2"}


def test_an_instance_of_another_study_is_refused(web: Web) -> None:
    answer = web.store(sm.slices(1), study="2.25.999")
    assert answer.status_code == 409
    assert sm.failures(answer) == {f"{SERIES}.1": 0x0110}
    assert web.store(sm.slices(1), study=STUDY).status_code == 200


def test_a_series_that_belongs_to_another_study_is_refused(web: Web) -> None:
    web.store(sm.slices(1))
    answer = web.store(sm.slices(1, first=2, StudyInstanceUID="2.25.7777"))
    assert answer.status_code == 409
    assert sm.failures(answer) == {f"{SERIES}.2": 0x0110}
    assert web.get("/studies").json()[0]["00201208"]["Value"] == [1]


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/dicom+json", b"[]", 415),
        ('multipart/related; type="application/dicom+xml"; boundary=XbX', b"", 415),
        ('multipart/related; type="application/dicom"', b"", 400),
        (CONTENT_TYPE, b"", 400),
        (CONTENT_TYPE, b"no multipart at all", 400),
        (CONTENT_TYPE, b"--XbX--\r\n", 400),
        (CONTENT_TYPE, b"--XbX\r\nX: " + b"y" * 70_000, 400),
    ],
)
def test_a_malformed_request_is_refused(web: Web, kind: str, body: bytes, status: int) -> None:
    answer = web.post("/studies", body, kind)
    assert answer.status_code == status
    assert answer.text.count("\n") == 0


def test_a_body_without_its_end_keeps_the_complete_parts_only(web: Web) -> None:
    body = sm.multipart(sm.slices(3))
    answer = web.post("/studies", body[: -len(b"\r\n--XbX--\r\n") - 1], CONTENT_TYPE)
    assert answer.status_code == 400
    assert web.stored() == {f"{SERIES}.1", f"{SERIES}.2"}


def test_a_connection_that_breaks_off_leaves_nothing_of_the_cut_instance(
    web: Web, tmp_path: Path
) -> None:
    body = sm.multipart(sm.slices(1) + sm.slices(1, first=2, side=3000))
    assert len(body) > IN_MEMORY  # the second goes to disk while it arrives
    address = urlsplit(web.base)
    with socket.create_connection((address.hostname, address.port)) as raw:
        raw.sendall(
            f"POST /dicom-web/studies HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n"
            f"Content-Type: {CONTENT_TYPE}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        )
        raw.sendall(body[:-1000])
    end = time.monotonic() + 10
    incoming = tmp_path / "data" / "incoming"
    while web.stored() != {f"{SERIES}.1"} or list(incoming.iterdir()):
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_large_instance_without_known_length_is_streamed(web: Web) -> None:
    sent = sm.slices(1, side=3000)
    body = sm.multipart(sent)
    address = urlsplit(web.base)
    connection = http.client.HTTPConnection(address.hostname or "", address.port)
    connection.request(
        "POST",
        "/dicom-web/studies",
        (body[i : i + 100_000] for i in range(0, len(body), 100_000)),
        {"Content-Type": CONTENT_TYPE, "Authorization": f"Bearer {TOKEN}"},
        encode_chunked=True,
    )
    assert connection.getresponse().status == 200
    connection.close()
    assert sm.parts_of(web.get(f"/studies/{STUDY}", accept=ALL)) == sent


def test_a_removed_file_is_not_claimed_to_be_stored_but_taken_in_again(
    web: Web, tmp_path: Path
) -> None:
    sent = sm.slices(1)
    web.store(sent)
    path = tmp_path / "data" / "instances" / STUDY / SERIES / f"{SERIES}.1.dcm"
    path.unlink()
    assert web.store(sent).status_code == 200
    assert path.read_bytes() == sent[0]


# ---------------------------------------------------------------- crashes, full disks


def test_what_was_acknowledged_survives_kill_9(tmp_path: Path, gate: Path) -> None:
    data = tmp_path / "data"
    acknowledged: set[str] = set()
    with Process(data, gate) as server:
        for first in range(1, 61, 4):
            answer = server.web.store(sm.slices(4, first=first))
            acknowledged |= set(sm.referenced(answer))
        address = urlsplit(server.web.base)
        body = sm.multipart(sm.slices(4, first=101, side=1500))
        with socket.create_connection((address.hostname, address.port)) as raw:
            raw.sendall(
                f"POST /dicom-web/studies HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n"
                f"Content-Type: {CONTENT_TYPE}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            )
            raw.sendall(body[: len(body) // 2])
            time.sleep(0.2)
            server.kill()
    with Process(data, gate) as server:
        assert len(acknowledged) == 60
        assert server.web.stored() == acknowledged
        assert not list((data / "incoming").iterdir())
        assert len(sm.parts_of(server.web.get(f"/studies/{STUDY}", accept=ALL))) == 60
        assert server.web.store(sm.slices(4, first=101, side=1500)).status_code == 200


def test_files_that_no_transaction_made_known_go_at_the_next_start(tmp_path: Path) -> None:
    data = tmp_path / "data"
    store = Store(data)
    staged = store.stage_bytes(sm.slices(1)[0])
    store.commit([staged])  # type: ignore[list-item]
    store.close()
    folder = data / "instances" / STUDY / SERIES
    (folder / f"{SERIES}.2.dcm").write_bytes(b"renamed, then the power failed")
    Store(data).close()
    assert [path.name for path in folder.iterdir()] == [f"{SERIES}.1.dcm"]


def test_instances_are_never_swept_away_because_their_index_is_missing(tmp_path: Path) -> None:
    data = tmp_path / "data"
    store = Store(data)
    store.commit([store.stage_bytes(sm.slices(1)[0])])  # type: ignore[list-item]
    store.close()
    (data / "index.sqlite").unlink()
    with pytest.raises(InputError, match="its index is missing"):
        Store(data)
    assert (data / "instances" / STUDY / SERIES / f"{SERIES}.1.dcm").exists()


def _limited(data: Path, gate: Path, limit: int) -> subprocess.Popen[str]:
    """A server that can write no file larger than a limit: a disk that is full for those."""
    return subprocess.Popen(
        [sys.executable, sm.__file__, str(data)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "C2C_TEST_GATE": str(gate)},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )


def test_a_full_disk_is_told_honestly(tmp_path: Path, gate: Path) -> None:
    data = tmp_path / "data"
    process = _limited(data, gate, 1 << 20)
    try:
        assert process.stdout is not None
        web = Web(process.stdout.readline().strip())
        small = sm.slices(2)
        in_memory = sm.slices(1, first=11, side=1000)
        on_disk = sm.slices(1, first=12, side=2500)
        answer = web.store([*small, *in_memory, *on_disk])
        assert answer.status_code == 202
        assert sm.referenced(answer) == [f"{SERIES}.1", f"{SERIES}.2"]
        assert set(sm.failures(answer).values()) == {0xA700}
        assert "disk is full" in answer.headers["Warning"]
        assert web.store(in_memory).status_code == 507
        assert web.stored() == {f"{SERIES}.1", f"{SERIES}.2"}
        assert not list((data / "incoming").iterdir())
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def test_a_full_disk_at_the_index_stores_nothing_and_says_so(tmp_path: Path, gate: Path) -> None:
    data = tmp_path / "data"
    Store(data).close()
    process = _limited(data, gate, 200_000)  # the write-ahead log soon reaches that
    try:
        assert process.stdout is not None
        web = Web(process.stdout.readline().strip())
        acknowledged: set[str] = set()
        for first in range(1, 2000, 20):
            answer = web.store(sm.slices(20, first=first, side=2))
            if answer.status_code == 507:
                break
            acknowledged |= set(sm.referenced(answer))
        else:
            pytest.fail("the limit was never reached")
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()
    with Process(data, gate) as server:
        assert server.web.stored() == acknowledged
        files = {path.stem for path in (data / "instances").glob("*/*/*")}
        assert files == acknowledged
