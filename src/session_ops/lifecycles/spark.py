"""Spark computes the lifecycles: the same SQL files as for DuckDB, translated by sqlglot, on a cluster or in local mode.

Events go to Spark and results come back as Parquet. The tables are those that DuckDB would have made, row by row and type by type.
`SPARK_REMOTE`, `spark-defaults.conf` and `--master` of spark-submit say where it runs; else it is this machine.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from session_ops.lifecycles import engine
from session_ops.lifecycles.columns import Row
from session_ops.model import UsageError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

INPUTS = ("events", "sources", "rejects", "snapshots", "settings", "own_transitions", "late_kinds")
"""Tables that the readers fill, and that Spark reads."""
SHUFFLES = 8
"""Parts into which Spark cuts what it sorts and joins in local mode; its own default is meant for clusters."""
BROADCAST = 1_000_000
"""Bytes of a table, as packed, up to which it is copied to every worker: a table takes many times as much unpacked, and Spark goes by the packed size."""

_QUIET = """
rootLogger.level = error
rootLogger.appenderRef.out.ref = out
appender.out.type = Console
appender.out.name = out
appender.out.target = SYSTEM_ERR
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = spark: %m%n
"""
"""Spark's own words are for its developers; only its errors are shown."""


def lacking() -> str | None:
    """What is not there that Spark needs; None where nothing lacks."""
    missing = [name for name in ("pyspark", "sqlglot") if importlib.util.find_spec(name) is None]
    if missing:
        return f"{' and '.join(missing)} (pip install 'session-ops[spark]')"
    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        return "Java 17 or newer (no `java` on the PATH, and JAVA_HOME is not set)"
    return None


def derive(connection: duckdb.DuckDBPyConnection, folder: Path | None = None) -> dict[str, str]:
    """The derived tables and the anomalies, by Spark; `engine.derive` does the same by DuckDB.

    Raises:
        UsageError: Spark, its translator or Java is not there.
    """
    if reason := lacking():
        raise UsageError(f"engine spark: needs {reason}; or leave the engine duckdb")
    with tempfile.TemporaryDirectory(prefix="session-ops-spark-") as place, _started(Path(place)) as session:
        work = _Work(connection, session, Path(place))
        for table in INPUTS:
            work.hand_over(table)
        for sql in engine.views():
            work.create(sql)
        connection.execute(engine.ENDS_OF_STREAMS)
        return engine.detect(connection, folder, work.rows)


@contextmanager
def _started(place: Path) -> Iterator[SparkSession]:
    from pyspark.sql import SparkSession

    quiet = place / "log4j2.properties"
    quiet.write_text(_QUIET)
    options = {
        "spark.sql.shuffle.partitions": str(SHUFFLES),
        "spark.sql.autoBroadcastJoinThreshold": str(BROADCAST),
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.warehouse.dir": str(place / "warehouse"),
        "spark.local.dir": str(place / "spill"),
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
        "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile={quiet.as_uri()}",
    }
    builder = SparkSession.builder.appName("session-ops")
    if "SPARK_REMOTE" not in os.environ:
        builder = builder.master(os.environ.get("MASTER", "local[*]"))
    for name, value in options.items():
        builder = builder.config(name, value)
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", "PySpark does not yet fully support pandas", FutureWarning
        )  # no frame of pandas is used
        session = builder.getOrCreate()
        try:
            yield session
        finally:
            session.stop()


class _Work:
    """Both sides: the DuckDB of the case, and Spark."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, session: SparkSession, place: Path) -> None:
        self._connection, self._session, self._place = connection, session, place
        self._number = 0

    def hand_over(self, table: str) -> None:
        """A table of DuckDB as one of Spark."""
        path = self._place / f"{table}.parquet"
        self._connection.sql(f"SELECT * FROM {table}").write_parquet(str(path))  # noqa: S608 - our own names
        self._session.read.parquet(str(path)).createOrReplaceTempView(table)

    def create(self, sql: str) -> None:
        """Run a CREATE TABLE or CREATE VIEW on both sides; rows are computed by Spark."""
        from sqlglot import exp, parse_one

        create = parse_one(sql, read="duckdb")
        if not isinstance(create, exp.Create):
            raise TypeError(f"no CREATE: {sql[:80]}")
        name = create.this.name
        found = self._session.sql(create.expression.sql("spark"))
        if create.kind == "VIEW":
            found.createOrReplaceTempView(name)
            self._connection.execute(sql)
            return
        path = self._written(found)
        self._session.read.parquet(str(path)).createOrReplaceTempView(name)
        self._shaped(name, create.expression.sql("duckdb"), path)

    def rows(self, sql: str) -> Iterator[Row]:
        """What a query finds, by Spark."""
        from sqlglot import parse_one

        query = parse_one(sql, read="duckdb")
        path = self._written(self._session.sql(query.sql("spark")))
        name = f"found_{self._number}"
        self._shaped(name, query.sql("duckdb"), path)
        yield from engine.rows(self._connection, f"SELECT * FROM {name}")  # noqa: S608 - our own names
        self._connection.execute(f"DROP TABLE {name}")

    def _written(self, found: DataFrame) -> Path:
        self._number += 1
        path = self._place / f"result-{self._number}"
        found.write.parquet(str(path))
        return path

    def _shaped(self, name: str, query: str, path: Path) -> None:
        """A table with the types that DuckDB gives to a query's columns, and the rows that Spark found."""
        self._connection.execute(f"CREATE TABLE {name} AS SELECT * FROM ({query}) LIMIT 0")  # noqa: S608 - our own SQL
        files = sorted(str(file) for file in path.glob("*.parquet"))
        if files:
            self._connection.execute(f"INSERT INTO {name} BY NAME SELECT * FROM read_parquet(?)", [files])  # noqa: S608
