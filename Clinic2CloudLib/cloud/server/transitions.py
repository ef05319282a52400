"""Which changes of a work item its state allows (PS3.4 CC.1.1, PS3.18 11.6 to 11.8).

Pure functions: each returns the work item as it is after the change, or refuses it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from ..dicomjson import DataSet
from . import workitem
from .answers import Refusal
from .workitem import CANCELED, COMPLETED, FINAL, IN_PROGRESS, SCHEDULED

#: Who performs a work item: this server.
WORKER = "worker"
_INCONSISTENT = "The submitted request is inconsistent with the state of the UPS Instance."


@dataclass(frozen=True)
class WorkItem:
    """One work item.

    Attributes
    ----------
    uid, state : str
        SOP Instance UID and Procedure Step State.
    pipeline : str or None
        What this server is to run; None when the item is for another performer.
    performer : str or None
        ``worker`` once this server has claimed it.
    transaction_uid : str or None
        Of who claimed it; never shown.
    attempts : int
        How often this server has begun it.
    cancel_reason : str or None
        Why it should end, once that was requested.
    data_set : DataSet
        All of its attributes but the Transaction UID.
    """

    uid: str
    state: str
    pipeline: str | None
    performer: str | None
    transaction_uid: str | None
    attempts: int
    cancel_reason: str | None
    data_set: DataSet


def moved(item: WorkItem, state: str, transaction_uid: str) -> WorkItem:
    """Claim, complete or cancel an item; in a final state that it is in already, do nothing.

    Raises
    ------
    Refusal
        400 for the Transaction UID; 409 for a change that the state does not allow.
    """
    if not transaction_uid:
        raise Refusal(400, "The Transaction UID is missing.")
    if item.state in FINAL and item.state == state:
        _check_transaction(item, transaction_uid)
        return item
    if item.state != (SCHEDULED if state == IN_PROGRESS else IN_PROGRESS):
        raise Refusal(409, _INCONSISTENT)
    if state == IN_PROGRESS:
        data_set = workitem.with_state(item.data_set, IN_PROGRESS)
        return replace(item, state=IN_PROGRESS, transaction_uid=transaction_uid, data_set=data_set)
    _check_transaction(item, transaction_uid)
    if state == CANCELED:
        return canceled(item, item.cancel_reason or "")
    if not workitem.may_complete(item.data_set):
        raise Refusal(409, "The performed procedure is not described, so it cannot be COMPLETED.")
    return replace(item, state=COMPLETED, data_set=workitem.with_state(item.data_set, COMPLETED))


def updated(item: WorkItem, changes: DataSet, transaction_uid: str) -> WorkItem:
    """Change an item's attributes.

    Raises
    ------
    Refusal
        400 in a final state, with a wrong Transaction UID, and for attributes that are not free.
    """
    if item.state in FINAL:
        raise Refusal(400, _INCONSISTENT)
    if item.state == IN_PROGRESS:
        _check_transaction(item, transaction_uid)
    after = replace(item, data_set=workitem.updated(item.data_set, changes))
    if item.state == SCHEDULED:
        after = replace(after, pipeline=workitem.pipeline_of(after.data_set))
    return after


def cancel_requested(
    item: WorkItem, reason: str, reachable: Callable[[WorkItem], bool]
) -> WorkItem:
    """Have an item cancelled on somebody's request.

    A scheduled item ends at once; the worker ends its own; another performer must be told.

    Raises
    ------
    Refusal
        409 when it is completed or its performer cannot be told.
    """
    if item.state == CANCELED:
        return item
    if item.state == COMPLETED:
        raise Refusal(409, "The UPS is already COMPLETED.")
    if item.state == SCHEDULED:
        return canceled(item, reason)
    if item.performer != WORKER and not reachable(item):
        raise Refusal(409, "The performer cannot be contacted.")
    return replace(item, cancel_reason=item.cancel_reason or reason)


def canceled(item: WorkItem, reason: str) -> WorkItem:
    """Return an item that has ended without a result."""
    return replace(item, state=CANCELED, data_set=workitem.canceled(item.data_set, reason))


def _check_transaction(item: WorkItem, transaction_uid: str) -> None:
    if not transaction_uid:
        raise Refusal(400, "The Transaction UID is missing.")
    if item.transaction_uid != transaction_uid:
        raise Refusal(400, "The Transaction UID is incorrect.")
