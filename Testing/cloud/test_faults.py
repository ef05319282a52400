"""Broken lines, lost answers, busy and stalling servers, and a client that is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from casemaker import approved_case
from fake_cloud import Cloud, fake_cloud
from faults import Fault, FaultProxy, fault_proxy

from Clinic2CloudLib import paths
from Clinic2CloudLib.cases.case import Case, load_case
from Clinic2CloudLib.cloud.destination import Destination
from Clinic2CloudLib.cloud.dicomweb import DICOMwebClient
from Clinic2CloudLib.cloud.outbox import Outbox
from Clinic2CloudLib.cloud.retry import RetryPolicy
from Clinic2CloudLib.cloud.transfer import BatchSize
from Clinic2CloudLib.cloud.upload import resume, upload_case
from Clinic2CloudLib.errors import CloudError

QUICK = RetryPolicy(budget=10.0, before_contact=2.0, first=0.01, longest=0.05)
PASS = Fault()
LOST = Fault(drop_answer=True)


def complete(case: Case, cloud: Cloud) -> None:
    """Nothing lost, nothing changed, nothing the server took twice."""
    ours = {item.sop_instance_uid: case.path_of(item).read_bytes() for item in case.instances}
    assert cloud.kept == ours
    assert len(cloud.stored) == len(set(cloud.stored)) == len(ours)
    assert load_case(case.folder).state in ("uploaded", "processing")


def share_of(proxy: FaultProxy, case: Case) -> float:
    return proxy.stored_bytes() / sum(item.bytes for item in case.instances)


SCRIPTS = {
    "eight resets early": [Fault(reset_after=n) for n in (0, 9000, 20000, 3000, 1, 8500, 70, 9)],
    "eight resets apart": [
        f for _ in range(8) for f in (PASS, PASS, PASS, Fault(reset_after=8000))
    ],
    "answers lost": [LOST, PASS, LOST, PASS, PASS, LOST],
    "busy": [
        Fault(status=503),
        Fault(status=429),
        PASS,
        Fault(status=502),
        PASS,
        Fault(status=500),
    ],
    "slow": [Fault(slow=1e6), PASS, Fault(slow=1e6)],
    "all at once": [
        Fault(status=503),
        Fault(reset_after=9000),
        Fault(drop_answer=True),
        PASS,
        Fault(slow=1e6),
        Fault(drop_answer=True),
        Fault(reset_after=20000),
    ],
}


@pytest.mark.parametrize("script", SCRIPTS)
def test_no_instance_is_lost_and_none_doubled(tmp_path: Path, script: str) -> None:
    case = approved_case(tmp_path / "case", 120)
    with fake_cloud() as cloud, fault_proxy(cloud.port, *SCRIPTS[script]) as proxy:
        upload_case(case.folder, Destination(proxy.url), policy=QUICK, start="brain-volumetry")
        complete(case, cloud)
        assert len(cloud.created) == 1
        assert not proxy.faults, "the script was played to its end"


def test_eight_resets_at_the_worst_moment_cost_at_most_a_tenth(tmp_path: Path) -> None:
    case = approved_case(tmp_path / "case", 384)
    late = Fault(reset_at_end=True)
    script = [fault for _ in range(8) for fault in (PASS, PASS, late)]
    with fake_cloud() as cloud, fault_proxy(cloud.port, *script) as proxy:
        result = upload_case(case.folder, Destination(proxy.url), policy=QUICK)
        complete(case, cloud)
        assert not proxy.faults
    assert share_of(proxy, case) <= 1.10
    assert result.sent <= 384 * 1.10


def test_a_request_holds_less_after_each_trouble_and_more_when_calm() -> None:
    size = BatchSize()
    size.went_well()
    assert size.now == 16
    lost = 0
    for _ in range(8):
        lost += size.now
        size.broke()
    assert lost <= 38
    assert size.now == 1
    for _ in range(200):
        size.went_well()
    assert size.now == 16


def test_a_stalled_line_is_cut_and_the_rest_arrives(tmp_path: Path, monkeypatch) -> None:
    from Clinic2CloudLib.cloud import upload

    class Hasty(DICOMwebClient):
        def __init__(self, destination, **named) -> None:
            super().__init__(destination, read_timeout=0.5, **named)

    monkeypatch.setattr(upload, "DICOMwebClient", Hasty)
    case = approved_case(tmp_path / "case", 30)
    with fake_cloud() as cloud, fault_proxy(cloud.port, PASS, Fault(stall_after=5000)) as proxy:
        upload_case(case.folder, Destination(proxy.url), policy=QUICK)
        complete(case, cloud)


def test_an_answer_cut_short_while_comparing_is_asked_for_again(tmp_path: Path) -> None:
    case = approved_case(tmp_path / "case", 6)
    cuts = [Fault(cut_answer=n) for n in (0, 100, 5000)]
    with fake_cloud() as cloud, fault_proxy(cloud.port, *cuts, mark=f"{'/instances/'}") as proxy:
        upload_case(case.folder, Destination(proxy.url), policy=QUICK)
        complete(case, cloud)
        assert not proxy.faults


def test_a_series_cut_short_while_comparing_is_completed_singly(tmp_path: Path) -> None:
    case = approved_case(tmp_path / "case", 20, side=256)
    with (
        fake_cloud() as cloud,
        fault_proxy(cloud.port, Fault(cut_answer=1_500_000), mark="/series/2.25.1002 ") as proxy,
    ):
        upload_case(case.folder, Destination(proxy.url), policy=QUICK)
        again = upload_case(case.folder, Destination(proxy.url), policy=QUICK)
        assert (again.sent, again.compared) == (0, 20)
        singly = [seen for seen in proxy.seen if "/instances/" in seen.line]
        assert 4 < len(singly) < 20
        assert not proxy.faults


def test_trouble_without_end_ends_with_the_budget_and_one_sentence(tmp_path: Path) -> None:
    case = approved_case(tmp_path / "case", 6)
    policy = RetryPolicy(budget=0.5, before_contact=0.5, first=0.01, longest=0.05)
    busy = [Fault(status=503)] * 1000
    with fake_cloud() as cloud, fault_proxy(cloud.port, *busy) as proxy:
        begun = time.monotonic()
        with pytest.raises(CloudError, match="cannot do it now \\(503\\)"):
            upload_case(case.folder, Destination(proxy.url), policy=policy)
        assert time.monotonic() - begun < 5


def test_a_lost_answer_to_the_start_starts_nothing_twice(tmp_path: Path) -> None:
    case = approved_case(tmp_path / "case", 3)
    lost = [Fault(drop_answer=True)] * 3
    with fake_cloud() as cloud, fault_proxy(cloud.port, *lost, mark="/workitems?") as proxy:
        result = upload_case(
            case.folder, Destination(proxy.url), policy=QUICK, start="brain-volumetry"
        )
        assert cloud.created == [result.workitem_uid]
        assert load_case(case.folder).state == "processing"


CLIENT = """
import sys
from pathlib import Path
from Clinic2CloudLib.cloud.destination import Destination
from Clinic2CloudLib.cloud.upload import upload_case
upload_case(Path(sys.argv[1]), Destination(sys.argv[2]), start="brain-volumetry")
"""


def test_a_killed_client_resumes_and_repeats_nothing_acknowledged(tmp_path: Path) -> None:
    case = approved_case(tmp_path / "case", 96, side=32)
    slow = [Fault(slow=60e3)] * 50
    with fake_cloud() as cloud, fault_proxy(cloud.port, *slow) as proxy:
        client = subprocess.Popen(
            [sys.executable, "-c", CLIENT, str(case.folder), proxy.url], env=dict(os.environ)
        )
        try:
            acknowledged = _wait_for_acknowledged(24)
        finally:
            client.send_signal(signal.SIGKILL)
            client.wait()
        proxy.faults.clear()
        assert 24 <= acknowledged < 96
        with Outbox() as box:
            (fared,) = resume(box, policy=QUICK)
            assert fared.error is None
            assert fared.result is not None
            assert fared.result.sent <= 96 - acknowledged
        complete(case, cloud)
        assert len(cloud.created) == 1


def _wait_for_acknowledged(count: int) -> int:
    """Watch the client's outbox from outside until so many instances are acknowledged."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        if paths.outbox().exists():
            with Outbox() as box:
                entries = box.list()
            if entries and entries[0].instances["acknowledged"] >= count:
                return entries[0].instances["acknowledged"]
        time.sleep(0.02)
    raise AssertionError("the client sent nothing")


def test_while_one_process_sends_another_is_told_so(tmp_path: Path) -> None:
    case = approved_case(tmp_path / "case", 24, side=32)
    with fake_cloud() as cloud, fault_proxy(cloud.port, *[Fault(slow=20e3)] * 50) as proxy:
        client = subprocess.Popen(
            [sys.executable, "-c", CLIENT, str(case.folder), proxy.url], env=dict(os.environ)
        )
        try:
            _wait_for_acknowledged(1)
            with pytest.raises(CloudError, match="by another process"):
                upload_case(
                    case.folder, Destination(proxy.url), policy=QUICK, start="brain-volumetry"
                )
            with Outbox() as box, pytest.raises(CloudError, match="by another process"):
                box.cancel(box.list()[0].id)
        finally:
            client.kill()
            client.wait()
