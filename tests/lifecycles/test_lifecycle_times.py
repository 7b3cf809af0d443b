from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
