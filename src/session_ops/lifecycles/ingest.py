"""From log files to rows: each source gets its format, is read by it, and is accounted for whatever happens."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Literal

from session_ops.lifecycles.detection import Detected, detect
from session_ops.lifecycles.engine import Loader
from session_ops.lifecycles.inputs import Input, sure
from session_ops.lifecycles.readers import CannotRead, Reject
from session_ops.lifecycles.spec import ENDS, Format, Mapper, Row

LOG_NAMES = (".jsonl", ".ndjson", ".log")
"""Files found in a target that are said to be logs by their names: where no format fits, that is told."""
REJECTS_KEPT = 10_000
"""Rejects of one source that are kept; more are only counted."""


@dataclass
class Source:
    """What is known of one log after it was read."""

    source_id: str
    path: str
    status: Literal["read", "empty", "unknown", "unreadable"]
    reason: str
    format: Format | None = None
    scores: dict[str, float] = field(default_factory=dict)
    size: int = 0
    sha256: str = ""
    records: int = 0
    events: int = 0
    rejected: int = 0
    first_ns: int | None = None
    last_ns: int | None = None
    res_ns: int | None = None
    zones: Counter[str] = field(default_factory=Counter)
    rejects: list[Reject] = field(default_factory=list)
    snapshots: list[tuple[object, ...]] = field(default_factory=list)
    stream: str = ""

    @property
    def zone(self) -> str:
        """Which zone the times were taken in."""
        if not self.zones or not self.zones.total():
            return ""
        return "as written" if not self.zones["zone_assumed"] and not self.zones["date_assumed"] else "UTC (assumed)"


def read(item: Input, formats: tuple[Format, ...], loader: Loader) -> Source | None:
    """Read one log into the loader. None for a file that nobody called a log and that is not surely one."""
    source = Source(hashlib.sha256(item.name.encode()).hexdigest()[:12], item.name, "read", "")
    try:
        source.size = item.path.stat().st_size
        if not source.size:
            source.status, source.reason = "empty", "the file is empty"
            return source
        found = detect(item.path, formats)
        source.scores = found.scores
        if item.found and not sure(item, found) and not (found.format is None and item.path.suffix in LOG_NAMES):
            return None
        source.reason = found.reason
        if found.format is None:
            source.status = "unknown"
            return source
        source.sha256 = _sum(item.path)
        _map(source, item.path, found, loader)
    except OSError as error:
        source.status, source.reason = "unreadable", error.strerror or type(error).__name__
        return None if item.found else source
    except CannotRead as error:
        source.status, source.reason = "unreadable", str(error)
    return source


def _map(source: Source, path: Path, found: Detected, loader: Loader) -> None:
    form = found.format
    if form is None:
        return
    source.format = form
    mapper = Mapper(form, source.source_id, found.session_fields)
    for piece in form.pieces(path):
        rows = piece if isinstance(piece, Reject) else mapper.events(piece)
        if isinstance(rows, Reject):
            source.rejected += 1
            if len(source.rejects) < REJECTS_KEPT:
                source.rejects.append(rows)
            continue
        source.records += 1
        for row in rows:
            _count(source, row)
            loader.add(row)
        if form.role == "registry":
            source.snapshots.append(_snapshot(source.source_id, rows))


def _count(source: Source, row: Row) -> None:
    source.events += 1
    ns = row["ts_ns"]
    if ns is None:
        return
    source.zones[row["ts_quality"]] += 1
    source.first_ns = ns if source.first_ns is None else min(source.first_ns, ns)
    source.last_ns = ns if source.last_ns is None else max(source.last_ns, ns)
    # the clock of a source is as fine as its finest time: a logger drops the decimals of a whole second
    source.res_ns = row["ts_res_ns"] if source.res_ns is None else min(source.res_ns, row["ts_res_ns"])


def _snapshot(source_id: str, rows: list[Row]) -> tuple[object, ...]:
    """What the registry said of a session; as of its own latest time, since a file has no other that survives a copy."""
    at = {row["kind"]: row["ts_ns"] for row in rows}
    ended = next((at[kind] for kind in ENDS if kind in at), None)
    known = [ns for ns in at.values() if ns is not None]
    latest = max(known, default=None)
    return (source_id, rows[0]["session_id"], rows[0]["to_state"], latest, at.get("session.start"), latest, ended)


def streams(sources: list[Source]) -> None:
    """Which sources are one stream: files of one format in one folder, or in sibling folders where each holds one.

    What a format declares about ends holds for all its files, so these are one stream.
    """
    folders: dict[tuple[str, PurePosixPath], list[Source]] = defaultdict(list)
    for source in sources:
        if source.format is not None:
            folders[source.format.id, PurePosixPath(source.path).parent].append(source)
    for (format_id, folder), members in folders.items():
        shown = folder if len(members) > 1 else folder.parent
        declared = members[0].format is not None and members[0].format.facts.get("logs_end") is False
        for source in members:
            source.stream = format_id if declared else f"{format_id}:{shown}"


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
