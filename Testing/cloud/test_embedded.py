"""The client and the embedded server together, over loopback, with the line breaking between."""

from __future__ import annotations

import contextlib
import hashlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from casemaker import SERIES, STUDY, approve, approved_case, mr_slice, write_case
from faults import Fault, FaultProxy, fault_proxy
from pdfpipeline import PDF, REPORT, RESULT

from Clinic2CloudLib.cases.case import Case, load_case
from Clinic2CloudLib.cloud.content import fingerprint_of
from Clinic2CloudLib.cloud.destination import Destination
from Clinic2CloudLib.cloud.dicomweb import DICOMwebClient
from Clinic2CloudLib.cloud.jobs import list_jobs, request_cancel, show_job, wait_for
from Clinic2CloudLib.cloud.outbox import Outbox
from Clinic2CloudLib.cloud.results import fetch_results
from Clinic2CloudLib.cloud.retry import RetryPolicy
from Clinic2CloudLib.cloud.server import Running, serving
from Clinic2CloudLib.cloud.upload import resume, upload_case
from Clinic2CloudLib.errors import CloudError

QUICK = RetryPolicy(budget=20.0, before_contact=2.0, first=0.01, longest=0.1)
PASS, LOST = Fault(), Fault(drop_answer=True)

SCRIPTS = {
    "none": [],
    "eight resets": [f for _ in range(8) for f in (PASS, PASS, Fault(reset_at_end=True))],
    "answers lost": [LOST, PASS, LOST, LOST, PASS],
    "mixed": [Fault(status=503), Fault(reset_after=9000), LOST, Fault(slow=2e6), Fault(status=429)],
}


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Running]:
    with serving(tmp_path / "cloud", pipelines={}) as running:
        yield running


def direct(cloud: Running) -> Destination:
    return Destination(cloud.base_url, token_file=cloud.token_file)


def through(proxy: FaultProxy, cloud: Running) -> Destination:
    return Destination(proxy.url, token_file=cloud.token_file)


def complete(case: Case, destination: Destination) -> None:
    """The server has exactly the case's instances, each once, each the very bytes."""
    ours = [fingerprint_of(case.path_of(item)) for item in case.instances]
    with DICOMwebClient(destination, policy=QUICK) as client:
        theirs = list(client.fingerprints(STUDY, SERIES))
    assert sorted(theirs, key=lambda one: one.uid) == sorted(ours, key=lambda one: one.uid)
    assert load_case(case.folder).state == "uploaded"


@pytest.mark.parametrize("script", SCRIPTS)
def test_of_384_instances_none_is_lost_and_none_doubled(
    tmp_path: Path, cloud: Running, script: str
) -> None:
    case = approved_case(tmp_path / "case", 384)
    port = urlsplit(cloud.base_url).port or 0
    with fault_proxy(port, *SCRIPTS[script]) as proxy:
        upload_case(case.folder, through(proxy, cloud), policy=QUICK)
        complete(case, direct(cloud))
        assert not proxy.faults, "the script was played to its end"
    if script == "eight resets":
        assert proxy.stored_bytes() <= 1.10 * sum(item.bytes for item in case.instances)


def test_a_wrong_token_is_one_clear_sentence(tmp_path: Path, cloud: Running) -> None:
    case = approved_case(tmp_path / "case", 3)
    with pytest.raises(CloudError, match="does not accept the token"):
        upload_case(case.folder, Destination(cloud.base_url, "wrong"), policy=QUICK)


def test_a_pipeline_that_is_not_offered_is_told_and_the_upload_stands(
    tmp_path: Path, cloud: Running
) -> None:
    case = approved_case(tmp_path / "case", 3)
    with pytest.raises(CloudError, match="does not have that pipeline"):
        upload_case(case.folder, direct(cloud), start="brain-volumetry", policy=QUICK)
    complete(case, direct(cloud))
    assert list_jobs(direct(cloud), policy=QUICK) == ()


def test_an_older_copy_at_the_server_is_found(tmp_path: Path, cloud: Running) -> None:
    older = write_case(tmp_path / "older", {"instances/00001.dcm": mr_slice(1, seed=5)})
    approve(older.folder)
    upload_case(older.folder, direct(cloud), policy=QUICK)
    case = approved_case(tmp_path / "case", 4)
    with pytest.raises(CloudError, match="other content"):
        upload_case(case.folder, direct(cloud), policy=QUICK)


