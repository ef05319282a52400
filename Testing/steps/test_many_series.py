"""Several series at once: what stops one does not stop the others, and Cancel stops them all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pydicom
import pytest

from Clinic2CloudLib.cases.case import CASE_FILE
from Clinic2CloudLib.demo.head import write_head_series
from Clinic2CloudLib.errors import Cancelled, OutputError
from Clinic2CloudLib.steps import series_case
from Clinic2CloudLib.steps.deidentify import DeidentifyResult, deidentify
from Clinic2CloudLib.steps.site import Site, open_site

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals are POSIX here")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A head, and a single image of another series."""
    folder = write_head_series(tmp_path_factory.mktemp("source") / "head", size="small")
    first = next(path for path in sorted(folder.rglob("*")) if path.is_file())
    dataset = pydicom.dcmread(first)
    dataset.SeriesInstanceUID = "1.2.826.0.1.99.1"
    dataset.SOPInstanceUID = "1.2.826.0.1.99.2"
    dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.826.0.1.99.2"
    dataset.save_as(folder / "single.dcm")
    return folder


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setenv("CLINIC2CLOUD_HOME", str(tmp_path / "home"))
    return open_site(tmp_path / "out")


def leftovers(out: Path) -> list[str]:
    if not out.exists():
        return []
    return [p.name for p in out.iterdir() if not (p / CASE_FILE).is_file()]


def test_cancelling_two_workers_leaves_nothing_half_made(
    source: Path, site: Site, tmp_path: Path
) -> None:
    calls = []

    def cancel(fraction: float, message: str) -> None:
        calls.append(message)
        if fraction >= 0.1 and len(calls) > 3:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        deidentify(source, tmp_path / "out", site, workers=2, progress=cancel)
    assert leftovers(tmp_path / "out") == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_no_worker_outlives_its_parent(
    source: Path, site: Site, tmp_path: Path, number: signal.Signals
) -> None:
    words = [sys.executable, "-m", "Clinic2CloudLib", "deidentify", str(source)]
    words += [str(tmp_path / "out"), "--workers", "2"]
    run = subprocess.Popen(words, start_new_session=True, stderr=subprocess.PIPE, text=True)
    children = Path(f"/proc/{run.pid}/task/{run.pid}/children")
    if not children.parent.exists():
        pytest.skip("no /proc here")
    workers: list[str] = []
    while len(workers) < 2 and run.poll() is None:
        workers = children.read_text().split()
        time.sleep(0.05)
    assert len(workers) >= 2, "it ended before it had workers"
    run.send_signal(number)
    _, said = run.communicate(timeout=30)
    last = time.monotonic() + 20
    while any(Path(f"/proc/{pid}").exists() for pid in workers) and time.monotonic() < last:
        time.sleep(0.1)
    assert not [pid for pid in workers if Path(f"/proc/{pid}").exists()]
    if number == signal.SIGTERM:
        assert said.splitlines()[-1].startswith("clinic2cloud: error: cancelled")
        assert "Traceback" not in said
        assert leftovers(tmp_path / "out") == []


def test_a_fault_in_one_series_leaves_the_other_and_says_no_value(
    source: Path, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = series_case.remove_faces

    def faulty(series: object, *rest: object) -> object:
        if len(series.instances) > 1:  # type: ignore[attr-defined]
            raise MemoryError("Mustermann^Max")
        return real(series, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(series_case, "remove_faces", faulty)
    result = deidentify(source, tmp_path / "out", site)
    assert len(result.series) == 1
    assert {item.reason for item in result.set_aside} == {
        "this machine's memory is too small for its series"
    }


def test_one_image_that_trips_a_codec_does_not_take_its_series_along(
    source: Path, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = series_case.undecodable_reason
    seen = []

    def faulty(raw: bytes) -> str | None:
        seen.append(raw)
        if len(seen) == 3:
            raise OSError("broken data stream of Mustermann^Max")
        return real(raw)

    monkeypatch.setattr(series_case, "undecodable_reason", faulty)
    result = deidentify(source, tmp_path / "out", site)
    assert len(result.series) == 2
    assert [item.reason for item in result.set_aside] == [
        "an unexpected OSError while it was de-identified"
    ]


def test_what_was_made_before_an_error_is_told(
    source: Path, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = series_case.atomic.publish
    published: list[Path] = []

    def full(scratch: Path, final: Path) -> None:
        if published:
            raise OSError(28, "No space left on device")
        published.append(final)
        real(scratch, final)

    monkeypatch.setattr(series_case.atomic, "publish", full)
    made = DeidentifyResult()
    with pytest.raises(OutputError, match="No space left"):
        deidentify(source, tmp_path / "out", site, into=made)
    assert [o.case.folder for o in made.series if o.case] == published
    assert leftovers(tmp_path / "out") == []


@pytest.mark.parametrize("inside", ["out in source", "source in out", "the same"])
def test_cases_and_originals_never_lie_in_each_other(
    source: Path, site: Site, tmp_path: Path, inside: str
) -> None:
    where = {
        "out in source": (source, source / "cases"),
        "source in out": (source, source.parent),
        "the same": (source, source),
    }
    before = sorted(source.parent.rglob("*"))
    with pytest.raises(OutputError, match="lies in the"):
        deidentify(*where[inside], site)
    assert sorted(source.parent.rglob("*")) == before
