"""Times that lack a year or a day are completed from the file's own date: its last line was written on that day or before.

What was assumed is said with each time (`year_assumed`, `date_assumed`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

MONTHS = {
    name: number
    for number, name in enumerate(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1)
}
_MONTH_NAME = re.compile(
    r"(?:[a-z]{3},? +)?(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]* +(?P<day>\d{1,2}),? +(?P<clock>\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d+)?)",
    re.IGNORECASE,
)
_MONTH_NUMBER = re.compile(r"(?P<month>\d{2})[-/]?(?P<day>\d{2}) +(?P<clock>\d{1,2}:\d{2}:\d{2}(?:[.,]\d+)?)")
_CLOCK = re.compile(r"(?P<clock>\d{1,2}:\d{2}:\d{2}(?:[.,]\d+)?)(?P<zone>Z|[+-]\d{2}:?\d{2})?")


@dataclass(frozen=True)
class Partial:
    """A time without its year (`month`, `day`) or without its day (both 0)."""

    month: int
    day: int
    clock: str

    @property
    def minutes(self) -> int:
        """Minutes since midnight."""
        hour, minute = self.clock.split(":")[:2]
        return int(hour) * 60 + int(minute)


def partial(raw: str) -> Partial | None:
    """A time that lacks its year or its day: `Jan  5 10:00:00`, `0105 10:00:00.5`, `10:00:00`. None for anything else."""
    raw = raw.strip()
    if found := _MONTH_NAME.fullmatch(raw):
        return Partial(MONTHS[found["month"].lower()], int(found["day"]), found["clock"])
    if (found := _MONTH_NUMBER.fullmatch(raw)) and 1 <= int(found["month"]) <= 12:
        return Partial(int(found["month"]), int(found["day"]), found["clock"])
    if found := _CLOCK.fullmatch(raw):
        return Partial(0, 0, found["clock"])
    return None


class Reckoning:
    """Completes the partial times of one log, line by line.

    A month that falls by half a year is a new year; a clock that falls by half a day is a new day. Smaller steps back are lines
    that were written late. Longer silences than half a year (half a day) cannot be seen.
    """

    def __init__(self, times_of_log: Iterable[Partial], written: float, year: int | None = None) -> None:
        """`times_of_log` is read once; `written` is when the file was last written, in seconds since 1970; `year` is what the
        format says of the first line, and then the file's own date does not count.
        """
        last_day = datetime.fromtimestamp(written, UTC).date() + timedelta(days=1)
        turns, last = 0, None
        for last in _turned(times_of_log):
            turns += last.turned
        self._day, self._year = last_day - timedelta(days=1 + turns), year or last_day.year
        if last is not None and last.time.month:
            final = last.time
            self._year = year or last_day.year - ((final.month, final.day) > (last_day.month, last_day.day)) - turns
        self._steps = _Steps()

    def complete(self, time: Partial) -> tuple[str, str]:
        """The whole time in ISO form, without a zone, and what was assumed."""
        turned = self._steps.turned(time)
        if time.month == 0:
            self._day += timedelta(days=turned)
            return f"{self._day.isoformat()}T{time.clock}", "date_assumed"
        self._year += turned
        return f"{self._year:04d}-{time.month:02d}-{time.day:02d}T{time.clock}", "year_assumed"


@dataclass(frozen=True)
class _Turn:
    time: Partial
    turned: int


class _Steps:
    """Where years and days turn. A step forward of almost a whole one, after a turn, is a late line of the one before."""

    def __init__(self) -> None:
        self._month, self._minutes, self._turns = 0, -1, 0

    def turned(self, time: Partial) -> int:
        """1 where a new year (or a new day) began before this time, -1 where a late line goes back behind the last turn, else 0."""
        if time.month:
            before, self._month = self._month or time.month, time.month
            turn = self._turn(before - time.month, 6, 11)
        else:
            before, self._minutes = (self._minutes if self._minutes >= 0 else time.minutes), time.minutes
            turn = self._turn(before - time.minutes, 720, 1380)
        self._turns += turn
        return turn

    def _turn(self, fall: int, half: int, almost: int) -> int:
        if fall >= half:
            return 1
        return -1 if fall <= -almost and self._turns else 0


def _turned(found: Iterable[Partial]) -> Iterable[_Turn]:
    steps = _Steps()
    for time in found:
        yield _Turn(time, steps.turned(time))
