"""Detectors: one SQL file per question. This module reads their headers, says which cannot be answered, and turns rows into anomalies.

It knows no engine: whoever runs the SQL hands over the rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from session_ops.lifecycles import times
from session_ops.lifecycles.spec import Row
from session_ops.model import UsageError

Anomaly = tuple[Any, ...]
"""A row of the table `anomalies`, in the order of its columns."""
Query = Callable[[str], Iterable[Row]]
_FIELD = re.compile(r"\{(\w+)(?::(\w+))?\}")
_EVIDENCE = ("prev_event_id", "path_event_ids", "event_id")
"""Columns that lead to events, in the order in which they are told; `path_event_ids` holds several, with blanks between."""


@dataclass(frozen=True)
class Need:
    """What a log must hold for a question to be answered: any one of these kinds of events or abilities, else `reason`."""

    any_of: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class Detector:
    """A detector as its SQL file says: the question, how bad and how sure it is, what it cannot see, what it needs.

    `limits` are the columns of `settings` that it reads.
    """

    id: str
    question: str
    severity: str
    confidence: str
    sure: str
    blind: str
    needs: tuple[Need, ...]
    limits: tuple[str, ...]
    text: str
    sql: str


def detector(sql: str) -> Detector:
    """A detector from the text of its file. The first comment is `-- id: question`, further ones `-- name: value`.

    Each line of `needs` is `kind, kind; reason`: one of the kinds must be there; all lines must hold.
    """
    head: dict[str, str] = {}
    needs = []
    for line in sql.splitlines():
        if not line.startswith("-- "):
            break
        name, _, value = line[3:].partition(": ")
        if name == "needs":
            needs.append(_need(value))
        head.setdefault(name, value.strip())
    name, question = next(iter(head.items()))
    return Detector(
        id=name,
        question=question,
        severity=head["severity"],
        confidence=re.split(r"\W", head["confidence"], maxsplit=1)[0],
        sure=head["confidence"],
        blind=head["blind"],
        needs=tuple(needs),
        limits=tuple(dict.fromkeys(re.findall(r"\bp\.(\w+)", sql))),
        text=head["text"],
        sql=sql,
    )


def _need(value: str) -> Need:
    names, _, reason = value.partition(";")
    any_of = tuple(part.strip() for part in names.split(",") if part.strip())
    return Need(any_of, reason.strip() or f"the logs hold no {' and no '.join(any_of)} events")


@cache
def detectors(folder: Path | None = None) -> tuple[Detector, ...]:
    """The detectors that come with the package, by id, and those of a user's own folder; one of the same name replaces ours.

    Raises:
        UsageError: the folder cannot be read, or a file in it is no detector.
    """
    ours = files(__package__) / "sql" / "detectors"
    texts = (item.read_text("utf-8") for item in ours.iterdir() if item.name.endswith(".sql"))
    found = {one.id: one for one in map(detector, texts)}
    for path in _own(folder):
        try:
            one = detector(path.read_text("utf-8"))
        except OSError as error:
            raise UsageError(f"detectors {path}: cannot be read ({error.strerror}); check its permissions") from None
        except (KeyError, StopIteration, UnicodeDecodeError) as error:
            lacking = (
                f"no comment `-- {error.args[0]}: ...`" if isinstance(error, KeyError) else "no comment `-- name: question`"
            )
            raise UsageError(f"detectors {path}: {lacking} at its top; see session-ops help logs") from None
        found[one.id] = one
    return tuple(found[name] for name in sorted(found))


def _own(folder: Path | None) -> list[Path]:
    if folder is None:
        return []
    if not folder.is_dir():
        raise UsageError(f"detectors {folder}: no such folder of detectors; give a folder with *.sql files")
    return sorted(folder.glob("*.sql"))


def undecidable(one: Detector, able: frozenset[str]) -> str | None:
    """Why the logs cannot answer a detector's question, given what they are able to tell (the view `abilities`); None where they can."""
    return next((need.reason for need in one.needs if not able.intersection(need.any_of)), None)


def anomalies(one: Detector, rows: Iterable[Row]) -> Iterator[Anomaly]:
    """Rows of `anomalies` from what a detector's SQL found. A row's own `severity`, `confidence` and `text` count before the file's."""
    return (_anomaly(one, row) for row in rows)


def _anomaly(one: Detector, row: Row) -> Anomaly:
    ids = [event for name in _EVIDENCE for event in str(row.get(name) or "").split(" ") if event]
    keys = (row["source_id"], row["session_id"], row["resource_id"], row["ts_ns"])
    severity, sure = row.get("severity") or one.severity, row.get("confidence") or one.confidence
    return (one.id, *keys, severity, sure, False, list(dict.fromkeys(ids)), _filled(row.get("text") or one.text, row))


def unanswered(one: Detector, reason: str) -> Anomaly:
    """The row of `anomalies` which says that a question could not be answered, so that nobody takes silence for health."""
    return (one.id, None, None, None, None, one.severity, "possible", True, [], reason)


def _filled(text: str, row: Row) -> str:
    def value(found: re.Match[str]) -> str:
        name, shape = found.groups()
        if shape == "span":
            return span(row[name])
        return times.text(row[name]) if shape == "time" else str(row[name])

    return _FIELD.sub(value, text)


def span(ns: float | None) -> str:
    """A length of time as people say it: 20 ms, 42 s, 12 min, 3 h 5 min, 2 d 4 h."""
    if ns is None:
        return "unknown"
    seconds = ns / times.SECOND
    if 0 < seconds < 1:
        return f"{seconds * 1000:.0f} ms" if seconds >= 0.001 else "under 1 ms"
    if seconds < 120:
        return f"{seconds:.3g} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 120:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"
