"""DuckDB: loads events in bulk, builds the views, runs the detectors, writes the tables.

The SQL lives in sql/, one file per question; user text reaches it only as values.
"""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import duckdb

from session_ops import limits
from session_ops.lifecycles import detectors, fast, memory
from session_ops.lifecycles.progress import without_bar
from session_ops.lifecycles.spec import COLUMNS, Format, Row

if TYPE_CHECKING:
    from collections.abc import Iterator

PARQUET = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, PARQUET_VERSION V2, DICTIONARY_SIZE_LIMIT 4000"
"""How tables are written: numbers as differences (V2) take a third less room, and less time, than what a higher level would save; and
a column of more than some thousand different values gains little room by a dictionary for the time that this takes."""
THREADS = 2
TABLES: dict[str, str] = {
    "events": "source_id, source_ord",
    "sources": "path, source_id",
    "rejects": "source_id, source_line, source_offset, reason",
    "snapshots": "source_id, session_id",
    "sessions": "start_ns, session_id, run_no",
    "state_spans": "session_id, run_no, from_ns, to_ns, state",
    "holds": "resource_id, certain_from, holder, event_id",
    "waits": "resource_id, from_ns, waiter, event_id",
    "anomalies": "detector, ts_ns, session_id, resource_id, text, source_id, event_ids",
}
"""The tables of a case, and the order of their rows, which makes two runs equal byte for byte."""
ENDS_OF_STREAMS = "UPDATE sources SET logs_end = t.logs_end FROM streams t WHERE t.stream = sources.stream"
"""What the streams say of their sources."""


def _sql(folder: str) -> list[str]:
    found = sorted((item.name, item.read_text("utf-8")) for item in (files(__package__) / "sql" / folder).iterdir())
    return [text for name, text in found if name.endswith(".sql")]


