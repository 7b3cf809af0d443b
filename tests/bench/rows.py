"""What every row of the bench is made of: its name, how it says its result, how time is taken."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

ROWS: dict[str, Callable[[Path], None]] = {}
ON_REQUEST: set[str] = set()
"""Rows that take so long that they run only by name."""


def row(function: Callable[[Path], None]) -> Callable[[Path], None]:
    """Register a row under its function's name, with dashes."""
    ROWS[function.__name__.replace("_", "-")] = function
    return function


def on_request(function: Callable[[Path], None]) -> Callable[[Path], None]:
    """Register a row that runs only when it is named."""
    ON_REQUEST.add(function.__name__.replace("_", "-"))
    return row(function)


def say(bench: str, measured: float, unit: str, budget: float, *, at_least: bool = False, **more: object) -> None:
    """Print one row's result; `at_least` says that the budget is the least and not the most."""
    holds = measured >= budget if at_least else measured <= budget
    line = {"bench": bench, "measured": round(measured, 3), "unit": unit, "budget": budget, "holds": holds}
    print(json.dumps(line | more), flush=True)


def seconds(work: Callable[[], object]) -> float:
    """Wall seconds of one call."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
