"""Which VR is written, and when a file's VR is believed."""

from __future__ import annotations

from .actions import Action, resolve

__all__ = ["NUMBER_SIZES", "trusted_action", "written_vr"]

#: Bytes of one value.
NUMBER_SIZES = {"AT": 4, "FD": 8, "FL": 4, "SL": 4, "SS": 2, "SV": 8, "UL": 4, "US": 2, "UV": 8}

#: Numbers that may stand for each other: writers differ, nothing hides in them.
_BINARY = frozenset(
    ["AT", "FD", "FL", "OB", "OD", "OF", "OL", "OV", "OW", "SL", "SS", "SV", "UL", "UN", "US", "UV"]
)


def written_vr(declared: str | None, known: str) -> str:
    """Return the VR to write: the dictionary's, unless the file names one of several it allows."""
    if " or " in known:
        allowed = known.split(" or ")
        return declared if declared in (*allowed, "UN") else allowed[0]
    if declared in (None, "UN", "??"):
        return known
    if declared in _BINARY and known in _BINARY:
        return str(declared)
    return known


def trusted_action(action: Action, declared: str | None, known: str, kind: str | None) -> Action:
    """Return the action, or that of an unsafe attribute where the file's VR contradicts its tag.

    A number that calls itself a name may be one; only text that stays text of the same care, or
    binary that stays binary, is taken for what its tag says.
    """
    if declared is None or declared == "UN" or action not in (Action.KEEP, Action.KEEP_TEXT):
        return action
    allowed = known.split(" or ")
    if declared in allowed or (declared in _BINARY and set(allowed) <= _BINARY):
        return action
    plain = {"CS", "IS", "DS", "SH", "LO", "AS", "ST", "LT", "UT", "UC"}
    if declared in plain and known in plain:
        return Action.KEEP_TEXT
    return resolve("X/Z/D", kind)
