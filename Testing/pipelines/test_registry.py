"""What a user may ask of a pipeline, and what the answer is when it makes no sense."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import dask
import pytest

from Clinic2CloudLib.errors import Cancelled, InputError
from Clinic2CloudLib.pipelines import PIPELINES, Option, pipeline
from Clinic2CloudLib.pipelines.graph import compute
from Clinic2CloudLib.progress import silent


def test_brain_volumetry_is_offered_with_its_options() -> None:
    offered = PIPELINES["brain-volumetry"]
    assert offered.check({}) == {"segmentation": True}
    assert offered.check({"segmentation": "false"}) == {"segmentation": False}


def test_an_unknown_pipeline_names_the_known_ones() -> None:
    with pytest.raises(InputError, match="brain-volumetry"):
        pipeline("liver")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"colour": "red"}, "has no option colour"),
        ({"segmentation": "perhaps"}, "option segmentation must be true or false"),
    ],
)
def test_wrong_options_are_refused_with_one_sentence(options: dict, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        PIPELINES["brain-volumetry"].check(options)


@pytest.mark.parametrize(
    ("option", "good", "value", "bad"),
    [
        (Option("n", "int", 1), "-3", -3, "2.5"),
        (Option("x", "float", 1.0), "2.5", 2.5, "nan"),
        (Option("x", "float", 1.0), "1e3", 1000.0, "much"),
        (Option("m", "choice", "a", ("a", "b")), "b", "b", "c"),
    ],
)
def test_options_are_read_from_text(option: Option, good: str, value: object, bad: str) -> None:
    assert option.read(good) == value
    with pytest.raises(InputError, match=f"option {option.name} must be"):
        option.read(bad)


def test_no_images_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="was given no images"):
        PIPELINES["brain-volumetry"].run([], tmp_path / "out")


def test_cancelling_starts_no_further_task() -> None:
    started = []

    def slow(number: int) -> int:
        started.append(number)
        time.sleep(0.15)
        return number

    def stop(fraction: float, message: str) -> None:
        if started:
            raise Cancelled("stopped")

    tasks = [dask.delayed(slow)(number) for number in range(40)]
    before = time.monotonic()
    with dask.config.set(scheduler="synchronous"), pytest.raises(Cancelled):
        compute(tasks, stop, "waiting")
    assert time.monotonic() - before < 2
    for thread in threading.enumerate():
        if thread.name == "clinic2cloud-dask":
            thread.join(5)
    assert len(started) < 10


def test_a_failing_task_raises_its_own_error() -> None:
    def broken() -> None:
        raise InputError("no brain")

    with pytest.raises(InputError, match="no brain"):
        compute([dask.delayed(broken)()], silent, "working")


@pytest.mark.slow
def test_the_graph_runs_on_a_cluster_of_processes() -> None:
    from distributed import Client, LocalCluster

    with (
        LocalCluster(
            n_workers=1, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        Client(cluster),
    ):
        assert compute([dask.delayed(pow)(n, 2) for n in range(5)], silent, "") == [0, 1, 4, 9, 16]
