"""The case folder: what it lists and nothing else, every byte as it was written."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from ...cases.case import CASE_FILE, EXPORT, Case, CaseInstance, digest_of
from ..model import CaseView, Finding

DIGEST, UNREADABLE, FOREIGN = "digest", "unreadable", "foreign-file"

REPORT = "report.html"


def read_instance(case: Case, record: CaseInstance) -> tuple[bytes, list[Finding]]:
    """Read an instance and compare its digest."""
    try:
        raw = case.path_of(record).read_bytes()
    except OSError:
        return b"", [Finding(UNREADABLE, record.file, "it is missing or cannot be read")]
    if len(raw) != record.bytes or hashlib.sha256(raw).hexdigest() != record.sha256:
        return raw, [Finding(DIGEST, record.file, "it is not the file that was written")]
    return raw, []


def check_case_digest(case: Case) -> Iterator[Finding]:
    """Look whether the case's own digest is that of its instances."""
    if digest_of(case.instances) != case.digest:
        yield Finding(DIGEST, CASE_FILE, "the digest is not that of the instances")


def check_foreign_files(view: CaseView) -> Iterator[Finding]:
    """Look for files that the case does not list; they would leave unseen."""
    folder = view.case.folder
    listed = {folder / item.file for item in view.case.instances}
    listed |= {folder / CASE_FILE, folder / REPORT}
    listed |= {folder / name for name in (*pictures(view.case), *exports(view.case))}
    for path in sorted(folder.rglob("*")):
        if (path.is_symlink() or not path.is_dir()) and path not in listed:
            yield Finding(FOREIGN, _relative(path, folder), "it is not a file of the case")
        elif path.is_symlink():
            yield Finding(FOREIGN, _relative(path, folder), "it is a link to somewhere else")


def pictures(case: Case) -> list[str]:
    """Return the pictures that the case lists, relative to its folder."""
    return [name for name in (case.preview or {}).get("sha256", {}) if isinstance(name, str)]


def exports(case: Case) -> list[str]:
    """Return the case's exports, relative to its folder: files of the names that they are given."""
    name = re.compile(rf"{re.escape(case.id)}-(\d+\.(nii\.gz|nrrd)|multiframe\.dcm)")
    found = (case.folder / EXPORT).glob("*")
    return sorted(f"{EXPORT}/{path.name}" for path in found if name.fullmatch(path.name))


def _relative(path: Path, folder: Path) -> str:
    """Return a path as it stands in the case; a stranger's own name is not repeated."""
    inside = path.relative_to(folder).parent.as_posix()
    return inside if inside != "." else path.suffix or "the case folder"
