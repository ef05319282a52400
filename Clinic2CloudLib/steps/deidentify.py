"""De-identify a source: every series in it becomes a case, or is set aside with a reason."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .. import atomic
from ..cases.case import CASE_FILE
from ..dicom.model import SetAside
from ..dicom.series import find_series
from ..dicom.source import open_source
from ..errors import OutputError
from ..progress import Progress, part, silent
from .many import choose_series, in_parallel, one_by_one
from .series_case import SeriesOutcome
from .site import Site


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
        atomic.clear_abandoned(out)
        # A name of its own: another run may try the same folder at the same moment.
        probe = out / f".case-{secrets.token_hex(4)}.part"
        probe.mkdir()
        probe.rmdir()
    except OSError as error:
        raise OutputError(
            f"the output folder {out.name} cannot be written: {error.strerror}"
        ) from None


def refuse_overlap(source: Path, out: Path) -> None:
    """Refuse cases among the originals, and originals among the cases.

    A second run would take the first one's cases for originals, and whoever hands the output on
    would hand the originals on with it.

    Raises
    ------
    OutputError
        When one of the two folders lies in the other, symbolic links followed.
    """
    one, other = source.expanduser().resolve(), out.resolve()
    if one.is_dir() and other.is_relative_to(one):
        raise OutputError(f"{out.name} lies in the source; name a folder outside of it")
    if one.is_relative_to(other):
        raise OutputError(f"{source.name} lies in the output; name another folder for the cases")


def deidentify(
    source: Path,
    out: Path,
    site: Site,
    *,
    series: Sequence[str] = (),
    workers: int = 1,
    progress: Progress | None = None,
    into: DeidentifyResult | None = None,
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
    into : DeidentifyResult, optional
        Filled as the work goes on, so that after an error the caller knows what was made before.

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
    refuse_overlap(source, out)
    with open_source(source, series) as opened:
        listing = find_series(opened, part(report, 0.0, 0.1))
        chosen = choose_series(listing, series)
        prepare_output(out)
        share = part(report, 0.1, 1.0)
        result = DeidentifyResult() if into is None else into
        result.set_aside += [] if series else listing.set_aside
        if workers > 1 and len(chosen) > 1:
            uids = [s.uid for s in chosen]
            outcomes: Iterable[SeriesOutcome] = in_parallel(source, uids, out, site, workers, share)
        else:
            outcomes = one_by_one(chosen, out, site, share)
        try:
            for outcome in outcomes:
                result.set_aside += outcome.set_aside
                if outcome.case is not None:
                    result.series.append(outcome)
        finally:
            result.series.sort(key=lambda outcome: outcome.case.id if outcome.case else "")
            result.set_aside.sort(key=lambda item: item.file)
            if not any(out.iterdir()):
                out.rmdir()  # nothing was made, so nothing is left behind
    report(1.0, "done")
    return result


def _is_ours(entry: Path) -> bool:
    """Tell whether an entry of an output folder is a case, or left over from a killed run."""
    leftover = entry.name.startswith(".case-") and entry.suffix in (".part", ".old")
    return leftover or (entry.is_dir() and (entry / CASE_FILE).is_file())
