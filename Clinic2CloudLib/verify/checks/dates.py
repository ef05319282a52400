"""No date of the source, unless the shift explains that a new date equals another old one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from ..model import CaseView, Finding, InstanceView
from ..tokens import as_date

DATE = "date"

#: The shifts that there are: 30 days to 5 years, and a day more where the time of day carries over.
_LEAST, _LARGEST = 29, 5 * 365 + 1


def note_dates(view: CaseView, instance: InstanceView) -> Iterator[Finding]:
    """Gather the dates of an instance; looks at nothing by itself."""
    if view.option("retain_full_dates"):
        return
    for element in instance.elements:
        if element.vr in ("DA", "DT") and element.keyword not in view.kept:
            for value in element.values():
                day = as_date(value)
                if day is not None:
                    view.new_dates.setdefault(day, f"{instance.file}\n{element.name}")
    yield from ()


def check_dates(view: CaseView) -> Iterator[Finding]:
    """Look for dates of the source among the new ones.

    All dates of a patient move by one shift. A new date may so come to equal another old one; that
    is no leak if one shift explains every new date from some old one.
    """
    same = sorted(view.dates & view.new_dates.keys())
    if not same or _one_shift_explains(view.dates, view.new_dates.keys()):
        return
    for day in same:
        file, name = view.new_dates[day].split("\n")
        yield Finding(DATE, file, f"{name} is a date of the source")


def _one_shift_explains(old: frozenset[str], new: Iterable[str]) -> bool:
    """Return whether every new date is an old one moved by the same number of days, or one more."""
    before = {_number(day) for day in old}
    after = sorted(_number(day) for day in new)
    for first in before:
        shift = after[-1] - first
        if -_LARGEST <= shift <= -_LEAST and any(
            all((day - s in before) or (day - s - 1 in before) for day in after)
            for s in (shift, shift - 1)
        ):
            return True
    return False


def _number(day: str) -> int:
    """Return a day as a number."""
    return date(int(day[:4]), int(day[4:6]), int(day[6:])).toordinal()
