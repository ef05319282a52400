"""Each command does what its help says, and with --json prints exactly one document."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from Clinic2CloudLib.cli.main import main
from Clinic2CloudLib.cloud.server import serving
from Clinic2CloudLib.demo.head import invented_identifiers, write_head_series


@pytest.fixture(scope="module")
def head(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_head_series(tmp_path_factory.mktemp("source") / "head", size="small")


def said(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, Any]:
    """Run a command that must succeed; its stdout is one JSON document."""
    capsys.readouterr()
    assert main([str(a) for a in arguments] + ["--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_series_lists_what_is_there_and_writes_nothing(
    head: Path, own_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(head.rglob("*"))
    record = said(capsys, "series", head)
    assert [row["modality"] for row in record["series"]] == ["MR"]
    assert record["series"][0]["instances"] == len(before)
    assert "looked for" in record["series"][0]["plan"]["face"]
    assert sorted(head.rglob("*")) == before
    assert not any(own_home.iterdir())


def test_a_dry_run_says_what_would_go_and_what_would_stay(
    head: Path, own_home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = said(capsys, "deidentify", head, tmp_path / "out", "--dry-run")
    trial = record["series"][0]["trial"]
    assert "PatientName" in trial["actions"]["replaced"]
    assert trial["kept_text"]
    assert not (tmp_path / "out").exists()
    assert not any(own_home.iterdir())


def test_deidentify_has_the_fixed_json_form(
    head: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = said(capsys, "deidentify", head, tmp_path / "out", "--deface", "remove")
    assert record.keys() == {"cases", "set_aside"}
    (case,) = record["cases"]
    keys = {"path", "series_uid", "modality", "state", "instances", "face", "text", "seconds"}
    assert case.keys() == keys
    assert case["seconds"].keys() == {"read", "headers", "text", "face", "write", "total"}
    assert case["face"].keys() == {"method", "voxels", "seconds"}
    assert case["face"]["method"] == "remove"
    assert "boxes" in case["text"]
    assert "source_series_uid" not in json.dumps(record)


def test_keeping_age_by_choice(
    head: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import pydicom

    record = said(capsys, "deidentify", head, tmp_path / "out", "--keep", "age,weight")
    case = Path(record["cases"][0]["path"])
    original = pydicom.dcmread(next(head.iterdir()), stop_before_pixels=True)
    new = pydicom.dcmread(next((case / "instances").iterdir()), stop_before_pixels=True)
    assert new.PatientAge == original.PatientAge
    assert "PatientSize" not in new or not new.PatientSize


@pytest.mark.parametrize("form", ["nifti", "nrrd", "multiframe"])
def test_exports_hold_the_same_voxels(
    head: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    import pydicom
    import SimpleITK as sitk

    record = said(capsys, "deidentify", head, tmp_path / "out", "--export", form)
    case = Path(record["cases"][0]["path"])
    (exported,) = (case / "export").iterdir()
    slices = [pydicom.dcmread(path) for path in (case / "instances").iterdir()]
    total = sum(int(item.pixel_array.sum()) for item in slices)
    if form == "multiframe":
        found = pydicom.dcmread(exported)
        assert found.NumberOfFrames == len(slices)
        assert int(found.pixel_array.sum()) == total
    else:
        array = sitk.GetArrayFromImage(sitk.ReadImage(str(exported)))
        assert len(array) == len(slices)
        assert int(array.sum(dtype="int64")) == total
    content = exported.read_bytes().lower()
    assert not [t for t in invented_identifiers() if t.lower().encode() in content]
    checked = said(capsys, "verify", case)
    assert checked["findings"] == 0
    assert "export-leak" in checked["cases"][0]["checks"]
    assert said(capsys, "review", case, "--approve", "--reviewer", "A")["state"] == "approved"


def test_a_case_is_made_again_from_its_own_record(
    head: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = said(capsys, "deidentify", head, tmp_path / "out", "--policy", "strict")
    case = made["cases"][0]["path"]
    record = said(capsys, "verify", case, "--source", head)
    assert len(record["cases"][0]["replayed"]) == 64
    changed = next((Path(case) / "instances").iterdir())
    other = write_head_series(tmp_path / "other", size="small", seed=1)
    assert main(["verify", case, "--source", str(other)]) == 1
    changed.write_bytes(changed.read_bytes()[:-2] + b"\1\1")
    assert main(["verify", case]) == 1


def test_verifying_several_tells_of_each_whatever_one_is(
    head: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = said(capsys, "deidentify", head, tmp_path / "out")
    case = Path(made["cases"][0]["path"])
    other = tmp_path / "copies" / case.name
    shutil.copytree(case, other)
    (other / "instances" / "extra.dcm").write_bytes(
        next((case / "instances").iterdir()).read_bytes()
    )
    (tmp_path / "empty").mkdir()
    code = main(["verify", str(tmp_path / "empty"), str(other), str(case), "--json"])
    heard = capsys.readouterr()
    record = json.loads(heard.out)
    assert code == 1
    rows = record["cases"]
    assert [row["path"] for row in rows] == [str(tmp_path / "empty"), str(other), str(case)]
    assert [row["state"] for row in rows] == [None, "deidentified", "verified"]
    assert [row["ok"] for row in rows] == [False, False, True]
    assert "is not a case" in rows[0]["error"]
    assert rows[1]["error"] is rows[2]["error"] is None
    assert record["findings"] == len(rows[1]["findings"]) > 0
    lines = [line for line in heard.err.splitlines() if "clinic2cloud: error" in line]
    assert len(lines) == 1
    assert "1 of 3 cases could not be verified" in lines[0] and "findings" in lines[0]


def test_a_replay_that_fails_keeps_what_the_verification_found(
    head: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = said(capsys, "deidentify", head, tmp_path / "out")
    case = made["cases"][0]["path"]
    other = write_head_series(tmp_path / "other", size="small", seed=1)
    assert main(["verify", case, "--source", str(other), "--json"]) == 1
    (row,) = json.loads(capsys.readouterr().out)["cases"]
    assert row["ok"] and row["state"] == "verified"
    assert "gives no case" in row["error"]
    assert "replayed" not in row


def test_what_fails_before_it_began_says_so_in_its_document_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in (["series", "gone"], ["deidentify", "gone", str(tmp_path / "out")]):
        assert main([*words, "--json"]) == 1
        heard = capsys.readouterr()
        (line,) = heard.err.splitlines()
        assert line == f"clinic2cloud: error: {json.loads(heard.out)['error']}"


def test_the_crosswalk_leads_back_for_who_holds_the_key(
    head: Path, tmp_path: Path, own_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = said(capsys, "deidentify", head, tmp_path / "out")
    said(capsys, "crosswalk", "export", tmp_path / "all.csv")
    with (tmp_path / "all.csv").open(encoding="utf-8-sig", newline="") as handle:
        originals = {row["original"] for row in csv.DictReader(handle)}
    assert originals & set(invented_identifiers())
    found = said(capsys, "crosswalk", "lookup", made["cases"][0]["series_uid"])
    assert found["original"] in set(invented_identifiers())
    content = (own_home / "crosswalk.c2c").read_bytes()
    assert not [t for t in invented_identifiers() if t.encode() in content]
    (own_home / "site.key").unlink()
    assert main(["crosswalk", "export", str(tmp_path / "again.csv")]) == 1
    assert not (tmp_path / "again.csv").exists()


def test_render_of_a_source_and_of_a_case(
    head: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    views = said(capsys, "render", head, tmp_path / "views", "--size", 128)["files"]
    assert len(views) >= 4
    made = said(capsys, "deidentify", head, tmp_path / "out")
    pairs = said(capsys, "render", made["cases"][0]["path"], tmp_path / "pairs")["files"]
    names = {Path(path).name for path in pairs}
    assert {"before_front.png", "after_front.png", "before_after.png"} <= names


def test_the_whole_way_by_commands(
    head: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = said(capsys, "deidentify", head, tmp_path / "out", "--policy", "strict")
    case = made["cases"][0]["path"]
    assert said(capsys, "verify", case)["findings"] == 0
    assert said(capsys, "review", case, "--approve", "--reviewer", "A")["state"] == "approved"
    left = {path.name for path in (Path(case) / "preview").iterdir()}
    assert not [name for name in left if name.startswith("before")]
    with serving(tmp_path / "cloud") as running:
        to = ("--to", running.base_url, "--token-file", running.token_file)
        sent = said(capsys, "upload", case, *to)["uploads"][0]
        assert sent["instances"] == sent["sent"] == len(list(head.iterdir()))
        again = said(capsys, "upload", case, *to)["uploads"][0]
        assert again["sent"] == 0
        assert said(capsys, "jobs", "list", *to)["jobs"] == []
        entries = said(capsys, "outbox", "list")["outbox"]
        assert {entry["state"] for entry in entries} == {"done"}
        assert said(capsys, "outbox", "resume")["outbox"] == []
        (tmp_path / "wrong").write_text("not-the-token")
        wrong = ["--to", running.base_url, "--token-file", str(tmp_path / "wrong")]
        assert main(["jobs", "list", *wrong]) == 1
        assert "token" in capsys.readouterr().err


def test_slides_say_that_they_come_later(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["slide", "prepare", "x.svs", str(tmp_path)]) == 1
    assert "later version" in capsys.readouterr().err
