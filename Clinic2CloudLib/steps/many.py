"""Many series: one after the other, or several at once in processes of their own."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait as wait_for_any
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import TypeAlias

from ..dicom.model import Series, SetAside
from ..dicom.series import SeriesListing, find_series
from ..dicom.source import open_source
from ..errors import (
    Cancelled,
    Clinic2CloudError,
    InputError,
    NotDeidentifiableError,
    OutputError,
)
from ..progress import Progress, part
from .series_case import SeriesOutcome, deidentify_series
from .site import Site

log = logging.getLogger(__name__)

#: What a worker hands back: what it made, and the error that stopped it, if one did.
_Handed: TypeAlias = tuple[list[SeriesOutcome], Clinic2CloudError | None]

#: How long a worker whose parent was killed may take to clean up, seconds.
_GRACE = 10.0

_stop: Event | None = None


def choose_series(listing: SeriesListing, wanted: Sequence[str]) -> tuple[Series, ...]:
    """Return the series a user named by UID, or all.

    Raises
    ------
    InputError
        When one that was named is not there. Its UID is the user's own word, but an original UID
        identifies, so the sentence only says which one of those named it was.
    """
    if not wanted:
        return listing.series
    by_uid = {series.uid: series for series in listing.series}
    for number, uid in enumerate(wanted, 1):
        if uid not in by_uid:
            raise InputError(f"the source holds no series of that UID (--series number {number})")
    return tuple(by_uid[uid] for uid in dict.fromkeys(wanted))


def one_by_one(
    chosen: Sequence[Series], out: Path, site: Site, progress: Progress
) -> Iterator[SeriesOutcome]:
    """De-identify series after series; what becomes of one does not stop the others."""
    for number, series in enumerate(chosen):
        label = f"series {number + 1} of {len(chosen)}: "
        share = part(progress, number / len(chosen), (number + 1) / len(chosen))

        def labelled(
            fraction: float, message: str, share: Progress = share, label: str = label
        ) -> None:
            share(fraction, label + message)

        yield _whatever_happens(series, out, site, labelled)


def _whatever_happens(series: Series, out: Path, site: Site, progress: Progress) -> SeriesOutcome:
    """De-identify a series; a fault of ours sets this one aside and lets the others go on."""
    try:
        return deidentify_series(series, out, site, progress)
    except NotDeidentifiableError as error:
        reason = str(error)
    except MemoryError:
        reason = "this machine's memory is too small for its series"
    except Clinic2CloudError:
        raise
    except Exception as error:
        # Only the kind: the words of an unforeseen error may quote a header.
        log.debug("a series could not be de-identified: %s", type(error).__name__)
        reason = f"an unexpected {type(error).__name__} while it was de-identified"
    return SeriesOutcome(None, [SetAside(i.file.relative, reason) for i in series.instances])


def in_parallel(
    source: Path, uids: list[str], out: Path, site: Site, workers: int, progress: Progress
) -> Iterator[SeriesOutcome]:
    """Give each worker process a few series; a source is opened anew in each.

    When the user cancels, or one of the workers cannot write, all end at their next step and leave
    nothing half-made; what was whole before is handed over all the same.
    """
    groups = [uids[start::workers] for start in range(min(workers, len(uids)))]
    stop = multiprocessing.Event()
    made, failure = 0, None
    with ProcessPoolExecutor(len(groups), initializer=_join, initargs=(stop,)) as pool:
        pending: set[Future[_Handed]] = {
            pool.submit(_work, source, group, out, site) for group in groups
        }
        try:
            while pending:
                finished, pending = wait(pending, timeout=0.2, return_when=FIRST_COMPLETED)
                for one in finished:
                    outcomes, error = one.result()
                    yield from outcomes
                    made += len(outcomes)
                    if error is not None:
                        failure = failure or error
                        stop.set()
                progress(made / len(uids), f"{made} of {len(uids)} series")
        except BrokenProcessPool:
            raise OutputError(
                "a worker process was ended from outside, perhaps for want of memory; "
                "try with --workers 1"
            ) from None
        finally:
            stop.set()
            pool.shutdown(wait=True, cancel_futures=True)
    if failure is not None:
        raise failure


def _join(stop: Event) -> None:
    """Make a worker listen to its parent alone, and not outlive it."""
    global _stop
    _stop = stop
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    threading.Thread(target=_end_with_parent, args=(stop,), daemon=True).start()


def _end_with_parent(stop: Event) -> None:
    """Wait for the parent's end; a killed one cannot tell its workers to stop."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait_for_any([parent.sentinel])
        stop.set()
        threading.Event().wait(_GRACE)
        os._exit(1)


def _heed(fraction: float, message: str) -> None:
    """Progress of a worker: stops when it is told to."""
    if _stop is not None and _stop.is_set():
        raise Cancelled("cancelled; nothing half-made is left")


def _work(source: Path, uids: Sequence[str], out: Path, site: Site) -> _Handed:
    """De-identify some series of a source in a worker process."""
    outcomes: list[SeriesOutcome] = []
    try:
        with open_source(source, uids) as opened:
            chosen = choose_series(find_series(opened, _heed), uids)
            outcomes.extend(one_by_one(chosen, out, site, _heed))  # an error keeps those before it
    except Clinic2CloudError as error:
        return outcomes, error
    return outcomes, None
