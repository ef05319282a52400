"""The verify step: an independent second look at a case, recorded in it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

from .. import paths
from ..cases.case import Case, load_case, save_case, set_state
from ..cases.crosswalk import Crosswalk, kinds_kept
from ..cases.report import write_report
from ..cases.sitekey import load_key
from ..errors import InputError
from ..progress import Progress
from ..verify import verify_case


def known_tokens(
    case: Case, *, key: Path | None = None, crosswalk: Path | None = None
) -> list[str]:
    """Return the source's identifying tokens from the crosswalk.

    Raises
    ------
    InputError
        When the key does not open the crosswalk, or it knows nothing of this case: without
        knowing what to look for, nobody can say that it is not there.
    """
    path = crosswalk or paths.crosswalk()
    tokens: list[str] = []
    if path.exists():
        kept = kinds_kept(case.policy["headers"])
        tokens = Crosswalk(path, load_key(key, make=False)).tokens_for(case.series_uid, kept)
    if not tokens:
        raise InputError(
            f"{case.id} cannot be verified: the crosswalk {path.name} does not know it; "
            "name the one it was made with"
        )
    return tokens


def check_case(
    folder: Path,
    *,
    key: Path | None = None,
    crosswalk: Path | None = None,
    progress: Progress | None = None,
) -> Case:
    """Verify a case and record the outcome; a clean one moves on to ``verified``.

    Parameters
    ----------
    folder : Path
        The case folder.
    key, crosswalk : Path, optional
        The site's key and crosswalk, from which the tokens to look for come.
    progress : Progress, optional
        Told how far it is.

    Returns
    -------
    Case
        With ``verification`` filled in. A case that was reviewed or sent keeps its state.

    Raises
    ------
    InputError
        When the folder is no case or the crosswalk cannot be opened.
    """
    case = load_case(folder)
    found = verify_case(folder, known_tokens(case, key=key, crosswalk=crosswalk), progress)
    record = {
        "ok": found.ok,
        "checks": list(found.checks),
        "findings": [dataclasses.asdict(finding) for finding in found.findings],
    }
    case = dataclasses.replace(case, verification=record)
    save_case(case)
    if found.ok and case.state == "deidentified":
        case = set_state(folder, "verified")
    write_report(folder)
    return case


def checker(key: Path | None = None, crosswalk: Path | None = None) -> Callable[[Path], Case]:
    """Return :func:`check_case` with the site's secrets filled in, for the review step."""

    def check(folder: Path) -> Case:
        return check_case(folder, key=key, crosswalk=crosswalk)

    return check
