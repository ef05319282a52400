"""What a server says to a STOW-RS request (PS3.18 section 10.5.3), and what of it is believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..errors import CloudError
from . import dicomjson

if TYPE_CHECKING:
    import requests

#: Failure Reason "Duplicate SOP Instance" (PS3.18 annex I.2.2): there already, so to be compared.
DUPLICATE = 0x0111


@dataclass(frozen=True)
class StoreAnswer:
    """What a server says to a store request, of the instances that were sent.

    Attributes
    ----------
    status : int
        HTTP status.
    kept : frozenset of str
        SOP Instance UIDs in Referenced SOP Sequence (0008,1199): the only ones to believe.
    changed : frozenset of str
        Those of ``kept`` with a Warning Reason (0008,1196): coerced or stripped by the server.
    failed : mapping of str to int
        Failure Reason (0008,1197) by SOP Instance UID.
    """

    status: int
    kept: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()
    failed: Mapping[str, int] = field(default_factory=dict)


def read_store_answer(answer: requests.Response, sent: set[str]) -> StoreAnswer:
    """Read a store response; a body that is no DICOM JSON acknowledges nothing."""
    try:
        module = dicomjson.data_sets(answer.json())
    except (ValueError, CloudError):
        return StoreAnswer(answer.status_code)
    kept: set[str] = set()
    changed: set[str] = set()
    failed: dict[str, int] = {}
    for data_set in module:
        for item in dicomjson.items(data_set, "00081199"):
            kept.add(uid := dicomjson.text(item, "00081155"))
            if dicomjson.values(item, "00081196"):
                changed.add(uid)
        for item in dicomjson.items(data_set, "00081198"):
            reason = dicomjson.text(item, "00081197")
            failed[dicomjson.text(item, "00081155")] = int(reason) if reason.isdigit() else 0
    return StoreAnswer(
        answer.status_code,
        frozenset(kept & sent),
        frozenset(changed & sent),
        {uid: reason for uid, reason in failed.items() if uid in sent and uid not in kept},
    )
