"""A Unified Procedure Step as a DICOM JSON data set: what is read from it and written into it.

Sources: PS3.4 annex CC (states and attribute requirements, table CC.2.5-3), PS3.3 annex B.26.2.
The pipeline is the Scheduled Workitem Code (0040,4018) of the private scheme ``99C2C``; its options
are the content items of Scheduled Processing Parameters (0074,1210), each named by a concept of the
same scheme whose code value is the option's name.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from ..dicomjson import DataSet, code, element, items, referenced, text, values
from ..upsattributes import NEVER_SET, PRESENT, SCHEME, UPS_PUSH
from .answers import BASE, Refusal
from .attributes import is_uid
from .staging import Outcome

SCHEDULED, IN_PROGRESS, COMPLETED, CANCELED = "SCHEDULED", "IN PROGRESS", "COMPLETED", "CANCELED"
FINAL = frozenset({COMPLETED, CANCELED})
#: In the order of their urgency; HIGH is what others call STAT (PS3.3 table C.30.2-1).
PRIORITIES = {"HIGH": 1, "MEDIUM": 2, "LOW": 3}

SOP_CLASS, UID, TRANSACTION_UID = "00080016", "00080018", "00081195"
STATE, PRIORITY, LABEL, WORKLIST_LABEL = "00741000", "00741200", "00741204", "00741202"
START, READINESS, INPUTS, WORKITEM_CODE = "00404005", "00404041", "00404021", "00404018"
MODIFIED = "00404010"
#: Type 1 when set (column N-SET).
_VALUED = (PRIORITY, LABEL, WORKLIST_LABEL, START, READINESS)
PARAMETERS, PROGRESS, PERFORMED = "00741210", "00741002", "00741216"


def now() -> str:
    """Return the present moment as a DT in UTC."""
    return datetime.now(UTC).strftime("%Y%m%d%H%M%S+0000")


def request_digest(data_set: DataSet) -> str:
    """Return what tells a repeated request from another one under the same UID."""
    return hashlib.sha256(json.dumps(data_set, sort_keys=True).encode()).hexdigest()


def created(data_set: DataSet, uid: str) -> tuple[DataSet, bool]:
    """Check a data set that is to become a work item and complete it.

    Parameters
    ----------
    data_set : DataSet
        As it was sent.
    uid : str
        The work item's UID.

    Returns
    -------
    tuple of DataSet and bool
        The work item, and whether values that the standard asks for had to be filled in.

    Raises
    ------
    Refusal
        400: it is in another state than SCHEDULED, has a Transaction UID, or is begun already.
    """
    if text(data_set, STATE) != SCHEDULED:
        raise Refusal(400, "a new work item must have the Procedure Step State SCHEDULED")
    if text(data_set, TRANSACTION_UID):
        raise Refusal(400, "a new work item must have no Transaction UID")
    if values(data_set, PROGRESS) or values(data_set, PERFORMED):
        raise Refusal(400, "a new work item must have no progress and no performed procedure")
    _check_words(data_set)
    item = {tag: element(vr) for tag, vr in PRESENT.items()} | copy.deepcopy(data_set)
    item.pop(TRANSACTION_UID, None)
    item[SOP_CLASS] = element("UI", UPS_PUSH)
    item[UID] = element("UI", uid)
    filled = False
    for tag, vr, value in (
        (PRIORITY, "CS", "MEDIUM"),
        (LABEL, "LO", pipeline_of(item) or "work item"),
        (WORKLIST_LABEL, "LO", "Clinic2Cloud"),
        (START, "DT", now()),
        (READINESS, "CS", "READY"),
    ):
        if not text(item, tag):
            item[tag] = element(vr, value)
            filled = True
    for tag in (PROGRESS, PERFORMED):
        item[tag] = element("SQ")
    item[MODIFIED] = element("DT", now())
    return item, filled


def pipeline_of(data_set: DataSet) -> str | None:
    """Return the pipeline's name, None when the work item is for another kind of performer."""
    for item in items(data_set, WORKITEM_CODE):
        if text(item, "00080102") == SCHEME:
            return text(item, "00080100") or text(item, "00080119") or None
    return None


def options_of(data_set: DataSet) -> dict[str, str]:
    """Return the pipeline's options, as text.

    Raises
    ------
    Refusal
        400, for a content item that is no option.
    """
    options: dict[str, str] = {}
    for item in items(data_set, PARAMETERS):
        name = (items(item, "0040A043") or [{}])[0]
        word = text(name, "00080100") or text(name, "00080119")
        chosen = (items(item, "0040A168") or [{}])[0]
        value = text(item, "0040A160") or text(item, "0040A30A") or text(chosen, "00080100")
        if not word or text(name, "00080102") != SCHEME:
            raise Refusal(400, f"a processing parameter is not named in the scheme {SCHEME}")
        if word in options:
            raise Refusal(400, "a processing parameter comes twice")
        options[word] = value
    return options


