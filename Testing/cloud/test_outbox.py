"""The durable queue on its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from casemaker import approved_case, make_case

from Clinic2CloudLib.cases.case import load_case, set_state
from Clinic2CloudLib.cloud.destination import Destination
from Clinic2CloudLib.cloud.outbox import Outbox
from Clinic2CloudLib.errors import InputError, OutputError

HERE = Destination("http://127.0.0.1:1/dicom-web")


def test_the_same_wish_is_noted_once_and_another_one_beside_it(tmp_path: Path) -> None:
    case = make_case(tmp_path / "case", 3)
    with Outbox() as box:
        first = box.enqueue(case, HERE, "brain-volumetry", {"a": 1, "b": 2})
        assert box.enqueue(case, HERE, "brain-volumetry", {"b": 2, "a": 1}).id == first.id
        others = {
            box.enqueue(case, HERE).id,
            box.enqueue(case, HERE, "brain-volumetry", {"a": 2}).id,
            box.enqueue(case, Destination("http://127.0.0.1:2/x"), "brain-volumetry").id,
        }
        assert len(others | {first.id}) == 4
        assert [entry.id for entry in box.list()] == sorted(others | {first.id})


def test_what_was_noted_is_there_after_a_kill(tmp_path: Path) -> None:
    case = make_case(tmp_path / "case", 4)
    with Outbox() as box:
        entry = box.enqueue(case, HERE)
    uids = [item.sop_instance_uid for item in case.instances]
    code = (
        "import os, sys\nfrom Clinic2CloudLib.cloud.outbox import Outbox\n"
        "box = Outbox()\n"
        "box.set_instances(1, dict.fromkeys(sys.argv[1:], 'acknowledged'))\n"
        "os.kill(os.getpid(), 9)"
    )
    ended = subprocess.run([sys.executable, "-c", code, *uids[:2]], check=False)
    assert ended.returncode == -9
    with Outbox() as box:
        assert box.instances(entry.id) == dict(
            zip(uids, ["acknowledged"] * 2 + ["pending"] * 2, strict=True)
        )


def test_cancel_and_enqueue_again(tmp_path: Path) -> None:
    case = make_case(tmp_path / "case", 2)
    with Outbox() as box:
        entry = box.enqueue(case, HERE)
        box.set_instances(entry.id, {case.instances[0].sop_instance_uid: "acknowledged"})
        assert box.cancel(entry.id).state == "cancelled"
        assert box.list(only_open=True) == ()
        again = box.enqueue(case, HERE)
        assert (again.id, again.state, again.instances["pending"]) == (entry.id, "queued", 2)
        box.set_entry(entry.id, "done")
        with pytest.raises(InputError, match="done"):
            box.cancel(entry.id)
        with pytest.raises(InputError, match="no entry 99"):
            box.cancel(99)


def test_a_cancelled_case_is_approved_again_and_not_queued(tmp_path: Path) -> None:
    case = approved_case(tmp_path / "case", 1)
    with Outbox() as box:
        first = box.enqueue(case, HERE)
        second = box.enqueue(case, HERE, "brain-volumetry")
        set_state(case.folder, "queued")
        box.cancel(first.id)
        assert load_case(case.folder).state == "queued"
        box.cancel(second.id)
        assert load_case(case.folder).state == "approved"


def test_a_lock_is_kept_between_threads_and_freed_by_death(tmp_path: Path) -> None:
    from Clinic2CloudLib.errors import CloudError

    case = make_case(tmp_path / "case", 1)
    with Outbox() as box:
        entry = box.enqueue(case, HERE)
        with (
            box.working_on(entry),
            pytest.raises(CloudError, match="by another process"),
            box.working_on(entry),
        ):
            pass
        code = (
            "import os\nfrom Clinic2CloudLib.cloud.outbox import Outbox\n"
            "box = Outbox()\nlock = box.working_on(box.entry(1))\nlock.__enter__()\n"
            "os.kill(os.getpid(), 9)"
        )
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
        with box.working_on(entry):
            pass


@pytest.mark.parametrize("content", [b"no database at all, but long enough to look" * 50, None])
def test_an_outbox_that_cannot_be_used_is_one_sentence(tmp_path: Path, content) -> None:
    path = tmp_path / "outbox.sqlite"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    with pytest.raises(OutputError, match="the outbox cannot be used"):
        Outbox(path)


def test_a_moved_certificate_file_does_not_hide_the_list(tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_text("x")
    case = make_case(tmp_path / "case", 1)
    with Outbox() as box:
        box.enqueue(case, Destination("https://cloud.example", ca=ca, token_file=tmp_path / "t"))
        ca.unlink()
        (entry,) = box.list()
        assert entry.destination.ca == ca
        assert entry.destination.token_file == tmp_path / "t"
