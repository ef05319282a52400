"""The report page: what a radiologist and a data manager can read from it, and what it may hold."""

from __future__ import annotations

import dataclasses
import hashlib
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from Clinic2CloudLib.cases.case import Case, CaseInstance, digest_of, save_case
from Clinic2CloudLib.cases.report import ACTIONS, FACE_WORDS, STATES, write_report
from Clinic2CloudLib.errors import InputError


def full_case(folder: Path, **changes: Any) -> Case:
    """A case in which every part of the record says something."""
    (folder / "instances").mkdir(parents=True)
    (folder / "preview").mkdir()
    instances = []
    for number in (1, 2):
        name, content = f"instances/{number:05d}.dcm", bytes([number]) * 1500
        (folder / name).write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        instances.append(CaseInstance(name, f"2.25.{number}", "1.2.840", digest, 1500, 1))
    for name in ("before_after.png", "slices.png", "after_front.png"):
        (folder / "preview" / name).write_bytes(b"png")
    case = Case(
        folder=folder,
        id="case-0123456789ab",
        state="verified",
        modality="MR",
        series_uid="2.25.10",
        study_uid="2.25.11",
        patient_id="C2C-7Q4XKD",
        description="t1 mprage",
        instances=tuple(instances),
        digest=digest_of(tuple(instances)),
        policy={"name": "research", "face": "auto"},
        headers={
            "actions": {
                "removed": {"PatientAddress": 2, "(0029,1001)": 4},
                "replaced": {"PatientID": 2, "SOPInstanceUID": 2},
                "kept": {"Rows": 2},
            },
            "kept_text": [{"attribute": "SeriesDescription", "text": "t1 <b>mprage</b>"}],
            "codes": [{"value": "113100", "meaning": "Basic Application Confidentiality Profile"}],
        },
        face={
            "status": "found",
            "finder": "atlas registration",
            "method": "smooth",
            "voxels": 123456,
            "share": 0.087,
            "confidence": 0.93,
            "reasons": ["nose and both eyes were located"],
        },
        text={"status": "none found", "boxes": 0, "reason": "searched"},
        preview={
            "views": [
                {
                    "view": "front",
                    "before": "preview/before_front.png",
                    "after": "preview/after_front.png",
                }
            ],
            "sheet": "preview/before_after.png",
            "slices": "preview/slices.png",
        },
        needs_review=("the chin is outside the field of view",),
        not_claimed=("implants are not looked for",),
        software="Clinic2Cloud 0.1.0",
        verification={"ok": True, "checks": ["leak scan"], "findings": []},
    )
    case = dataclasses.replace(case, **changes)
    save_case(case)
    return case


class Page(HTMLParser):
    """A page's visible text, its tags and what it links to."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.tags: list[str] = []
        self.links: list[str] = []
        self._hidden = False
        self.feed(path.read_text("utf-8"))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._hidden = tag == "style"
        self.links += [value or "" for name, value in attrs if name in ("src", "href")]
        assert not [name for name, _ in attrs if name.startswith("on")]

    def handle_endtag(self, tag: str) -> None:
        self._hidden = False

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def page_of(folder: Path, **changes: Any) -> Page:
    full_case(folder, **changes)
    return Page(write_report(folder))


def test_the_page_says_what_was_removed_replaced_kept_and_not_claimed(tmp_path: Path) -> None:
    text = page_of(tmp_path / "c").text
    for said in (
        "Removed : 2 attributes in 6 places",
        "Patient's Address PatientAddress 2",
        "(0029,1001) (0029,1001) 4",
        "Replaced : 2 attributes in 4 places",
        "Series Description t1 <b>mprage</b>",
        "implants are not looked for",
        "the chin is outside the field of view",
        "A face was found and taken away.",
        "123,456 voxels, 8.7 % of the head",
        "carved and filled",
        "nose and both eyes were located",
        "no burned-in text was found",
        "found nothing to object to",
        "Nobody has reviewed this case yet",
        "Basic Application Confidentiality Profile",
    ):
        assert said in text, said


def test_it_is_safe_to_open(tmp_path: Path) -> None:
    page = page_of(tmp_path / "c", description="<script>alert(1)</script>")
    assert "script" not in page.tags
    assert "<script>alert(1)</script>" in page.text
    assert not {"link", "iframe", "object", "form"} & set(page.tags)
    assert set(page.links) == {"preview/before_after.png", "preview/slices.png"}


def test_it_links_no_picture_outside_the_case_and_none_that_is_gone(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(b"png")
    preview = {"views": [], "sheet": "../secret.png", "slices": "preview/missing.png"}
    page = page_of(tmp_path / "c", preview=preview)
    assert page.links == []
    assert "deleted after the review" in page.text


def test_after_the_before_pictures_are_deleted_the_others_still_show(tmp_path: Path) -> None:
    folder = tmp_path / "c"
    full_case(folder)
    for name in ("before_after.png", "slices.png"):
        (folder / "preview" / name).unlink()
    page = Page(write_report(folder))
    assert page.links == ["preview/after_front.png"]


def test_findings_forbid_and_a_void_review_is_called_void(tmp_path: Path) -> None:
    finding = {"kind": "leak", "file": "instances/00001.dcm", "text": "a known name"}
    text = page_of(
        tmp_path / "c",
        verification={"ok": False, "checks": [], "findings": [finding]},
        review={
            "decision": "approved",
            "reviewer": "Dr. Reader",
            "at": "2026-01-02T03:04:05+00:00",
            "note": "seen",
            "digest": "0" * 64,
            "seal": "",
        },
        state="approved",
        transfers=({"state": "queued", "destination": "https://cloud.example"},),
    ).text
    assert "The second look has 1 finding: this case can only be rejected." in text
    assert "leak instances/00001.dcm a known name" in text
    assert "it is void" in text
    assert "destination: https://cloud.example" in text


@pytest.mark.parametrize("state", STATES)
def test_every_state_is_explained(tmp_path: Path, state: str) -> None:
    assert STATES[state] in page_of(tmp_path / "c", state=state).text


@pytest.mark.parametrize("status", FACE_WORDS)
def test_every_verdict_on_the_face_is_explained(tmp_path: Path, status: str) -> None:
    face = {"status": status, "finder": "f", "method": "none", "voxels": 0, "share": 0.0}
    assert FACE_WORDS[status] in page_of(tmp_path / "c", face=face).text


def test_a_bare_case_gives_a_page_too(tmp_path: Path) -> None:
    text = page_of(
        tmp_path / "c",
        headers={},
        face=None,
        text=None,
        preview=None,
        policy={},
        verification=None,
        needs_review=(),
        not_claimed=(),
        software="",
    ).text
    assert "There are no pictures" in text
    assert text.count(": none") >= len(ACTIONS)


def test_the_same_case_gives_the_same_bytes(tmp_path: Path) -> None:
    full_case(tmp_path / "c")
    first = write_report(tmp_path / "c").read_bytes()
    assert write_report(tmp_path / "c").read_bytes() == first
    assert str(tmp_path).encode() not in first


def test_the_command_it_names_gives_the_digest(tmp_path: Path) -> None:
    case = full_case(tmp_path / "c")
    command = "sha256sum instances/*.dcm | LC_ALL=C sort | sha256sum"
    assert command in Page(write_report(case.folder)).text
    said = subprocess.run(
        ["sh", "-c", command], cwd=case.folder, capture_output=True, text=True, check=False
    )
    if said.returncode:
        pytest.skip("sha256sum is not installed")
    assert said.stdout[:64] == case.digest


def test_a_folder_that_is_no_case_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not a case"):
        write_report(tmp_path)
