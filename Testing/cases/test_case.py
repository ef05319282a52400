"""Approval is bound to what was seen: one changed byte, and the case stays in the house."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path

import pytest

from Clinic2CloudLib.cases.case import (
    Case,
    CaseInstance,
    digest_of,
    load_case,
    require_approved,
    save_case,
    set_state,
)
from Clinic2CloudLib.cases.review import review_case
from Clinic2CloudLib.errors import InputError, NotApprovedError, VerificationError


def make_case(folder: Path, **facts: object) -> Case:
    """A case of three small files and a picture, as the de-identify step leaves it."""
    (folder / "instances").mkdir(parents=True)
    (folder / "preview").mkdir()
    instances = []
    for number in range(1, 4):
        name = f"instances/{number:05d}.dcm"
        content = bytes([number]) * 200
        (folder / name).write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        instances.append(CaseInstance(name, f"2.25.{number}", "1.2", digest, 200, 1))
    picture = b"a picture"
    (folder / "preview" / "after_front.png").write_bytes(picture)
    case = Case(
        folder=folder,
        id=folder.name,
        state="deidentified",
        modality="MR",
        series_uid="2.25.10",
        study_uid="2.25.11",
        patient_id="P",
        description="t1",
        instances=tuple(instances),
        digest=digest_of(tuple(instances)),
        preview={
            "views": [],
            "sha256": {"preview/after_front.png": hashlib.sha256(picture).hexdigest()},
        },
        **facts,  # type: ignore[arg-type]
    )
    save_case(case)
    return case


def verified(folder: Path) -> Case:
    """A verifier that finds nothing."""
    case = load_case(folder)
    case = dataclasses.replace(case, state="verified", verification={"ok": True, "findings": []})
    save_case(case)
    return case


def faulty(folder: Path) -> Case:
    """A verifier that finds something."""
    case = load_case(folder)
    finding = {"kind": "leak", "file": "instances/00001.dcm", "text": "a name"}
    return dataclasses.replace(case, verification={"ok": False, "findings": [finding]})


def approve(folder: Path, note: str = "") -> Case:
    return review_case(folder, approve=True, reviewer="Dr. A", note=note, verifier=verified)


def test_an_approved_case_may_leave(tmp_path: Path) -> None:
    make_case(tmp_path / "case-1")
    approve(tmp_path / "case-1")
    case = require_approved(tmp_path / "case-1")
    assert case.state == "approved"
    assert len(case.instances) == 3


def test_a_case_nobody_approved_may_not(tmp_path: Path) -> None:
    make_case(tmp_path / "case-1")
    with pytest.raises(NotApprovedError, match="not approved"):
        require_approved(tmp_path / "case-1")


def test_a_rejected_case_may_not_even_if_it_was_approved_before(tmp_path: Path) -> None:
    make_case(tmp_path / "case-1")
    approve(tmp_path / "case-1")
    review_case(tmp_path / "case-1", approve=False, reviewer="Dr. B", verifier=verified)
    with pytest.raises(NotApprovedError, match="rejected"):
        require_approved(tmp_path / "case-1")


@pytest.mark.parametrize(
    "name", ["instances/00001.dcm", "instances/00003.dcm", "preview/after_front.png"]
)
@pytest.mark.parametrize("offset", [0, -1])
def test_one_changed_byte_voids_the_approval(tmp_path: Path, name: str, offset: int) -> None:
    folder = tmp_path / "case-1"
    make_case(folder)
    approve(folder)
    content = bytearray((folder / name).read_bytes())
    content[offset] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(NotApprovedError):
        require_approved(folder)


def test_every_changed_word_of_the_record_voids_the_approval(tmp_path: Path) -> None:
    folder = tmp_path / "case-1"
    make_case(folder)
    approve(folder)
    original = json.loads((folder / "case.json").read_text())
    for name in ("series_uid", "patient_id", "description", "modality", "digest", "software"):
        changed = original | {name: original[name] + "x"}
        (folder / "case.json").write_text(json.dumps(changed))
        with pytest.raises(NotApprovedError):
            require_approved(folder)
    for name in ("reviewer", "note", "at", "digest"):
        changed = original | {"review": original["review"] | {name: "x"}}
        (folder / "case.json").write_text(json.dumps(changed))
        with pytest.raises(NotApprovedError):
            require_approved(folder)


def test_a_state_written_in_by_hand_is_not_an_approval(tmp_path: Path) -> None:
    folder = tmp_path / "case-1"
    save_case(dataclasses.replace(make_case(folder), state="approved"))
    with pytest.raises(NotApprovedError):
        require_approved(folder)


def test_added_and_missing_instances_void_the_approval(tmp_path: Path) -> None:
    folder = tmp_path / "case-1"
    make_case(folder)
    approve(folder)
    extra = folder / "instances" / "00004.dcm"
    extra.write_bytes(b"x")
    with pytest.raises(NotApprovedError, match="not of the case"):
        require_approved(folder)
    extra.unlink()
    (folder / "instances" / "00002.dcm").unlink()
    with pytest.raises(NotApprovedError, match="missing"):
        require_approved(folder)


def test_a_case_with_findings_cannot_be_approved_only_rejected(tmp_path: Path) -> None:
    folder = tmp_path / "case-1"
    make_case(folder)
    with pytest.raises(VerificationError, match="1 findings"):
        review_case(folder, approve=True, reviewer="Dr. A", verifier=faulty)
    assert review_case(folder, approve=False, reviewer="A", verifier=faulty).state == "rejected"


def test_a_doubtful_case_needs_a_note(tmp_path: Path) -> None:
    folder = tmp_path / "case-1"
    make_case(folder, needs_review=("the face was hard to locate",))
    with pytest.raises(InputError, match="hard to locate"):
        approve(folder)
    assert approve(folder, note="looked at it; no face left").state == "approved"


def test_nobody_cannot_review(tmp_path: Path) -> None:
    make_case(tmp_path / "case-1")
    with pytest.raises(InputError, match="name"):
        review_case(tmp_path / "case-1", approve=True, reviewer="  ", verifier=verified)


def test_the_same_case_is_written_as_the_same_bytes(tmp_path: Path) -> None:
    case = make_case(tmp_path / "case-1")
    before = (tmp_path / "case-1" / "case.json").read_bytes()
    save_case(load_case(case.folder))
    assert (tmp_path / "case-1" / "case.json").read_bytes() == before


def test_states_follow_in_order_and_transfers_are_noted(tmp_path: Path) -> None:
    folder = tmp_path / "case-1"
    make_case(folder)
    with pytest.raises(InputError, match="cannot become uploaded"):
        set_state(folder, "uploaded")
    approve(folder)
    set_state(folder, "queued", destination="https://cloud")
    case = set_state(folder, "uploaded", destination="https://cloud")
    assert [entry["state"] for entry in case.transfers] == ["queued", "uploaded"]
    assert require_approved(folder).state == "uploaded"


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"format": "other/9"}'])
def test_a_broken_record_is_one_sentence(tmp_path: Path, content: str) -> None:
    (tmp_path / "case.json").write_text(content)
    with pytest.raises(InputError) as caught:
        load_case(tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "name",
    ["../../secret.dcm", "/etc/passwd", "instances/../../x.dcm", "instances/", "report.html", 7],
)
def test_a_record_that_names_files_elsewhere_is_no_case(tmp_path: Path, name: object) -> None:
    folder = tmp_path / "case-1"
    make_case(folder)
    record = json.loads((folder / "case.json").read_text("utf-8"))
    record["instances"][0]["file"] = name
    (folder / "case.json").write_text(json.dumps(record), "utf-8")
    with pytest.raises(InputError, match="not the record of a case"):
        load_case(folder)


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("id", "../../elsewhere"),
        ("preview", {"sha256": {"../../../secret": "0"}}),
        ("preview", [1]),
        ("review", "yes"),
    ],
)
def test_a_record_of_another_shape_is_no_case(tmp_path: Path, part: str, value: object) -> None:
    folder = tmp_path / "case-1"
    make_case(folder)
    record = json.loads((folder / "case.json").read_text("utf-8"))
    record[part] = value
    (folder / "case.json").write_text(json.dumps(record), "utf-8")
    with pytest.raises(InputError, match="not the record of a case"):
        load_case(folder)


def test_a_link_is_no_file_of_a_case(tmp_path: Path) -> None:
    folder = tmp_path / "case-1"
    make_case(folder)
    approve(folder)
    (folder / "instances" / "00001.dcm").rename(tmp_path / "elsewhere.dcm")
    (folder / "instances" / "00001.dcm").symlink_to(tmp_path / "elsewhere.dcm")
    with pytest.raises(NotApprovedError, match="is a link"):
        require_approved(folder)
    (folder / "instances" / "00001.dcm").unlink()
    (tmp_path / "elsewhere.dcm").rename(folder / "instances" / "00001.dcm")
    assert require_approved(folder).state == "approved"
    (folder / "instances").rename(tmp_path / "moved")
    (folder / "instances").symlink_to(tmp_path / "moved", target_is_directory=True)
    with pytest.raises(NotApprovedError, match="is a link"):
        require_approved(folder)
