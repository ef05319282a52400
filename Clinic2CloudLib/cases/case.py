"""One de-identified series on disk: its instances, its state, and what approval is bound to."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .. import atomic
from ..errors import InputError, NotApprovedError
from .seal import is_authentic, is_unchanged
from .sitekey import key_at_hand

FORMAT = "clinic2cloud-case/1"
CASE_FILE = "case.json"
INSTANCES = "instances"
PREVIEW = "preview"
EXPORT = "export"

#: Which state may follow which. A re-sent case goes round again from ``uploaded``, ``done`` and
#: ``failed``; a rejected one may be looked at again; nothing skips the review.
FOLLOWS: Mapping[str, frozenset[str]] = {
    "deidentified": frozenset({"verified"}),
    "verified": frozenset({"verified", "approved", "rejected"}),
    "approved": frozenset({"approved", "rejected", "queued"}),
    "rejected": frozenset({"verified", "approved", "rejected"}),
    "queued": frozenset({"queued", "uploaded", "approved", "failed", "rejected"}),
    "uploaded": frozenset({"queued", "processing", "uploaded", "done", "failed"}),
    "processing": frozenset({"queued", "processing", "done", "failed"}),
    "done": frozenset({"queued", "processing", "done", "failed"}),
    "failed": frozenset({"queued", "processing", "failed"}),
}

#: States a case reaches only through an approval that still stands.
APPROVED_STATES = frozenset({"approved", "queued", "uploaded", "processing", "done", "failed"})

# Names of cases and of files in them: no separators, no "..", nothing hidden.
_PLAIN = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")

# What changes during a case's life; all else is fixed when it is written and sealed by a review.
_CHANGING = frozenset({"state", "verification", "review", "transfers", "folder"})


@dataclass(frozen=True)
class CaseInstance:
    """One instance of a case; ``file`` is relative to the case folder, with forward slashes."""

    file: str
    sop_instance_uid: str
    sop_class_uid: str
    sha256: str
    bytes: int
    frames: int


@dataclass(frozen=True)
class Case:
    """What ``case.json`` says. Every UID and ID in it is a new one, never the original."""

    folder: Path
    id: str
    state: str
    modality: str
    series_uid: str
    study_uid: str
    patient_id: str
    description: str
    instances: tuple[CaseInstance, ...]
    digest: str
    policy: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, Any] = field(default_factory=dict)
    face: dict[str, Any] | None = None
    text: dict[str, Any] | None = None
    preview: dict[str, Any] | None = None
    needs_review: tuple[str, ...] = ()
    not_claimed: tuple[str, ...] = ()
    software: str = ""
    verification: dict[str, Any] | None = None
    review: dict[str, Any] | None = None
    transfers: tuple[dict[str, Any], ...] = ()

    def path_of(self, instance: CaseInstance) -> Path:
        """Return where an instance lies on disk."""
        return self.folder / instance.file


def digest_of(instances: tuple[CaseInstance, ...]) -> str:
    """Return the SHA-256 over all instances, independent of their order, as hex digits."""
    lines = sorted(f"{item.sha256}  {item.file}\n" for item in instances)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def sha256_of(path: Path) -> str:
    """Return a file's SHA-256 as hex digits, read in pieces."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def load_case(folder: Path) -> Case:
    """Read a case folder's ``case.json``.

    Raises
    ------
    InputError
        When it is missing, no JSON, or not of a format this version knows.
    """
    path = folder / CASE_FILE
    try:
        record = json.loads(path.read_text("utf-8"))
        if record["format"] != FORMAT:
            raise InputError(f"{folder.name} is a case of format {record['format']}, not {FORMAT}")
        del record["format"]
        record["instances"] = tuple(CaseInstance(**item) for item in record["instances"])
        for name in ("needs_review", "not_claimed", "transfers"):
            record[name] = tuple(record[name])
        case = Case(folder=folder, **record)
    except FileNotFoundError:
        raise InputError(f"{folder.name} is not a case: it has no {CASE_FILE}") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{folder.name}/{CASE_FILE} cannot be read: {type(error).__name__}"
        ) from None
    if not _well_formed(case):
        raise InputError(f"{folder.name}/{CASE_FILE} is not the record of a case")
    if case.state not in FOLLOWS:
        raise InputError(f"{folder.name}/{CASE_FILE} names a state that does not exist")
    return case


def _well_formed(case: Case) -> bool:
    """Tell whether a record's names stay in its folder and its parts are what they should be.

    A case may come from elsewhere: ``../..`` in it must never make another file be sent, shown,
    copied or deleted.
    """
    preview = {} if case.preview is None else case.preview
    parts = (case.policy, case.headers, preview, case.review or {}, case.verification or {})
    if not all(isinstance(part, dict) for part in parts):
        return False
    if not isinstance(preview.get("sha256", {}), dict):
        return False
    texts = (case.id, case.state, case.series_uid, case.study_uid, case.patient_id, case.digest)
    if not all(isinstance(text, str) for text in texts) or not _PLAIN.fullmatch(case.id):
        return False
    files = [item.file for item in case.instances]
    if len(set(files)) < len(files):
        return False
    names = [*((INSTANCES, name) for name in files)]
    names += [(PREVIEW, name) for name in preview.get("sha256", {})]
    return all(isinstance(name, str) and _is_inside(room, name) for room, name in names)


