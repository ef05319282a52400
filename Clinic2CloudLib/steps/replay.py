"""The audit's proof: a case made again from its source, by its own record, to the same bytes."""

from __future__ import annotations

import tempfile
from pathlib import Path

from .. import paths
from ..cases.case import load_case
from ..cases.policy import policy_of_record
from ..cases.sitekey import load_key
from ..errors import InputError, VerificationError
from ..progress import Progress, part
from .deidentify import deidentify
from .site import Site


def replay(
    folder: Path, source: Path, *, key: Path | None = None, progress: Progress | None = None
) -> str:
    """De-identify a source anew as a case's record says, and compare every instance.

    Parameters
    ----------
    folder : Path
        The case folder; it is not changed.
    source : Path
        The source it was made from.
    key : Path, optional
        The site's key.
    progress : Progress, optional
        Told how far it is.

    Returns
    -------
    str
        The digest that both have.

    Raises
    ------
    InputError
        When the source does not hold the case's series, or the key is another one.
    VerificationError
        When the case cannot be made again as it is.
    """
    case = load_case(folder)
    # The copy holds no patient data, and it is gone when the comparison is done.
    with tempfile.TemporaryDirectory(prefix="replay-", dir=paths.home()) as scratch:
        site = Site(
            policy_of_record(case.policy),
            load_key(key, make=False),
            Path(scratch) / "crosswalk.c2c",
        )
        made = deidentify(source, Path(scratch) / "cases", site, progress=part(progress, 0, 1))
        again = next((o.case for o in made.series if o.case and o.case.id == case.id), None)
    if again is None:
        raise InputError(f"{source.name} with this key gives no case {case.id}")
    if again.digest != case.digest:
        raise VerificationError(f"{case.id} made again from {source.name} has other bytes")
    return case.digest
