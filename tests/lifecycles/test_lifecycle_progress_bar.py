"""DuckDB's own bar of progress stays out of notebooks, whose output would keep it."""

from __future__ import annotations

import nbformat
import pytest
from nbclient import NotebookClient

CELL = """
import duckdb
from session_ops.lifecycles import engine, stored

def drawn(connection):
    return connection.execute("SELECT current_setting('enable_progress_bar')").fetchall()[0][0]

found = [drawn(duckdb.connect())]
engine.TABLES.clear()
with engine.opened() as (connection, loader), connection.cursor() as aside, stored.tables(None) as tables:
    found += map(drawn, (connection, aside, tables))
found
"""


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_no_connection_draws_a_bar_in_a_kernel() -> None:
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL)])
    NotebookClient(book, kernel_name="python3", timeout=60).execute()
    assert book.cells[0].outputs[0].data["text/plain"] == "[True, False, False, False]"