def _is_inside(room: str, name: str) -> bool:
    """Tell whether a name is that of a file directly in one of a case's own folders."""
    folder, slash, file = name.partition("/")
    return folder == room and bool(slash) and _PLAIN.fullmatch(file) is not None


def save_case(case: Case) -> None:
    """Write ``case.json`` whole or not at all; the same case gives the same bytes."""
    record: dict[str, Any] = {"format": FORMAT, **dataclasses.asdict(case)}
    del record["folder"]
    text = json.dumps(record, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    atomic.write_bytes(case.folder / CASE_FILE, text.encode("utf-8"))


def facts_text(case: Case) -> str:
    """Return all of a case that is settled when it is written and never changes, as JSON."""
    fixed = {k: v for k, v in dataclasses.asdict(case).items() if k not in _CHANGING}
    return json.dumps(fixed, sort_keys=True, ensure_ascii=False)


def check_unchanged(case: Case) -> None:
    """Compare every file with what the case was written with.

    Raises
    ------
    NotApprovedError
        Naming the first file that is missing, changed or was not there before.
    """
    for item in case.instances:
        path = case.path_of(item)
        if not path.is_file():
            raise NotApprovedError(f"{case.id}: {item.file} is missing")
        # What a link leads to can be exchanged without a trace in the case.
        if path.is_symlink() or path.parent.is_symlink():
            raise NotApprovedError(f"{case.id}: {item.file} is a link, not a file of the case")
        if path.stat().st_size != item.bytes or sha256_of(path) != item.sha256:
            raise NotApprovedError(f"{case.id}: {item.file} changed after it was de-identified")
    listed = {case.path_of(item) for item in case.instances}
    for path in sorted((case.folder / INSTANCES).rglob("*")):
        if path.is_file() and path not in listed:
            raise NotApprovedError(f"{case.id}: {INSTANCES}/ holds a file that is not of the case")
    if digest_of(case.instances) != case.digest:
        raise NotApprovedError(f"{case.id}: the digest in {CASE_FILE} does not fit its instances")
    previews = (case.preview or {}).get("sha256", {})
    for name, digest in previews.items():
        path = case.folder / name
        # A policy may have the pictures that show the face deleted once the review is done.
        if path.is_file() and sha256_of(path) != digest:
            raise NotApprovedError(f"{case.id}: {name} is not the picture that was made")


def require_approved(folder: Path, key: Path | None = None) -> Case:
    """Return the case if it may leave the clinic, all its files hashed again just now.

    Parameters
    ----------
    folder : Path
        The case folder.
    key : Path, optional
        The site's key, with which approvals are sealed; the site's own by default. On a machine
        that has none, changes are found, but not who wrote an approval.

    Raises
    ------
    NotApprovedError
        When it was not approved, was rejected, anything changed since the approval, or the approval
        does not bear the seal of the site's key.
    InputError
        When the folder is no case, or the key cannot be used.
    """
    case = load_case(folder)
    review = case.review
    if case.state == "rejected":
        raise NotApprovedError(f"{case.id} was rejected and is not uploaded")
    decision = None if review is None else review.get("decision")
    if review is None or case.state not in APPROVED_STATES or decision != "approved":
        raise NotApprovedError(f"{case.id} is not approved (its state is {case.state})")
    check_unchanged(case)
    facts = facts_text(case)
    if review.get("digest") != case.digest or not is_unchanged(facts, review):
        raise NotApprovedError(f"{case.id} changed after it was approved; review it again")
    secret = key_at_hand(key)
    if secret is not None and not is_authentic(facts, review, secret):
        raise NotApprovedError(
            f"the approval of {case.id} does not bear the seal of this site's key;"
            " review it again, or name the key that was used"
        )
    return case


def set_state(folder: Path, state: str, **details: Any) -> Case:
    """Move a case on, and note a transfer's details (destination, work item, ...) where given.

    Raises
    ------
    InputError
        When that state cannot follow the one the case is in.
    """
    case = load_case(folder)
    if state not in FOLLOWS[case.state]:
        raise InputError(f"{case.id} is {case.state}; it cannot become {state}")
    transfers = case.transfers
    entry = {"state": state, **details}
    if details and (not transfers or transfers[-1] != entry):
        transfers = (*transfers, entry)
    moved = dataclasses.replace(case, state=state, transfers=transfers)
    save_case(moved)
    return moved
