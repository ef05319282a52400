"""Moving dates: valid, at their own precision, and every interval as it was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Clinic2CloudLib.dicom.pseudonyms import shift_da, shift_da_tm, shift_dt, shift_tm

shifts = st.integers(30 * 86400, 1825 * 86400).map(lambda seconds: timedelta(seconds=-seconds))
moments = st.datetimes(datetime(1900, 1, 1), datetime(2100, 12, 31))
fractions = st.sampled_from(["", ".0", ".5", ".000001", ".999999"])


def da_tm(moment: datetime, fraction: str = "") -> tuple[str, str]:
    return moment.strftime("%Y%m%d"), moment.strftime("%H%M%S") + fraction


def back(da: str, tm: str) -> datetime:
    return datetime.strptime(da + tm.split(".")[0], "%Y%m%d%H%M%S").replace(tzinfo=UTC)


@given(moments, moments, shifts, fractions)
def test_intervals_are_kept_to_the_second(
    first: datetime, second: datetime, shift: timedelta, fraction: str
) -> None:
    first, second = first.replace(microsecond=0), second.replace(microsecond=0)
    a = shift_da_tm(*da_tm(first, fraction), shift)
    b = shift_da_tm(*da_tm(second), shift)
    assert back(*a) - back(*b) == first - second
    assert a[1].partition(".")[2] == fraction[1:]
    assert shift_dt("".join(da_tm(second)), shift) == "".join(b)


@given(moments, shifts, st.sampled_from(["", "+0100", "-0930", "+1400"]), fractions)
def test_a_dt_moves_as_the_pair_and_keeps_its_offset(
    moment: datetime, shift: timedelta, offset: str, fraction: str
) -> None:
    da, tm = da_tm(moment, fraction)
    new_da, new_tm = shift_da_tm(da, tm, shift)
    assert shift_dt(da + tm + offset, shift) == new_da + new_tm + offset


@given(moments, shifts, st.sampled_from([2, 4, 6]))
def test_times_keep_their_precision(moment: datetime, shift: timedelta, length: int) -> None:
    da, tm = da_tm(moment)
    new_da, new_tm = shift_da_tm(da, tm[:length], shift)
    full = shift_da_tm(da, tm[:length].ljust(6, "0"), shift)
    assert len(new_tm) == length
    assert (new_da, new_tm) == (full[0], full[1][:length])


@given(moments, shifts, st.sampled_from([4, 6, 8, 10, 12, 14]))
def test_dts_keep_their_precision(moment: datetime, shift: timedelta, length: int) -> None:
    dt = moment.strftime("%Y%m%d%H%M%S")
    assert len(shift_dt(dt[:length], shift)) == length


@given(moments, moments, shifts)
def test_dates_alone_keep_their_days_apart(a: datetime, b: datetime, shift: timedelta) -> None:
    apart = (a.date() - b.date()).days
    new = [datetime.strptime(shift_da(da_tm(m)[0], shift), "%Y%m%d") for m in (a, b)]
    assert (new[0] - new[1]).days == apart


@given(moments, shifts)
def test_a_time_alone_goes_round_the_clock(moment: datetime, shift: timedelta) -> None:
    da, tm = da_tm(moment)
    assert shift_tm(tm, shift) == shift_da_tm(da, tm, shift)[1]


DAY, HOUR = timedelta(days=-1), timedelta(hours=-1)


@pytest.mark.parametrize(
    ("da", "tm", "shift", "expected"),
    [
        ("20200301", "", DAY, ("20200229", "")),  # a leap day
        ("20190301", "", DAY, ("20190228", "")),
        ("20000301", "", DAY, ("20000229", "")),
        ("21000301", "", DAY, ("21000228", "")),
        ("20200101", "003000", HOUR, ("20191231", "233000")),  # across midnight and the year
        ("20200101", "0030", HOUR, ("20191231", "2330")),
        ("20200101", "00", HOUR, ("20191231", "23")),
        ("20161231", "235960", HOUR, ("20161231", "230000")),  # a leap second is the next minute
        ("2020.03.01", "10:11:12.5", HOUR, ("20200301", "091112.5")),  # ACR-NEMA
        ("20200301 ", "1011 ", HOUR, ("20200301", "0911")),
        ("", "", HOUR, ("", "")),
    ],
)
def test_known_cases(da: str, tm: str, shift: timedelta, expected: tuple[str, str]) -> None:
    assert shift_da_tm(da, tm, shift) == expected


def test_known_cases_of_dt() -> None:
    assert shift_dt("", DAY) == ""
    assert shift_dt("2020", DAY) == "2019"
    assert shift_dt("202001-0500", DAY) == "201912-0500"
    assert shift_dt("20200101003000.25+0100", HOUR) == "20191231233000.25+0100"


@pytest.mark.parametrize(
    "da",
    [
        "2019",
        "20190230",
        "20191301",
        "x",
        "2019-01-01",
        "00000101",
        "２０１９０１０１",
        "201901011",
    ],
)
def test_what_is_no_date_is_refused(da: str) -> None:
    with pytest.raises(ValueError, match=r"^(not a|no such)"):
        shift_da(da, DAY)


@pytest.mark.parametrize("tm", ["1", "25", "1260", "126", "10111213", "10.5", "noon", "1011.5"])
def test_what_is_no_time_is_refused(tm: str) -> None:
    with pytest.raises(ValueError, match=r"^(not a|no such)"):
        shift_tm(tm, DAY)


@pytest.mark.parametrize("dt", ["20", "20190230", "2019+9900", "20190101101112.", "today"])
def test_what_is_no_dt_is_refused(dt: str) -> None:
    with pytest.raises(ValueError, match=r"^(not a|no such)"):
        shift_dt(dt, DAY)


def test_the_calendar_ends_at_the_year_one() -> None:
    with pytest.raises(ValueError, match="outside the calendar"):
        shift_da("00010101", DAY)


def test_only_whole_seconds_move() -> None:
    with pytest.raises(ValueError, match="whole seconds"):
        shift_da("20200101", timedelta(microseconds=-1))


SENTENCES = {
    "not a DICOM date",
    "not a DICOM time",
    "not a DICOM date and time",
    "not an offset from UTC",
    "no such date or time",
    "the moved date lies outside the calendar",
}


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_text_is_moved_or_refused(da: str, tm: str) -> None:
    for call in (lambda: shift_da_tm(da, tm, DAY), lambda: shift_dt(da, DAY)):
        try:
            call()
        except ValueError as error:
            assert str(error) in SENTENCES  # fixed ones: none quotes the value
