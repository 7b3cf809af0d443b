"""Times as trackers write them, to nanoseconds since 1970 in UTC, with their resolution and how much was assumed."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, NamedTuple

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
DAY = 86_400 * SECOND
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_EARLIEST, _LATEST = 631_152_000 * SECOND, 4_102_444_800 * SECOND
"""1990 to 2100. A number outside is no time of a tracker, whatever its field is called."""

_ISO = re.compile(
    r"\s*(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[T ]\s*|_)(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9})\d*)?)?"
    r"\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?\s*",
    re.IGNORECASE,
)
_COMPACT = re.compile(r"\s*(\d{4})(\d{2})(\d{2})[T_-]?(\d{2})(\d{2})(\d{2})?(Z)?\s*", re.IGNORECASE)
_NUMBER = re.compile(r"\s*-?\d{9,19}(?:\.\d+)?\s*")


class Instant(NamedTuple):
    """A point in time: `ns` since 1970 in UTC, `res_ns` the clock's resolution, `quality` exact or zone_assumed."""

    ns: int
    res_ns: int
    quality: str


def parse(value: Any) -> Instant | None:
    """The time in a field: ISO 8601 with up to nine decimals, compact stamps, or a number since 1970 in s, ms, us or ns.

    A time without a zone is taken as UTC and says so. None where there is no time, or one outside 1990 to 2100.
    """
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return _number(value)
    if not isinstance(value, str) or len(value) > 64:
        return None
    if found := _ISO.fullmatch(value):
        year, month, day, hour, minute, second, decimals, zone = found.groups()
        resolution = MINUTE if second is None else 10 ** (9 - len(decimals or ""))
        return _civil(year, month, day, hour, minute, second, decimals, zone, resolution)
    if _NUMBER.fullmatch(value) and not _COMPACT.fullmatch(value):
        return _number(float(value) if "." in value else int(value))
    if found := _COMPACT.fullmatch(value):
        year, month, day, hour, minute, second, zone = found.groups()
        stamp = _civil(year, month, day, hour, minute, second, None, zone, SECOND if second else MINUTE)
        return stamp or (_number(int(value)) if value.strip().isdigit() else None)
    return None


def text(ns: int | None) -> str:
    """A time as people and documents show it: ISO 8601 in UTC, decimals only where there are any; empty for None."""
    if ns is None:
        return ""
    whole, rest = divmod(ns, SECOND)
    decimals = f".{rest:09d}".rstrip("0") if rest else ""
    return datetime.fromtimestamp(whole, UTC).strftime("%Y-%m-%dT%H:%M:%S") + decimals + "Z"


def _civil(
    year: str,
    month: str,
    day: str,
    hour: str,
    minute: str,
    second: str | None,
    decimals: str | None,
    zone: str | None,
    res: int,
) -> Instant | None:
    days = _days(int(year), int(month), int(day))
    clock = (int(hour), int(minute), int(second or 0))
    if days is None or clock > (24, 0, 0) or clock[1] > 59 or clock[2] > 60:
        return None
    ns = days * DAY + (clock[0] * 3600 + clock[1] * 60 + clock[2]) * SECOND + int((decimals or "").ljust(9, "0") or 0)
    if zone and zone[0] in "+-":
        digits = zone[1:].replace(":", "").ljust(4, "0")
        shift = (int(digits[:2]) * 60 + int(digits[2:])) * MINUTE
        ns += -shift if zone[0] == "+" else shift
    return Instant(ns, res, "exact" if zone else "zone_assumed") if _EARLIEST <= ns <= _LATEST else None


@lru_cache(4096)
def _days(year: int, month: int, day: int) -> int | None:
    try:
        return date(year, month, day).toordinal() - _EPOCH_DAY
    except ValueError:
        return None


def _number(value: float) -> Instant | None:
    for unit in (SECOND, SECOND // 1000, 1000, 1):
        if _EARLIEST <= value * unit <= _LATEST:
            if isinstance(value, int):
                return Instant(value * unit, unit, "exact")
            # a float holds about 16 digits: microseconds at best
            return Instant(round(value * unit / 1000) * 1000, max(1000, unit // 1000), "exact")
    return None
