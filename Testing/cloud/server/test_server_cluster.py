"""The same jobs on a Dask cluster."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import servermaker as sm
from servermaker import PIPELINES, TOKEN, Uids, Web, value, work

from Clinic2CloudLib.cloud.server import serving
from Clinic2CloudLib.cloud.server.engine import JobFailed, Task, make_engine


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A scheduler with one worker, reached over TCP as a remote one is."""
    import distributed

    with distributed.LocalCluster(
        n_workers=1,
        threads_per_worker=1,
        processes=False,
        protocol="tcp://",
        host="127.0.0.1",
        dashboard_address=None,
    ) as made:
        yield made


@pytest.fixture
def web(tmp_path: Path, gate: Path, cluster: Any) -> Iterator[Web]:
    options = {"token": TOKEN, "pipelines": PIPELINES, "scheduler": cluster.scheduler_address}
    with serving(tmp_path / "data", **options) as running:
        yield Web(running.base_url)


def start(web: Web, uid: str, pipeline: str, **options: str) -> None:
    web.store(sm.slices(3))
    answer = web.post(f"/workitems?workitem={uid}", work(pipeline, Uids(3).list(), options))
    assert answer.status_code == 201


def test_a_job_runs_on_the_cluster_and_its_results_come_back(web: Web) -> None:
    start(web, "2.25.1", "quick", note="on a cluster")
    item = web.wait("2.25.1")
    assert value(item, "00741000") == "COMPLETED"
    results = web.get(f"/studies/{sm.STUDY}/series/2.25.7099/metadata").json()
    assert [value(one, "0008103E") for one in results] == ["on a cluster"] * 2
    assert value(results[0], "00204000") == "made of 3 images"


@pytest.mark.parametrize(
    ("how", "said"), [("sentence", "this is no head"), ("exception", "(ValueError)")]
)
def test_a_failure_on_the_cluster_is_told(web: Web, how: str, said: str) -> None:
    start(web, "2.25.1", "failing", how=how)
    item = web.wait("2.25.1")
    assert value(item, "00741000") == "CANCELED"
    assert said in value(item, "00741002", "00741238")
    assert "Doe" not in str(item)


def test_a_job_on_the_cluster_tells_its_progress_and_can_be_cancelled(web: Web, gate: Path) -> None:
    start(web, "2.25.1", "slow")
    end = time.monotonic() + 20
    while "step" not in value(web.wait("2.25.1", "IN PROGRESS"), "00741002", "00741006"):
        assert time.monotonic() < end
        time.sleep(0.1)
    assert web.post("/workitems/2.25.1/cancelrequest", b"").status_code == 202
    assert value(web.wait("2.25.1"), "00741000") == "CANCELED"
    start(web, "2.25.2", "quick")  # the worker was set free
    assert value(web.wait("2.25.2", seconds=10), "00741000") == "COMPLETED"


def test_a_scheduler_that_is_not_there_fails_the_job_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from Clinic2CloudLib.cloud.server import cluster as cluster_module

    monkeypatch.setattr(cluster_module, "CONNECT_S", 1)
    engine = make_engine("tcp://127.0.0.1:9")
    task = Task(PIPELINES["quick"], (), tmp_path, {})
    with pytest.raises(JobFailed, match="the Dask scheduler does not answer"):
        engine.run(task, lambda fraction, message: None)
    engine.close()
