"""The first half of the fast lane: each line of a file of newline JSON becomes a row of texts and times, in the file's order.

A file with a line that SQL cannot read as the Mapper does is not clean, and goes the tolerant way as a whole.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from session_ops.lifecycles.definition import Format
from session_ops.lifecycles.fast import expressions as sql
from session_ops.lifecycles.fast import places
from session_ops.lifecycles.fast.places import Columns, NotClean

SHAPES = 10_000
"""Shapes of records (lists of fields, in order) up to which a file is thought to be written by a program."""
ODD_SHARE = 0.1
"""The share of odd lines up to which it is quicker to read these twice than to look at each text of all lines."""
SUSPECTS = 10_000
"""Lines that may be no JSON for Python, up to which they are looked at one by one."""
_BLOCK = 2048
"""Rows that are looked at together, to find out where a line begins."""
_SAMPLE = 1_000_000
"""Bytes at the beginning, in the middle and at the end of a file whose fields are taken for those of all, until the shapes say otherwise."""
_WORDS = ("nan", "inf", "NAN", "INF", "NaN", "Inf")
_SOME_WORD = " OR ".join(f"contains(json, '{word}')" for word in _WORDS)
_LOOSE = rf"(regexp_matches(json, ',\s*[}}\]]') OR CASE WHEN {_SOME_WORD} THEN regexp_matches(json, '[:,\[]\s*-?({'|'.join(_WORDS)})') ELSE FALSE END)"
"""What DuckDB takes for JSON and Python does not, or reads otherwise: a comma too many, and words for numbers that are none.

The words are looked for first: that takes a tenth of the time of an expression.
"""
_NO_NUMBER = re.compile(rb"[:,\[]\s*-?(NaN|Infinity)")


@dataclass(frozen=True)
class Line:
    """Where a record is: its number from 0, the offset of its line, and its bytes."""

    ord: int
    offset: int
    data: bytes


@dataclass
class Stage:
    """A table of lines. `values` are the Mapper's names for values that some record has: each is a column of that name in the table."""

    table: str
    path: Path
    odd: float = 0.0
    """The share of odd lines (see expressions.odd) in a sample."""
    gap: int = 1
    """Bytes between two records."""
    values: frozenset[str] = frozenset()
    examples: list[Line] = field(default_factory=list)
    """One record of each shape."""

    @property
    def offset(self) -> str:
        """Where a line begins: a running sum, which DuckDB leaves out where nobody asks for it."""
        return f'sum("$size" + {self.gap}) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - "$size" - {self.gap}'

    def lines(self, connection: duckdb.DuckDBPyConnection, where: str, limit: int) -> list[Line]:
        """The lines whose rows meet a condition, the first ones. How far each block of rows is from the beginning is reckoned once, where there are any."""
        rows = f"FROM (SELECT rowid AS ord, * FROM {self.table}) WHERE {where}"  # noqa: S608
        if not connection.execute(f"SELECT 1 {rows} LIMIT 1").fetchone():
            return []
        found = connection.execute(
            f"WITH rows AS (SELECT rowid AS ord, * FROM {self.table}), "  # noqa: S608
            f'wanted AS (SELECT ord, "$size" FROM rows WHERE {where} ORDER BY ord LIMIT {limit}), '
            f'blocks AS (SELECT ord // {_BLOCK} AS block, sum("$size" + {self.gap}) AS bytes FROM rows GROUP BY block), '
            "begun AS (SELECT block, sum(bytes) OVER (ORDER BY block) - bytes AS bytes FROM blocks), "
            f'near AS (SELECT ord, "$size" + {self.gap} AS bytes FROM rows WHERE ord // {_BLOCK} IN (SELECT ord // {_BLOCK} FROM wanted)), '
            f"inside AS (SELECT ord, sum(bytes) OVER (PARTITION BY ord // {_BLOCK} ORDER BY ord) - bytes AS bytes FROM near) "
            f'SELECT w.ord, CAST(b.bytes + i.bytes AS BIGINT), w."$size" FROM wanted w JOIN begun b ON b.block = w.ord // {_BLOCK} '
            "JOIN inside i ON i.ord = w.ord ORDER BY w.ord"
        ).fetchall()
        with self.path.open("rb") as file:
            return [Line(ord_, offset, _at(file, offset, size)) for ord_, offset, size in found]


def _at(file: Any, offset: int, size: int) -> bytes:
    file.seek(offset)
    return bytes(file.read(size))


def read(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    size: int,
    table: str,
    form: Format,
    sessions: tuple[str, ...],
    key: Callable[[frozenset[str]], str],
) -> Stage:
    """The lines of a file as a table. `key` gives the expression of its column `$key`, from the values that there are.

    Raises:
        NotClean: some line is not what this lane reads.
        duckdb.Error: some line is no JSON, or too long.
    """
    sample = _sample(path)
    keys: dict[str, None] = dict.fromkeys(name for _, record in sample for name in record)
    for _ in range(2):
        values = places.wanted(form, keys)
        stage = Stage(table, path, values=frozenset(values))
        times = places.candidates(form.aliases.get("time", ()), keys)
        columns = Columns(values, times, places.candidates(sessions, keys), key(stage.values))
        stage.odd = _share(connection, columns.odd_text, [line for line, _ in sample])
        _create(connection, stage, columns)
        stage.gap = _gap(connection, stage, size)
        seen = _shapes(connection, stage)
        if seen <= keys.keys():
            _refuse_doubts(connection, stage)
            stage.values -= _nowhere(connection, stage)
            return stage
        keys |= dict.fromkeys(sorted(seen))
        connection.execute(f"DROP TABLE {table}")
    raise NotClean("its fields change while it is read")


