"""The SQL of views and detectors keeps to what means the same on DuckDB and on Spark."""

from __future__ import annotations

from importlib.resources import files

import pytest

sqlglot = pytest.importorskip("sqlglot", reason="sqlglot is not installed: pip install 'session-ops[spark]'")
from sqlglot import exp  # noqa: E402

SQL = files("session_ops.lifecycles") / "sql"
QUERIES = {
    f"{folder}/{item.name}": item.read_text("utf-8")
    for folder in ("views", "detectors")
    for item in sorted((SQL / folder).iterdir(), key=lambda item: item.name)
    if item.name.endswith(".sql")
}
SAME = frozenset(
    ("abs", "and", "case", "cast", "coalesce", "concat", "concat_ws", "count", "exists", "first_value", "floor", "greatest", "if", "in", "lag", "last_value")
    + ("lead", "least", "lower", "max", "max_by", "arg_max", "arg_min", "median", "min", "min_by", "nullif", "or", "row_number", "sum", "translate", "trim")
    + ("dense_rank", "list_contains", "nth_value", "rank")
    + ("try_cast", "upper", "substring", "json_extract_scalar", "round", "replace", "length", "starts_with", "str_position")
)  # fmt: skip
"""Functions, as sqlglot names them, whose results were seen to be equal on both."""


def wrong(text: str) -> list[str]:
    """What a query asks for that one of the two does not know, or answers differently."""
    tree = sqlglot.parse_one(text, read="duckdb")
    found = [f"the function {name}()" for node in tree.find_all(exp.Func) if (name := _name(node)) not in SAME]
    found += ["an ASOF join" for join in tree.find_all(exp.Join) if (join.args.get("method") or "").upper() == "ASOF"]
    found += ["a list" for _ in tree.find_all(exp.Array, exp.Bracket)]
    found += ["USING SAMPLE" for _ in tree.find_all(exp.TableSample)]
    found += ["QUALIFY" for _ in tree.find_all(exp.Qualify)]
    found += ["a frame on a named window" for w in tree.find_all(exp.Window) if w.args.get("alias") and w.args.get("spec")]
    found += [f"the type {kind}" for cast in tree.find_all(exp.Cast) if (kind := cast.to.sql("duckdb")) not in TYPES]
    for order in tree.find_all(exp.Window):
        if order.this.key in ("rownumber", "lag", "lead") and not (order.args.get("order") or order.args.get("alias")):
            found.append(f"{order.this.key} without an order")
    return found


TYPES = ("BIGINT", "TEXT", "VARCHAR", "BOOLEAN", "DOUBLE")


def _name(node: exp.Func) -> str:
    return node.name.lower() if isinstance(node, exp.Anonymous) else node.sql_name().lower()


@pytest.mark.parametrize("name", QUERIES)
def test_the_subset(name: str) -> None:
    assert wrong(QUERIES[name]) == []


@pytest.mark.parametrize("name", QUERIES)
def test_spark_can_say_it(name: str) -> None:
    (said,) = sqlglot.transpile(QUERIES[name], read="duckdb", write="spark", unsupported_level=sqlglot.ErrorLevel.RAISE)
    assert sqlglot.parse_one(said, read="spark")


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM a ASOF JOIN b ON a.t >= b.t", "SELECT regexp_extract(x, '(?P<n>a)', ['n']) FROM a", "SELECT quantile_cont(x, 0.5) FROM a",
        "SELECT epoch_ns(x) FROM a", "SELECT len(list(x)) FROM a", "SELECT list(x ORDER BY y) FROM a", "SELECT hash(x) FROM a",
        "SELECT string_agg(x, ',') FROM a", "SELECT sum(x) OVER (w ROWS UNBOUNDED PRECEDING) FROM a WINDOW w AS (ORDER BY y)",
        "SELECT row_number() OVER (PARTITION BY x) FROM a", "SELECT CAST(x AS TIMESTAMP) FROM a", "SELECT x FROM a QUALIFY row_number() OVER (ORDER BY x) = 1",
        "SELECT [1, 2][1]",
    ],
)  # fmt: skip
def test_what_differs_is_refused(text: str) -> None:
    assert wrong(text) != []
