"""SQLite databases of trackers: the tables that hold sessions, and those whose rows belong to one.

The owner's file is never opened for writing and never locked: it is copied aside with its journal, and the copy is read.
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from session_ops.lifecycles import times
from session_ops.lifecycles.readers.pieces import CannotRead, Piece, Record, own_name

MAGIC = b"SQLite format 3\0"
COPY_LIMIT = 4_000_000_000
"""Bytes up to which a database is copied; a larger one without a journal is read where it is, as one that nobody writes."""
_JOURNALS = ("-wal", "-journal")
_TRIES = 5
_JSON_LIMIT = 200_000
_PROBE = 20
"""Rows that are looked at to see whether a column holds times."""


@dataclass(frozen=True)
class Table:
    """A table that tells of sessions. `shape` is `registry` where a row is a session, else `event`; `session` its key column."""

    name: str
    columns: tuple[str, ...]
    shape: str
    session: str
    agent: str = ""


def sqlite(path: Path, options: Mapping[str, Any]) -> Iterator[Piece]:
    """Rows of the tables that tell of sessions, registries first; `line` is the row's number in its table.

    Fields of our own: `$table`, `$shape` (registry or event), `$session` (the key), `$agent`. Text that is a JSON object is taken
    apart. Options: `registries` (patterns of table names, the best first), `keys`, `started` and `times` (column names), or
    `query` (own SQL), or `table` (one table, all its columns).

    Raises:
        CannotRead: not a database, or no table of it has a session key and a time; the message names the tables.
    """
    with opened(path) as connection:
        try:
            yield from _records(connection, options, own_name(path))
        except sqlite3.Error as error:
            raise CannotRead(f"a SQLite database that cannot be read: {error}", certain=True) from None


def _records(connection: sqlite3.Connection, options: Mapping[str, Any], own: str) -> Iterator[Piece]:
    if query := options.get("query"):
        yield from _rows(connection.execute(str(query)), {"$table": "query"})
        return
    if name := options.get("table"):
        yield from _rows(connection.execute(f"SELECT * FROM {_quoted(name)}"), {"$table": str(name)})  # noqa: S608 - quoted
        return
    found = tables(connection, options)
    if not found:
        raise CannotRead(_without(connection, options), certain=True)
    for table in found:
        cursor = connection.execute(f"SELECT * FROM {_quoted(table.name)}")  # noqa: S608 - quoted
        for record in _rows(cursor, {"$table": table.name, "$shape": table.shape}):
            data = record.data
            if data.get(table.session) is not None:
                # numbers count from 1 in every database
                value = data[table.session]
                data["$session"] = f"{own}: {value}" if isinstance(value, int) else value
            if table.agent and data.get(table.agent) is not None:
                data["$agent"] = data[table.agent]
            yield record


def _without(connection: sqlite3.Connection, options: Mapping[str, Any]) -> str:
    """Why a database tells of no session."""
    names = _names(connection)
    empty = [
        n
        for n in names
        if any(re.fullmatch(p, n, re.IGNORECASE) for p in options["registries"]) and not _any_row(connection, n)
    ]
    if empty:
        return f"a SQLite database whose tables of sessions are empty ({', '.join(empty)[:200]})"
    return f"a SQLite database without a table that has a session key and a time (tables: {', '.join(names)[:200] or 'none at all'})"


def _rows(cursor: sqlite3.Cursor, more: dict[str, Any]) -> Iterator[Record]:
    names = [column[0] for column in cursor.description or ()]
    for number, values in enumerate(cursor, 1):
        data = {n: _value(v) for n, v in zip(names, values, strict=True) if v is not None and not isinstance(v, bytes)}
        yield Record(number, 0, data | more)


def _value(value: Any) -> Any:
    if isinstance(value, str) and value.startswith("{") and len(value) < _JSON_LIMIT:
        with contextlib.suppress(ValueError, RecursionError):
            return json.loads(value)
    return value


def table_names(path: Path) -> list[str]:
    """The names of a database's tables.

    Raises:
        CannotRead: it cannot be read.
    """
    with opened(path) as connection:
        return _names(connection)


def tables(connection: sqlite3.Connection, options: Mapping[str, Any]) -> list[Table]:
    """The tables that tell of sessions.

    Those with the best name of a registry are the sessions; every other table with a time whose rows name a session belongs to them.
    """
    columns = {name: own for name in _names(connection) if (own := _columns(connection, name))}
    patterns = [re.compile(text, re.IGNORECASE) for text in options["registries"]]
    ranked: dict[int, list[Table]] = {}
    for name, own in columns.items():
        rank = next((i for i, pattern in enumerate(patterns) if pattern.fullmatch(name)), None)
        key = "" if rank is None else _key(connection, name, own, options["keys"])
        if rank is not None and key and _timed(connection, name, own, options["started"]) and _any_row(connection, name):
            ranked.setdefault(rank, []).append(Table(name, own, "registry", key))
    registries = ranked[min(ranked)] if ranked else []
    owners = {table.name.lower() for table in registries}
    own_keys = [f"{one}_id" for name in owners for one in {name.removesuffix("s"), name.rsplit("_", 1)[-1].removesuffix("s")}]
    keys = (*(key for key in options["keys"] if "session" in key.lower() or not owners), *own_keys)
    agents = re.compile(options.get("agents", "agents?|workers?"), re.IGNORECASE)
    events = []
    for name, own in columns.items():
        if name.lower() in owners or not _timed(connection, name, own, options["times"]) or not _any_row(connection, name):
            continue
        key = _first(own, (*_references(connection, name, owners), *(k for k in keys if k.lower() != "id")))
        if key:
            events.append(Table(name, own, "event", key, _first(own, ("id", "name")) if agents.fullmatch(name) else ""))
    return [*sorted(registries, key=lambda t: t.name), *sorted(events, key=lambda t: t.name)]


def _names(connection: sqlite3.Connection) -> list[str]:
    rows = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite#_%' ESCAPE '#' ORDER BY name"
    )
    return [str(name) for (name,) in rows]


def _columns(connection: sqlite3.Connection, table: str) -> tuple[str, ...]:
    try:
        return tuple(str(row[1]) for row in connection.execute(f"PRAGMA table_info({_quoted(table)})"))
    except sqlite3.OperationalError:  # a virtual table of a module that is not here
        return ()


def _key(connection: sqlite3.Connection, table: str, columns: Sequence[str], names: Sequence[str]) -> str:
    """The column that names a registry's session: one of the names whose values differ in every row, else its single primary key."""
    primary = [str(row[1]) for row in connection.execute(f"PRAGMA table_info({_quoted(table)})") if row[5]]
    by_name = {column.lower(): column for column in columns}
    found = [by_name[name.lower()] for name in names if name.lower() in by_name]
    ranked = [*(c for c in found if "session" in c.lower()), *primary[:1][: len(primary) == 1], *found]
    return next((column for column in ranked if _differs(connection, table, column)), "")


