"""The second half of the fast lane: rows of a stage become events.

What the Mapper decides depends on few values (kind, reason, which field names the session ...) of which a log has few combinations: SQL
collects these, the Mapper decides each once, and the decisions come back as lists that an ENUM's number leads into. (A join would lose
the file's order, and with it the equality of two runs byte for byte.)
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import duckdb

from session_ops.lifecycles.columns import COLUMNS, ENDS
from session_ops.lifecycles.fast import expressions as sql
from session_ops.lifecycles.fast.places import NUMBERS, NotClean
from session_ops.lifecycles.fast.stage import Stage
from session_ops.lifecycles.fields import plain
from session_ops.lifecycles.mapper import Mapper, attributes
from session_ops.lifecycles.times import SECOND

COMBINATIONS = 10_000
"""Combinations of values that are decided one by one. DuckDB makes a list of them anew for every 2,048 rows: with more, the tolerant way is faster."""
_ANYTHING = frozenset((".", ".+", ".*", ""))
"""Patterns that hold for every text."""
_SEPARATOR, _NOTHING = "\x1f", "\x1e"
_SIMPLE = r"[ !#-\[\]-~]*"
"""Texts that JSON writes as they are."""
_COPIED = (
    "host",
    "workspace",
    "branch",
    "worktree",
    "op_id",
    "mode",
    "severity",
    "message",
    "phase",
)
_ORD = "rowid"
"""The number of a line, from 0."""
_COUNT = r"\d{1,9}(\.\d{1,9})?"


def key(mapper: Mapper, values: frozenset[str]) -> str:
    """The expression of a combination of values that decides what a record is: the values that rules ask for, one after another.

    Where all that counts is whether there is a value, it is only that.
    """
    return " || chr(31) || ".join(_parts(mapper, values).values()) or f"'{_NOTHING}'"


def _parts(mapper: Mapper, values: frozenset[str]) -> dict[str, str]:
    parts = {}
    for name in dict.fromkeys([*mapper.asked, "kind"]):
        if name != "session_key" and name not in values:
            continue
        column = sql.quoted("$by" if name == "session_key" else name)
        patterns = {p.pattern for rule in mapper.format.rules for alias, p in rule.when if alias == name}
        known = f"CASE WHEN {column} IS NULL THEN '{_NOTHING}' ELSE 'x' END"
        parts[name] = known if name != "kind" and patterns <= _ANYTHING else f"coalesce({column}, '{_NOTHING}')"
    return parts


def select(connection: duckdb.DuckDBPyConnection, stage: Stage, mapper: Mapper) -> tuple[str, str]:
    """Queries that give the events of a stage, in the order of COLUMNS and of the file.

    The first is for all that asks. The second is for a file that shall have equal bytes each time: its rows come in full blocks. The blocks
    of a table are of the sizes that the threads which filled it happened to have, and would be those of the file.

    Raises:
        NotClean: a record has no time, or something that only the Mapper can say.
    """
    decided = _Decisions(connection, stage, mapper)
    form = mapper.format

    def text(name: str) -> str:
        return sql.quoted(name) if name in stage.values else "CAST(NULL AS VARCHAR)"

    lease = (
        f"CASE WHEN regexp_full_match({text('lease_s')}, '{_COUNT}') THEN CAST(round_even(CAST({text('lease_s')} AS DOUBLE) * {SECOND}, 0) AS BIGINT) "
        f"WHEN regexp_full_match({text('lease_ms')}, '{_COUNT}') THEN CAST(round_even(CAST({text('lease_ms')} AS DOUBLE) * {SECOND // 1000}, 0) AS BIGINT) END"
    )
    until = '"$at.expires".ns' if "expires" in stage.values else "CAST(NULL AS BIGINT)"
    locks = decided.given("locks", "BOOLEAN")
    domains = [name for name in ("host", "boot") if name in stage.values]
    columns: dict[str, str] = {name: f"CAST(NULL AS {kind})" for name, kind in COLUMNS.items()}
    columns |= {name: text(name) for name in _COPIED}
    columns |= {name: sql.quoted(name) for name in NUMBERS if name in stage.values}
    columns |= {"fence": sql.whole(text("fence"))} if "fence" in stage.values else {}
    columns |= {
        "event_id": f"{sql.literal(mapper.source_id + ':')} || {_ORD}",
        "source_id": sql.literal(mapper.source_id),
        "format_id": sql.literal(form.id),
        "source_line": f"{_ORD} + 1",
        "source_offset": stage.offset,
        "source_ord": _ORD,
        "ts_ns": '"$at".ns',
        "ts_raw": '"$raw"',
        "ts_quality": """CASE WHEN "$raw" IS NULL THEN 'order_only' WHEN "$at".zoned THEN 'exact' ELSE 'zone_assumed' END""",
        "ts_res_ns": '"$at".res',
        "clock_domain": f"concat_ws('/', {', '.join(map(text, domains))})" if domains else "''",
        "session_id": '"$session"',
        "agent_id": text("agent"),
        "parent_session_id": text("parent"),
        "previous_session_id": text("previous"),
        "kind": decided.given("kind", "VARCHAR"),
        "from_state": decided.translated("from_state"),
        "to_state": decided.translated("state"),
        "end_reason": f"CASE WHEN {decided.given('ends', 'BOOLEAN')} THEN {text('reason')} END"
        if "reason" in stage.values
        else text("reason"),
        "attrs": decided.attributes(),
    }
    if "observed" in stage.values:
        columns["observed_ns"] = '"$at.observed".ns'
    of_lock = [*([locks] if decided.any_locks else []), *(["fence IS NOT NULL"] if "fence" in stage.values else [])]
    if of_lock:
        columns["resource_id"] = f"CASE WHEN {' OR '.join(of_lock)} THEN {text('resource')} END"
    if decided.any_locks:
        columns["resource_kind"] = f"CASE WHEN {locks} THEN 'lock' END"
        columns["op_outcome"] = f"CASE WHEN {locks} THEN {text('outcome')} END"
        if stage.values & {"lease_s", "lease_ms", "expires"}:
            columns["lease_ns"] = f'CASE WHEN {locks} THEN coalesce({lease}, {until} - "$at".ns) END'
            columns["expires_ns"] = f'CASE WHEN {locks} THEN coalesce({until}, "$at".ns + {lease}) END'
    for name in decided.fixed:
        columns[name] = f"coalesce({decided.given(f'set.{name}', COLUMNS[name])}, {columns[name]})"
    listed = ", ".join(f"CAST({columns[name]} AS {kind}) AS {name}" for name, kind in COLUMNS.items())
    count = connection.execute(f"SELECT count(*) FROM {stage.table}").fetchall()[0][0]  # noqa: S608 - names and literals of ours
    query = "SELECT {} FROM {}"
    blocks = f"range({count}) AS rows(ord) POSITIONAL JOIN {stage.table}"
    return query.format(listed, stage.table), query.format(listed.replace(_ORD, "ord"), blocks)


class _Decisions:
    """What the Mapper decides, as lists in variables of the connection."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, stage: Stage, mapper: Mapper) -> None:
        self._connection, self._stage, self._mapper = connection, stage, mapper
        parts = _parts(mapper, stage.values)
        keys = self._numbered("$key")
        found = [self._decide(dict(zip(parts, _values(key), strict=bool(parts)))) for key in keys]
        self.any_locks = any(one["locks"] for one in found)
        self.fixed = sorted({name[4:] for one in found for name in one if name.startswith("set.")})
        for name in dict.fromkeys(name for one in found for name in one):
            self._store(name, [one.get(name) for one in found])

    def _numbered(self, column: str) -> list[str]:
        """The different texts of a column, which becomes an ENUM of them."""
        connection, table, name = (
            self._connection,
            self._stage.table,
            sql.quoted(column),
        )
        found = f"SELECT DISTINCT {name} AS text FROM {table} WHERE {name} IS NOT NULL ORDER BY text"  # noqa: S608
        texts = [str(text) for (text,) in connection.execute(f"{found} LIMIT {COMBINATIONS + 1}").fetchall()]
        if len(texts) > COMBINATIONS:
            raise NotClean(f"too many different values ({column})")
        if texts:
            connection.execute(f"CREATE TYPE {self._name(column)} AS ENUM ({found})")
            connection.execute(f"ALTER TABLE {table} ALTER {name} SET DATA TYPE {self._name(column)}")
        return texts

    def _decide(self, values: Mapping[str, str | None]) -> dict[str, Any]:
        if any(value is not None and (_SEPARATOR in value or _NOTHING in value) for value in values.values()):
            raise NotClean("control characters in names")
        asked: dict[str, Any] = {name: value for name, value in values.items() if value is not None}
        if asked.get("kind"):
            asked["kind"] = plain(asked["kind"])
        rule = next(iter(self._mapper.rules(asked)), None)
        if rule is None or rule.emit == "registry.set":
            raise NotClean("records that no rule or a registry's rule is for")
        if any(value is None for value in rule.set.values()):
            raise NotClean("a rule that empties a column")
        kind = asked.get("kind")
        return {
            "kind": rule.emit,
            "locks": rule.emit.startswith("lock."),
            "ends": rule.emit in ENDS,
            "attrs": attributes(kind, names=()),
            "raw": None if kind is None else f'"raw_kind": {json.dumps(kind)}',
        } | {f"set.{name}": value for name, value in rule.set.items()}

    def _store(self, name: str, values: list[Any]) -> None:
        self._connection.execute(
            f"SET VARIABLE {sql.quoted(self._name(name))} = CAST(? AS {_list_of(values)})",
            [values],
        )

    def _name(self, name: str) -> str:
        return f"{re.sub('[^a-z_]', '', name)}_{self._stage.table}"

    def given(self, name: str, kind: str) -> str:
        """A decision, for each row."""
        return f'CAST(getvariable({sql.literal(self._name(name))})[enum_code("$key") + 1] AS {kind})'

    def translated(self, name: str) -> str:
        """A state, in the words of the model."""
        if name not in self._stage.values:
            return "CAST(NULL AS VARCHAR)"
        texts = self._numbered(name)
        states = self._mapper.format.states
        say: Callable[[str], str] = lambda text: states.get(plain(text), text.upper())  # noqa: E731
        if not texts:
            return "CAST(NULL AS VARCHAR)"
        self._store(f"{name}_said", [say(text) for text in texts])
        return f"getvariable({sql.literal(self._name(f'{name}_said'))})[enum_code({sql.quoted(name)}) + 1]"

    def attributes(self) -> str:
        """The JSON of what has no column of its own."""
        own = {name.removeprefix("attrs."): sql.quoted(name) for name in self._stage.values if name.startswith("attrs.")}
        if not own:
            return self.given("attrs", "VARCHAR")
        odd = " OR ".join(f"NOT regexp_full_match({column}, {sql.literal(_SIMPLE)})" for column in own.values())
        if self._connection.execute(f"SELECT 1 FROM {self._stage.table} WHERE {odd} LIMIT 1").fetchone():  # noqa: S608
            raise NotClean("attributes that JSON has to escape")
        shown = {name: f"""'"{name}": "' || {column} || '"'""" for name, column in own.items()} | {
            "raw_kind": self.given("raw", "VARCHAR")
        }
        return f"'{{' || concat_ws(', ', {', '.join(shown[name] for name in sorted(shown))}) || '}}'"


def _values(key: str) -> list[str | None]:
    return [None if part == _NOTHING else part for part in key.split(_SEPARATOR)]


def _list_of(values: list[Any]) -> str:
    known = [value for value in values if value is not None]
    if known and all(isinstance(value, bool) for value in known):
        return "BOOLEAN[]"
    return "BIGINT[]" if known and all(isinstance(value, int) for value in known) else "VARCHAR[]"
