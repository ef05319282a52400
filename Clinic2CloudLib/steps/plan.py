"""What would be done to each series, before anything is done."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..cases.policy import Policy
from ..dicom.model import Series, SetAside
from ..dicom.series import find_series
from ..dicom.source import open_source
from ..errors import NotDeidentifiableError
from ..pixels.risk import slide_label_risk, text_risk
from ..progress import Progress
from .faces import FACE_CLASSES, FACE_MODALITIES, FEWEST_SLICES
from .many import choose_series
from .site import Site


@dataclass(frozen=True)
class HeaderTrial:
    """The header engine's work on one instance, thrown away afterwards.

    Attributes
    ----------
    actions : mapping
        ``removed``, ``replaced``, ...: keyword to number of elements.
    kept_text : tuple of (keyword, text)
        Free text that would stay.
    refused : str
        Why the instance would be set aside; empty when it would not.
    """

    actions: Mapping[str, Mapping[str, int]]
    kept_text: tuple[tuple[str, str], ...]
    refused: str = ""


@dataclass(frozen=True)
class SeriesPlan:
    """One series, as the clinic's own list shows it, and what a policy would do to it.

    Attributes
    ----------
    series : Series
        What was found; its header values are the originals and stay in the clinic.
    headers, text, face : str
        What would be done, one sentence each.
    trial : HeaderTrial or None
        What the header engine did to one instance in memory, where that was asked for.
    """

    series: Series
    headers: str
    text: str
    face: str
    trial: HeaderTrial | None = None


@dataclass(frozen=True)
class SourcePlan:
    """All series of a source, and the files that would be set aside."""

    series: tuple[SeriesPlan, ...]
    set_aside: tuple[SetAside, ...]


def plan_source(
    source: Path,
    policy: Policy,
    wanted: Sequence[str] = (),
    progress: Progress | None = None,
    *,
    trial: bool = False,
) -> SourcePlan:
    """Look at a source and say what the policy would do; nothing is written.

    Parameters
    ----------
    source : Path
        What to read.
    policy : Policy
        What would be removed and kept.
    wanted : sequence of str
        Series Instance UIDs to take; all when empty.
    progress : Progress, optional
        Told how far it is.
    trial : bool
        Run the header engine on one instance of each series, in memory and with a key that is
        thrown away, to say in detail what it would do.

    Raises
    ------
    InputError
        When the source cannot be read.
    """
    with open_source(source, wanted) as opened:
        listing = find_series(opened, progress)
        chosen = choose_series(listing, wanted)
        plans = [plan_series(s, policy) for s in chosen]
        if trial:
            plans = [replace(plan, trial=_trial(plan.series, policy)) for plan in plans]
        return SourcePlan(tuple(plans), listing.set_aside)


def plan_series(series: Series, policy: Policy) -> SeriesPlan:
    """Say what a policy would do to one series."""
    return SeriesPlan(
        series,
        f"policy {policy.name}",
        _text_plan(series, policy),
        _face_plan(series, policy),
    )


def _trial(series: Series, policy: Policy) -> HeaderTrial:
    """De-identify one instance's header in memory."""
    site = Site(policy, secrets.token_bytes(32), Path())
    try:
        result = site.header_deidentifier().deidentify(series.instances[0].file.read())
    except NotDeidentifiableError as error:
        return HeaderTrial({}, (), str(error))
    return HeaderTrial(result.actions, result.kept_text)


def _text_plan(series: Series, policy: Policy) -> str:
    labels = sum(1 for item in series.instances if slide_label_risk(item))
    if labels == len(series.instances):
        return "set aside, because it shows a slide's label"
    reasons = sorted({reason for item in series.instances if (reason := text_risk(item))})
    if not reasons:
        return "not at risk"
    if policy.text == "off":
        return f"left as it is, though {reasons[0]}"
    return f"looked for, because {reasons[0]}"


def _face_plan(series: Series, policy: Policy) -> str:
    slices = sum(item.frames for item in series.instances if item.rows)
    kinds = {FACE_CLASSES.get(i.sop_class_uid, i.modality) for i in series.instances if i.rows}
    if not kinds & FACE_MODALITIES:
        return "not looked for: faces are looked for in CT and MR"
    if slices < FEWEST_SLICES:
        return f"not looked for: {slices} slices are too thin a stack to render a face"
    if policy.face == "off":
        return "left in place"
    return f"looked for; if there is one: {policy.face}"
