"""One case on its way, as the outbox knows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .destination import Destination

#: ``queued``: to be sent; ``uploaded``: all there and verified, processing not started yet;
#: ``done``: nothing left to do here; ``cancelled``: given up by the user.
OPEN_STATES = ("queued", "uploaded")


@dataclass(frozen=True)
class Entry:
    """One case on its way to one destination.

    Attributes
    ----------
    state : str
        ``queued``, ``uploaded``, ``done`` or ``cancelled``.
    attempts : int
        How often work on it began.
    error : str or None
        The sentence the last attempt ended with.
    instances : mapping of str to int
        How many instances are ``pending``, ``acknowledged`` (by the server), ``present`` (found
        there, content not compared yet) and ``verified``.
    created_at, updated_at : str
        ISO 8601, UTC.
    """

    id: int
    case_id: str
    folder: Path
    digest: str
    destination: Destination
    pipeline: str | None
    options: Mapping[str, Any]
    workitem_uid: str | None
    state: str
    attempts: int
    error: str | None
    created_at: str
    updated_at: str
    instances: Mapping[str, int]

    @property
    def open(self) -> bool:
        """Whether there is still something to do."""
        return self.state in OPEN_STATES
