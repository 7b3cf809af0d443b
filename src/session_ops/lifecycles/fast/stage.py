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

SHAPES = 10_000
"""Shapes of records (lists of fields, in order) up to which a file is thought to be written by a program."""
SUSPECTS = 10_000
"""Lines that may be no JSON for Python, up to which they are looked at one by one."""
_SAMPLE = 1_000_000
"""Bytes at the beginning, in the middle and at the end of a file whose fields are taken for those of all, until the shapes say otherwise."""
_WORDS = ("nan", "inf", "NAN", "INF", "NaN", "Inf")
_SOME_WORD = " OR ".join(f"contains(json, '{word}')" for word in _WORDS)
_LOOSE = rf"(regexp_matches(json, ',\s*[}}\]]') OR CASE WHEN {_SOME_WORD} THEN regexp_matches(json, '[:,\[]\s*-?({'|'.join(_WORDS)})') ELSE FALSE END)"
"""What DuckDB takes for JSON and Python does not, or reads otherwise: a comma too many, and words for numbers that are none.

The words are looked for first: that takes a tenth of the time of an expression.
"""
_NO_NUMBER = re.compile(rb"[:,\[]\s*-?(NaN|Infinity)")


_LONGEST_TIME = 66
"""Bytes of a time with its quotes; `times.parse` takes no longer one."""