def inputs_of(data_set: DataSet) -> list[str]:
    """Return the SOP Instance UIDs of the inputs, in their order, each once.

    Raises
    ------
    Refusal
        400, when one is malformed.
    """
    found = [
        text(reference, "00081155")
        for item in items(data_set, INPUTS)
        for reference in items(item, "00081199")
    ]
    if not all(is_uid(uid) for uid in found):
        raise Refusal(400, "an input has no valid SOP Instance UID")
    return list(dict.fromkeys(found))


def updated(item: DataSet, changes: DataSet) -> DataSet:
    """Return a work item with changes applied (PS3.18 section 11.6).

    Raises
    ------
    Refusal
        400, when it changes what only other transactions may, or empties what must have a value.
    """
    if not NEVER_SET.isdisjoint(changes):
        raise Refusal(
            400, "an update changes neither state and identity of a work item nor whom it is for"
        )
    if any(tag in changes and not text(changes, tag) for tag in _VALUED):
        raise Refusal(400, "priority, labels, start and readiness of a work item are never empty")
    _check_words(changes)
    changes = {tag: value for tag, value in changes.items() if tag != TRANSACTION_UID}
    return {**item, **changes, MODIFIED: element("DT", now())}


def _check_words(data_set: DataSet) -> None:
    """Refuse what is none of the enumerated values (PS3.3 table C.30.2-1)."""
    if text(data_set, PRIORITY) not in ("", *PRIORITIES):
        raise Refusal(400, "the Scheduled Procedure Step Priority must be HIGH, MEDIUM or LOW")
    if text(data_set, READINESS) not in ("", "INCOMPLETE", "UNAVAILABLE", "READY"):
        raise Refusal(400, "the Input Readiness State must be INCOMPLETE, UNAVAILABLE or READY")


def with_state(item: DataSet, state: str) -> DataSet:
    """Return a work item in another state."""
    return {**item, STATE: element("CS", state)}


def with_progress(item: DataSet, fraction: float, message: str) -> DataSet:
    """Return a work item that tells how far it is, ``fraction`` from 0 to 1."""
    told = dict((items(item, PROGRESS) or [{}])[0])
    told["00741004"] = element("DS", f"{100 * min(max(fraction, 0.0), 1.0):.0f}")
    told["00741006"] = element("ST", message[:1024])
    return {**item, PROGRESS: element("SQ", told)}


def begun(item: DataSet) -> DataSet:
    """Return a work item that this server has begun."""
    performed = {
        "00404019": item.get(WORKITEM_CODE, element("SQ")),
        "00404028": element("SQ", code("C2C", SCHEME, "Clinic2Cloud")),
        "00404033": element("SQ"),
        "00404050": element("DT", now()),
    }
    item = with_progress(with_state(item, IN_PROGRESS), 0.0, "starting")
    return {**item, PERFORMED: element("SQ", performed)}


def completed(item: DataSet, outputs: Sequence[Outcome]) -> DataSet:
    """Return a work item that is done, with all it made in Output Information (0040,4033)."""
    by_series: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for one in outputs:
        by_series.setdefault((one.study, one.series), []).append((one.class_uid, one.uid))
    performed = dict((items(item, PERFORMED) or [{}])[0])
    performed["00404033"] = element(
        "SQ",
        *(referenced(study, series, made, BASE) for (study, series), made in by_series.items()),
    )
    performed["00404051"] = element("DT", now())
    item = with_progress(with_state(item, COMPLETED), 1.0, "done")
    return {**item, PERFORMED: element("SQ", performed)}


def canceled(item: DataSet, reason: str) -> DataSet:
    """Return a work item that has ended without a result, and why."""
    told: dict[str, Any] = dict((items(item, PROGRESS) or [{}])[0])
    told.setdefault("00404052", element("DT", now()))
    if reason or "00741238" not in told:
        told["00741238"] = element("LT", (reason or "no reason was given")[:10240])
    if not items(told, "0074100E"):
        told["0074100E"] = element(
            "SQ", code("110513", "DCM", "Discontinued for unspecified reason")
        )
    return {**with_state(item, CANCELED), PROGRESS: element("SQ", told)}


def may_complete(item: DataSet) -> bool:
    """Whether a work item tells enough of what was done (PS3.4 CC.2.5.1.3, final state)."""
    performed = (items(item, PERFORMED) or [{}])[0]
    return all(values(performed, tag) for tag in ("00404019", "00404028", "00404050", "00404051"))
