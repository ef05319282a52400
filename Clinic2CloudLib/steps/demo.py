"""The demo: the whole main job on one machine, each step the very one a user takes."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from ..cases.case import Case
from ..cases.policy import Policy
from ..cloud.destination import Destination
from ..cloud.server import serving
from ..errors import InputError, OutputError
from ..pipelines.local import ResultRow, read_results
from ..progress import Progress, part, silent
from .check import checker
from .decide import decide
from .deidentify import DeidentifyResult, deidentify, prepare_output
from .send import Sent, send
from .site import open_site

PIPELINE = "brain-volumetry"

#: Who approves in a demo, and why: nobody is to take it for a person's decision.
REVIEWER = "clinic2cloud demo"
NOTE = "approved by the demo program, not by a person"


@dataclass
class DemoResult:
    """What the demo made.

    Attributes
    ----------
    cases : Path
        The folder of cases.
    results : Path
        The pipeline's results, one folder a case.
    made : DeidentifyResult
        What was de-identified and what was set aside.
    sent : list of Sent
        What went to the embedded cloud and came back.
    held : list of Case
        What the demo would not approve by itself.
    measured : dict
        For each case the rows of its structured report.
    """

    cases: Path
    results: Path
    made: DeidentifyResult
    sent: list[Sent]
    held: list[Case]
    measured: dict[str, list[ResultRow]]


def run_demo(
    out: Path, source: Path | None, policy: Policy, progress: Progress | None = None
) -> DemoResult:
    """De-identify, verify, approve, upload to a server on this machine, process, fetch.

    Parameters
    ----------
    out : Path
        The folder to make: ``cases``, ``cloud`` (the server's own data), ``results``, and
        ``source`` when the demo makes the head itself.
    source : Path, optional
        What to read; a synthetic head with invented patient data when left out.
    policy : Policy
        What is removed and what is kept.
    progress : Progress, optional
        Told how far it is.

    Raises
    ------
    Clinic2CloudError
        As each step says.
    """
    fresh = not out.exists()
    try:
        return _run(out, source, policy, progress or silent)
    except BaseException:
        if fresh:  # a demo that came to nothing leaves nothing
            shutil.rmtree(out, ignore_errors=True)
        raise


def _run(out: Path, source: Path | None, policy: Policy, report: Progress) -> DemoResult:
    """Take the source the whole way."""
    _prepare(out)
    if source is None:
        from ..demo.head import write_head_series

        report(0.01, "making a head with invented patient data")
        source = write_head_series(out / "source")
    cases = out / "cases"
    prepare_output(cases)
    site = open_site(out, policy=policy)
    made = deidentify(source, cases, site, progress=part(report, 0.05, 0.5))
    if not made.series:
        raise InputError("nothing in the source could be de-identified, so there is no demo of it")
    approved, held = _review(made, part(report, 0.5, 0.55))
    results = out / "results"
    with serving(out / "cloud") as running:
        sent = send(
            [case.folder for case in approved],
            Destination(running.base_url, token_file=running.token_file),
            pipeline=PIPELINE,
            results=results,
            progress=part(report, 0.55, 1.0),
        )
    measured = {item.folder.name: read_results(results / item.folder.name) for item in sent}
    return DemoResult(cases, results, made, sent, held, measured)


def _prepare(out: Path) -> None:
    """Make the demo's folder, or clear what an earlier demo made in it."""
    made_before = out / ".clinic2cloud-demo"
    try:
        out.mkdir(parents=True, exist_ok=True)
        if any(out.iterdir()) and not made_before.exists():
            raise OutputError(f"{out.name} holds other files; name a new or empty folder")
        for name in ("cases", "cloud", "results", "source"):
            if (out / name).is_dir():
                shutil.rmtree(out / name)
        made_before.touch()
    except OSError as error:
        raise OutputError(f"{out.name} cannot be written: {error.strerror}") from None


def _review(made: DeidentifyResult, progress: Progress) -> tuple[list[Case], list[Case]]:
    """Verify each case and approve those the software had no doubts about."""
    approved, held = [], []
    cases = [outcome.case for outcome in made.series if outcome.case is not None]
    for number, case in enumerate(cases):
        progress(number / len(cases), "verifying with an independent second reader")
        if case.needs_review:
            held.append(case)
        elif case.state in ("deidentified", "verified"):
            verifier = checker()
            approved.append(
                decide(case.folder, approve=True, reviewer=REVIEWER, note=NOTE, verifier=verifier)
            )
        else:
            approved.append(case)
    return approved, held
