"""How far a long reading is, on standard error: one line that changes on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Self, TextIO

from session_ops.visible import one_line

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SHOWN_S, SAID_S = 0.2, 30.0
"""Seconds between two changes on a terminal, and between two lines elsewhere."""
_CLEAR = "\r\x1b[K"


def without_bar(connection: DuckDBPyConnection) -> DuckDBPyConnection:
    """The same connection; DuckDB draws no bar of its own for it, which a notebook would keep in its output."""
    return connection.execute("SET enable_progress_bar = false")


class Progress:
    """Hears how far a log was read and shows it on a stream. Use it in a `with`: the line is wiped at the end."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._terminal = stream, stream.isatty()
        self._next = time.monotonic() + (SHOWN_S if self._terminal else SAID_S)

    def __call__(self, name: str, done: int, size: int) -> None:
        """So many of so many bytes of a log were read; or a step of that name goes on, where there is no size."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + (SHOWN_S if self._terminal else SAID_S)
        share = f" ({done * 100 // size} %)" if size else ""
        line = f"{one_line(name, 60)}: {done / 1e6:,.0f} of {size / 1e6:,.0f} MB{share}" if size else one_line(name, 60)
        self._write(_CLEAR + line if self._terminal else line + "\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._terminal:
            self._write(_CLEAR)

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
