"""A person's decision about a case, bound to what that person saw."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..errors import InputError, NotApprovedError, VerificationError
from .case import Case, check_unchanged, load_case, save_case, seal_of

#: Makes the second look at a case folder and returns the case with its ``verification`` filled in.
Verifier = Callable[[Path], Case]


def review_case(
    folder: Path, *, approve: bool, reviewer: str, note: str = "", verifier: Verifier
) -> Case:
    """Record that a person approved or rejected a case.

    Parameters
    ----------
    folder : Path
        The case folder.
    approve : bool
        Approve, or reject.
    reviewer : str
        Who decided; not empty.
    note : str
        Why; asked for where the software itself had doubts (``needs_review``).
    verifier : callable
        Run first when nobody has verified the case yet, so that no unverified case is approved.

    Returns
    -------
    Case
        The case in its new state.

    Raises
    ------
    InputError
        When the reviewer is not named, or a doubtful case is approved without a note.
    VerificationError
        When the second look found something; such a case can only be rejected.
    NotApprovedError
        When a file changed since it was de-identified.
    """
    if not reviewer.strip():
        raise InputError("a review needs the reviewer's name")
    case = load_case(folder)
    if approve:
        case = _fit_for_approval(case, note, verifier)
    decision = "approved" if approve else "rejected"
    review: dict[str, Any] = {
        "decision": decision,
        "reviewer": reviewer.strip(),
        "note": note.strip(),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "digest": case.digest,
    }
    review["seal"] = seal_of(case, review)
    reviewed = dataclasses.replace(case, state=decision, review=review)
    save_case(reviewed)
    return reviewed


def _fit_for_approval(case: Case, note: str, verifier: Verifier) -> Case:
    """Return the verified case, or raise when it may not be approved."""
    if case.state in ("queued", "uploaded", "processing", "done", "failed"):
        raise NotApprovedError(f"{case.id} was sent already; its approval stands")
    check_unchanged(case)
    if case.verification is None:
        case = verifier(case.folder)
    verification = case.verification or {}
    if not verification.get("ok"):
        count = len(verification.get("findings", ()))
        raise VerificationError(
            f"{case.id} cannot be approved: the verification has {count} findings, see its report"
        )
    if case.needs_review and not note.strip():
        raise InputError(
            f"{case.id} needs a note to be approved, because {'; '.join(case.needs_review)}"
        )
    return case
