"""Two store requests at once: faster, and with the same promises as one."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from casemaker import approve as approve_case
from casemaker import approved_case, mr_slice, write_case
from fake_cloud import fake_cloud

from Clinic2CloudLib.cloud.batches import BATCH_BYTES, CONNECTIONS
from Clinic2CloudLib.cloud.destination import Destination
from Clinic2CloudLib.cloud.outbox import Outbox
from Clinic2CloudLib.cloud.retry import RetryPolicy
from Clinic2CloudLib.cloud.upload import resume, upload_case
from Clinic2CloudLib.errors import Cancelled, CloudError

QUICK = RetryPolicy(budget=5.0, before_contact=0.3, first=0.01, longest=0.05)


def test_one_request_is_on_its_way_while_another_is_written_down(tmp_path: Path) -> None:
    case = approved_case(tmp_path / "case", 40)
    together = threading.Barrier(CONNECTIONS, timeout=20)

    def meet(number: int) -> None:
        if number <= CONNECTIONS:  # each is answered only once the other has arrived too
            together.wait()

    with fake_cloud(before_store=meet) as cloud:
        result = upload_case(case.folder, Destination(cloud.url), policy=QUICK)
        assert cloud.most_storing == CONNECTIONS
        assert sorted(cloud.stored) == sorted(item.sop_instance_uid for item in case.instances)
    assert result.sent == 40
    assert result.bytes_sent == sum(item.bytes for item in case.instances)


def test_a_few_instances_are_one_request(tmp_path: Path) -> None:
    case = approved_case(tmp_path / "case", 3)
    with fake_cloud() as cloud:
        upload_case(case.folder, Destination(cloud.url), policy=QUICK)
        assert cloud.stores == 1


def test_instances_a_server_may_hold_in_memory_go_one_at_a_time(tmp_path: Path) -> None:
    large = BATCH_BYTES // 2 // 4096 * 4096 + 4096 * 4096
    content = {}
    for number in (1, 2, 3):
        small = mr_slice(number)
        at = small.index(b"\xe0\x7f\x10\x00OW") + 8
        content[f"instances/{number}.dcm"] = (
            small[:at] + large.to_bytes(4, "little") + bytes([number]) * large
        )
    write_case(tmp_path / "case", content)
    approve_case(tmp_path / "case")
    assert large > BATCH_BYTES
    with fake_cloud(before_store=lambda _: time.sleep(0.05)) as cloud:
        upload_case(tmp_path / "case", Destination(cloud.url), policy=QUICK)
        assert cloud.stores == 3
        assert cloud.most_storing == 1


def test_what_one_answers_while_the_other_fails_is_believed_and_not_sent_again(
    tmp_path: Path,
) -> None:
    case = approved_case(tmp_path / "case", 32)
    second_arrived, first_failed = threading.Event(), threading.Event()

    def first_fails(number: int) -> None:
        if number == 1:
            assert second_arrived.wait(20)
            first_failed.set()
            raise ConnectionAbortedError("a line that breaks")
        if number == 2:
            second_arrived.set()
            assert first_failed.wait(20)
            time.sleep(0.1)

    with fake_cloud(before_store=first_fails) as cloud:
        result = upload_case(case.folder, Destination(cloud.url), policy=QUICK)
        # What the broken one carried was not stored, so all that is stored twice was sent twice.
        assert sorted(cloud.stored) == sorted(item.sop_instance_uid for item in case.instances)
        assert cloud.stores >= 4
    assert result.sent == 32 + 8


def test_a_refusal_in_one_lane_ends_both_and_what_the_other_brought_is_found_later(
    tmp_path: Path,
) -> None:
    case = approved_case(tmp_path / "case", 32)
    arrived = threading.Event()

    def token_runs_out(number: int) -> None:
        if number == 1:
            assert arrived.wait(20)
            cloud.token = "another"
        if number == 2:
            arrived.set()

    with fake_cloud(token="one") as cloud, Outbox() as box:
        cloud.before_store = token_runs_out
        here = Destination(cloud.url, "one")
        with pytest.raises(CloudError, match="token"):
            upload_case(case.folder, here, box, policy=QUICK)
        assert not cloud.storing
        before = len(cloud.stored)
        cloud.token = "one"
        (fared,) = resume(box, destinations=[here], policy=QUICK)
        assert fared.error is None and fared.result is not None
        assert len(cloud.stored) == len(set(cloud.stored)) == 32
        assert fared.result.already_there == before


def test_a_wish_to_stop_leaves_no_request_under_way(tmp_path: Path) -> None:
    case = approved_case(tmp_path / "case", 64, side=128)
    seen = threading.Event()

    def slowly(number: int) -> None:
        seen.set()
        time.sleep(0.3)

    def stop(fraction: float, message: str) -> None:
        if seen.is_set():
            raise Cancelled("enough")

    with fake_cloud(before_store=slowly) as cloud, Outbox() as box:
        here = Destination(cloud.url)
        with pytest.raises(Cancelled):
            upload_case(case.folder, here, box, progress=stop, policy=QUICK)
        stored = len(cloud.stored)
        assert not [t for t in threading.enumerate() if t.name.startswith("store")]
        cloud.before_store = None
        time.sleep(0.5)
        assert len(cloud.stored) == stored
        (fared,) = resume(box, destinations=[here], policy=QUICK)
        assert fared.error is None
        assert len(cloud.stored) == len(set(cloud.stored)) == 64
