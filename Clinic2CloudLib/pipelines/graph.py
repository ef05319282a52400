"""Run a Dask graph under whatever scheduler is set, and stop when the user says so."""

from __future__ import annotations

import threading
from typing import Any

from ..progress import Progress

#: How often the user is asked whether to go on, seconds.
POLL_S = 0.2


def compute(tasks: list[Any], progress: Progress, message: str) -> list[Any]:
    """Compute delayed tasks, calling ``progress`` all the while.

    Parameters
    ----------
    tasks : list
        Dask ``delayed`` objects; they run on the scheduler of ``dask.config`` or of the connected
        ``distributed.Client``: threads when none is set.
    progress : Progress
        Called five times a second; when it raises (Cancelled), no further task of a local
        scheduler is started and its exception goes up.
    message : str
        What is being done.

    Returns
    -------
    list
        The results, in the tasks' order.

    Raises
    ------
    Exception
        What a task raised, or what ``progress`` raised.
    """
    import dask
    from dask.callbacks import Callback

    stopped = threading.Event()
    done = threading.Event()
    ended = [0]
    outcome: list[Any] = []
    failure: list[BaseException] = []

    def before(key: Any, graph: Any, state: Any) -> None:
        if stopped.is_set():
            raise RuntimeError("stopped by the user")

    def after(key: Any, value: Any, graph: Any, state: Any, worker: Any) -> None:
        ended[0] += 1

    def work() -> None:
        try:
            with Callback(pretask=before, posttask=after):
                outcome.extend(dask.compute(*tasks))
        except BaseException as error:  # handed to the caller's thread below
            failure.append(error)
        finally:
            done.set()

    progress(0.0, message)
    worker = threading.Thread(target=work, name="clinic2cloud-dask", daemon=True)
    worker.start()
    try:
        while not done.wait(POLL_S):
            progress(min(ended[0] / max(len(tasks), 1), 0.99), message)
    except BaseException:
        stopped.set()
        raise
    if failure:
        raise failure[0]
    progress(1.0, message)
    return outcome
