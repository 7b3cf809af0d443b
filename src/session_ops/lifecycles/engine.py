"""DuckDB: loads events in bulk, builds the views, runs the detectors, writes the tables.

The SQL lives in sql/, one file per question; user text reaches it only as values.
"""

from __future__ import annotations

import csv
import io
import json
import re
import tempfile
from collections.abc import Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import duckdb

from session_ops import limits
from session_ops.lifecycles import times
from session_ops.lifecycles.spec import COLUMNS, Row
from session_ops.model import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

MEMORY = "2GB"
"""What DuckDB may use before it spills to disk."""
TABLES: dict[str, str] = {
    "events": "source_id, source_ord",
    "sources": "path, source_id",
    "rejects": "source_id, source_line, source_offset, reason",
    "snapshots": "source_id, session_id",
    "sessions": "start_ns, session_id, run_no",
    "state_spans": "session_id, run_no, from_ns, to_ns, state",
    "holds": "resource_id, certain_from, holder, event_id",
    "anomalies": "detector, ts_ns, session_id, resource_id, text",
}
"""The tables of a case, and the order of their rows, which makes two runs equal byte for byte."""
ENDS_LOGGED = "ends"
"""What a detector needs that judges missing ends: a stream that logs them at all."""
_FIELD = re.compile(r"\{(\w+)(?::(\w+))?\}")


@dataclass(frozen=True)
class Detector:
    """A detector as its SQL file says: the question, how bad and how sure it is, what it cannot see, what it needs."""

    id: str
    question: str
    severity: str
    confidence: str
    blind: str
    needs: tuple[str, ...]
    text: str
    sql: str


def detector(sql: str) -> Detector:
    """A detector from the text of its file. The first comment is `-- id: question`, further ones `-- name: value`."""
    head: dict[str, str] = {}
    for line in sql.splitlines():
        if not line.startswith("-- "):
            break
        name, _, value = line[3:].partition(": ")
        head[name] = value.strip()
    name, question = next(iter(head.items()))
    confidence = re.split(r"\W", head["confidence"], maxsplit=1)[0]
    needs = tuple(part.strip() for part in head.get("needs", "").split(",") if part.strip())
    return Detector(name, question, head["severity"], confidence, head["blind"], needs, head["text"], sql)


@cache
def detectors(folder: Path | None = None) -> tuple[Detector, ...]:
    """The detectors that come with the package, by id, and those of a user's own folder; one of the same name replaces ours.

    Raises:
        UsageError: the folder cannot be read, or a file in it is no detector.
    """
    found = {one.id: one for one in map(detector, _sql("detectors"))}
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


def _sql(folder: str) -> list[str]:
    found = sorted((item.name, item.read_text("utf-8")) for item in (files(__package__) / "sql" / folder).iterdir())
    return [text for name, text in found if name.endswith(".sql")]


