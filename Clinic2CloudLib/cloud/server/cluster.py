"""Runs pipelines on a Dask cluster, whose workers need not share a disk with the server.

The inputs travel to the worker as bytes and the results come back so. Progress travels through the
scheduler's event log, the wish to stop as a :class:`distributed.Event`. ``tls://`` takes the
certificates from Dask's own configuration (``distributed.comm.tls``). Dask is no boundary between
parties that do not trust each other: one cluster for each.
"""

from __future__ import annotations

import contextlib
import queue
import secrets
import tempfile
import time
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import Cancelled, Clinic2CloudError
from ...progress import Progress
from .engine import POLL_S, JobFailed, Task, reason_of

if TYPE_CHECKING:
    from ...pipelines.registry import Pipeline

#: How long the scheduler is waited for, seconds.
CONNECT_S = 15


class ClusterEngine:
    """Runs each task on some worker of a cluster.

    Parameters
    ----------
    address : str
        Of the scheduler, ``tcp://host:port`` or ``tls://host:port``.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._client: Any = None

    def run(self, task: Task, progress: Progress) -> tuple[Path, ...]:
        """Run a task.

        Raises
        ------
        JobFailed
            With the reason.
        Exception
            What ``progress`` raised; the pipeline is told to stop then.
        """
        import distributed

        client = self._connected()
        topic = f"clinic2cloud-{secrets.token_hex(8)}"
        told: queue.SimpleQueue[tuple[float, str]] = queue.SimpleQueue()
        client.subscribe_topic(topic, lambda event: told.put(event[1]))
        stop = distributed.Event(topic, client=client)
        future = None
        try:
            contents = client.scatter([path.read_bytes() for path in task.inputs], hash=False)
            future = client.submit(
                perform, task.pipeline, contents, dict(task.options), topic, pure=False, retries=0
            )
            _follow(future, told, progress)
            return _written(_result(future), task.out)
        except BaseException:
            stop.set()
            if future is not None:
                future.cancel()
            raise
        finally:
            client.unsubscribe_topic(topic)

    def close(self) -> None:
        """Leave the cluster."""
        if self._client is not None:
            self._client.close(timeout=5)
            self._client = None

    def _connected(self) -> Any:
        import distributed

        if self._client is None or self._client.status != "running":
            try:
                self._client = distributed.Client(
                    self._address, timeout=CONNECT_S, set_as_default=False
                )
            except (OSError, TimeoutError):
                raise JobFailed("the Dask scheduler does not answer") from None
        return self._client


def _follow(future: Any, told: queue.SimpleQueue[tuple[float, str]], progress: Progress) -> None:
    """Hand progress on until the task has ended."""
    fraction, message = 0.0, "waiting for a worker"
    while not future.done():
        with contextlib.suppress(queue.Empty):
            fraction, message = told.get(timeout=POLL_S)
        progress(fraction, message)


def _result(future: Any) -> Sequence[tuple[str, bytes]]:
    if future.status == "cancelled":
        raise JobFailed("the Dask scheduler was lost")
    if future.status == "error":
        error = future.exception()
        if type(error).__name__ == "KilledWorker":
            raise JobFailed("the Dask workers died of this job")
        raise JobFailed(reason_of(error))
    made: Sequence[tuple[str, bytes]] = future.result()
    return made


def _written(made: Sequence[tuple[str, bytes]], out: Path) -> tuple[Path, ...]:
    paths = []
    for name, content in made:
        path = out / Path(name).name
        path.write_bytes(content)
        paths.append(path)
    return tuple(paths)


def perform(
    pipeline: Pipeline, contents: Sequence[bytes], options: Mapping[str, str], topic: str
) -> list[tuple[str, bytes]]:
    """Run a pipeline on a worker; what it reads and writes there is gone afterwards.

    Returns
    -------
    list of tuple of str and bytes
        File name and content of each result.
    """
    import distributed

    worker = distributed.get_worker()
    stop = distributed.Event(topic)
    asked = time.monotonic()

    def progress(fraction: float, message: str) -> None:
        nonlocal asked
        if time.monotonic() - asked < POLL_S:
            return
        asked = time.monotonic()
        if stop.is_set():
            raise Cancelled("cancelled")
        worker.log_event(topic, (fraction, message))

    with tempfile.TemporaryDirectory(prefix="clinic2cloud-") as folder:
        inputs = []
        for number, content in enumerate(contents, 1):
            path = Path(folder, f"{number:06d}.dcm")
            path.write_bytes(content)
            inputs.append(path)
        out = Path(folder, "out")
        out.mkdir()
        # Libraries quote the header values they warn about.
        warnings.simplefilter("ignore")
        try:
            made = pipeline.run(inputs, out, options, progress)
        except Clinic2CloudError:
            raise
        except Exception as error:
            # A foreign exception's text may quote a header and would go into the cluster's logs.
            raise JobFailed(reason_of(error)) from None
        return [(path.name, path.read_bytes()) for path in made]
