"""Bad input gives one clear line, exit code 1, and nothing half-written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from Clinic2CloudLib.cli.main import COMMANDS, main
from Clinic2CloudLib.demo.head import write_head_series


@pytest.fixture(scope="module")
def head(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small head with invented patient data."""
    return write_head_series(tmp_path_factory.mktemp("source") / "head", size="small")


def failure(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """Run a command that must fail, and return its one error line."""
    code = main([str(a) for a in arguments])
    captured = capsys.readouterr()
    lines = [line for line in captured.err.splitlines() if line.startswith("clinic2cloud: error: ")]
    assert code == 1
    assert len(lines) == 1, captured.err
    assert "Traceback" not in captured.err
    return lines[0]


def nothing_in(out: Path) -> bool:
    """No case, no part of one, no temporary file."""
    return not out.exists() or not any(out.iterdir())


def test_a_source_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = failure(capsys, "deidentify", tmp_path / "gone", tmp_path / "out")
    assert "gone" in line
    assert nothing_in(tmp_path / "out")


def test_an_empty_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    assert "empty" in failure(capsys, "deidentify", tmp_path / "empty", tmp_path / "out")
    assert nothing_in(tmp_path / "out")


def test_a_text_file_called_dcm(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "note.dcm"
    path.write_text("this is no image")
    line = failure(capsys, "deidentify", path, tmp_path / "out")
    assert "note.dcm" in line and "not a DICOM file" in line
    assert nothing_in(tmp_path / "out")


@pytest.mark.parametrize("share", [0.02, 0.3, 0.9, 0.999])
def test_a_truncated_file(
    tmp_path: Path, head: Path, capsys: pytest.CaptureFixture[str], share: float
) -> None:
    whole = next(p for p in sorted(head.rglob("*")) if p.is_file()).read_bytes()
    path = tmp_path / "cut.dcm"
    path.write_bytes(whole[: int(len(whole) * share)])
    assert "cut.dcm" in failure(capsys, "deidentify", path, tmp_path / "out")
    assert nothing_in(tmp_path / "out")


def test_an_output_folder_with_other_files(
    tmp_path: Path, head: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "documents"
    out.mkdir()
    (out / "letter.txt").write_text("mine")
    assert "documents" in failure(capsys, "deidentify", head, out)
    assert [p.name for p in out.iterdir()] == ["letter.txt"]


def test_an_output_that_cannot_be_made(
    tmp_path: Path, head: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert "cannot be written" in failure(capsys, "deidentify", head, tmp_path / "file" / "out")


@pytest.mark.parametrize(
    "content", [b"", b"short", b"\xff\xfe\x00", b"clinic2cloud-key\nnonsense\n"]
)
def test_a_wrong_key_file(
    tmp_path: Path, head: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    key = tmp_path / "site.key"
    key.write_bytes(content)
    key.chmod(0o600)
    line = failure(capsys, "deidentify", head, tmp_path / "out", "--key", key)
    assert "site.key" in line
    assert nothing_in(tmp_path / "out")


def test_a_crosswalk_beside_the_output(
    tmp_path: Path, head: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    failure(capsys, "deidentify", head, out, "--crosswalk", out / "crosswalk.c2c")
    assert nothing_in(out)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="mounting a tiny disk needs root")
def test_no_space_left(tmp_path: Path, head: Path, capsys: pytest.CaptureFixture[str]) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("this machine does not let a tiny disk be mounted")
    try:
        line = failure(capsys, "deidentify", head, disk / "out")
        assert "No space left" in line
        assert nothing_in(disk / "out")
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_server_that_is_down(
    tmp_path: Path, head: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = approved_case(head, tmp_path, capsys)
    token = tmp_path / "token"
    token.write_text("secret-token")
    token.chmod(0o600)
    line = failure(
        capsys, "upload", case, "--to", "http://127.0.0.1:9/dicom-web", "--token-file", token
    )
    assert "127.0.0.1:9" in line
    assert "secret-token" not in line


def test_cases_nobody_approved_are_not_sent(
    tmp_path: Path, head: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = deidentified_case(head, tmp_path, capsys)
    line = failure(capsys, "upload", case, "--to", "http://127.0.0.1:9/dicom-web")
    assert "not approved" in line
    failure(capsys, "review", case, "--approve", "--reviewer", " ")
    assert main(["review", str(case), "--reject", "--reviewer", "A"]) == 0
    capsys.readouterr()
    line = failure(capsys, "upload", case, "--to", "http://127.0.0.1:9/dicom-web")
    assert "rejected" in line


def test_a_case_changed_by_one_byte_is_not_sent(
    tmp_path: Path, head: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = approved_case(head, tmp_path, capsys)
    instance = next((case / "instances").iterdir())
    content = bytearray(instance.read_bytes())
    content[-1] ^= 1
    instance.write_bytes(content)
    line = failure(capsys, "upload", case, "--to", "http://127.0.0.1:9/dicom-web")
    assert "changed" in line


def test_an_approval_written_in_by_hand_is_not_sent(
    tmp_path: Path, head: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from Clinic2CloudLib.cases.case import facts_text, load_case
    from Clinic2CloudLib.cases.seal import sealed

    folder = deidentified_case(head, tmp_path, capsys)
    assert main(["verify", str(folder)]) == 0
    capsys.readouterr()
    case = load_case(folder)
    review = {"decision": "approved", "reviewer": "Dr. A", "note": "", "digest": case.digest}
    record = json.loads((folder / "case.json").read_text("utf-8"))
    record |= {"state": "approved", "review": sealed(facts_text(case), review, None)}
    (folder / "case.json").write_text(json.dumps(record), "utf-8")
    line = failure(capsys, "upload", folder, "--to", "http://127.0.0.1:9/dicom-web")
    assert "seal of this site's key" in line


def test_no_error_names_the_patient(
    tmp_path: Path, head: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from Clinic2CloudLib.demo.head import invented_identifiers

    for path in head.rglob("*"):
        if path.is_file():
            path.write_bytes(path.read_bytes()[:-100])
    try:
        line = failure(capsys, "deidentify", head, tmp_path / "out")
        assert not [token for token in invented_identifiers() if token in line]
    finally:
        write_head_series(head, size="small")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "Clinic2CloudLib", command, "--help"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert command in done.stdout


def test_wrong_usage_is_exit_code_2() -> None:
    with pytest.raises(SystemExit) as caught:
        main(["deidentify"])
    assert caught.value.code == 2


def deidentified_case(head: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """De-identify the small head and return its case folder."""
    assert main(["deidentify", str(head), str(tmp_path / "out"), "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    return Path(record["cases"][0]["path"])


def approved_case(head: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """The same, approved."""
    case = deidentified_case(head, tmp_path, capsys)
    assert main(["review", str(case), "--approve", "--reviewer", "A", "--note", "test"]) == 0
    capsys.readouterr()
    return case


def test_a_misspelt_key_beside_an_old_crosswalk_makes_no_new_key(
    tmp_path: Path, head: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLINIC2CLOUD_HOME", str(tmp_path / "home"))
    assert main(["deidentify", str(next(head.rglob("*.dcm"))), str(tmp_path / "one")]) == 0
    line = failure(capsys, "deidentify", head, tmp_path / "two", "--key", tmp_path / "site.kye")
    assert "site.kye" in line
    assert not (tmp_path / "site.kye").exists()
    assert nothing_in(tmp_path / "two")


def test_a_key_in_the_output_is_refused(
    tmp_path: Path, head: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    assert "site.key" in failure(capsys, "deidentify", head, out, "--key", out / "site.key")
    assert nothing_in(out)


@pytest.mark.skipif(os.name == "nt", reason="file names are Unicode there")
def test_odd_names_links_and_pipes_stop_nothing_and_stay_one_line(
    tmp_path: Path, head: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "image.dcm").write_bytes(next(head.rglob("*.dcm")).read_bytes())
    (source / "empty.dcm").touch()
    (source / "loop").symlink_to("loop")
    (source / "self").symlink_to(".")
    os.mkfifo(source / "pipe")
    (source / "new\nline\x1b[31m.txt").write_text("x")
    (source / os.fsdecode(b"bad\xff.dcm")).write_bytes(b"x")
    with (source / "disk.dcm").open("wb") as sparse:
        sparse.write(next(head.rglob("*.dcm")).read_bytes()[:2000])
        sparse.truncate(20 << 30)
    words = [sys.executable, "-m", "Clinic2CloudLib", "deidentify", str(source)]
    home = {**os.environ, "CLINIC2CLOUD_HOME": str(tmp_path / "home")}
    for form in ([], ["--json"]):
        run = subprocess.run(
            [*words, str(tmp_path / "out"), *form], capture_output=True, env=home, check=False
        )
        assert run.returncode == 0, run.stderr
        assert b"\x1b[31m" not in run.stdout
    told = json.loads(run.stdout)
    assert len(told["cases"]) == 1
    assert len(told["set_aside"]) == 7


def test_one_case_that_cannot_be_exported_leaves_the_json_and_the_others(
    tmp_path: Path, head: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    one = next(head.rglob("*.dcm"))
    code = main(["deidentify", str(one), str(out), "--export", "nifti", "--json"])
    said = capsys.readouterr()
    assert code == 1
    assert "1 of 1 cases could not be exported" in said.err
    assert len(json.loads(said.out)["cases"]) == 1