def test_an_instance_the_server_refuses_is_told_with_its_reason(
    tmp_path: Path, cloud: Running
) -> None:
    """The embedded server takes nothing that does not say it is de-identified."""
    marked = mr_slice(2)
    assert marked.count(b"\x12\x00\x62\x00CS\x04\x00YES ") == 1
    files = {
        "instances/00001.dcm": mr_slice(1),
        "instances/00002.dcm": marked.replace(b"CS\x04\x00YES ", b"CS\x04\x00NO  "),
        "instances/00003.dcm": mr_slice(3),
    }
    case = write_case(tmp_path / "case", files)
    approve(case.folder)
    with pytest.raises(CloudError, match="refuses instances") as caught:
        upload_case(case.folder, direct(cloud), policy=QUICK)
    assert "0x" in str(caught.value)
    with DICOMwebClient(direct(cloud), policy=QUICK) as client:
        uids = frozenset(item.sop_instance_uid for item in case.instances)
        assert client.present(STUDY, SERIES, uids) == uids - {f"{SERIES}.2"}


# ----------------------------------------------------------------------------- jobs


@pytest.fixture
def working(tmp_path: Path) -> Iterator[Destination]:
    """The server with a pipeline."""
    with serving(tmp_path / "cloud", pipelines={"report": REPORT}) as running:
        yield direct(running)


def test_from_an_approved_case_to_a_result_on_disk(tmp_path: Path, working: Destination) -> None:
    case = approved_case(tmp_path / "case", 5)
    sent = upload_case(case.folder, working, start="report", policy=QUICK)
    assert sent.started
    assert not upload_case(case.folder, working, start="report", policy=QUICK).started
    assert sent.workitem_uid is not None
    job = wait_for(show_job(working, sent.workitem_uid), poll=0.05, case_folder=case.folder)
    assert (job.state, job.pipeline, len(job.inputs)) == ("done", "report", 5)
    assert load_case(case.folder).state == "done"
    (result,) = fetch_results(job, tmp_path / "results", case, policy=QUICK)
    assert result.extracted is not None
    assert result.extracted.read_bytes() == PDF
    assert result.sop_instance_uid == RESULT
    assert len(list_jobs(working, policy=QUICK)) == 1


def test_a_job_that_fails_can_be_started_again(tmp_path: Path, working: Destination) -> None:
    case = approved_case(tmp_path / "case", 3)
    named = {"start": "report", "options": {"mood": "bad"}, "policy": QUICK}
    first = upload_case(case.folder, working, **named)
    job = wait_for(show_job(working, first.workitem_uid), poll=0.05, case_folder=case.folder)
    assert (job.state, job.reason) == ("failed", "no brain was found")
    assert upload_case(case.folder, working, **named).workitem_uid == job.uid
    again = upload_case(case.folder, working, **named, again=True)
    assert again.started
    assert again.workitem_uid != job.uid


def test_a_running_job_can_be_cancelled(tmp_path: Path, working: Destination) -> None:
    case = approved_case(tmp_path / "case", 3)
    sent = upload_case(case.folder, working, start="report", options={"mood": "slow"})
    job = show_job(working, sent.workitem_uid)
    told: list[str] = []

    def cancel_when_it_runs(fraction: float, message: str) -> None:
        if message == "thinking" and not told:
            told.append(message)
            request_cancel(job, policy=QUICK)

    ended = wait_for(job, cancel_when_it_runs, 0.05, case_folder=case.folder)
    assert told
    assert ended.state == "failed"
    assert "cancel" in ended.reason


# ------------------------------------------------------------------ a killed server

SERVER = """
import sys
from pathlib import Path
from Clinic2CloudLib.cloud.server import serve
serve(Path(sys.argv[1]), port=int(sys.argv[2]), token="test-token", pipelines={})
"""


