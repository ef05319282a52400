"""Work items: created once, claimed once, ended once (PS3.18 section 11, PS3.4 annex CC)."""

from __future__ import annotations

import threading
import time
from datetime import datetime
from pathlib import Path

import pytest
import servermaker as sm
from servermaker import SERIES, Process, Uids, Web, value, work

STATE = "00741000"


def progress(item: dict[str, object]) -> tuple[float, str]:
    return float(value(item, "00741002", "00741004")), value(item, "00741002", "00741006")


def reason(item: dict[str, object]) -> str:
    return str(value(item, "00741002", "00741238"))


def outputs(item: dict[str, object]) -> list[str]:
    listed = value(item, "00741216", "00404033")
    if listed is None:
        return []
    return [value(one, "00081155") for one in listed["00081199"]["Value"]]


def start(web: Web, uid: str, pipeline: str = "quick", count: int = 3, **options: str) -> None:
    web.store(sm.slices(count))
    answer = web.post(f"/workitems?workitem={uid}", work(pipeline, Uids(count).list(), options))
    assert answer.status_code == 201, answer.text


def test_a_job_runs_and_its_results_are_stored_and_listed(web: Web) -> None:
    start(web, "2.25.1", note="of three slices")
    item = web.wait("2.25.1")
    assert value(item, STATE) == "COMPLETED"
    assert progress(item) == (100, "done")
    assert outputs(item) == ["2.25.7099.1", "2.25.7099.2"]
    for tag in ("00404019", "00404028", "00404050", "00404051"):
        assert value(item, "00741216", tag) is not None
    assert "00081195" not in item
    (made,) = item["00741216"]["Value"][0]["00404033"]["Value"]
    retrieve = value(made, "0040E025", "00081190")
    assert len(web.get(retrieve.removeprefix("/dicom-web") + "/instances").json()) == 2
    results = web.get(f"/studies/{sm.STUDY}/series/2.25.7099/metadata").json()
    assert value(results[0], "0008103E") == "of three slices"
    assert value(results[0], "00204000") == "made of 3 images"


def test_a_job_never_starts_on_missing_inputs(web: Web) -> None:
    web.store(sm.slices(3))
    answer = web.post("/workitems?workitem=2.25.1", work("quick", Uids(5).list()))
    assert answer.status_code == 409
    assert answer.text == "2 of 5 inputs are not stored here"
    assert answer.text in answer.headers["Warning"]
    assert web.get("/workitems/2.25.1").status_code == 404


def test_creating_twice_with_the_same_uid_starts_one_job(web: Web, gate: Path) -> None:
    web.store(sm.slices(2))
    wanted = work("slow", Uids(2).list())
    first = web.post("/workitems?workitem=2.25.1", wanted)
    again = web.post("/workitems?workitem=2.25.1", wanted)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.headers["Content-Location"] == "/dicom-web/workitems/2.25.1"
    other = web.post("/workitems?workitem=2.25.1", work("slow", Uids(1).list()))
    assert other.status_code == 409
    (gate / "go").touch()
    web.wait("2.25.1")
    assert web.post("/workitems?workitem=2.25.1", wanted).status_code == 200
    assert len(web.get("/workitems").json()) == 1
    assert len((gate / "runs").read_text().split()) == 1


def test_the_uid_may_stand_in_the_data_set_or_be_given_by_the_server(web: Web) -> None:
    web.store(sm.slices(1))
    inside = work("quick", Uids(1).list(), **{"00080018": {"vr": "UI", "Value": ["2.25.5"]}})
    assert web.post("/workitems", [inside]).headers["Location"].endswith("/2.25.5")
    assert web.post("/workitems?2.25.6", work("quick", Uids(1).list())).status_code == 201
    assert web.post("/workitems?workitem=2.25.6", inside).status_code == 400
    made = web.post("/workitems", work("quick", Uids(1).list())).headers["Location"]
    assert web.get(made.removeprefix("/dicom-web")).status_code == 200


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({STATE: {"vr": "CS", "Value": ["IN PROGRESS"]}}, "SCHEDULED"),
        ({"00081195": {"vr": "UI", "Value": ["2.25.4"]}}, "Transaction UID"),
        ({"00741200": {"vr": "CS", "Value": ["STAT"]}}, "HIGH, MEDIUM or LOW"),
        ({"00404041": {"vr": "CS", "Value": ["MAYBE"]}}, "Readiness"),
        ({"00404021": {"vr": "SQ"}}, "no inputs"),
        ({"00741216": {"vr": "SQ", "Value": [{}]}}, "performed"),
    ],
)
def test_a_work_item_against_the_standard_is_refused(
    web: Web, changes: dict[str, object], sentence: str
) -> None:
    web.store(sm.slices(1))
    answer = web.post("/workitems", {**work("quick", Uids(1).list()), **changes})
    assert answer.status_code == 400
    assert sentence in answer.text


