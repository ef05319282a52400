"""What would be done to each series, before anything is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..cases.policy import Policy
from ..dicom.model import Series, SetAside
from ..dicom.series import find_series
from ..dicom.source import open_source
from ..pixels.risk import text_risk
from ..progress import Progress
from .deidentify import choose_series
from .faces import FACE_MODALITIES, FEWEST_SLICES


@dataclass(frozen=True)
class SeriesPlan:
    """One series, as the clinic's own list shows it, and what a policy would do to it.

    Attributes
    ----------
    series : Series
        What was found; its header values are the originals and stay in the clinic.
    headers, text, face : str
        What would be done, one sentence each.
    """

    series: Series
    headers: str
    text: str
    face: str


@dataclass(frozen=True)
class SourcePlan:
    """All series of a source, and the files that would be set aside."""

    series: tuple[SeriesPlan, ...]
    set_aside: tuple[SetAside, ...]


def plan_source(
    source: Path, policy: Policy, wanted: Sequence[str] = (), progress: Progress | None = None
) -> SourcePlan:
    """Look at a source and say what the policy would do.

    Raises
    ------
    InputError
        When the source cannot be read.
    """
    with open_source(source, wanted) as opened:
        listing = find_series(opened, progress)
        chosen = choose_series(listing, wanted)
        return SourcePlan(tuple(plan_series(s, policy) for s in chosen), listing.set_aside)


def plan_series(series: Series, policy: Policy) -> SeriesPlan:
    """Say what a policy would do to one series."""
    return SeriesPlan(
        series,
        f"policy {policy.name}",
        _text_plan(series, policy),
        _face_plan(series, policy),
    )


def _text_plan(series: Series, policy: Policy) -> str:
    reasons = sorted({reason for item in series.instances if (reason := text_risk(item))})
    if not reasons:
        return "not at risk"
    if policy.text == "off":
        return f"left as it is, though {reasons[0]}"
    return f"looked for, because {reasons[0]}"


def _face_plan(series: Series, policy: Policy) -> str:
    slices = sum(item.frames for item in series.instances if item.rows)
    if series.modality not in FACE_MODALITIES:
        return "not looked for: faces are looked for in CT and MR"
    if slices < FEWEST_SLICES:
        return f"not looked for: {slices} slices are too thin a stack to render a face"
    if policy.face == "off":
        return "left in place"
    return f"looked for; if there is one: {policy.face}"
