"""How much memory the database of events may use before it spills to disk."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import psutil

from session_ops.model import UsageError

VARIABLE = "SESSION_OPS_MEMORY_GB"
"""Names another limit, in GB of 2**30 bytes. A batch sets it, whose targets have a limit each."""
LEAST = 2.0
UNPACKED = 3.5
"""Bytes of memory that the tables of a log take for each of its bytes."""
_OF_CONTAINERS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def allowed() -> str:
    """Half of what is free, in a container half of what it may have where that is less, and LEAST at least; as DuckDB reads it.

    Raises:
        UsageError: VARIABLE holds no number above 0.
    """
    return f"{_gb() * 1024:.0f}MiB"


def holds(size: int) -> bool:
    """Is there room for the tables of logs of `size` bytes? Else they belong into a file: what is spilled is written again after each look at it.

    Raises:
        UsageError: VARIABLE holds no number above 0.
    """
    return size * UNPACKED <= _gb() * 2**30


def _gb() -> float:
    if given := os.environ.get(VARIABLE):
        with contextlib.suppress(ValueError):
            if float(given) > 0:
                return float(given)
        raise UsageError(f"{VARIABLE}={given}: not a number of GB; give one such as 4, or unset it")
    free: float = psutil.virtual_memory().available
    for path in _OF_CONTAINERS:
        with contextlib.suppress(OSError, ValueError):  # none, or "max"
            free = min(free, int(path.read_text("ascii")))
    return max(LEAST, free / 2**30 / 2)
