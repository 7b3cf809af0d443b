"""The log files of a case: those that were given, or those found in the target."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from session_ops.case import Case
    from session_ops.lifecycles.detection import Detected

_LOG_NAMES = frozenset((".jsonl", ".ndjson", ".log", ".json", ".md"))
_NO_LOGS = re.compile(
    r"(^|/)(package(-lock)?|composer|tsconfig[\w.-]*|jsconfig|deno|turbo|lerna|renovate|biome|settings[\w.-]*|plugin|marketplace"
    r"|manifest|[\w.-]*schema|[\w.-]*\.lock|npm-shrinkwrap)\.jsonc?$"
    r"|(^|/)(README|CHANGELOG|CHANGES|HISTORY|CONTRIBUTING|SECURITY|LICENSE|CLAUDE|AGENTS|TODO)[\w.-]*\.md$",
    re.IGNORECASE,
)
_NO_LOG_FOLDERS = frozenset(
    ("docs", "doc", "tests", "test", "__tests__", "fixtures", "testdata", "test_data", "examples", "templates")
)
_TELLING = re.compile(
    r"sess|agent|run|track|work|lock|event|log|state|registr|diar|journal|beat|activit|hist|audit|status|claim", re.IGNORECASE
)
"""A registry found in a target must be called something like this: many JSON files hold an id and a date."""
_DIARY = re.compile(r"diar|journal|sess|(^|[/_.-])log", re.IGNORECASE)


@dataclass(frozen=True)
class Input:
    """One log file. `name` is what people and documents see: relative to the target, or to the folder that was given."""

    path: Path
    name: str
    found: bool
    """Found in the target, not given by the user: then only a sure format counts."""


def inputs(case: Case) -> list[Input]:
    """The files to read, sorted by name."""
    found = list(_given(case.logs)) if case.logs else list(_in_target(case))
    return sorted(found, key=lambda item: item.name)


def sure(item: Input, found: Detected) -> bool:
    """Is the format beyond doubt for a file that nobody called a log?

    A JSON file that is one record (a checkpoint, a lease) and a note with one dated line are none.
    """
    if found.format is None or found.scores[found.format.id] < 0.6:
        return False
    if item.name.lower().endswith(".json") and found.format.role == "log":
        return found.fitting >= 2
    if found.format.id == "json-registry":
        return found.session_fields[0] != "$file" and bool(_TELLING.search(item.name))
    if found.format.id == "diary":
        return found.fitting >= 2 or bool(_DIARY.search(item.name))
    return True


def _given(logs: tuple[Path, ...]) -> Iterator[Input]:
    taken: set[str] = set()
    for log in logs:
        prefix, n = log.name, 2
        while prefix in taken:
            prefix, n = f"{log.name}-{n}", n + 1
        taken.add(prefix)
        if not log.is_dir():
            yield Input(log, _shown(prefix), found=False)
            continue
        for folder, folders, names in os.walk(log):
            folders[:] = sorted(name for name in folders if name != ".git")
            for name in names:
                path = Path(folder, name)
                if path.is_file():
                    yield Input(path, _shown(f"{prefix}/{path.relative_to(log).as_posix()}"), found=False)


def _in_target(case: Case) -> Iterator[Input]:
    for entry in case.tree:
        path = PurePosixPath(entry.path)
        if (
            entry.kind != "file"
            or entry.vendored
            or entry.status == "unreadable"
            or entry.reason == "binary"
            or entry.size == 0
        ):
            continue
        if any(part.startswith((".tmp", "tmp")) for part in path.parts[:-1]):
            continue
        if path.suffix.lower() not in _LOG_NAMES or _NO_LOGS.search(entry.path):
            continue
        if _NO_LOG_FOLDERS.intersection(part.lower() for part in path.parts[:-1]):
            continue
        yield Input(case.target / entry.path, _shown(entry.path), found=True)


def _shown(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode()