def _nowhere(connection: duckdb.DuckDBPyConnection, stage: Stage) -> set[str]:
    """The attributes that no record has after all (nothing is below the field): every query of events would look for them."""
    names = sorted(name for name in stage.values if name.startswith("attrs."))
    counts = ", ".join(["0", *(f"count({sql.quoted(name)})" for name in names)])
    found = connection.execute(f"SELECT {counts} FROM {stage.table}").fetchall()[0]  # noqa: S608
    return {name for name, count in zip(names, found[1:], strict=True) if not count}


def _sample(path: Path) -> list[tuple[str, dict[str, Any]]]:
    """Lines from the beginning, the middle and the end of a file that are records."""
    found = []
    with path.open("rb") as file:
        for place in (0, path.stat().st_size // 2, path.stat().st_size - _SAMPLE):
            file.seek(max(place, 0))
            for line in file.read(_SAMPLE).splitlines():
                try:
                    text = line.decode()
                    record = json.loads(text)
                except ValueError:  # the first and the last line may be cut
                    continue
                if isinstance(record, dict):
                    found.append((text, record))
    return found


def _share(connection: duckdb.DuckDBPyConnection, odd: str, lines: list[str]) -> float:
    counted = f"SELECT avg(CASE WHEN {odd} THEN 1 ELSE 0 END) FROM (SELECT unnest(?) AS json)"  # noqa: S608 - ours
    return float(connection.execute(counted, [lines]).fetchall()[0][0] or 0)


def _create(connection: duckdb.DuckDBPyConnection, stage: Stage, columns: Columns) -> None:
    """Make the table of a stage: in haste where odd lines are few, and then these anew."""
    lines = f"read_ndjson_objects({sql.literal(sql.pattern(str(stage.path)))})"
    more = {"$size": "strlen(json)", "$shape": "hash(json_keys(json))"}
    if stage.odd > ODD_SHARE:
        query = columns.select(lines, more | {"$loose": _LOOSE}, careful=True)
        connection.execute(f"CREATE TABLE {stage.table} AS {query}")
        return
    more |= {"$json": f"CASE WHEN {columns.odd} THEN json END", "$loose": "FALSE"}
    connection.execute(f"CREATE TABLE {stage.table} AS {columns.select(lines, more, careful=False)}")
    if connection.execute(f'SELECT count("$json") FROM {stage.table}').fetchall()[0][0]:  # noqa: S608
        _read_again(connection, stage, columns)
    connection.execute(f'ALTER TABLE {stage.table} DROP COLUMN "$json"')


def _read_again(connection: duckdb.DuckDBPyConnection, stage: Stage, columns: Columns) -> None:
    """Look at each text of the odd lines."""
    odd = f'(SELECT rowid AS "$row", "$json" AS json FROM {stage.table} WHERE "$json" IS NOT NULL)'  # noqa: S608
    again = columns.select(odd, {"$row": '"$row"', "$loose": _LOOSE}, careful=True)
    names = [name for (name,) in connection.execute(f"SELECT column_name FROM (DESCRIBE {again})").fetchall() if name != "$row"]  # noqa: S608
    put = ", ".join(f"{sql.quoted(name)} = again.{sql.quoted(name)}" for name in names)
    connection.execute(f'UPDATE {stage.table} SET {put} FROM ({again}) again WHERE {stage.table}.rowid = again."$row"')  # noqa: S608


def _gap(connection: duckdb.DuckDBPyConnection, stage: Stage, size: int) -> int:
    """Bytes between two records: 1 or 2. Then no line is blank, none has two records, and none has blanks around it."""
    (records, used) = connection.execute(f'SELECT count(*), sum("$size") FROM {stage.table}').fetchall()[0]  # noqa: S608
    left = stage.path.stat().st_size - (used or 0)
    if not records or size != stage.path.stat().st_size:
        raise NotClean("no records, or the file grew")
    with stage.path.open("rb") as file:
        file.seek(size - 1)
        between = records if file.read(1) == b"\n" else records - 1
        if left == between:
            return 1
        if left == 2 * between:
            file.seek(0)
            found = sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))
            if found == between:
                return 2
    raise NotClean("blank lines, or blanks around records")


def _shapes(connection: duckdb.DuckDBPyConnection, stage: Stage) -> set[str]:
    """The fields of all records, from one record of each shape."""
    first = f'ord IN (SELECT min(rowid) FROM {stage.table} GROUP BY "$shape")'  # noqa: S608
    stage.examples = stage.lines(connection, first, SHAPES + 1)
    if len(stage.examples) > SHAPES:
        raise NotClean("too many shapes of records")
    keys: set[str] = set()
    for line in stage.examples:
        pairs: list[tuple[str, Any]] = json.loads(line.data, object_pairs_hook=list)
        names = [name for name, _ in pairs] if line.data.startswith(b"{") else []
        if not names or len(set(names)) < len(names):
            raise NotClean("a field twice, or no object")
        keys.update(names)
    if "$quality" in keys:
        raise NotClean("a field that only readers give")
    return keys


def _refuse_doubts(connection: duckdb.DuckDBPyConnection, stage: Stage) -> None:
    if stage.lines(connection, '"$doubt"', 1):
        raise NotClean("times that this lane does not read")
    suspects = stage.lines(connection, '"$loose"', SUSPECTS + 1)
    if len(suspects) > SUSPECTS:
        raise NotClean("too many lines that may be no JSON")
    for line in suspects:
        try:
            json.loads(line.data)
        except ValueError:
            raise NotClean("JSON that only DuckDB takes") from None
        if _NO_NUMBER.search(line.data):
            raise NotClean("a number that is none")