class NotClean(Exception):
    """The fast lane cannot read a file as the Mapper would; the message says why, for whoever looks into it."""


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
        """The lines whose rows meet a condition, the first ones."""
        found = connection.execute(
            f'SELECT ord, "offset", "$size" FROM (SELECT *, rowid AS ord, CAST({self.offset} AS BIGINT) AS "offset" FROM {self.table}) '  # noqa: S608
            f"WHERE {where} ORDER BY ord LIMIT {limit}"
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
    keys: dict[str, None] = dict.fromkeys(_first_keys(path))
    for _ in range(2):
        stage = Stage(table, path)
        wanted = _wanted(form, keys)
        stage.values = frozenset(wanted)
        times = _candidates(form.aliases.get("time", ()), keys)
        connection.execute(_create(stage, wanted, times, _candidates(sessions, keys), key(stage.values)))
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


def _first_keys(path: Path) -> list[str]:
    keys: dict[str, None] = {}
    with path.open("rb") as file:
        for place in (0, path.stat().st_size // 2, path.stat().st_size - _SAMPLE):
            file.seek(max(place, 0))
            for line in file.read(_SAMPLE).splitlines():
                try:
                    record = json.loads(line)
                except ValueError:  # the first and the last line may be cut
                    continue
                keys |= dict.fromkeys(record if isinstance(record, dict) else ())
    return list(keys)


@dataclass(frozen=True)
class _Place:
    """Where a value is: the names that lead to it."""

    names: tuple[str, ...]

    @property
    def text(self) -> str:
        """The value as json_transform gives it; with the field below which it is as a text, a struct has no place for it."""
        return "v." + ".".join(map(sql.quoted, self.names))

    def scalar(self, texts: set[str]) -> str:
        """What the Mapper makes of it; `texts` are fields that are looked at as texts too, so that nothing below them has a column."""
        path = "$" + "".join(f'."{name}"' for name in self.names)
        if len(self.names) > 1 and self.names[0] in texts:
            below = f"json_extract_string(json, {sql.literal(path)})"
            return f"CASE WHEN ascii({_Place(self.names[:1]).text}) = 123 THEN {sql.scalar(below, path)} END"
        return sql.scalar(self.text, path)


def _candidates(names: tuple[str, ...], keys: dict[str, None]) -> dict[str, _Place]:
    """Where each name is that records can have. A field with a dot in its name counts first."""
    found = {}
    for name in names:
        first, *rest = name.split(".")
        if name in keys:
            if rest and first in keys:
                raise NotClean(f"{name} and {first} are both fields")
            found[name] = _Place((name,))
        elif rest and first in keys:
            found[name] = _Place((first, *rest))
    return found


def _wanted(form: Format, keys: dict[str, None]) -> dict[str, dict[str, _Place]]:
    """The values that the Mapper looks at, with their candidates, where there are any."""
    named = {name: names for name, names in form.aliases.items() if name not in ("time", "session")}
    named |= {f"attrs.{name}": names for name, names in form.attrs.items()}
    return {name: found for name, names in named.items() if (found := _candidates(names, keys))}


def _create(
    stage: Stage,
    wanted: dict[str, dict[str, _Place]],
    times: dict[str, _Place],
    sessions: dict[str, _Place],
    key: str,
) -> str:
    every = dict.fromkeys(
        [*times.values(), *sessions.values(), *(place for found in wanted.values() for place in found.values())]
    )
    tops = {place.names[0] for place in every if len(place.names) == 1}
    at = {place: f"$value{n}" for n, place in enumerate(every)}
    scalars = ", ".join(f"{place.scalar(tops)} AS {sql.quoted(at[place])}" for place in every)

    def first(found: dict[str, _Place]) -> str:
        return _first([sql.quoted(at[place]) for place in found.values()])

    named = {name: _session(name, sql.quoted(at[place])) for name, place in sessions.items()}
    by = " ".join(f"WHEN {text} IS NOT NULL THEN {sql.literal(name)}" for name, text in named.items())
    columns = [
        '"$size"', '"$shape"', '"$loose"', f'{first(times)} AS "$raw"', f'{_first(list(named.values()))} AS "$session"',
        f'{f"CASE {by} END" if by else "CAST(NULL AS VARCHAR)"} AS "$by"',
        *(f"{first(found)} AS {sql.quoted(name)}" for name, found in wanted.items()), '"$doubt"',
    ]  # fmt: skip
    longest = " OR ".join(["FALSE", *(f"strlen({place.text}) > {_LONGEST_TIME}" for place in times.values())])
    moments = {"$raw": "$at"} | {name: f"$at.{name}" for name in ("observed", "expires") if name in wanted}
    instants = ", ".join(f"{sql.instant(sql.quoted(text))} AS {sql.quoted(moment)}" for text, moment in moments.items())
    unknown = " OR ".join(_unknown(sql.quoted(text), sql.quoted(moment)) for text, moment in moments.items())
    return (
        f'CREATE TABLE {stage.table} AS SELECT * REPLACE ("$doubt" OR {unknown} AS "$doubt"), {key} AS "$key" FROM (SELECT *, {instants} FROM ('  # noqa: S608
        f'SELECT {", ".join(columns)} FROM (SELECT "$size", "$shape", "$loose", {scalars}, coalesce({longest}, FALSE) AS "$doubt" '
        f'FROM (SELECT json, strlen(json) AS "$size", {sql.PLAIN} AS plain, hash(json_keys(json)) AS "$shape", '
        f'{_LOOSE} AS "$loose", json_transform(json, {sql.literal(_structure(list(every), tops))}) AS v '
        f"FROM read_ndjson_objects({sql.literal(sql.pattern(str(stage.path)))})))))"
    )


def _structure(every: list[_Place], tops: set[str]) -> str:
    """What json_transform is to give: texts, below each other where nothing above is a text."""
    structure: dict[str, Any] = dict.fromkeys(sorted(tops), "VARCHAR")
    for place in every:
        here = structure
        if place.names[0] not in tops:
            for name in place.names[:-1]:
                here = here.setdefault(name, {})
            here[place.names[-1]] = "VARCHAR"
    return json.dumps(structure)


def _first(texts: list[str]) -> str:
    return f"coalesce({', '.join(texts)})" if len(texts) > 1 else next(iter(texts), "CAST(NULL AS VARCHAR)")


def _session(name: str, text: str) -> str:
    """What `fields.session_at` says."""
    return f"CASE WHEN NOT regexp_full_match({text}, '\\d+') THEN {text} END" if name.lower().startswith("thread") else text


def _unknown(text: str, at: str) -> str:
    """Is there a text, but no time that this lane reads?"""
    return f"({text} IS NOT NULL AND ({at}.ns IS NULL OR NOT {sql.in_range(f'{at}.ns')}))"


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