@pytest.mark.parametrize(
    ("pipeline", "options", "sentence"),
    [
        ("no-such", {}, "does not have that pipeline (it has: quick, slow, failing)"),
        ("quick", {"colour": "red"}, "has no option colour"),
    ],
)
def test_a_pipeline_or_option_that_there_is_not_is_refused(
    web: Web, pipeline: str, options: dict[str, str], sentence: str
) -> None:
    web.store(sm.slices(1))
    answer = web.post("/workitems", work(pipeline, Uids(1).list(), options))
    assert answer.status_code == 400
    assert sentence in answer.text


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"[{},{}]", b"3", b'{"00741000": 1}'])
def test_a_body_that_is_no_data_set_is_refused(web: Web, body: bytes) -> None:
    assert web.post("/workitems", body).status_code == 400


def test_what_the_standard_asks_for_is_filled_in_and_said(web: Web) -> None:
    web.store(sm.slices(1))
    wanted = work("quick", Uids(1).list())
    for tag in ("00741200", "00741204", "00404041", "00404005"):
        del wanted[tag]
    answer = web.post("/workitems?workitem=2.25.1", wanted)
    assert answer.status_code == 201
    assert "with modifications" in answer.headers["Warning"]
    item = web.wait("2.25.1")
    assert (value(item, "00741200"), value(item, "00404041")) == ("MEDIUM", "READY")


def test_what_may_be_empty_is_there_all_the_same(web: Web, foreign: str) -> None:
    item = web.get(f"/workitems/{foreign}").json()[0]
    empty = {"00081080", "00081084", "00100021", "00101002", "00400400", "00404026", "00741002"}
    assert empty <= item.keys()
    assert not [tag for tag in empty if "Value" in item[tag]]


def test_the_time_of_the_last_change_is_told(web: Web, foreign: str) -> None:
    made = value(web.get(f"/workitems/{foreign}").json()[0], "00404010")
    assert abs(moment(made) - time.time()) < 60
    time.sleep(1.1)
    own = {"vr": "DT", "Value": ["19990101"]}
    label = {"00741204": {"vr": "LO", "Value": ["another label"]}, "00404010": own}
    assert web.post(f"/workitems/{foreign}", label).status_code == 200
    changed = value(web.get(f"/workitems/{foreign}").json()[0], "00404010")
    assert moment(changed) > moment(made)


def moment(said: str) -> float:
    return datetime.strptime(said, "%Y%m%d%H%M%S%z").timestamp()


def test_an_update_is_checked_like_a_new_work_item_and_changes_what_is_run(web: Web) -> None:
    web.store(sm.slices(2))
    wanted = work("quick", Uids(2).list()) | {"00404041": {"vr": "CS", "Value": ["INCOMPLETE"]}}
    assert web.post("/workitems?workitem=2.25.1", wanted).status_code == 201
    other = work("no-such", Uids(2).list())
    for tag, status in (("00404018", 400), ("00404021", 409)):
        change = {tag: work("no-such", Uids(5).list())[tag]}
        assert web.post("/workitems/2.25.1", change).status_code == status
    ready = {tag: work("failing", Uids(2).list(), {"how": "sentence"})[tag] for tag in other}
    ready = {tag: ready[tag] for tag in ("00404018", "00741210", "00404041")}
    assert web.post("/workitems/2.25.1", ready).status_code == 200
    assert reason(web.wait("2.25.1")) == "this is no head"


def test_a_pipeline_that_fails_ends_its_job_with_a_reason(web: Web) -> None:
    reasons = {
        "sentence": "this is no head",
        "exception": "the pipeline failed unexpectedly (ValueError)",
        "killed": "SIGKILL",
        "exit": "code 3",
        "identified": "identity was removed",
    }
    for number, how in enumerate(reasons):
        start(web, f"2.25.1.{number}", "failing", how=how)
    for number, (how, said) in enumerate(reasons.items()):
        item = web.wait(f"2.25.1.{number}", seconds=60)
        assert (how, value(item, STATE)) == (how, "CANCELED")
        assert said in reason(item)
        assert "Doe" not in str(item)
        assert value(item, "00741002", "0074100E", "00080100") == "110513"
        assert outputs(item) == []
    assert web.stored() == set(Uids(3).list())
    start(web, "2.25.2")
    assert value(web.wait("2.25.2"), STATE) == "COMPLETED"


