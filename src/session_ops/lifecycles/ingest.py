"""From log files to rows: each source gets its format, is read by it, and is accounted for whatever happens."""

from __future__ import annotations

import hashlib
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Literal

from session_ops.lifecycles import fast, spool
from session_ops.lifecycles.detection import Detected, detect
from session_ops.lifecycles.engine import Loader
from session_ops.lifecycles.inputs import Input, sure
from session_ops.lifecycles.readers import CannotRead, Reject
from session_ops.lifecycles.rotation import base
from session_ops.lifecycles.spec import ENDS, Format, Mapper, Row
from session_ops.lifecycles.spool import Plain
from session_ops.visible import one_line

LOG_NAMES = (".jsonl", ".ndjson", ".log")
"""Files found in a target that are said to be logs by their names: where no format fits, that is told."""
REJECTS_KEPT = 10_000
"""Rejects of one source that are kept; more are only counted."""
APPENDED = frozenset(("ndjson", "json_concat", "markdown", "regex_lines", "csv", "journald"))
"""Kinds of readers whose files grow at the end: these are read up to the size that they had when they were opened."""
TOLD_EVERY = 5_000
"""Pieces between two words about how far it is."""


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
    out_of_order: int = 0
    """Rows that are earlier than the one before."""
    latest_ns: int | None = None
    """The time of the last row that has one."""
    zones: Counter[str] = field(default_factory=Counter)
    rejects: list[Reject] = field(default_factory=list)
    snapshots: list[tuple[object, ...]] = field(default_factory=list)
    stream: str = ""
    plain: Plain | None = None
    templates: int = 0
    stopped: bool = False
    """Did the reading end before the log did?"""

    @property
    def completeness(self) -> str | None:
        """Was all of the log read? None where nothing was."""
        if self.status != "read":
            return None
        return "truncated" if self.stopped or (self.plain and not self.plain.whole) else "complete"

    @property
    def zone(self) -> str:
        """Which zone the times were taken in."""
        if not self.zones or not self.zones.total():
            return ""
        return "as written" if not self.zones["zone_assumed"] and not self.zones["date_assumed"] else "UTC (assumed)"


Tell = Callable[[str, int, int], None]
"""Told how far a log was read: its name, bytes so far, bytes in all."""


def quiet(_name: str, _done: int, _size: int) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True)
class Reading:
    """How logs are read: the formats to choose from, where events go, where files are unpacked, and who is told how far it is."""

    formats: tuple[Format, ...]
    loader: Loader
    tell: Tell = quiet
    only: str = ""
    """The format that the user chose for all logs."""
    mapping: Mapping[str, str] | None = None
    """The fields of unknown logs that the user confirmed."""

    def read(self, item: Input) -> Source | None:
        """Read one log. None for a file that nobody called a log and that is not surely one."""
        source = Source(hashlib.sha256(item.name.encode()).hexdigest()[:12], item.name, "read", "")
        with tempfile.TemporaryDirectory(prefix="session-ops-log-") as folder:
            try:
                return source if self._read(source, item, Path(folder)) else None
            except OSError as error:
                why = error.strerror or type(error).__name__
            except CannotRead as error:
                why = str(error)
            except Exception as error:  # noqa: BLE001 - a mistake of ours, or of a format: it costs this log only
                why = f"reading it failed, which is a mistake of session-ops ({type(error).__name__}: {one_line(str(error), 120)})"
        if source.events:
            source.stopped = True
            source.reason += f"; the reading stopped at record {source.records:,}: {why}"
            return source
        source.status, source.reason, source.format = "unreadable", why, None
        return None if item.found else source

    def _read(self, source: Source, item: Input, folder: Path) -> bool:
        source.size = sum(part.stat().st_size for part in item.parts)
        if not source.size:
            source.status, source.reason = "empty", "the file is empty"
            return True
        plain = source.plain = spool.opened(item.parts, folder)
        if not plain.size and not plain.path.is_dir():
            source.status, source.reason = "empty", "nothing is packed in the file"
            return True
        found = detect(plain.path, self.formats, self.only, self.mapping)
        source.scores = found.scores
        if item.found and not sure(item, found) and not (found.format is None and base(item.name).endswith(LOG_NAMES)):
            return False
        source.reason = "; ".join([found.reason, *plain.notes])
        if found.format is None:
            source.status = "unknown"
            return True
        source.sha256 = plain.sha256
        self._map(source, plain, found, found.format)
        return True

    def _map(self, source: Source, plain: Plain, found: Detected, form: Format) -> None:
        source.format = form
        if plain.size >= fast.WORTH_IT and self._map_whole(source, plain, found, form):
            _changed(source, plain)
            return
        mapper = Mapper(form, source.source_id, found.session_fields)
        ends = plain.size if form.reader["kind"] in APPENDED else None
        for number, piece in enumerate(form.pieces(plain.path)):
            if ends is not None and piece.offset >= ends:
                break
            if not number % TOLD_EVERY:
                self.tell(source.path, piece.offset, plain.size)
            rows = piece if isinstance(piece, Reject) else mapper.events(piece)
            if isinstance(rows, Reject):
                _reject(source, rows)
                continue
            source.records += 1
            for row in rows:
                _count(source, row)
                self.loader.add(row)
            if form.role == "registry":
                source.snapshots.append(_snapshot(source.source_id, rows))
        _changed(source, plain)

    def _map_whole(self, source: Source, plain: Plain, found: Detected, form: Format) -> bool:
        """By the fast lane, where the file is clean."""
        loaded = self.loader.add_log(plain.path, plain.size, source.source_id, form, found.session_fields)
        if loaded is None:
            return False
        source.records = source.events = loaded.records
        source.first_ns, source.last_ns, source.res_ns = loaded.first_ns, loaded.last_ns, loaded.res_ns
        source.zones, source.out_of_order = loaded.zones, loaded.out_of_order
        return True


def _changed(source: Source, plain: Plain) -> None:
    """Say so where the log's writer went on writing while it was read."""
    size = plain.size if plain.path.is_dir() else plain.path.stat().st_size
    if size > plain.size:
        source.reason += f"; it grew by {size - plain.size:,} bytes while it was read, and these were not read"
    elif size < plain.size:
        source.reason += f"; it was cut from {plain.size:,} to {size:,} bytes while it was read"


def _reject(source: Source, piece: Reject) -> None:
    if piece.reason == "template":  # a placeholder that nobody filled in says nothing, and nothing is lost with it
        source.templates += 1
    else:
        source.rejected += 1
    if len(source.rejects) < REJECTS_KEPT:
        source.rejects.append(piece)


def _count(source: Source, row: Row) -> None:
    source.events += 1
    ns = row["ts_ns"]
    if ns is None:
        return
    source.zones[row["ts_quality"]] += 1
    source.out_of_order += source.latest_ns is not None and ns < source.latest_ns
    source.latest_ns = ns
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
