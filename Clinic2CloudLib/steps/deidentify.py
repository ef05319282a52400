"""De-identify a source: every series in it becomes a case, or is set aside with a reason."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

from ..cases.case import CASE_FILE
from ..dicom.model import Series, SetAside
from ..dicom.series import SeriesListing, find_series
from ..dicom.source import open_source
from ..errors import Clinic2CloudError, InputError, OutputError
from ..progress import Progress, part, silent
from .series_case import SeriesOutcome, deidentify_series
from .site import Site

log = logging.getLogger(__name__)


@dataclass
class DeidentifyResult:
    """What a run made.

    Attributes
    ----------
    series : list of SeriesOutcome
        One for each series that became a case.
    set_aside : list of SetAside
        Files that were not passed on, by relative path.
    """

    series: list[SeriesOutcome] = field(default_factory=list)
    set_aside: list[SetAside] = field(default_factory=list)


def prepare_output(out: Path) -> None:
    """Make the output folder, or accept one that holds nothing but cases.

    Raises
    ------
    OutputError
        When it holds something else's files or cannot be written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        strangers = [entry.name for entry in out.iterdir() if not _is_ours(entry)]
        if strangers:
            raise OutputError(
                f"the output folder {out.name} holds other files; name a new or empty folder"
            )
        probe = out / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise OutputError(
            f"the output folder {out.name} cannot be written: {error.strerror}"
        ) from None


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


def deidentify(
    source: Path,
    out: Path,
    site: Site,
    *,
    series: Sequence[str] = (),
    workers: int = 1,
    progress: Progress | None = None,
) -> DeidentifyResult:
    """De-identify a folder, file, zip, DICOMDIR or ctkDICOM.sql.

    Parameters
    ----------
    source : Path
        What to read.
    out : Path
        The folder of cases; made when it is not there.
    site : Site
        Policy, key and crosswalk (:func:`~Clinic2CloudLib.steps.site.open_site`).
    series : sequence of str
        Series Instance UIDs to take; all when empty.
    workers : int
        How many series are worked on at the same time.
    progress : Progress, optional
        Called often; may raise :class:`~Clinic2CloudLib.errors.Cancelled`.

    Returns
    -------
    DeidentifyResult
        The same whatever the order of the files and the number of workers.

    Raises
    ------
    InputError
        When the source cannot be read or holds nothing.
    OutputError
        When the cases cannot be written.
    """
    report = progress or silent
    with open_source(source, series) as opened:
        listing = find_series(opened, part(report, 0.0, 0.1))
        chosen = choose_series(listing, series)
        prepare_output(out)
        share = part(report, 0.1, 1.0)
        if workers > 1 and len(chosen) > 1:
            outcomes: Iterable[SeriesOutcome] = _in_parallel(
                source, [s.uid for s in chosen], out, site, workers, share
            )
        else:
            outcomes = _one_by_one(chosen, out, site, share)
        result = DeidentifyResult(set_aside=[] if series else list(listing.set_aside))
        for outcome in outcomes:
            result.set_aside += outcome.set_aside
            if outcome.case is not None:
                result.series.append(outcome)
    result.series.sort(key=lambda outcome: outcome.case.id if outcome.case else "")
    result.set_aside.sort(key=lambda item: item.file)
    report(1.0, "done")
    return result


def _one_by_one(
    chosen: Sequence[Series], out: Path, site: Site, progress: Progress
) -> Iterable[SeriesOutcome]:
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
    except (Clinic2CloudError, MemoryError):
        raise
    except Exception as error:
        log.debug("a series could not be de-identified", exc_info=True)
        reason = f"an unexpected {type(error).__name__} while it was de-identified"
        return SeriesOutcome(None, [SetAside(i.file.relative, reason) for i in series.instances])


def _in_parallel(
    source: Path, uids: list[str], out: Path, site: Site, workers: int, progress: Progress
) -> list[SeriesOutcome]:
    """Give each worker process a few series; a source is opened anew in each."""
    outcomes: list[SeriesOutcome] = []
    groups = [uids[start::workers] for start in range(min(workers, len(uids)))]
    with ProcessPoolExecutor(max_workers=len(groups)) as pool:
        pending = [pool.submit(_work, source, group, out, site) for group in groups]
        try:
            for number, finished in enumerate(as_completed(pending), 1):
                outcomes += finished.result()
                progress(number / len(groups), f"{len(outcomes)} of {len(uids)} series")
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return outcomes


def _work(source: Path, uids: Sequence[str], out: Path, site: Site) -> list[SeriesOutcome]:
    """De-identify some series of a source in a worker process."""
    with open_source(source, uids) as opened:
        listing = find_series(opened)
        chosen = choose_series(listing, uids)
        return list(_one_by_one(chosen, out, site, silent))


def _is_ours(entry: Path) -> bool:
    """Tell whether an entry of an output folder is a case, or left over from a killed run."""
    leftover = entry.name.startswith(".case-") and entry.suffix in (".part", ".old")
    return leftover or (entry.is_dir() and (entry / CASE_FILE).is_file())
