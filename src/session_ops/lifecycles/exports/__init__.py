"""Sessions for other tools: a trace for Perfetto and Chrome, an event log for process mining. Written on request, as a stream."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from session_ops.lifecycles.exports import trace, xes
from session_ops.lifecycles.stored import tables
from session_ops.model import UsageError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from session_ops.case import Case

KINDS: dict[str, tuple[str, Callable[[DuckDBPyConnection, TextIO], None]]] = {
    "trace": ("trace.json", trace.write),
    "xes": ("sessions.xes", xes.write),
}
"""What can be exported: the file below exports/, and what writes it."""


def checked(names: str) -> list[str]:
    """The kinds of exports in a text with commas, `csv` (the tables as CSV) among them.

    Raises:
        UsageError: there is no such kind.
    """
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    for name in wanted:
        if name not in KINDS and name != "csv":
            raise UsageError(f"--export {name}: no such export; there are {', '.join(KINDS)} and csv")
    return list(dict.fromkeys(wanted))


def export(case: Case, kinds: Sequence[str]) -> list[Path]:
    """Write exports below the case's exports/; those of an earlier run are removed. Returns their paths.

    Raises:
        UsageError: there is no such kind, or the case cannot be written.
    """
    case.clear("exports/*")
    wanted = [kind for kind in checked(",".join(kinds)) if kind in KINDS]
    written = []
    for kind in wanted:
        name, write = KINDS[kind]
        with (
            tables(case) as connection,
            case.writing(f"exports/{name}") as path,
            path.open("w", encoding="utf-8", errors="replace") as file,
        ):
            write(connection, file)
        written.append(case.folder / "exports" / name)
    return written