def test_what_a_pipeline_prints_goes_nowhere(
    web: Web, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    start(web, "2.25.1", "failing", how="loud")
    assert reason(web.wait("2.25.1")) == "the pipeline made no results"
    printed = capfd.readouterr()
    assert "Doe" not in printed.out + printed.err + caplog.text


def test_two_jobs_with_the_same_results_share_them_and_other_results_do_not_replace(
    web: Web,
) -> None:
    start(web, "2.25.1", note="one")
    start(web, "2.25.2", note="one")
    start(web, "2.25.3", note="two")
    assert outputs(web.wait("2.25.1")) == outputs(web.wait("2.25.2"))
    assert "another content is stored" in reason(web.wait("2.25.3"))
    assert value(web.get("/studies/2.25.7001/series/2.25.7099/metadata").json()[0], "0008103E") == (
        "one"
    )


def test_progress_is_told_and_a_running_job_can_be_cancelled(web: Web, gate: Path) -> None:
    start(web, "2.25.1", "slow")
    end = time.monotonic() + 20
    while progress(web.wait("2.25.1", "IN PROGRESS"))[0] == 0:
        assert time.monotonic() < end
        time.sleep(0.1)
    wish = {"00741238": {"vr": "LT", "Value": ["the wrong patient"]}}
    assert web.post("/workitems/2.25.1/cancelrequest", wish).status_code == 202
    item = web.wait("2.25.1", "CANCELED", seconds=5)
    assert reason(item) == "the wrong patient"
    wait_for_end(gate)
    again = web.post("/workitems/2.25.1/cancelrequest", b"")
    assert again.status_code == 202
    assert "already in the requested state of CANCELED" in again.headers["Warning"]
    assert web.stored() == set(Uids(3).list())


def test_a_waiting_job_is_cancelled_at_once_and_a_done_one_not(web: Web, gate: Path) -> None:
    start(web, "2.25.1", "slow")
    web.wait("2.25.1", "IN PROGRESS")
    start(web, "2.25.2")
    assert web.post("/workitems/2.25.2/cancelrequest", {}).status_code == 202
    assert value(web.get("/workitems/2.25.2").json()[0], STATE) == "CANCELED"
    (gate / "go").touch()
    assert value(web.wait("2.25.1"), STATE) == "COMPLETED"
    done = web.post("/workitems/2.25.1/cancelrequest", {})
    assert done.status_code == 409
    assert "already COMPLETED" in done.headers["Warning"]
    assert web.post("/workitems/2.25.9/cancelrequest", {}).status_code == 404


def test_the_urgent_come_first_and_the_unready_wait(web: Web, gate: Path) -> None:
    start(web, "2.25.1", "slow")
    web.wait("2.25.1", "IN PROGRESS")
    low, high = ({"vr": "CS", "Value": [one]} for one in ("LOW", "HIGH"))
    unready = {"vr": "CS", "Value": ["INCOMPLETE"]}
    inputs = Uids(3).list()
    web.post("/workitems?workitem=2.25.2", work("quick", inputs, **{"00741200": low}))
    web.post("/workitems?workitem=2.25.3", work("quick", inputs, **{"00741200": high}))
    web.post("/workitems?workitem=2.25.4", work("quick", inputs, **{"00404041": unready}))
    (gate / "go").touch()
    web.wait("2.25.2")
    began = [
        value(web.get(f"/workitems/2.25.{n}").json()[0], "00741216", "00404050") for n in (3, 2)
    ]
    assert began[0] <= began[1]
    assert value(web.get("/workitems/2.25.4").json()[0], STATE) == "SCHEDULED"
    ready = {"00404041": {"vr": "CS", "Value": ["READY"]}}
    assert web.post("/workitems/2.25.4", ready).status_code == 200
    assert value(web.wait("2.25.4"), STATE) == "COMPLETED"


def test_work_items_are_found_by_their_attributes(web: Web) -> None:
    start(web, "2.25.1")
    start(web, "2.25.2", "failing")
    for uid in ("2.25.1", "2.25.2"):
        web.wait(uid)
    wanted: list[tuple[dict[str, str], set[str]]] = [
        ({}, {"2.25.1", "2.25.2"}),
        ({STATE: "COMPLETED"}, {"2.25.1"}),
        ({"ProcedureStepState": "CANCELED"}, {"2.25.2"}),
        ({"ScheduledWorkitemCodeSequence.CodeValue": "quick"}, {"2.25.1"}),
        ({"00404018.00080100": "fail*"}, {"2.25.2"}),
        ({"00404021.00081199.00081155": f"{SERIES}.2"}, {"2.25.1", "2.25.2"}),
        ({"PatientID": "PAT-9"}, set()),
    ]
    for params, uids in wanted:
        answer = web.get("/workitems", **params)
        assert answer.status_code == (200 if uids else 204)
        assert {sm.uid_of(one) for one in (answer.json() if uids else [])} == uids
    assert "additional results" in web.get("/workitems", limit="1").headers["Warning"]
    assert web.get("/workitems", Nonsense="1").status_code == 400


# ---------------------------------------------------------------- other performers


def change(web: Web, uid: str, state: str, transaction: str | None) -> tuple[int, str]:
    wanted = {STATE: {"vr": "CS", "Value": [state]}}
    if transaction:
        wanted["00081195"] = {"vr": "UI", "Value": [transaction]}
    answer = web.put(f"/workitems/{uid}/state", wanted)
    return answer.status_code, answer.headers.get("Warning", "")


@pytest.fixture
def foreign(web: Web) -> str:
    """A work item that is for a performer other than the server, so it needs no stored inputs."""
    item = work("reading", [])
    item["00404018"]["Value"][0]["00080102"]["Value"] = ["99OTHER"]
    assert web.post("/workitems?workitem=2.25.1", item).status_code == 201
    return "2.25.1"


def test_another_performer_claims_updates_and_completes(web: Web, foreign: str) -> None:
    assert change(web, foreign, "IN PROGRESS", None)[0] == 400
    assert change(web, foreign, "IN PROGRESS", "2.25.50") == (200, "")
    assert change(web, foreign, "IN PROGRESS", "2.25.51")[0] == 409
    told = {"00741002": {"vr": "SQ", "Value": [{"00741004": {"vr": "DS", "Value": ["40"]}}]}}
    assert web.post(f"/workitems/{foreign}", told).status_code == 400
    assert web.post(f"/workitems/{foreign}?transaction-uid=2.25.51", told).status_code == 400
    assert web.post(f"/workitems/{foreign}?transaction-uid=2.25.50", told).status_code == 200
    assert value(web.get(f"/workitems/{foreign}").json()[0], "00741002", "00741004") == "40"
    assert change(web, foreign, "COMPLETED", "2.25.50")[0] == 409  # nothing tells what was done
    done = {
        "00404019": {"vr": "SQ", "Value": [{}]},
        "00404028": {"vr": "SQ", "Value": [{}]},
        "00404033": {"vr": "SQ"},
        "00404050": {"vr": "DT", "Value": ["20240101"]},
        "00404051": {"vr": "DT", "Value": ["20240102"]},
    }
    performed = {"00741216": {"vr": "SQ", "Value": [done]}}
    performed["00081195"] = {"vr": "UI", "Value": ["2.25.50"]}
    assert web.post(f"/workitems/{foreign}", performed).status_code == 200
    assert change(web, foreign, "COMPLETED", "2.25.51")[0] == 400
    assert change(web, foreign, "COMPLETED", "2.25.50") == (200, "")
    status, said = change(web, foreign, "COMPLETED", "2.25.50")
    assert status == 200
    assert "already in the requested state of COMPLETED" in said
    assert change(web, foreign, "CANCELED", "2.25.50")[0] == 409
    assert web.post(f"/workitems/{foreign}", told).status_code == 400
    assert "00081195" not in web.get(f"/workitems/{foreign}").json()[0]


def test_states_change_only_as_the_standard_allows(web: Web, foreign: str) -> None:
    for state in ("COMPLETED", "CANCELED"):
        assert change(web, foreign, state, "2.25.50")[0] == 409
    for state in ("SCHEDULED", "DONE", ""):
        assert change(web, foreign, state, "2.25.50")[0] == 400
    assert change(web, "2.25.404", "IN PROGRESS", "2.25.50")[0] == 404
    assert change(web, foreign, "IN PROGRESS", "2.25.50")[0] == 200
    assert change(web, foreign, "CANCELED", "2.25.51")[0] == 400
    assert change(web, foreign, "CANCELED", "2.25.50")[0] == 200
    item = web.get(f"/workitems/{foreign}").json()[0]
    assert value(item, STATE) == "CANCELED"
    assert value(item, "00741002", "00404052") is not None


def test_of_many_claims_one_wins(web: Web, foreign: str) -> None:
    statuses: list[int] = []
    threads = [
        threading.Thread(
            target=lambda n=n: statuses.append(
                change(Web(web.base), foreign, "IN PROGRESS", f"2.25.{n}")[0]
            )
        )
        for n in range(100, 110)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] + [409] * 9


def test_an_update_leaves_state_and_identity_alone(web: Web, foreign: str) -> None:
    for tag, vr, new in (
        (STATE, "CS", "COMPLETED"),
        ("00080018", "UI", "2.25.3"),
        ("00100020", "LO", "PAT-2"),
        ("0040A370", "SQ", {}),
        ("00741200", "CS", "STAT"),
        ("00404041", "CS", "MAYBE"),
    ):
        changed = {tag: {"vr": vr, "Value": [new]}}
        assert web.post(f"/workitems/{foreign}", changed).status_code == 400, tag
    for tag, vr in (("00100010", "PN"), ("00741200", "CS"), ("00404005", "DT")):
        assert web.post(f"/workitems/{foreign}", {tag: {"vr": vr}}).status_code == 400, tag
    label = {"00741204": {"vr": "LO", "Value": ["another label"]}}
    assert web.post(f"/workitems/{foreign}", label).status_code == 200
    assert value(web.get(f"/workitems/{foreign}").json()[0], "00741204") == "another label"


def test_nobody_but_the_worker_ends_the_workers_item(web: Web, gate: Path) -> None:
    start(web, "2.25.1", "slow")
    web.wait("2.25.1", "IN PROGRESS")
    assert change(web, "2.25.1", "CANCELED", "2.25.50")[0] == 400
    (gate / "go").touch()
    assert value(web.wait("2.25.1"), STATE) == "COMPLETED"


# ---------------------------------------------------------------- crashes


def wait_for_runs(gate: Path, count: int) -> None:
    end = time.monotonic() + 20
    runs = gate / "runs"
    while not runs.exists() or len(runs.read_text().split()) < count:
        assert time.monotonic() < end
        time.sleep(0.05)


def alive(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def wait_for_end(gate: Path) -> None:
    """Wait until the pipeline's process, and what it started, are gone."""
    pids = [int((gate / name).read_text().split()[-1]) for name in ("runs", "helper")]
    end = time.monotonic() + 10
    while any(alive(pid) for pid in pids):
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_job_interrupted_by_kill_9_is_run_once_more_and_gives_its_results_once(
    tmp_path: Path, gate: Path
) -> None:
    data = tmp_path / "data"
    with Process(data, gate) as server:
        start(server.web, "2.25.1", "slow")
        start(server.web, "2.25.2")
        wait_for_runs(gate, 1)
        server.kill()
    wait_for_end(gate)
    (gate / "go").touch()
    with Process(data, gate) as server:
        item = server.web.wait("2.25.1")
        assert value(item, STATE) == "COMPLETED"
        wait_for_end(gate)
        assert len((gate / "runs").read_text().split()) == 2
        assert outputs(item) == ["2.25.7099.1", "2.25.7099.2"]
        assert server.web.stored() == {*Uids(3).list(), *outputs(item)}
        server.web.wait("2.25.2")
        server.terminate()
        assert not list((data / "work").iterdir())
    with Process(data, gate) as server:
        time.sleep(0.5)
        assert len((gate / "runs").read_text().split()) == 2


def test_a_polite_stop_leaves_the_job_to_the_next_start(tmp_path: Path, gate: Path) -> None:
    data = tmp_path / "data"
    with Process(data, gate) as server:
        start(server.web, "2.25.1", "slow")
        wait_for_runs(gate, 1)
        assert server.terminate() == 0
    (gate / "go").touch()
    with Process(data, gate) as server:
        assert value(server.web.wait("2.25.1"), STATE) == "COMPLETED"


@pytest.mark.slow
def test_a_job_that_keeps_ending_the_server_is_given_up(tmp_path: Path, gate: Path) -> None:
    data = tmp_path / "data"
    for attempt in range(1, 4):
        with Process(data, gate) as server:
            if attempt == 1:
                start(server.web, "2.25.1", "slow")
            wait_for_runs(gate, attempt)
            server.kill()
    with Process(data, gate) as server:
        item = server.web.wait("2.25.1")
        assert value(item, STATE) == "CANCELED"
        assert reason(item) == "the server stopped 3 times while it ran this job"
    assert len((gate / "runs").read_text().split()) == 3
