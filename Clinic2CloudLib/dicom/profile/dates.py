"""Moving a data set's dates and times by the patient's shift."""

from __future__ import annotations

from datetime import timedelta
from itertools import zip_longest

from ..pseudonyms import shift_da_tm, shift_dt
from .dummies import fall_back
from .work import Later, Work

__all__ = ["move_dates"]


def move_dates(work: Work, shift: timedelta) -> None:
    """Give every postponed date and time its bytes; those that are none go as without the option.

    A date and the time of the same name at the same level move together, so that a time that
    falls before midnight takes its date along.
    """
    for first, second in work.dates:
        if first is not None and first.rule.attribute.vr == "DT":
            _write(work, first, _moved_moments(first, shift))
            continue
        pair = _moved_pair(first, second, shift)
        for later, moved in zip((first, second), pair, strict=True):
            if later is not None:
                _write(work, later, moved)


def _moved_moments(later: Later, shift: timedelta) -> str | None:
    """Return a DT value moved, None when it is none."""
    try:
        return "\\".join(shift_dt(part, shift) for part in _parts(later))
    except ValueError:
        return None


def _moved_pair(
    da: Later | None, tm: Later | None, shift: timedelta
) -> tuple[str | None, str | None]:
    """Return DA and TM values moved together; alone when the other is missing or is none."""
    days, clocks = _parts(da), _parts(tm)
    if da is not None and tm is not None and len(days) == len(clocks):
        try:
            moved = [shift_da_tm(d, t, shift) for d, t in zip_longest(days, clocks, fillvalue="")]
            return "\\".join(d for d, _ in moved), "\\".join(t for _, t in moved)
        except ValueError:
            pass  # one of the two is malformed: the other still moves by itself
    return _alone(days, 0, shift), _alone(clocks, 1, shift)


def _alone(parts: list[str], which: int, shift: timedelta) -> str | None:
    """Return dates (0) or times (1) moved without their partners."""
    try:
        if which == 0:
            return "\\".join(shift_da_tm(part, "", shift)[0] for part in parts)
        return "\\".join(shift_da_tm("", part, shift)[1] for part in parts)
    except ValueError:
        return None


def _parts(later: Later | None) -> list[str]:
    """Return the values of an element."""
    return [] if later is None else later.value.decode("latin-1").split("\\")


def _write(work: Work, later: Later, text: str | None) -> None:
    """Fill a piece in."""
    if text is None:
        later.data = fall_back(work, later.rule)
    else:
        later.data = later.rule.element(text.encode("ascii"))
