"""A person's decision about a case, bound to what that person saw."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..errors import InputError, NotApprovedError, VerificationError
from .case import APPROVED_STATES, Case, check_unchanged, facts_text, load_case, save_case
from .seal import is_authentic, sealed
from .sitekey import key_at_hand

#: Makes the second look at a case folder and returns the case with its ``verification`` filled in.
Verifier = Callable[[Path], Case]

_SENT = APPROVED_STATES - {"approved"}


def review_case(
    folder: Path,
    *,
    approve: bool,
    reviewer: str,
    note: str = "",
    verifier: Verifier,
    key: Path | None = None,
) -> Case:
    """Record that a person approved or rejected a case, sealed with the site's key.

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
    key : Path, optional
        The site's key; the site's own by default. On a machine that has none, the decision is
        recorded without the keyed seal, and one that has it asks for another review.

    Returns
    -------
    Case
        The case in its new state.

    Raises
    ------
    InputError
        When the reviewer is not named, a doubtful case is approved without a note, or the key
        cannot be used.
    VerificationError
        When the second look found something; such a case can only be rejected.
    NotApprovedError
        When a file changed since it was de-identified.
    """
    if not reviewer.strip():
        raise InputError("a review needs the reviewer's name")
    secret = key_at_hand(key)
    case = load_case(folder)
    state = decision = "approved" if approve else "rejected"
    if approve:
        if case.state in _SENT:
            if _is_sealed(case, secret):
                raise NotApprovedError(f"{case.id} was sent already; its approval stands")
            state = case.state  # what was sent stays sent; only the approval is sealed anew
        case = _fit_for_approval(case, note, verifier)
    review: dict[str, Any] = {
        "decision": decision,
        "reviewer": reviewer.strip(),
        "note": note.strip(),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "digest": case.digest,
    }
    review = sealed(facts_text(case), review, secret)
    reviewed = dataclasses.replace(case, state=state, review=review)
    save_case(reviewed)
    return reviewed


def _is_sealed(case: Case, secret: bytes | None) -> bool:
    """Tell whether a case's approval bears the keyed seal, as far as this machine can tell."""
    return secret is None or is_authentic(facts_text(case), case.review or {}, secret)


def _fit_for_approval(case: Case, note: str, verifier: Verifier) -> Case:
    """Return the verified case, or raise when it may not be approved."""
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