class Loader:
    """Collects rows in a temporary file, memory bounded, and hands them to DuckDB in one typed load (about 40 times executemany)."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._writer = csv.writer(file)

    def add(self, row: Row) -> None:
        """One event, its fields in the order of COLUMNS."""
        self._writer.writerow(row.values())

    def load(self, connection: duckdb.DuckDBPyConnection) -> None:
        """All rows so far into the table `events`."""
        self._file.flush()
        types = ", ".join(f"'{name}': '{kind}'" for name, kind in COLUMNS.items())
        connection.execute(
            f"CREATE TABLE events AS SELECT * FROM read_csv(?, header = false, auto_detect = false, delim = ',', quote = '\"', "  # noqa: S608
            f"escape = '\"', new_line = '\\r\\n', parallel = false, max_line_size = 16000000, columns = {{{types}}})",
            [self._file.name],
        )


@contextmanager
def opened() -> Iterator[tuple[duckdb.DuckDBPyConnection, Loader]]:
    """A database in memory that may spill, and a loader for it. Both vanish afterwards."""
    with (
        tempfile.TemporaryDirectory(prefix="session-ops-") as folder,
        io.open(Path(folder) / "events.csv", "w", encoding="utf-8", newline="") as file,  # noqa: UP020 - a name is needed, and newline
        duckdb.connect(
            config={"memory_limit": MEMORY, "temp_directory": folder, "threads": 2, "autoinstall_known_extensions": False}
        ) as connection,
    ):
        connection.execute((files(__package__) / "sql" / "tables.sql").read_text("utf-8"))
        named = ", ".join(f"{name} {kind}" for name, kind in limits.columns().items())
        connection.execute(f"CREATE TABLE settings ({named})")
        yield connection, Loader(file)


def insert(connection: duckdb.DuckDBPyConnection, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """Rows into a table, by way of a temporary file: row by row takes milliseconds each."""
    columns = connection.table(table)
    types = ", ".join(f"'{name}': '{kind}'" for name, kind in zip(columns.columns, columns.types, strict=True))
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".json") as file:
        for row in rows:
            file.write(json.dumps(dict(zip(columns.columns, row, strict=True)), ensure_ascii=True) + "\n")
        file.flush()
        if file.tell():
            connection.execute(
                f"INSERT INTO {table} SELECT * FROM read_json(?, format = 'newline_delimited', columns = {{{types}}})",  # noqa: S608 - our own names
                [file.name],
            )


def build_views(connection: duckdb.DuckDBPyConnection) -> None:
    """The derived tables, in the order of their file names."""
    for sql in _sql("views"):
        connection.execute(sql)
    connection.execute("UPDATE sources SET logs_end = t.logs_end FROM streams t WHERE t.stream = sources.stream")


def detect(connection: duckdb.DuckDBPyConnection, folder: Path | None = None) -> dict[str, str]:
    """Run the detectors, those of a user's own folder too, into `anomalies`. Returns those that the logs cannot answer, with the reason."""
    seen = {str(kind) for (kind,) in connection.execute("SELECT DISTINCT kind FROM events").fetchall()}
    if connection.execute("SELECT 1 FROM streams WHERE logs_end LIMIT 1").fetchone():
        seen.add(ENDS_LOGGED)
    undecidable: dict[str, str] = {}
    found: list[tuple[Any, ...]] = []
    for one in detectors(folder):
        if one.needs and not seen.intersection(one.needs):
            wanted = f"the logs hold no {' and no '.join(one.needs)} events"
            undecidable[one.id] = "the logs never say that a session ended" if one.needs == (ENDS_LOGGED,) else wanted
            continue
        cursor = connection.execute(one.sql)
        names = [column[0] for column in cursor.description or []]
        for values in cursor.fetchall():
            row = dict(zip(names, values, strict=True))
            ids = [row[name] for name in ("prev_event_id", "event_id") if row.get(name)]
            keys = (row["source_id"], row["session_id"], row["resource_id"], row["ts_ns"])
            sure = row.get("confidence") or one.confidence
            found.append((one.id, *keys, one.severity, sure, False, list(dict.fromkeys(ids)), _filled(one.text, row)))
    insert(connection, "anomalies", found)
    return undecidable


def _filled(text: str, row: Row) -> str:
    def value(found: re.Match[str]) -> str:
        name, shape = found.groups()
        if shape == "span":
            return span(row[name])
        return times.text(row[name]) if shape == "time" else str(row[name])

    return _FIELD.sub(value, text)


def span(ns: int | None) -> str:
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


def export(connection: duckdb.DuckDBPyConnection, table: str, path: Path) -> None:
    """A table as Parquet, its rows in a fixed order, by one thread: equal input gives equal bytes."""
    connection.execute("SET threads = 1")
    rows = f"SELECT * FROM {table} ORDER BY {TABLES[table]}"  # noqa: S608 - our own table names
    connection.sql(rows).write_parquet(str(path), compression="zstd")
