"""Dates and times moved together, at the precision they were written with.

DICOM writes a moment as a DA and a TM or as one DT (PS3.5 table 6.2-1), each of which may stop
early (``2019``, ``201903``, ``14``, ``1430``). A shortened value is read as the start of what it
names, moved, and shortened again; two values of the same precision so keep their interval.
"""

from __future__ import annotations

import functools
import re
from datetime import datetime, timedelta

_DA = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})|([0-9]{4})\.([0-9]{2})\.([0-9]{2})")
_TM = re.compile(
    r"([0-9]{2})(?:([0-9]{2})(?:([0-9]{2})(\.[0-9]{1,6})?)?)?"
    r"|([0-9]{2}):([0-9]{2})(?::([0-9]{2})(\.[0-9]{1,6})?)?"  # ACR-NEMA, still met in old archives
)
_DT = re.compile(
    r"([0-9]{4})(?:([0-9]{2})(?:([0-9]{2})(?:([0-9]{2})(?:([0-9]{2})(?:([0-9]{2})"
    r"(\.[0-9]{1,6})?)?)?)?)?)?([+-][0-9]{4})?"
)
_PADDING = " \0"
_ANY_DAY = (2000, 1, 2)  # for a time without a date; only its hours matter


@functools.lru_cache(1 << 13)
def shift_da_tm(da: str, tm: str, shift: timedelta) -> tuple[str, str]:
    """Move a date and the time that belongs to it.

    Parameters
    ----------
    da : str
        A DA (``YYYYMMDD``, or ``YYYY.MM.DD`` as ACR-NEMA wrote it), or empty: then the time alone
        moves, round the clock.
    tm : str
        A TM of any precision, or empty: then the date moves as its first moment does.
    shift : timedelta
        What to add, in whole seconds.

    Returns
    -------
    tuple of str
        Both in DICOM's form, the time at its old precision with its old fraction; what was empty
        stays empty.

    Raises
    ------
    ValueError
        When one is not a date or a time, or the result lies before the year 1 or after 9999.
    """
    da, tm = da.strip(_PADDING), tm.strip(_PADDING)
    day = _parse_da(da) if da else _ANY_DAY
    clock, fraction = _parse_tm(tm) if tm else ((), "")
    if not da and not tm:
        return "", ""
    moved = _moved((*day, *clock), shift)
    new_da = f"{moved.year:04d}{moved.month:02d}{moved.day:02d}" if da else ""
    new_tm = "".join(f"{n:02d}" for n in (moved.hour, moved.minute, moved.second)[: len(clock)])
    return new_da, new_tm + fraction


def shift_da(da: str, shift: timedelta) -> str:
    """Move a date that has no time; see :func:`shift_da_tm`."""
    return shift_da_tm(da, "", shift)[0]


def shift_tm(tm: str, shift: timedelta) -> str:
    """Move a time that has no date, round the clock; see :func:`shift_da_tm`."""
    return shift_da_tm("", tm, shift)[1]


@functools.lru_cache(1 << 13)
def shift_dt(dt: str, shift: timedelta) -> str:
    """Move a DT; precision, fraction and offset from UTC stay as they are.

    Parameters
    ----------
    dt : str
        ``YYYY[MM[DD[HH[MM[SS[.F]]]]]][+ZZXX]``; empty stays empty.
    shift : timedelta
        What to add, in whole seconds.

    Raises
    ------
    ValueError
        When it is not a DT, or the result lies before the year 1 or after 9999.
    """
    dt = dt.strip(_PADDING)
    if not dt:
        return ""
    match = _DT.fullmatch(dt)
    if match is None:
        raise ValueError("not a DICOM date and time")
    *numbers, fraction, offset = match.groups()
    parts = tuple(int(number) for number in numbers if number is not None)
    if offset and not (int(offset[1:3]) <= 14 and int(offset[3:5]) < 60):
        raise ValueError("not an offset from UTC")
    moved = _moved(parts + (1, 1)[len(parts) - 1 :] if len(parts) < 3 else parts, shift)
    fields = (moved.month, moved.day, moved.hour, moved.minute, moved.second)
    text = f"{moved.year:04d}" + "".join(f"{n:02d}" for n in fields[: len(parts) - 1])
    return text + (fraction or "") + (offset or "")


def _parse_da(da: str) -> tuple[int, ...]:
    """Return year, month and day."""
    match = _DA.fullmatch(da)
    if match is None:
        raise ValueError("not a DICOM date")
    return tuple(int(part) for part in match.groups() if part is not None)


def _parse_tm(tm: str) -> tuple[tuple[int, ...], str]:
    """Return the numbers given (hour, minute, second) and the fraction with its dot."""
    match = _TM.fullmatch(tm)
    if match is None:
        raise ValueError("not a DICOM time")
    given = [part for part in match.groups() if part is not None]
    fraction = given.pop() if given[-1].startswith(".") else ""
    return tuple(int(part) for part in given), fraction


def _moved(parts: tuple[int, ...], shift: timedelta) -> datetime:
    """Return year, month, day, hour, minute, second (as many as given) moved."""
    if shift.microseconds:
        raise ValueError("dates move by whole seconds only")
    leap = len(parts) == 6 and parts[5] == 60  # PS3.5: a leap second may be written as 60
    if leap:
        parts = (*parts[:5], 59)
        shift += timedelta(seconds=1)
    try:
        start = datetime(*parts)  # type: ignore[arg-type]
    except ValueError:  # whose own words may repeat the value
        raise ValueError("no such date or time") from None
    try:
        return start + shift
    except OverflowError:
        raise ValueError("the moved date lies outside the calendar") from None
