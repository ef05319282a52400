"""Score outputs against the answer key: leaks, retention and MIDI-B's checks, each apart."""

from __future__ import annotations

import subprocess
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from shutil import which

import numpy as np

from .answers import Check, FileKey, Token
from .reader import Output, pixels, read

#: What is to stay; the other kinds are what is to go or to change.
RETENTION = ("tag_retained", "text_notnull", "text_retained", "pixels_retained")


@dataclass
class Score:
    """What a tool did.

    Attributes
    ----------
    missing : int
        Files without (readable) output.
    leaked, tokens : int
        Planted tokens found in output bytes, and how many were planted.
    passed, failed : Counter
        Checks by kind.
    intervals : int
        Patients whose dates and times did not all move by one and the same shift.
    references : int
        References that lead to no instance of the output.
    frames : int
        Files that lost frames.
    errors : int
        Files with more errors in ``dciodvfy`` than their source; -1 when it is not installed.
    """

    missing: int = 0
    leaked: int = 0
    tokens: int = 0
    passed: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    intervals: int = 0
    references: int = 0
    frames: int = 0
    errors: int = 0
    examples: list[str] = field(default_factory=list)

    @property
    def retention(self) -> float:
        """Share of what was to stay that stayed, in percent."""
        kept = sum(self.passed[kind] for kind in RETENTION)
        return 100 * kept / max(kept + sum(self.failed[kind] for kind in RETENTION), 1)

    @property
    def midi(self) -> float:
        """Share of all checks that passed, in percent."""
        passed = self.passed.total()
        return 100 * passed / max(passed + self.failed.total(), 1)


def score(keys: list[FileKey], source: Path, folder: Path, conformance: bool = True) -> Score:
    """Score a folder of outputs, which are matched by Instance Number, else by file name."""
    outputs = _matched(keys, folder)
    result = Score(errors=0 if which("dciodvfy") and conformance else -1)
    mappings = _uid_mappings(keys, outputs)
    patients = _patient_mapping(keys, outputs)
    shifts: dict[str, set[float]] = defaultdict(set)
    instances = {str(out.ds.get("SOPInstanceUID", "")) for out in outputs.values()}
    for key in keys:
        out = outputs.get(key.name)
        result.tokens += len(key.tokens)
        if out is None:
            result.missing += 1
            if not key.may_refuse:
                result.failed.update(check.kind for check in key.checks)
            continue
        for token in key.tokens:
            if _leaks(out, token):
                result.leaked += 1
                result.examples.append(f"leak {key.name} {key.topic}: {token.where}")
        for check in key.checks:
            good = _passes(check, key, out, source, mappings, patients, shifts)
            (result.passed if good else result.failed)[check.kind] += 1
            if not good:
                where = "/".join(f"{tag:08X}[{item}]" for tag, item in [*check.place])
                result.examples.append(
                    f"{check.kind} {key.name} {key.topic}: {where} {check.tag:08X} "
                    f"{check.value!r} -> {out.text(check.place, check.tag)!r}"[:200]
                )
        result.references += _broken(key, out, instances)
        result.frames += int(out.ds.get("NumberOfFrames") or 1) != key.frames
        if result.errors >= 0 and _errors(out.path) > _errors(source / key.name):
            result.errors += 1
            result.examples.append(f"conformance {key.name} {key.topic}")
    result.intervals = sum(len(moved) != 1 for moved in shifts.values())
    return result


def _matched(keys: list[FileKey], folder: Path) -> dict[str, Output]:
    by_number = {key.number: key.name for key in keys}
    names = {key.name for key in keys}
    found = {}
    for path in sorted(folder.rglob("*")):
        out = read(path) if path.is_file() else None
        if out is None or not len(out.ds):
            continue
        name = by_number.get(int(out.ds.get("InstanceNumber") or 0))
        if name is None and path.name in names:
            name = path.name
        if name is not None:
            found[name] = out
    return found


def _leaks(out: Output, token: Token) -> bool:
    data = bytes.fromhex(token.data)
    if token.unique:
        return data in out.plain
    return out.text(token.place, token.tag) == data.decode()


def _uid_mappings(keys: list[FileKey], outputs: Mapping[str, Output]) -> dict[str, Counter[str]]:
    """Return what each original UID became, over all files."""
    became: dict[str, Counter[str]] = defaultdict(Counter)
    for key in keys:
        out = outputs.get(key.name)
        for check in key.checks if out else ():
            if out is not None and check.kind == "uid_consistent":
                became[check.value][out.text(check.place, check.tag) or ""] += 1
    return became


