"""The fast lane: a clean file of newline JSON becomes events by SQL, straight from the file, and gives the rows that the Mapper gives.

`load` answers None where it cannot promise that; then the file is read by the tolerant readers.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb

from session_ops.lifecycles.columns import COLUMNS
from session_ops.lifecycles.definition import Format
from session_ops.lifecycles.fast import rows, stage
from session_ops.lifecycles.fast.expressions import literal as literal
from session_ops.lifecycles.fast.expressions import quoted as quoted
from session_ops.lifecycles.fast.places import NotClean
from session_ops.lifecycles.mapper import Mapper
from session_ops.lifecycles.readers import Record, Reject

WORTH_IT = 1_000_000
"""Bytes below which the tolerant readers are as fast."""
COMPARED = 500
"""Records that both lanes read, so that a difference is found: one of each shape, and the first ones."""


@dataclass(frozen=True)
class Loaded:
    """A log that this lane has read. `events` is the query that gives its events, in order; `in_blocks` gives them to a file."""

    events: str
    in_blocks: str
    records: int
    first_ns: int | None
    last_ns: int | None
    res_ns: int | None
    zones: Counter[str]
    out_of_order: int
    """Rows that are earlier than the one before."""


def fits(form: Format) -> bool:
    """Is a format's meaning one that SQL can say: one event a record, times that name their zone or are UTC, nothing mined from texts?"""
    plain = form.reader["kind"] == "ndjson" and set(form.reader) == {"kind"} and form.role == "log"
    simple = (
        not form.by_file
        and not form.mine
        and not form.local
        and not form.zone
        and not form.time_shapes
        and not form.header
        and not form.carry_time
    )
    return plain and simple and len({rule.slot for rule in form.rules}) == 1 and not any(rule.at for rule in form.rules)


def load(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    size: int,
    source_id: str,
    form: Format,
    sessions: tuple[str, ...],
) -> Loaded | None:
    """Read a log of `size` bytes. None, and nothing left behind, where the tolerant way has to be taken."""
    table = f"lines_{source_id}"
    if not fits(form):
        return None
    mapper = Mapper(form, source_id, sessions)
    try:
        read = stage.read(
            connection,
            path,
            size,
            table,
            form,
            sessions,
            lambda values: rows.key(mapper, values),
        )
        if form.time_required and connection.execute(f'SELECT 1 FROM {table} WHERE "$raw" IS NULL LIMIT 1').fetchone():  # noqa: S608
            raise NotClean("records without a time")  # noqa: TRY301
        query, in_blocks = rows.select(connection, read, mapper)
        _compare(connection, query, read, mapper)
        return _counted(connection, query, in_blocks)
    except (NotClean, duckdb.Error, ValueError):
        connection.execute(f"DROP TABLE IF EXISTS {table}")
        return None


def _compare(connection: duckdb.DuckDBPyConnection, query: str, read: stage.Stage, mapper: Mapper) -> None:
    lines = {
        line.ord: line
        for line in [
            *islice(read.examples, COMPARED),
            *read.lines(connection, f"ord < {COMPARED}", COMPARED),
        ]
    }
    ords = ", ".join(map(str, lines))
    some = f"{query} WHERE rowid IN ({ords})"  # where a line begins is a sum over all rows before, so it is not compared
    found = connection.execute(f"SELECT * EXCLUDE (source_offset) FROM ({some}) ORDER BY source_ord").fetchall()  # noqa: S608
    expected: list[tuple[Any, ...]] = []
    for ord_ in sorted(lines):
        mapper.ord = ord_
        line = lines[ord_]
        events = mapper.events(Record(line.ord + 1, line.offset, json.loads(line.data)))
        expected += (
            []
            if isinstance(events, Reject)
            else [tuple(row[name] for name in COLUMNS if name != "source_offset") for row in events]
        )
    if found != expected:
        raise NotClean("the Mapper sees it otherwise")


def _counted(connection: duckdb.DuckDBPyConnection, query: str, in_blocks: str) -> Loaded:
    groups = connection.execute(
        f"SELECT ts_quality, count(*), count(ts_ns), min(ts_ns), max(ts_ns), min(ts_res_ns) FROM ({query}) GROUP BY ts_quality"  # noqa: S608
    ).fetchall()
    known = [group for group in groups if group[2]]
    before = f"SELECT ts_ns, lag(ts_ns) OVER () AS before_ns FROM ({query}) WHERE ts_ns IS NOT NULL"  # noqa: S608
    back = connection.execute(f"SELECT count(*) FROM ({before}) WHERE ts_ns < before_ns").fetchall()[0][0]  # noqa: S608
    return Loaded(
        events=query,
        in_blocks=in_blocks,
        records=sum(group[1] for group in groups),
        first_ns=min((group[3] for group in known), default=None),
        last_ns=max((group[4] for group in known), default=None),
        res_ns=min((group[5] for group in known), default=None),
        zones=Counter({group[0]: group[2] for group in known}),
        out_of_order=back,
    )
