from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_ops.lifecycles.reckoning import Partial, Reckoning, partial
from session_ops.lifecycles.times import parse, text

TEN = 1_767_607_200


@pytest.mark.parametrize(
    ("value", "ns", "resolution", "quality"),
    [
        ("2026-01-05T10:00:00Z", TEN * 10**9, 10**9, "exact"),
        ("2026-01-05 10:00:00", TEN * 10**9, 10**9, "zone_assumed"),
        ("2026-01-05T11:00:00.5+01:00", TEN * 10**9 + 5 * 10**8, 10**8, "exact"),
        ("2026-01-05T04:30:00-0530", TEN * 10**9, 10**9, "exact"),
        ("2026-01-05T10:00:00.123456789Z", TEN * 10**9 + 123456789, 1, "exact"),
        ("2026-01-05 10:00 UTC", TEN * 10**9, 60 * 10**9, "exact"),
        ("20260105_100000", TEN * 10**9, 10**9, "zone_assumed"),
        ("Mon, 05 Jan 2026 10:00:00 +0000", TEN * 10**9, 10**9, "exact"),
        ("05/Jan/2026:11:00:00 +0100", TEN * 10**9, 10**9, "exact"),
        ("5 Jan 2026 05:00:00 EST", TEN * 10**9, 10**9, "exact"),
        ("Mon Jan 5 11:00:00 2026 +0100", TEN * 10**9, 10**9, "exact"),
        ("Mon Jan  5 10:00:00 UTC 2026", TEN * 10**9, 10**9, "exact"),
        ("Mon Jan  5 10:00:00 2026", TEN * 10**9, 10**9, "zone_assumed"),
        ("Mon Jan  5 10:00:00 XYZ 2026", TEN * 10**9, 10**9, "zone_assumed"),
        ("2026-01-05 10:00:00,250", TEN * 10**9 + 25 * 10**7, 10**6, "zone_assumed"),
        (TEN, TEN * 10**9, 10**9, "exact"),
        (str(TEN), TEN * 10**9, 10**9, "exact"),
        (TEN * 1000 + 7, TEN * 10**9 + 7 * 10**6, 10**6, "exact"),
        (TEN * 10**6, TEN * 10**9, 1000, "exact"),
        (TEN * 10**9, TEN * 10**9, 1, "exact"),
    ],
)
def test_times_as_trackers_write_them(value: object, ns: int, resolution: int, quality: str) -> None:
    assert parse(value) == (ns, resolution, quality)


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        "",
        "soon",
        "2026-13-05T10:00:00Z",
        "2026-01-05",
        "10:00",
        12,
        -1,
        1e300,
        float("nan"),
        "YYYY-MM-DD HH:MM",
        "Jan  5 10:00:00",
        "05/06/2026 10:00",
        "Mon Foo 5 10:00:00 2026",
        [],
        {},
    ],
)
def test_what_is_no_time(value: object) -> None:
    assert parse(value) is None


@given(st.datetimes(datetime(1991, 1, 1), datetime(2099, 1, 1)))  # noqa: DTZ001 - the zone is added
def test_iso_times_come_back(moment: datetime) -> None:
    moment = moment.replace(tzinfo=UTC)
    found = parse(moment.isoformat())
    assert found is not None
    assert datetime.fromisoformat(text(found.ns)) == moment


@given(
    st.one_of(
        st.text(max_size=40), st.integers(), st.floats(), st.from_regex(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?([+-]\d{4})?")
    )
)
def test_nothing_crashes(value: object) -> None:
    parse(value)


def test_a_time_without_a_zone_is_taken_where_the_format_says() -> None:
    winter, summer = (
        parse("2026-01-05 11:00:00", ZoneInfo("Europe/Berlin")),
        parse("2026-07-05 12:00:00", ZoneInfo("Europe/Berlin")),
    )
    assert winter is not None
    assert summer is not None
    assert (text(winter.ns), winter.quality) == ("2026-01-05T10:00:00Z", "zone_assumed")
    assert text(summer.ns) == "2026-07-05T10:00:00Z"
    written = parse("2026-01-05T10:00:00Z", ZoneInfo("Europe/Berlin"))
    assert written == (TEN * 10**9, 10**9, "exact")


@pytest.mark.parametrize(
    ("shape", "value", "resolution"),
    [("%d.%m.%Y %H:%M", "05.01.2026 10:00", 60 * 10**9), ("%m/%d/%Y %I:%M:%S.%f %p", "01/05/2026 10:00:00.5 AM", 1000)],
)
def test_times_in_a_shape_of_the_user(shape: str, value: str, resolution: int) -> None:
    found = parse(value, shapes=(shape,))
    assert found is not None
    assert (text(found.ns)[:16], found.res_ns, found.quality) == ("2026-01-05T10:00", resolution, "zone_assumed")
    assert parse("yesterday", shapes=(shape,)) is None


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        ("Jan  5 10:00:00", Partial(1, 5, "10:00:00")),
        ("Sep 13 00:58:45.250", Partial(9, 13, "00:58:45.250")),
        ("0517 15:04:22.619632", Partial(5, 17, "15:04:22.619632")),
        ("10:00:00,5", Partial(0, 0, "10:00:00,5")),
        ("1317 15:04:22", None),
        ("2026-01-05 10:00:00", None),
        ("soon", None),
    ],
)
def test_times_that_lack_a_year_or_a_day(raw: str, wanted: Partial | None) -> None:
    assert partial(raw) == wanted


def completed(raw: list[str], written: str, year: int | None = None) -> list[str]:
    found = [time for one in raw if (time := partial(one)) is not None]
    reckoning = Reckoning(found, datetime.fromisoformat(written).timestamp(), year)
    return [reckoning.complete(time)[0] for time in found]


def test_the_year_turns_within_a_log() -> None:
    lines = ["Dec 30 23:00:00", "Jan  2 10:00:00", "Dec 31 23:59:59", "Jan  2 11:00:00", "Jun 30 10:00:00", "Feb  1 10:00:00"]
    assert [time[:10] for time in completed(lines, "2026-07-01T00:00:00Z")] == [
        "2025-12-30", "2026-01-02", "2025-12-31", "2026-01-02", "2026-06-30", "2026-02-01",
    ]  # fmt: skip
    assert completed(["Dec 30 23:00:00"], "2026-07-01T00:00:00Z") == ["2025-12-30T23:00:00"]
    assert completed(["Dec 30 23:00:00", "Jan  2 10:00:00"], "2030-07-01T00:00:00Z", 1999) == [
        "1999-12-30T23:00:00",
        "2000-01-02T10:00:00",
    ]


def test_the_day_turns_within_a_log() -> None:
    lines = ["23:59:58", "00:00:02", "23:59:59", "00:00:03", "10:00:00", "09:59:00"]
    assert [time[8:10] for time in completed(lines, "2026-01-06T12:00:00Z")] == ["05", "06", "05", "06", "06", "06"]


@given(st.lists(st.integers(0, 170), max_size=12), st.dates(date(2000, 1, 1), date(2050, 1, 1)))
def test_any_log_of_steps_below_half_a_year_is_completed_to_what_it_was(steps: list[int], first: date) -> None:
    days = [first]
    for step in steps:
        days.append(days[-1] + timedelta(days=step))
    raw = [f"{day:%b} {day.day:2d} 10:00:00" for day in days]
    written = datetime(days[-1].year, days[-1].month, days[-1].day, 12, tzinfo=UTC).isoformat()
    assert completed(raw, written) == [f"{day.isoformat()}T10:00:00" for day in days]