class Loader:
    """Brings events into the database: whole logs by the fast lane, and single rows by way of a temporary file, memory bounded."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, file: IO[str]) -> None:
        self._connection = connection
        self._file = file
        self._writer = csv.writer(file)
        self._logs: dict[str, fast.Loaded] = {}

    def add(self, row: Row) -> None:
        """One event, its fields in the order of COLUMNS."""
        self._writer.writerow(row.values())

    def add_log(self, path: Path, size: int, source_id: str, form: Format, sessions: tuple[str, ...]) -> fast.Loaded | None:
        """All events of a log by the fast lane. None where its records have to be read one by one."""
        loaded = fast.load(self._connection, path, size, source_id, form, sessions)
        if loaded is not None:
            self._logs[source_id] = loaded
        return loaded

    def load(self) -> None:
        """All events so far as `events`, in the order in which they are exported."""
        self._file.flush()
        types = ", ".join(f"'{name}': '{kind}'" for name, kind in COLUMNS.items())
        self._connection.execute(
            f"CREATE TABLE {'single_events' if self._logs else 'events'} AS SELECT * FROM read_csv(?, header = false, auto_detect = false, "  # noqa: S608
            "delim = ',', quote = '\"', escape = '\"', new_line = '\\r\\n', parallel = false, max_line_size = 16000000, "
            f"columns = {{{types}}}) ORDER BY {TABLES['events']}",
            [self._file.name],
        )
        if self._logs:
            self._connection.execute(f"CREATE VIEW events AS {self._in_order(lambda log: log.events)}")
            self._connection.execute(f"CREATE VIEW events_in_blocks AS {self._in_order(lambda log: log.in_blocks)}")
        else:
            self._connection.execute("CREATE VIEW events_in_blocks AS SELECT * FROM events")

    def _in_order(self, events: Callable[[fast.Loaded], str]) -> str:
        """A query for all events, by source: between two logs the single events of the sources between them."""
        return " UNION ALL ".join(self._by_source(events))

    def _by_source(self, events: Callable[[fast.Loaded], str]) -> Iterator[str]:
        before = ""
        for source_id in sorted(self._logs):
            yield f"SELECT * FROM single_events WHERE source_id > '{before}' AND source_id < '{source_id}'"  # noqa: S608 - hexadecimal
            yield events(self._logs[source_id])
            before = source_id
        yield f"SELECT * FROM single_events WHERE source_id > '{before}'"  # noqa: S608


@contextmanager
def opened(size: int = 0) -> Iterator[tuple[duckdb.DuckDBPyConnection, Loader]]:
    """A database for logs of `size` bytes, in memory or, where that is too small for them, in a file; and a loader for it. Both vanish afterwards."""
    with (
        tempfile.TemporaryDirectory(prefix="session-ops-") as folder,
        io.open(Path(folder) / "events.csv", "w", encoding="utf-8", newline="") as file,  # noqa: UP020 - a name is needed, and newline
        duckdb.connect(
            ":memory:" if memory.holds(size) else Path(folder) / "events.duckdb",
            config={
                "memory_limit": memory.allowed(),
                "temp_directory": folder,
                "threads": THREADS,
                "autoinstall_known_extensions": False,
            },
        ) as connection,
    ):
        without_bar(connection)
        connection.execute((files(__package__) / "sql" / "tables.sql").read_text("utf-8"))
        named = ", ".join(f"{name} {kind}" for name, kind in limits.columns().items())
        connection.execute(f"CREATE TABLE settings ({named})")
        yield connection, Loader(connection, file)


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


def views() -> list[str]:
    """The SQL of the derived tables and views, in the order in which they build on each other."""
    return _sql("views")


def derive(connection: duckdb.DuckDBPyConnection, folder: Path | None = None) -> dict[str, str]:
    """The derived tables, and the anomalies. Returns the detectors that the logs cannot answer, with the reason."""
    for sql in views():
        connection.execute(sql)
    connection.execute(ENDS_OF_STREAMS)
    return detect(connection, folder, lambda sql: rows(connection, sql))


def rows(connection: duckdb.DuckDBPyConnection, sql: str) -> Iterator[Row]:
    """What a query finds, row by row."""
    cursor = connection.execute(sql)
    names = [column[0] for column in cursor.description or []]
    while found := cursor.fetchmany(10_000):
        yield from (dict(zip(names, values, strict=True)) for values in found)


def detect(connection: duckdb.DuckDBPyConnection, folder: Path | None, query: detectors.Query) -> dict[str, str]:
    """Run the detectors, those of a user's own folder too, into `anomalies`. Returns those that the logs cannot answer, with the reason.

    `query` runs a detector's SQL.
    """
    able = frozenset(str(name) for (name,) in connection.execute("SELECT name FROM abilities").fetchall())
    unanswered: dict[str, str] = {}

    def found() -> Iterator[detectors.Anomaly]:
        for one in detectors.detectors(folder):
            if reason := detectors.undecidable(one, able):
                unanswered[one.id] = reason
                yield detectors.unanswered(one, reason)
            else:
                yield from detectors.anomalies(one, query(one.sql))

    insert(connection, "anomalies", found())  # a row at a time: there may be a million
    return unanswered


@contextmanager
def exported_aside(connection: duckdb.DuckDBPyConnection, path: Path) -> Iterator[None]:
    """Write `events` while the body goes on, each with one thread; the body has all of them again once that is done.

    A log's offsets are a running sum, so one thread is all that writes them, and as one of several it takes twice the time.
    """
    with connection.cursor() as own, ThreadPoolExecutor(1) as pool:
        for name, kind in connection.execute("SELECT name, type FROM duckdb_variables()").fetchall():  # a cursor has its own
            value = connection.execute(f"SELECT getvariable({fast.literal(name)})").fetchall()[0]
            own.execute(f"SET VARIABLE {fast.quoted(name)} = CAST(? AS {kind})", value)
        writing = pool.submit(_export_alone, own, path)
        try:
            yield
        except BaseException:
            own.interrupt()
            raise
        writing.result()


def _export_alone(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    export(connection, "events", path)
    connection.execute(f"SET threads = {THREADS}")


def to_csv(table: Path, path: Path) -> None:
    """A table of a case as CSV with a header, its rows in the same order; lists as JSON."""
    with without_bar(duckdb.connect(config={"threads": 1})) as connection:
        rows = connection.read_parquet(str(table))
        lists = [name for name, kind in zip(rows.columns, rows.types, strict=True) if kind.id == "list"]
        named = ", ".join(f'CAST(to_json("{name}") AS VARCHAR) AS "{name}"' for name in lists)
        (rows.select(f"* REPLACE ({named})") if lists else rows).write_csv(str(path), header=True)


def export(connection: duckdb.DuckDBPyConnection, table: str, path: Path) -> None:
    """A table as Parquet, its rows in a fixed order: equal input gives equal bytes.

    It is written by one thread. `events` is in its order already (see `Loader.load`), and sorting it again would cost more than all else.
    """
    connection.execute("SET threads = 1")
    in_order = "SELECT * FROM events_in_blocks"
    rows = in_order if table == "events" else f"SELECT * FROM {table} ORDER BY {TABLES[table]}"  # noqa: S608 - our own table names
    connection.execute(f"COPY ({rows}) TO {fast.literal(str(path))} ({PARQUET})")
