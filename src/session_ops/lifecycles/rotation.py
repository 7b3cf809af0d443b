"""Rotated logs: which files are parts of one, and in which order they were written."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

COMPRESSED = (".gz", ".zst", ".bz2", ".xz")
"""Suffixes of compressed files that are read. What a file is, its first bytes say; the suffix only tells the plain name."""
_NUMBER = re.compile(r"\.(\d{1,3})$")
_DATE = re.compile(r"[.-](\d{4}-\d{2}-\d{2}|\d{8})(?:[T_-]?(\d{2})[-:]?(\d{2})(?:[-:]?(\d{2}))?|-(\d{10}))?$")
_APPENDED = frozenset((".log", ".jsonl", ".ndjson", ".txt", ".out", ".err", ".logfmt"))
"""Files that grow at their end. `sessions.json.1` is an older copy of a registry, not an older part of it."""


def plain(name: str) -> str:
    """A file's name without the suffix of its compression."""
    return next((name.removesuffix(end) for end in COMPRESSED if name.lower().endswith(end)), name)


def base(name: str) -> str:
    """The name of the log that a file is a part of: app.log for app.log.2.gz and for app.log-20260105."""
    name = plain(name)
    name = _NUMBER.sub("", name)
    return _DATE.sub("", name)


def grouped(paths: Iterable[Path]) -> list[tuple[Path, ...]]:
    """The same paths, the parts of each rotated log together and oldest first; every other file alone.

    Numbers count back from the current file (logrotate, Python's RotatingFileHandler), dates count up (logrotate's dateext).
    """
    logs: dict[tuple[Path, str], list[Path]] = defaultdict(list)
    for path in paths:
        logs[path.parent, base(path.name)].append(path)
    found: list[tuple[Path, ...]] = []
    for (_, name), members in logs.items():
        suffix = Path(name).suffix.lower()
        current = any(plain(path.name) == name for path in members)
        places = [_place(path.name) for path in members]
        if len(members) > 1 and len(set(places)) == len(places) and (suffix in _APPENDED or (not suffix and current)):
            found.append(tuple(path for _, path in sorted(zip(places, members, strict=True))))
        else:
            found.extend((path,) for path in members)
    return found


def _place(name: str) -> tuple[int, str, int]:
    """Where a part stands: dated ones by date, then numbered ones backwards, then the current file."""
    name = plain(name)
    number = _NUMBER.search(name)
    date = _DATE.search(_NUMBER.sub("", name))
    day = "".join(filter(str.isdigit, date.group())) if date else ""
    return (0 if date else 1 if number else 2), day, -int(number.group(1)) if number else 0
