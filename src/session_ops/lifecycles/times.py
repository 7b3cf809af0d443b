"""Times as trackers write them, to nanoseconds since 1970 in UTC, with their resolution and how much was assumed."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache
from typing import Any, NamedTuple

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
DAY = 86_400 * SECOND
_EPOCH_DAY = date(1970, 1, 1).toordinal()
EARLIEST, LATEST = 631_152_000 * SECOND, 4_102_444_800 * SECOND
"""1990 to 2100. A number outside is no time of a tracker, whatever its field is called."""

_ISO = re.compile(
    r"\s*(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[T ]\s*|_)(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9})\d*)?)?"
    r"\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?\s*",
    re.IGNORECASE,
)
_COMPACT = re.compile(r"\s*(\d{4})(\d{2})(\d{2})[T_-]?(\d{2})(\d{2})(\d{2})?(Z)?\s*", re.IGNORECASE)
_MONTHS = {
    name: str(number)
    for number, name in enumerate(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1)
}
_NAMED = tuple(
    re.compile(text, re.IGNORECASE)
    for text in (
        # RFC 5322: Mon, 05 Jan 2026 10:00:00 +0000; web servers: 05/Jan/2026:10:00:00 +0000
        (
            r"\s*(?:[a-z]{3},? +)?(?P<day>\d{1,2})[ /-](?P<month>[a-z]{3})[ /-](?P<year>\d{4})[ :]+"
            r"(?P<clock>\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d{1,9})?)\s*(?P<zone>[+-]\d{2}:?\d{2}|[A-Z]{1,4})?\s*"
        ),
        # git: Mon Jan 5 10:00:00 2026 +0100
        r"\s*[a-z]{3} (?P<month>[a-z]{3}) +(?P<day>\d{1,2}) (?P<clock>\d{1,2}:\d{2}:\d{2}) (?P<year>\d{4})(?: (?P<zone>[+-]\d{4}))?\s*",
        # date(1): Mon Jan  5 10:00:00 UTC 2026
        (
            r"\s*[a-z]{3} (?P<month>[a-z]{3}) +(?P<day>\d{1,2}) (?P<clock>\d{1,2}:\d{2}:\d{2})"
            r"(?: (?P<half>[AP]M))? (?P<zone>[A-Z]{1,5}|[+-]\d{2}) (?P<year>\d{4})\s*"
        ),
    )
)
"""Times with names of months, in the three orders in which programs write them."""
_ZONES = {"z": "Z", "ut": "Z", "utc": "Z", "gmt": "Z", "est": "-05", "edt": "-04", "cst": "-06", "cdt": "-05", "mst": "-07"} | {
    "mdt": "-06", "pst": "-08", "pdt": "-07", "cet": "+01", "cest": "+02",
}  # fmt: skip
"""Names of zones that RFC 5322 defines, and the two of central Europe; others mean different things in different places."""
_NUMBER = re.compile(r"\s*-?\d{9,19}(?:\.\d+)?\s*")


class Instant(NamedTuple):
    """A point in time: `ns` since 1970 in UTC, `res_ns` the clock's resolution, `quality` exact or zone_assumed."""

    ns: int
    res_ns: int
    quality: str


def parse(value: Any, zone: tzinfo | None = None, shapes: tuple[str, ...] = ()) -> Instant | None:
    """The time in a field: ISO 8601 with up to nine decimals, compact stamps, RFC 5322 and its like, or a number since 1970.

    Numbers are s, ms, us or ns, by their size. A time without a zone is taken in `zone`, else as UTC, and says so. `shapes` are
    strptime formats that are tried first. None where there is no time, or one outside 1990 to 2100.
    """
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return _number(value)
    if not isinstance(value, str) or len(value) > 64:
        return None
    found = next((instant for shape in shapes if (instant := _shaped(value, shape)) is not None), None) or _written(value)
    return _moved(found, zone) if found is not None and zone is not None and found.quality == "zone_assumed" else found


def _written(value: str) -> Instant | None:
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
    return next((_named(found) for pattern in _NAMED if (found := pattern.fullmatch(value))), None)


def _named(found: re.Match[str]) -> Instant | None:
    """A time with the name of a month, by way of ISO 8601."""
    fields = found.groupdict()
    month = _MONTHS.get(fields["month"].lower())
    if month is None:
        return None
    hour, _, rest = fields["clock"].partition(":")
    if half := fields.get("half"):
        hour = str(int(hour) % 12 + (12 if half.lower() == "pm" else 0))
    zone = fields["zone"] or ""
    zone = zone if zone[:1] in ("+", "-") else _ZONES.get(zone.lower(), "")
    return _written(f"{fields['year']}-{month}-{fields['day']} {hour}:{rest}{zone}")


def _shaped(value: str, shape: str) -> Instant | None:
    try:
        moment = datetime.strptime(value.strip(), shape)  # noqa: DTZ007 - what has no zone is marked so
    except ValueError:
        return None
    resolution = 1000 if "%f" in shape else SECOND if any(mark in shape for mark in ("%S", "%s", "%c", "%X", "%T")) else MINUTE
    exact = moment.tzinfo is not None
    whole = moment if exact else moment.replace(tzinfo=UTC)
    ns = int(whole.timestamp()) * SECOND + whole.microsecond * 1000
    return Instant(ns, resolution, "exact" if exact else "zone_assumed") if EARLIEST <= ns <= LATEST else None


def _moved(instant: Instant, zone: tzinfo) -> Instant:
    """A time that was taken as UTC, in its true zone. Of an hour that comes twice the first counts."""
    civil = datetime.fromtimestamp(instant.ns // SECOND, UTC).replace(tzinfo=zone)
    offset = civil.utcoffset()
    return instant._replace(ns=instant.ns - int(offset.total_seconds()) * SECOND) if offset is not None else instant


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
    return Instant(ns, res, "exact" if zone else "zone_assumed") if EARLIEST <= ns <= LATEST else None


@lru_cache(4096)
def _days(year: int, month: int, day: int) -> int | None:
    try:
        return date(year, month, day).toordinal() - _EPOCH_DAY
    except ValueError:
        return None


def _number(value: float) -> Instant | None:
    for unit in (SECOND, SECOND // 1000, 1000, 1):
        if EARLIEST <= value * unit <= LATEST:
            if isinstance(value, int):
                return Instant(value * unit, unit, "exact")
            # a float holds about 16 digits: microseconds at best
            return Instant(round(value * unit / 1000) * 1000, max(1000, unit // 1000), "exact")
    return None