@contextlib.contextmanager
def killable(data: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run the server as a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(data), str(port)],
        env=dict(os.environ),
        stderr=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + 20
        while time.monotonic() < until:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
                break
            time.sleep(0.05)
        yield process
    finally:
        process.kill()
        process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_server_killed_in_the_middle_loses_and_repeats_nothing(tmp_path: Path) -> None:
    case = approved_case(tmp_path / "case", 200)
    port, data = free_port(), tmp_path / "cloud"
    here = Destination(f"http://127.0.0.1:{port}", "test-token")
    acknowledged: list[int] = []

    def watch(fraction: float, message: str) -> None:
        if fraction > 0.4 and not acknowledged:
            server.kill()
            server.wait()
            acknowledged.append(len(case.instances))

    short = RetryPolicy(budget=0.5, before_contact=2.0, first=0.01, longest=0.1)
    with Outbox() as box:
        with killable(data, port) as server, pytest.raises(CloudError):
            upload_case(case.folder, here, box, progress=watch, policy=short)
        kept = box.list()[0].instances["acknowledged"]
        assert 0 < kept < 200
        with killable(data, port):
            (fared,) = resume(box, destinations=[here], policy=QUICK)
            assert fared.error is None
            assert fared.result is not None
            assert fared.result.sent <= 200 - kept
            complete(case, here)


# --------------------------------------------------------------------- large things

UPLOAD = r"""
import re, sys
from pathlib import Path
from Clinic2CloudLib.cloud.content import fingerprint_of
from Clinic2CloudLib.cloud.destination import Destination
from Clinic2CloudLib.cloud.upload import upload_case
result = upload_case(Path(sys.argv[1]), Destination(sys.argv[2], token_file=Path(sys.argv[3])))
# Not ru_maxrss: that still counts the process this one was forked from.
peak = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
print(result.seconds, int(peak[1]) // 1024)
"""


def large_case(folder: Path, size: int) -> Case:
    """A case of one instance of about ``size`` bytes, written without holding it in memory."""
    small = mr_slice(1, side=64)
    at = small.index(b"\xe0\x7f\x10\x00OW") + 8
    write_case(folder, {"instances/00001.dcm": small})
    path = folder / "instances" / "00001.dcm"
    block = hashlib.shake_128(b"pixels").digest(1 << 20)
    with path.open("wb") as handle:
        handle.write(small[:at] + (size // len(block) * len(block)).to_bytes(4, "little"))
        for _ in range(size // len(block)):
            handle.write(block)
    return _listed_anew(folder, path)


def _listed_anew(folder: Path, path: Path) -> Case:
    import dataclasses

    from Clinic2CloudLib.cases.case import digest_of, save_case, sha256_of

    case = load_case(folder)
    item = dataclasses.replace(case.instances[0], sha256=sha256_of(path), bytes=path.stat().st_size)
    save_case(dataclasses.replace(case, instances=(item,), digest=digest_of((item,))))
    return approve(folder)


@pytest.mark.parametrize(
    "size", [60 << 20, pytest.param(1500 << 20, marks=pytest.mark.slow)], ids=["60MB", "1.5GB"]
)
def test_a_large_instance_is_streamed_both_ways(tmp_path: Path, cloud: Running, size: int) -> None:
    case = large_case(tmp_path / "case", size)
    assert cloud.token_file is not None
    done = subprocess.run(
        [sys.executable, "-c", UPLOAD, str(case.folder), cloud.base_url, str(cloud.token_file)],
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=True,
    )
    seconds, megabytes = (float(word) for word in done.stdout.split())
    print(f"{size / 1e6 / seconds:.0f} MB/s, {megabytes:.0f} MB of memory")
    assert megabytes < 300
    complete(case, direct(cloud))


@pytest.mark.slow
def test_a_full_disk_at_the_server_is_not_taken_for_success(tmp_path: Path) -> None:
    data = tmp_path / "small"
    data.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(data)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount a small file system")
    try:
        case = approved_case(tmp_path / "case", 100, side=325)
        with serving(data / "cloud", pipelines={}) as cloud:
            with pytest.raises(CloudError, match=r"space|full"):
                upload_case(case.folder, direct(cloud), policy=QUICK)
            with Outbox() as box:
                counted = box.list()[0].instances
            assert 0 < counted["acknowledged"] < 100
        assert load_case(case.folder).state == "queued"
    finally:
        subprocess.run(["umount", str(data)], check=True)
