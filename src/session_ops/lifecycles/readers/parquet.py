"""Parquet files, by DuckDB."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb

from session_ops.lifecycles.progress import without_bar
from session_ops.lifecycles.readers.pieces import CannotRead, Piece, Record

BATCH = 10_000


def parquet(path: Path, options: Mapping[str, Any] | None = None) -> Iterator[Piece]:  # noqa: ARG001 - it has none
    """The rows of a Parquet file, in its order; `line` is the row's number.

    Raises:
        CannotRead: it is damaged, or not Parquet.
    """
    with duckdb.connect(
        config={"threads": 1, "autoinstall_known_extensions": False, "autoload_known_extensions": False}
    ) as connection:
        without_bar(connection)
        try:
            relation = connection.read_parquet(str(path))
            columns = list(zip(relation.columns, map(str, relation.types), strict=True))
            shown = ", ".join(f"{_shown(name, kind)} AS {_quoted(name)}" for name, kind in columns)
            cursor = connection.execute(f"SELECT {shown} FROM read_parquet(?)", [_literal(path)])  # noqa: S608 - names are quoted
            nested = {name for name, kind in columns if _is_nested(kind)}
            number = 0
            while rows := cursor.fetchmany(BATCH):
                for values in rows:
                    number += 1
                    data = {name: value for (name, _), value in zip(columns, values, strict=True) if value is not None}
                    yield Record(number, 0, {n: json.loads(v) if n in nested else v for n, v in data.items()})
        except duckdb.Error as error:
            raise CannotRead(f"not readable Parquet: {str(error).splitlines()[0][:150]}", certain=True) from None


def _shown(name: str, kind: str) -> str:
    """A column as Python gets it exactly: times as text to the nanosecond, nested values as JSON, anything odd as text."""
    column = _quoted(name)
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"strftime(make_timestamp(epoch_us({column})), '%Y-%m-%dT%H:%M:%S.%fZ')"
    if kind.startswith("TIMESTAMP"):
        return f"strftime(CAST({column} AS TIMESTAMP_NS), '%Y-%m-%dT%H:%M:%S.%n')"
    if _is_nested(kind):
        return f"CAST(to_json({column}) AS VARCHAR)"
    if kind in (
        "BIGINT",
        "INTEGER",
        "SMALLINT",
        "TINYINT",
        "UBIGINT",
        "UINTEGER",
        "USMALLINT",
        "UTINYINT",
        "DOUBLE",
        "FLOAT",
        "BOOLEAN",
    ):
        return column
    return f"CAST({column} AS VARCHAR)"


def _is_nested(kind: str) -> bool:
    return kind.startswith(("STRUCT", "MAP", "UNION")) or kind.endswith("]")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(path: Path) -> str:
    """A path that DuckDB takes as one file, not as a pattern."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in str(path))
