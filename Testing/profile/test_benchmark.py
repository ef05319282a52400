"""The benchmark's own claims, on its small form: and that it can tell good from bad."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.deid.answers import FileKey, load
from benchmarks.deid.make import make
from benchmarks.deid.score import RETENTION, score
from benchmarks.deid.tools import ours


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[list[FileKey], Path]]:
    folder = tmp_path_factory.mktemp("planted")
    keys = make(folder, full=False)
    assert load(folder / "key.json") == keys
    yield keys, folder / "source"


def test_nothing_leaks_and_what_may_stay_does(
    planted: tuple[list[FileKey], Path], tmp_path: Path
) -> None:
    keys, source = planted
    ours(source, tmp_path)
    got = score(keys, source, tmp_path, conformance=False)
    assert got.leaked == 0, got.examples
    assert got.tokens > 1000
    assert got.retention >= 99.9, got.examples
    assert got.midi >= 99.95, got.examples
    assert got.missing == sum(key.may_refuse for key in keys)
    assert got.intervals == got.references == got.frames == 0


def test_files_handed_on_as_they_are_leak_everything(
    planted: tuple[list[FileKey], Path], tmp_path: Path
) -> None:
    keys, source = planted
    shutil.copytree(source, tmp_path, dirs_exist_ok=True)
    got = score(keys, source, tmp_path, conformance=False)
    assert got.leaked > 0.99 * got.tokens
    assert got.retention == 100
    for kind in ("text_removed", "uid_changed", "uid_consistent", "patid_consistent"):
        assert got.passed[kind] < 0.01 * got.failed[kind], kind
    assert got.passed["date_shifted"] == got.passed["pixels_hidden"] == 0


def test_nothing_handed_on_leaks_nothing_and_fails_every_check(
    planted: tuple[list[FileKey], Path], tmp_path: Path
) -> None:
    keys, source = planted
    got = score(keys, source, tmp_path, conformance=False)
    assert (got.leaked, got.retention, got.midi) == (0, 0, 0)
    assert all(got.failed[kind] for kind in RETENTION)
