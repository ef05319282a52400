"""What a user gets from an upload, with servers that behave and servers that do not."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from casemaker import SERIES, approve, approved_case, make_case, mr_slice
from fake_cloud import Cloud, fake_cloud

from Clinic2CloudLib import paths
from Clinic2CloudLib.cases.case import load_case, require_approved
from Clinic2CloudLib.cloud import multipart
from Clinic2CloudLib.cloud.destination import Destination
from Clinic2CloudLib.cloud.outbox import Outbox
from Clinic2CloudLib.cloud.retry import RetryPolicy
from Clinic2CloudLib.cloud.upload import resume, upload_case
from Clinic2CloudLib.errors import Cancelled, CloudError, NotApprovedError

QUICK = RetryPolicy(budget=5.0, before_contact=0.3, first=0.01, longest=0.05)


def send(folder: Path, cloud: Cloud, **named):
    return upload_case(
        folder, Destination(cloud.url, named.pop("token", None)), policy=QUICK, **named
    )


def bytes_of(folder: Path) -> dict[str, bytes]:
    case = load_case(folder)
    return {item.sop_instance_uid: case.path_of(item).read_bytes() for item in case.instances}


def test_everything_arrives_byte_for_byte_and_the_case_says_so(tmp_path: Path) -> None:
    case = approved_case(tmp_path / "case", 20)
    with fake_cloud() as cloud:
        result = send(case.folder, cloud)
        assert cloud.kept == bytes_of(case.folder)
    assert (result.sent, result.already_there, result.instances) == (20, 0, 20)
    assert result.compared >= 3
    after = load_case(case.folder)
    assert after.state == "uploaded"
    assert after.transfers[-1]["destination"] == result.url


def test_a_second_upload_sends_nothing_and_compares_everything(tmp_path: Path) -> None:
    case = approved_case(tmp_path / "case", 9)
    with fake_cloud() as cloud:
        send(case.folder, cloud)
        again = send(case.folder, cloud)
        assert len(cloud.stored) == 9
    assert (again.sent, again.already_there, again.compared) == (0, 9, 9)


#: Required at creation (PS3.4 table CC.2.5-3, column N-CREATE): with a value, and at least there.
VALUED = {
    *("00100020", "0020000D", "00404005", "00404041", "00741000", "00741200", "00741204"),
}
THERE = {
    *("00081195", "00100010", "00100021", "00100024", "00101002", "00100030", "00100040"),
    *("00380010", "00380014", "00081080", "00081084", "0040A370", "00741202", "00741210"),
    *("00404025", "00404026", "00404027", "00404018", "00400400", "00404021", "00741002"),
    "00741216",
}
#: Created empty, or not given by the client at all.
EMPTY, ABSENT = {"00081195", "00741002", "00741216"}, {"00080018", "00404010", "00001000"}


def test_a_work_item_has_what_the_standard_asks_for_and_nothing_else_of_the_patient(
    tmp_path: Path,
) -> None:
    case = approved_case(tmp_path / "case", 3)
    with fake_cloud() as cloud:
        send(case.folder, cloud, start="brain-volumetry")
        (item,) = (dict(found) for found in cloud.workitems.values())
        del item["00080018"]  # the server's own entry, from the URL
        assert cloud.sent_workitems[0].keys() == item.keys()
    assert item.keys() >= VALUED | THERE
    assert all(item[tag]["Value"] for tag in VALUED)
    assert not [tag for tag in EMPTY if item[tag].get("Value")]
    assert not ABSENT & cloud.sent_workitems[0].keys()
    (inputs,) = item["00404021"]["Value"]
    (retrieval,) = inputs["0040E025"]["Value"]
    series = f"{cloud.url}/studies/{case.study_uid}/series/{case.series_uid}"
    assert retrieval["00081190"] == {"vr": "UR", "Value": [series]}
    for tag in ("00100010", "00100030", "00100040"):
        assert "Value" not in item[tag]


def test_processing_starts_once_with_all_inputs_and_options(tmp_path: Path) -> None:
    case = approved_case(tmp_path / "case", 5)
    with fake_cloud() as cloud:
        first = send(case.folder, cloud, start="brain-volumetry", options={"level": 2})
        second = send(case.folder, cloud, start="brain-volumetry", options={"level": 2})
        other = send(case.folder, cloud, start="brain-volumetry", options={"level": 3})
        item = cloud.workitems[first.workitem_uid]
        assert cloud.created == [first.workitem_uid, other.workitem_uid]
    assert (first.started, second.started, other.started) == (True, False, True)
    assert first.workitem_uid == second.workitem_uid != other.workitem_uid
    named = item["00404021"]["Value"][0]["00081199"]["Value"]
    assert {one["00081155"]["Value"][0] for one in named} == set(bytes_of(case.folder))
    assert item["00404018"]["Value"][0]["00080100"]["Value"] == ["brain-volumetry"]
    option = item["00741210"]["Value"][0]
    assert option["0040A043"]["Value"][0]["00080100"]["Value"] == ["level"]
    assert option["0040A160"]["Value"] == ["2"]
    assert load_case(case.folder).state == "processing"


def test_again_starts_a_new_job_only_after_the_first_has_ended(tmp_path: Path) -> None:
    case = approved_case(tmp_path / "case", 3)
    with fake_cloud() as cloud:
        first = send(case.folder, cloud, start="brain-volumetry")
        running = send(case.folder, cloud, start="brain-volumetry", again=True)
        cloud.workitems[first.workitem_uid]["00741000"]["Value"] = ["CANCELED"]
        after = send(case.folder, cloud, start="brain-volumetry", again=True)
    assert running.workitem_uid == first.workitem_uid
    assert after.workitem_uid != first.workitem_uid
    assert after.started


def test_a_server_that_pages_its_searches_is_asked_for_all_pages(tmp_path: Path) -> None:
    case = approved_case(tmp_path / "case", 23)
    with fake_cloud(page=5) as cloud:
        assert send(case.folder, cloud).instances == 23
        assert send(case.folder, cloud).sent == 0


def test_a_server_that_lists_late_is_waited_for(tmp_path: Path) -> None:
    case = approved_case(tmp_path / "case", 4)
    with fake_cloud(lists_after=4) as cloud:
        assert send(case.folder, cloud).sent == 4


# ------------------------------------------------------------------ refused here


def test_an_unapproved_case_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    case = make_case(tmp_path / "case", 3)
    with fake_cloud() as cloud:
        with pytest.raises(NotApprovedError, match="not approved"):
            send(case.folder, cloud)
        assert not cloud.heads


def test_a_byte_changed_between_check_and_send_is_refused(tmp_path: Path) -> None:
    from Clinic2CloudLib.cloud import upload

    case = approved_case(tmp_path / "case", 12)
    victim = case.path_of(case.instances[10])

    def check_then_change():
        checked = require_approved(case.folder)
        victim.write_bytes(victim.read_bytes()[:-1] + b"\x99")
        return checked

    with fake_cloud() as cloud:
        # After the check, only the digest of what is read for sending can notice the change.
        with pytest.raises(NotApprovedError, match="00011"), Outbox() as box:
            entry = box.enqueue(case, Destination(cloud.url))
            upload._work(entry, box, lambda *_: None, QUICK, check_then_change)
        assert case.instances[10].sop_instance_uid not in cloud.kept


def test_a_large_instance_changed_while_it_is_sent_never_completes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(multipart, "WHOLE", 1000)
    monkeypatch.setattr(multipart, "PIECE", 4096)
    case = approved_case(tmp_path / "case", 1, side=128)
    path = case.path_of(case.instances[0])

    def change(fraction: float, message: str) -> None:
        if "sent" in message:
            with path.open("r+b") as handle:
                handle.seek(-1, 2)
                handle.write(b"\xaa")

    with fake_cloud() as cloud:
        with pytest.raises(NotApprovedError, match="changed after it was approved"):
            send(case.folder, cloud, progress=change)
        assert not cloud.kept


# ----------------------------------------------------------------- servers' lies


def test_200_with_nothing_kept_is_not_believed(tmp_path: Path) -> None:
    case = approved_case(tmp_path / "case", 30)
    with fake_cloud(keeps_nothing=True) as cloud, pytest.raises(CloudError) as caught:
        send(case.folder, cloud, start="brain-volumetry")
    assert "does not keep" in str(caught.value)
    assert "disk" in str(caught.value)
    assert not cloud.created
    assert load_case(case.folder).state == "queued"


def test_acknowledged_but_not_found_is_not_believed(tmp_path: Path, monkeypatch) -> None:
    from Clinic2CloudLib.cloud import transfer

    monkeypatch.setattr(transfer, "PATIENT_SEARCHES", 2)
    case = approved_case(tmp_path / "case", 10)
    with fake_cloud(lies=True) as cloud, pytest.raises(CloudError, match="does not have 10 of 10"):
        send(case.folder, cloud, start="brain-volumetry")
    assert not cloud.created


def test_an_older_copy_under_the_same_uid_is_found(tmp_path: Path) -> None:
    case = approved_case(tmp_path / "case", 8)
    with fake_cloud() as cloud:
        cloud.keep(mr_slice(5, seed=99))
        with pytest.raises(
            CloudError, match=r"other content under the UID of instances/00005\.dcm"
        ):
            send(case.folder, cloud, start="brain-volumetry")
        assert not cloud.created


def test_a_header_that_the_server_wrote_anew_is_no_other_content(tmp_path: Path) -> None:
    case = approved_case(tmp_path / "case", 3)
    with fake_cloud(rewrites_meta=True) as cloud:
        send(case.folder, cloud)
        assert send(case.folder, cloud).compared == 3


def test_an_identifying_preamble_at_the_server_is_other_content(tmp_path: Path) -> None:
    case = approved_case(tmp_path / "case", 3)
    with fake_cloud() as cloud:
        cloud.keep(b"DOE^JANE".ljust(128, b"\0") + mr_slice(2)[128:])
        with pytest.raises(CloudError, match="other content"):
            send(case.folder, cloud)


def test_what_the_server_coerced_is_compared(tmp_path: Path) -> None:
    case = approved_case(tmp_path / "case", 40)
    coerced = {f"{SERIES}.{n}" for n in range(1, 31)}
    with fake_cloud(coerces=coerced) as cloud:
        assert send(case.folder, cloud).compared >= 30


def test_one_bad_instance_does_not_keep_the_good_ones(tmp_path: Path) -> None:
    case = approved_case(tmp_path / "case", 20)
    with fake_cloud(refuses={f"{SERIES}.3": 0xA900}) as cloud:
        with pytest.raises(CloudError, match="0xA900"):
            send(case.folder, cloud)
        assert len(cloud.kept) == 19
        assert cloud.stored.count(f"{SERIES}.3") == 2
        assert len(cloud.stored) == 21


def test_a_server_without_space_is_named_so(tmp_path: Path) -> None:
    case = approved_case(tmp_path / "case", 4)
    full = {f"{SERIES}.{n}": 0xA700 for n in range(1, 5)}
    with fake_cloud(refuses=full) as cloud, pytest.raises(CloudError, match="no space left"):
        send(case.folder, cloud)


@pytest.mark.parametrize(
    ("status", "said"), [(413, "too large"), (507, "no space left"), (404, "no DICOMweb store")]
)
def test_refusals_are_one_clear_sentence(tmp_path: Path, status: int, said: str) -> None:
    case = approved_case(tmp_path / "case", 3)
    with fake_cloud(store_status=status) as cloud, pytest.raises(CloudError, match=said):
        send(case.folder, cloud)


def test_a_wrong_and_a_missing_token_are_told_apart_and_not_retried(tmp_path: Path) -> None:
    case = approved_case(tmp_path / "case", 3)
    with fake_cloud(token="right") as cloud:
        with pytest.raises(CloudError, match="does not accept the token") as caught:
            send(case.folder, cloud, token="wrong-secret")
        assert "wrong-secret" not in str(caught.value)
        with pytest.raises(CloudError, match="wants a token"):
            send(case.folder, cloud)
        assert len(cloud.heads) == 2
        assert send(case.folder, cloud, token="right").sent == 3


def test_a_server_that_is_down_is_told_soon_and_waits_in_the_outbox(tmp_path: Path) -> None:
    case = approved_case(tmp_path / "case", 3)
    with fake_cloud() as cloud:
        url = cloud.url
    with pytest.raises(CloudError, match="no server is running there"):
        upload_case(case.folder, Destination(url), policy=QUICK)
    with Outbox() as box:
        (entry,) = box.list()
    assert entry.state == "queued"
    assert "no server is running" in (entry.error or "")


def test_a_redirect_is_not_followed_with_the_token(tmp_path: Path) -> None:
    case = approved_case(tmp_path / "case", 3)
    with fake_cloud() as other, fake_cloud(redirect=other.url) as cloud:
        with pytest.raises(CloudError, match="redirects"):
            send(case.folder, cloud, token="secret")
        assert not other.heads


# ------------------------------------------------------------- cancel and resume


def test_a_cancelled_upload_resumes_where_it_was(tmp_path: Path) -> None:
    case = approved_case(tmp_path / "case", 40)

    def stop_at_half(fraction: float, message: str) -> None:
        if fraction > 0.5:
            raise Cancelled("stopped")

    with fake_cloud() as cloud, Outbox() as box:
        with pytest.raises(Cancelled):
            send(case.folder, cloud, outbox=box, start="brain-volumetry", progress=stop_at_half)
        acknowledged = box.list()[0].instances["acknowledged"]
        assert 0 < acknowledged < 40
        (fared,) = resume(box, policy=QUICK)
        assert cloud.kept.keys() == bytes_of(case.folder).keys()
        assert len(cloud.stored) == len(set(cloud.stored)) == 40
        assert len(cloud.created) == 1
    assert fared.error is None
    assert fared.result is not None
    assert fared.entry.state == "done"


def test_resume_goes_on_after_an_entry_that_fails(tmp_path: Path) -> None:
    bad, good = approved_case(tmp_path / "a", 3), approved_case(tmp_path / "b", 3, series="2.25.5")
    with fake_cloud() as cloud, Outbox() as box:
        for case in (bad, good):
            box.enqueue(case, Destination(cloud.url))
        bad.path_of(bad.instances[0]).write_bytes(b"changed")
        first, second = resume(box, policy=QUICK)
        assert first.error is not None
        assert "changed" in first.error
        assert second.result is not None
        assert resume(box, policy=QUICK)[0].entry.id == first.entry.id


def test_resume_refuses_a_case_that_was_made_anew(tmp_path: Path) -> None:
    case = approved_case(tmp_path / "case", 3)
    with fake_cloud() as cloud, Outbox() as box:
        box.enqueue(case, Destination(cloud.url))
        (tmp_path / "case").rename(tmp_path / "old")
        make_case(tmp_path / "case", 4)
        approve(tmp_path / "case")
        (fared,) = resume(box, policy=QUICK)
        assert fared.error is not None
        assert "not the version" in fared.error
        assert not cloud.stored


def test_the_token_is_nowhere_on_disk_and_the_outbox_is_private(tmp_path: Path) -> None:
    case = approved_case(tmp_path / "case", 3)
    with fake_cloud(token="planted-secret") as cloud:
        send(case.folder, cloud, token="planted-secret")
    for path in [*paths.home().rglob("*"), *case.folder.rglob("*")]:
        assert not path.is_file() or b"planted-secret" not in path.read_bytes()
    assert paths.outbox().stat().st_mode & 0o077 == 0
    assert "planted-secret" not in repr(Destination("https://x/y", "planted-secret"))


def test_the_outbox_holds_no_more_than_pseudonyms(tmp_path: Path) -> None:
    case = approved_case(tmp_path / "case", 3)
    with fake_cloud() as cloud:
        send(case.folder, cloud)
    rows = sqlite3.connect(paths.outbox()).execute("SELECT * FROM entry").fetchall()
    text = json.dumps(rows)
    assert case.id in text
    assert case.description not in text
    assert case.patient_id not in text
