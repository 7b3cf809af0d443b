"""Limits of the detectors: one table with names, defaults and meanings; the parameters, the SQL (`settings`) and the help read it."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from session_ops.model import UsageError

_UNITS = {"min": 60_000_000_000, "s": 1_000_000_000, "": 1}


@dataclass(frozen=True)
class Limit:
    """One limit: the column of `settings` that SQL reads (nanoseconds, or a plain count), its unit for people, its default there."""

    name: str
    column: str
    unit: Literal["min", "s", ""]
    default: float
    meaning: str

    def value(self, given: float) -> int:
        """What SQL reads, from a value in this limit's unit."""
        return round(given * _UNITS[self.unit])


LIMITS = (
    Limit("orphan_after_min", "orphan_ns", "min", 60, "minutes without an event after which an open session is an orphan"),
    Limit("silent_after_min", "silent_ns", "min", 10, "smallest gap between two heartbeats that counts as silence, in minutes"),
    Limit("lock_after_min", "lock_ns", "min", 60, "minutes after which a lock that is still held at the log's end is stuck"),
    Limit("grace_min", "grace_ns", "min", 5, "minutes that a new session has for its first beat"),
    Limit("twin_within_s", "twin_ns", "s", 10, "seconds between two starts of one agent in one workspace that make them twins"),
    Limit("loop_starts", "loop_starts", "", 5, "starts of one agent in one workspace that make a crash loop"),
    Limit("loop_within_min", "loop_ns", "min", 10, "minutes in which these starts lie"),
    Limit("loop_run_min", "loop_run_ns", "min", 2, "minutes below which the median run must lie in a crash loop"),
    Limit("storm_rows", "storm_rows", "", 100, "equal rows of one session that make a storm"),
    Limit("storm_within_s", "storm_ns", "s", 60, "seconds in which these rows lie"),
    Limit("burst_errors", "burst_errors", "", 3, "lock errors that make a burst"),
    Limit("burst_within_s", "burst_ns", "s", 60, "seconds in which these errors lie"),
    Limit("handover_after_min", "handover_ns", "min", 60, "minutes after which a handover that nobody accepted is lost"),
    Limit("skew_s", "skew_ns", "s", 60, "seconds by which two clocks may differ"),
)
"""In the order of the columns of `settings`. The first three are parameters of their own; the others are given as `limits`."""
OWN_PARAMETERS = frozenset(limit.name for limit in LIMITS[:3])


def columns() -> dict[str, str]:
    """Columns of the table `settings` and their types."""
    return {limit.column: "BIGINT" for limit in LIMITS}


def settings(given: Mapping[str, float]) -> tuple[int, ...]:
    """The row of `settings`: what was given by name (in the limit's unit), else the defaults."""
    return tuple(limit.value(given.get(limit.name, limit.default)) for limit in LIMITS)


def parsed(text: str) -> dict[str, float]:
    """Limits from a text such as `grace_min=2, storm_rows=50`.

    Raises:
        UsageError: a name is unknown, or a value is no number above 0; says which names there are.
    """
    known = [limit.name for limit in LIMITS if limit.name not in OWN_PARAMETERS]
    found: dict[str, float] = {}
    for part in text.replace("\n", ",").split(","):
        if not part.strip():
            continue
        name, equals, value = (word.strip() for word in part.partition("="))
        if name not in known:
            if name in OWN_PARAMETERS:
                raise UsageError(f"limits: {name} is a parameter of its own; give it there")
            near = difflib.get_close_matches(name, known, 1)
            meant = f"did you mean {near[0]!r}?" if near else f"the limits are {', '.join(known)}"
            raise UsageError(f"limits: unknown limit {name!r}: {meant}")
        try:
            number = float(value) if equals else 0.0
        except ValueError:
            number = 0.0
        if not 0 < number < 1e9:
            raise UsageError(f"limits: {name}={value} is not possible: give a number above 0")
        found[name] = number
    return found
