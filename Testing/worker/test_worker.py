"""The steps in another process: what goes over the pipe, and how it ends."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from Clinic2CloudLib.demo.head import invented_identifiers, write_head_series
from Clinic2CloudLib.errors import Cancelled, InputError
from Clinic2CloudLib.worker.channel import Channel
from Clinic2CloudLib.worker.tasks import TASKS


def run(
    task: str, request: dict[str, Any], folder: Path
) -> tuple[int, list[dict[str, Any]], bytes]:
    with subprocess.Popen(
        [sys.executable, "-m", "Clinic2CloudLib.worker", task],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "CLINIC2CLOUD_HOME": str(folder / "home")},
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.flush()
        lines = []
        for line in process.stdout:
            record = json.loads(line)
            lines.append(record)
            if "array" in record:
                data = process.stdout.read(record["bytes"])
                record["values"] = np.frombuffer(data, record["dtype"]).reshape(record["shape"])
        errors = process.stderr.read()
        return process.wait(), lines, errors


@pytest.fixture(scope="module")
def head(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_head_series(tmp_path_factory.mktemp("dicom") / "head", size=(24, 40, 40))


def test_a_plan_comes_as_one_result(head: Path, tmp_path: Path) -> None:
    code, lines, _ = run("plan", {"source": str(head)}, tmp_path)
    assert code == 0
    (row,) = lines[-1]["result"]["series"]
    assert row["modality"] == "MR"
    assert row["instances"] == 24
    assert "looked for" in row["face"]


def test_an_error_is_one_sentence_and_code_1(tmp_path: Path) -> None:
    code, lines, _ = run("plan", {"source": str(tmp_path / "nowhere")}, tmp_path)
    assert code == 1
    assert lines[-1] == {"error": "there is no nowhere", "cancelled": False}


def test_an_unforeseen_error_quotes_nothing(tmp_path: Path) -> None:
    code, lines, errors = run("compare", {"case": 17}, tmp_path)
    assert code == 1
    assert lines[-1]["error"] == "unexpected TypeError in the compare step"
    assert errors == b""


def test_a_request_that_is_none(tmp_path: Path) -> None:
    channel = Channel(io.BytesIO(b"[1, 2]\n"), io.BytesIO())
    with pytest.raises(InputError, match="no JSON object"):
        channel.request()


def test_the_end_of_input_cancels(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    out = io.BytesIO()
    with os.fdopen(reading, "rb") as incoming:
        channel = Channel(incoming, out)
        os.write(writing, b"{}\n")
        assert channel.request() == {}
        channel.progress(1.0, "half way")
        os.close(writing)
        with pytest.raises(Cancelled):
            channel.sleep(20)
        with pytest.raises(Cancelled):
            channel.progress(0.5, "more")
    assert json.loads(out.getvalue()) == {"progress": 1.0, "message": "half way"}


@pytest.mark.parametrize("dtype", ["<f4", "u1", "<i2"])
@pytest.mark.parametrize("shape", [(2, 3, 4), (0, 5, 5), (1, 1, 1)])
def test_arrays_go_over_whole(dtype: str, shape: tuple[int, ...]) -> None:
    out = io.BytesIO()
    values = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    Channel(io.BytesIO(), out).array("a", values[:, ::-1])
    out.seek(0)
    record = json.loads(out.readline())
    back = np.frombuffer(out.read(record["bytes"]), record["dtype"]).reshape(record["shape"])
    assert np.array_equal(back, values[:, ::-1])


def test_series_are_counted_for_the_list_of_progress() -> None:
    from Clinic2CloudLib.worker.tasks import _by_series

    out = io.BytesIO()
    progress = _by_series(Channel(io.BytesIO(), out), 2)
    progress(0.05, "12 of 62 files read")
    progress(0.1 + 0.9 * 0.75, "series 2 of 2: rendering before and after")
    events = [json.loads(line) for line in out.getvalue().splitlines()]
    series = [event for event in events if event.get("event") == "series"]
    assert series == [
        {
            "event": "series",
            "number": 2,
            "total": 2,
            "progress": 0.5,
            "message": "rendering before and after",
        }
    ]


@pytest.mark.slow
def test_a_case_beside_its_original_and_no_word_of_the_patient(tmp_path: Path) -> None:
    head = write_head_series(tmp_path / "head", size="small")
    out = tmp_path / "out"
    code, lines, _ = run("deidentify", {"source": str(head), "out": str(out)}, tmp_path)
    assert code == 0
    (case,) = lines[-1]["result"]["cases"]
    code, seen, _ = run("compare", {"case": case, "source": str(head)}, tmp_path)
    arrays = {line["array"]: line.pop("values") for line in seen if "array" in line}
    facts = seen[-1]["result"]
    assert facts["missing"] == ""
    differs = arrays["before"] != arrays["after"]
    assert differs.any()
    assert arrays["changed"].astype(bool)[differs].all()
    assert facts["air"] < facts["skin"] < np.percentile(arrays["before"], 90)
    text = json.dumps(lines + seen).lower()
    for token in invented_identifiers():
        assert token.lower() not in text, token


def test_a_database_offers_only_the_wanted_files(head: Path, tmp_path: Path) -> None:
    from Clinic2CloudLib.dicom.source import open_source
    from Testing import standin

    database = standin.make_dicom_database(head, tmp_path / "db")
    with open_source(database) as source:
        assert len(list(source.files())) == 24
    with pytest.raises(InputError, match="no images of that series"):
        open_source(database, ["1.2.3"])


def test_every_task_has_a_line_of_help() -> None:
    assert all((task.__doc__ or "").strip() for task in TASKS.values())
