"""What the tests of the steps hand around."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from Clinic2CloudLib.cases.case import Case
from Clinic2CloudLib.steps.site import Site


@dataclass(frozen=True)
class Made:
    """A source and the case that came of it."""

    source: Path
    out: Path
    case: Case
    site: Site