def _differs(connection: sqlite3.Connection, table: str, column: str) -> bool:
    """Does each row have its own value there?"""
    query = f"SELECT count(*), count(DISTINCT {_quoted(column)}) FROM {_quoted(table)}"  # noqa: S608 - quoted
    rows, values = connection.execute(query).fetchone()
    return bool(rows == values)


def _references(connection: sqlite3.Connection, table: str, owners: set[str]) -> list[str]:
    """Columns that refer to one of the registries by a declared foreign key."""
    rows = connection.execute(f"PRAGMA foreign_key_list({_quoted(table)})")
    return [str(row[3]) for row in rows if str(row[2]).lower() in owners]


def _first(columns: Sequence[str], names: Sequence[str]) -> str:
    by_name = {column.lower(): column for column in columns}
    return next((by_name[name.lower()] for name in names if name.lower() in by_name), "")


def _timed(connection: sqlite3.Connection, table: str, columns: Sequence[str], names: Sequence[str]) -> bool:
    """Has the table a column of one of these names that holds times?"""
    for column in (c for c in columns if c.lower() in {name.lower() for name in names}):
        query = f"SELECT {_quoted(column)} FROM {_quoted(table)} WHERE {_quoted(column)} IS NOT NULL LIMIT {_PROBE}"  # noqa: S608
        if any(times.parse(value) is not None for (value,) in connection.execute(query)):
            return True
    return False


def _any_row(connection: sqlite3.Connection, table: str) -> bool:
    return connection.execute(f"SELECT 1 FROM {_quoted(table)} LIMIT 1").fetchone() is not None  # noqa: S608 - quoted


def _quoted(name: str) -> str:
    return '"' + str(name).replace('"', '""') + '"'


@contextlib.contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """A database that cannot be changed through this connection, consistent even while its owner writes.

    Raises:
        CannotRead: it is no database, damaged, or there is no room for a copy.
    """
    with tempfile.TemporaryDirectory(prefix="session-ops-") as folder:
        journals = [journal for end in _JOURNALS if (journal := path.with_name(path.name + end)).exists()]
        if path.stat().st_size > COPY_LIMIT and not journals:
            uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
        else:
            uri = f"{_copy(path, Path(folder)).as_uri()}?mode=rw"
        try:
            connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
        except sqlite3.Error as error:
            raise CannotRead(f"a SQLite database that cannot be opened: {error}", certain=True) from None
        try:
            connection.text_factory = lambda raw: raw.decode("utf-8", "backslashreplace")
            try:
                # a schema may compute columns, but not reach other files
                connection.set_authorizer(_allowed)
                connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
                connection.execute("PRAGMA query_only = ON")
            except sqlite3.Error as error:
                raise CannotRead(f"a SQLite database that cannot be read: {error}", certain=True) from None
            yield connection
        finally:
            connection.close()


def _allowed(action: int, *_: str | None) -> int:
    return sqlite3.SQLITE_DENY if action in (sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH) else sqlite3.SQLITE_OK


def _copy(path: Path, folder: Path) -> Path:
    """The database and its journals as they were at one moment, so far as that can be had without a lock."""
    copy = folder / "copy.db"
    for attempt in range(_TRIES):
        before = _marks(path)
        try:
            shutil.copyfile(path, copy)
            for end in _JOURNALS:
                aside = copy.with_name(copy.name + end)
                aside.unlink(missing_ok=True)
                with contextlib.suppress(FileNotFoundError):
                    shutil.copyfile(path.with_name(path.name + end), aside)
        except OSError as error:
            if isinstance(error, PermissionError | FileNotFoundError):
                raise
            raise CannotRead(f"a SQLite database that could not be copied aside: {error.strerror}") from None
        if _marks(path) == before:
            break
        time.sleep(0.05 * (attempt + 1))
    return copy


def _marks(path: Path) -> list[tuple[int, int] | None]:
    found: list[tuple[int, int] | None] = []
    for end in ("", *_JOURNALS):
        try:
            status = path.with_name(path.name + end).stat()
            found.append((status.st_size, status.st_mtime_ns))
        except FileNotFoundError:
            found.append(None)
    return found
