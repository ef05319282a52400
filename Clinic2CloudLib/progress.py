"""How long work tells how far it is, and how it is asked to stop."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

#: ``progress(fraction, message)`` with ``fraction`` from 0 to 1. The message holds no patient data.
#: To cancel, the callable raises :class:`~Clinic2CloudLib.errors.Cancelled`; long work calls it
#: often enough (at least every half second) for that to feel immediate.
Progress: TypeAlias = Callable[[float, str], None]


def silent(fraction: float, message: str) -> None:
    """Progress that nobody watches."""


def part(progress: Progress | None, start: float, stop: float) -> Progress:
    """Progress for one part of a longer task.

    Parameters
    ----------
    progress : Progress or None
        The whole task's progress.
    start, stop : float
        Which share of the whole task the part is, as fractions from 0 to 1.

    Returns
    -------
    Progress
        A callable that maps its own 0 to 1 onto ``start`` to ``stop``.
    """
    if progress is None:
        return silent
    report = progress

    def scaled(fraction: float, message: str) -> None:
        report(start + (stop - start) * min(max(fraction, 0.0), 1.0), message)

    return scaled