def _patient_mapping(keys: list[FileKey], outputs: Mapping[str, Output]) -> dict[str, set[str]]:
    """Return the IDs that each patient got; one ID of two patients counts for neither."""
    ids: dict[str, set[str]] = defaultdict(set)
    for key in keys:
        if key.name in outputs:
            ids[key.patient].add(str(outputs[key.name].ds.get("PatientID", "")))
    shared = Counter(new for of_one in ids.values() for new in of_one)
    return {
        patient: of_one if all(shared[new] == 1 for new in of_one) else set()
        for patient, of_one in ids.items()
    }


def _passes(
    check: Check,
    key: FileKey,
    out: Output,
    source: Path,
    mappings: Mapping[str, Counter[str]],
    patients: Mapping[str, set[str]],
    shifts: dict[str, set[float]],
) -> bool:
    """Return whether one check holds."""
    kind = check.kind
    if kind == "pixels_hidden":
        return _hidden(key, out)
    if kind == "pixels_retained":
        return _retained(key, out, source)
    text = out.text(check.place, check.tag)
    if kind == "tag_retained":
        return text is not None
    if kind == "text_notnull":
        return bool(text)
    if kind == "text_retained":
        return text is not None and _holds(text, check.value)
    if kind in ("text_removed", "uid_changed"):
        return text is None or check.value not in text
    if kind == "uid_consistent":
        became = mappings[check.value]
        return len(became) == 1 and check.value not in became and "" not in became
    if kind == "patid_consistent":
        new = patients[key.patient]
        return len(new) == 1 and check.value not in new and "" not in new
    if kind == "date_shifted":
        return _shifted(check, key, out, shifts)
    raise ValueError(f"there is no check {kind}")


def _holds(text: str, value: str) -> bool:
    if text == value or value.casefold() in text.casefold():
        return True
    try:  # DS is the same number, however it is written
        return [float(x) for x in text.strip("[]").split(",")] == [
            float(x) for x in value.strip("[]").split(",")
        ]
    except ValueError:
        return False


def _shifted(check: Check, key: FileKey, out: Output, shifts: dict[str, set[float]]) -> bool:
    """Return whether a moment moved, and keep by how much: one shift is right for a patient."""
    text = out.text(check.place, check.tag)
    if text and " " in check.value:  # a date; its time stands in the attribute for times
        clock = out.text(check.place, _TIMES[check.tag])
        text = text + clock if clock else ""
    old, new = _moment(check.value.replace(" ", "")), _moment(text or "")
    if new is None or old is None:
        return False
    shifts[key.patient].add((new - old).total_seconds())
    return new != old


_TIMES = {0x00080020: 0x00080030, 0x00080021: 0x00080031, 0x00080022: 0x00080032} | {
    0x00080023: 0x00080033
}


def _moment(text: str) -> datetime | None:
    for form in ("%Y%m%d%H%M%S.%f", "%Y%m%d%H%M%S"):
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    return None


def _hidden(key: FileKey, out: Output) -> bool:
    """Return whether burned-in text cannot be read: its box holds one value, or hardly two."""
    data = pixels(out.ds)
    if data is None or len(data) < out.ds.Rows * out.ds.Columns:
        return False
    picture = np.frombuffer(data, np.uint8)[: out.ds.Rows * out.ds.Columns]
    top, bottom, left, right = key.burned
    box = picture.reshape(out.ds.Rows, out.ds.Columns)[top:bottom, left:right]
    return bool((box > 200).mean() < 0.005 or box.std() < 8)


def _retained(key: FileKey, out: Output, source: Path) -> bool:
    """Return whether the pixel data are the source's, outside a margin around burned-in text."""
    before, after = read(source / key.name), pixels(out.ds)
    old = pixels(before.ds) if before else None
    if old is None or after is None or not key.burned:
        return old == after
    shape = (before.ds.Rows, before.ds.Columns)  # type: ignore[union-attr]
    if len(after) != len(old):
        return False
    top, bottom, left, right = key.burned
    mask = np.ones(shape, bool)
    mask[max(top - 20, 0) : bottom + 20, max(left - 20, 0) : right + 20] = False
    first, second = (np.frombuffer(data, np.uint8).reshape(shape)[mask] for data in (old, after))
    return bool(np.array_equal(first, second))


def _broken(key: FileKey, out: Output, instances: set[str]) -> int:
    """Count references of this file that lead to no instance of the output."""
    return sum(
        out.text(check.place, check.tag) not in instances
        for check in key.checks
        if check.kind == "uid_consistent" and check.tag == 0x00081155
    )


@cache
def _errors(path: Path) -> int:
    """Return how many errors dciodvfy finds."""
    run = subprocess.run(["dciodvfy", str(path)], capture_output=True, check=False)
    return sum(line.startswith(b"Error") for line in run.stderr.splitlines())
