"""What one record of a file says for others: a header that names the session of all, and times for the records between two times."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from session_ops.lifecycles.fields import field, scalar
from session_ops.lifecycles.readers import Piece, Record

TIME = "$time"
"""The field in which a record has the time of its neighbour."""
WAITING = 1000
"""Pieces at the beginning of a file that wait for the first time in it."""


@dataclass(frozen=True)
class Header:
    """The first record whose fields match `when` speaks for its file: what it has at `fields` is `header.NAME` of all records.

    Only the first one: a session that goes on from another one begins with a copy of that one's records, header and all.
    """

    when: tuple[tuple[str, re.Pattern[str]], ...]
    fields: Mapping[str, str]

    def of(self, data: dict[str, Any]) -> dict[str, Any] | None:
        """What a record says for its file; None where it is no header."""
        said = ((scalar(field(data, name)), pattern) for name, pattern in self.when)
        if not all(text is not None and pattern.search(text) for text, pattern in said):
            return None
        return {f"header.{name}": value for name, place in self.fields.items() if (value := field(data, place)) is not None}


def headed(pieces: Iterable[Piece], header: Header) -> Iterator[Piece]:
    """The pieces of a file; its records know what its header says, from the header on."""
    said: dict[str, Any] | None = None
    for piece in pieces:
        if isinstance(piece, Record):
            said = header.of(piece.data) if said is None else said
            yield piece._replace(data=piece.data | said) if said else piece
        else:
            yield piece


def timed(pieces: Iterable[Piece], time_of: Callable[[dict[str, Any]], Any]) -> Iterator[Piece]:
    """The pieces of a file; a record without a time has that of the one before it, at the beginning that of the first one that has any.

    That it is not its own is told by its quality: only the order is known. `time_of` gives the value that holds a record's time.
    """
    waiting: list[Piece] = []
    last: Any = None
    for piece in pieces:
        if not isinstance(piece, Record):
            own = None
        elif (own := time_of(piece.data)) is not None:
            last = own
        if last is None and len(waiting) < WAITING:
            waiting.append(piece)
            continue
        for early in waiting:
            yield _at(early, last)
        waiting.clear()
        yield piece if own is not None else _at(piece, last)
    yield from waiting


def _at(piece: Piece, time: Any) -> Piece:
    if time is None or not isinstance(piece, Record):
        return piece
    return piece._replace(data=piece.data | {TIME: time, "$quality": "order_only"})
