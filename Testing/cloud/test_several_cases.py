"""``upload --json`` with several cases tells how far each came, whatever happened to the others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from casemaker import approved_case, make_case
from fake_cloud import Cloud, fake_cloud

from Clinic2CloudLib.cli.main import main
from Clinic2CloudLib.cloud.outbox import Outbox


def upload(
    capsys: pytest.CaptureFixture[str], cloud: Cloud, *arguments: object
) -> tuple[int, list[dict[str, Any]], list[str]]:
    """Run the command; return its exit code, its one document's rows and its error lines."""
    code = main(["upload", *map(str, arguments), "--to", cloud.url, "--json"])
    said = capsys.readouterr()
    errors = [line for line in said.err.splitlines() if line.startswith("clinic2cloud: error: ")]
    return code, json.loads(said.out)["uploads"], errors


def three(tmp_path: Path) -> list[Path]:
    return [approved_case(tmp_path / f"case-{n}", 3, series=f"2.25.{n}").folder for n in (5, 6, 7)]


def test_one_that_fails_does_not_keep_the_others_nor_their_rows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = three(tmp_path)
    with fake_cloud(refuses={f"2.25.6.{n}": 0xA700 for n in (1, 2, 3)}) as cloud:
        code, rows, errors = upload(capsys, cloud, *folders)
        assert {uid.rpartition(".")[0] for uid in cloud.kept} == {"2.25.5", "2.25.7"}
    assert code == 1
    assert [row["path"] for row in rows] == [str(folder) for folder in folders]
    assert [row["state"] for row in rows] == ["uploaded", "queued", "uploaded"]
    assert [row["instances"] for row in rows] == [3, None, 3]
    assert rows[0]["error"] is rows[2]["error"] is None
    assert "no space left" in rows[1]["error"]
    assert len(errors) == 1
    assert "1 of 3 cases failed: " in errors[0] and rows[1]["error"] in errors[0]
    with Outbox() as box:
        assert [entry.state for entry in box.list()] == ["done", "queued", "done"]


def test_one_that_may_not_leave_stops_all_and_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, last = three(tmp_path)[::2]
    doubtful = make_case(tmp_path / "case-8", 3, series="2.25.8").folder
    with fake_cloud() as cloud:
        code, rows, errors = upload(capsys, cloud, first, doubtful, tmp_path / "no-case", last)
        assert not cloud.kept
        assert not cloud.heads
    assert code == 1
    assert [row["state"] for row in rows] == ["approved", "verified", None, "approved"]
    assert [bool(row["error"]) for row in rows] == [False, True, True, False]
    assert "not approved" in rows[1]["error"]
    assert len(errors) == 1
    assert "2 of 4 cases may not leave, so none was sent" in errors[0]


def test_a_job_that_fails_leaves_what_was_uploaded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = three(tmp_path)[:2]
    with fake_cloud() as cloud:

        def ended(uid: str, item: dict[str, Any]) -> None:
            state = "COMPLETED" if cloud.workitems else "CANCELED"
            item["00741000"] = {"vr": "CS", "Value": [state]}
            dict.__setitem__(cloud.workitems, uid, item)

        cloud.workitems = Ended(ended)
        code, rows, _ = upload(capsys, cloud, *folders, "--start", "brain-volumetry", "--wait")
    assert code == 1
    assert [row["state"] for row in rows] == ["failed", "done"]
    assert [row["job"] for row in rows] == ["failed", "done"]
    assert [row["instances"] for row in rows] == [3, 3]
    assert "brain-volumetry failed" in rows[0]["error"]
    assert rows[1]["error"] is None


class Ended(dict[str, Any]):
    """Work items that end as soon as they are created."""

    def __init__(self, end: Any) -> None:
        super().__init__()
        self._end = end

    def __setitem__(self, uid: str, item: Any) -> None:
        self._end(uid, item)


def test_a_single_failure_is_told_in_its_own_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = three(tmp_path)[0]
    with fake_cloud(store_status=413) as cloud:
        code, rows, errors = upload(capsys, cloud, folder)
    assert code == 1
    assert errors == [f"clinic2cloud: error: {rows[0]['error']}"]


def test_cancelling_several_tells_which_were(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = three(tmp_path)
    with fake_cloud(store_status=413) as cloud:
        upload(capsys, cloud, *folders[:2])
    assert main(["outbox", "cancel", "1", "99", "2", "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert [(row["number"], row["state"]) for row in said["outbox"]] == [
        (1, "cancelled"),
        (2, "cancelled"),
    ]
    assert said["refused"] == [{"number": 99, "error": "the outbox has no entry 99"}]
