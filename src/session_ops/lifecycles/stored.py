"""The tables of a case, as they are stored, in a database that can be asked."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from session_ops.lifecycles import engine, memory
from session_ops.lifecycles.progress import without_bar

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from session_ops.case import Case


@contextmanager
def tables(case: Case) -> Iterator[DuckDBPyConnection]:
    """A database with a view for each table of the case; they are computed first where they are missing. Memory is bounded."""
    import duckdb

    paths = {name: case.folder / "tables" / f"{name}.parquet" for name in engine.TABLES}
    if not all(path.exists() for path in paths.values()):
        case.save("lifecycles", case.compute("lifecycles"))
    with (
        tempfile.TemporaryDirectory(prefix="session-ops-") as folder,
        duckdb.connect(config={"memory_limit": memory.allowed(), "temp_directory": folder, "threads": 2}) as connection,
    ):
        for name, path in paths.items():
            connection.read_parquet(str(path)).create_view(name)
        yield without_bar(connection)
