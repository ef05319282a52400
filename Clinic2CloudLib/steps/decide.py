"""The review step: a person's decision, and what follows from it on disk."""

from __future__ import annotations

from pathlib import Path

from ..cases.case import PREVIEW, Case
from ..cases.report import write_report
from ..cases.review import Verifier, review_case


def decide(
    folder: Path,
    *,
    approve: bool,
    reviewer: str,
    note: str = "",
    verifier: Verifier,
    key: Path | None = None,
) -> Case:
    """Record a decision, bring the report up to date, and drop pictures the policy wants gone.

    Raises
    ------
    Clinic2CloudError
        As :func:`~Clinic2CloudLib.cases.review.review_case` says.
    """
    case = review_case(
        folder, approve=approve, reviewer=reviewer, note=note, verifier=verifier, key=key
    )
    if not case.policy.get("keep_before", True):
        delete_before_pictures(case)
    write_report(folder)
    return case


def delete_before_pictures(case: Case) -> None:
    """Delete the pictures that show the original face; their digests stay in the record."""
    preview = case.preview or {}
    showing = {view["before"] for view in preview.get("views", ())}
    showing |= {preview[name] for name in ("sheet", "slices") if preview.get(name)}
    for name in showing:
        path = case.folder / name
        if path.parent == case.folder / PREVIEW:
            path.unlink(missing_ok=True)
