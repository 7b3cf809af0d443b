"""JSON objects over many lines, one after another, as pretty printers append them to a log."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from session_ops.lifecycles.readers.pieces import Piece, Record, lines, reject


def json_values(path: Path, options: Mapping[str, Any] | None = None) -> Iterator[Piece]:  # noqa: ARG001 - it has none
    """JSON objects over many lines, one after another.

    A line that is just `{` in the first column begins a record, whatever came before: what interleaved writers tore is a reject and
    the next record is read again. An object that names a field twice is two records in one, so it is torn as well.
    """
    number = offset = 0
    kept: list[bytes] = []
    begun = (0, 0)
    with path.open("rb") as file:
        for number, offset, data in lines(file):
            if data.rstrip() == b"{" and kept:
                yield from _value(*begun, b"".join(kept))
                kept = []
            if not kept:
                begun = (number, offset)
            if kept or data.strip():
                kept.append(data)
            if data.rstrip() == b"}":
                yield from _value(*begun, b"".join(kept))
                kept = []
        if kept:
            yield from _value(*begun, b"".join(kept))


def _value(number: int, offset: int, data: bytes) -> Iterator[Piece]:
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_once)
    except UnicodeDecodeError:
        yield reject(number, offset, "encoding", data)
    except (ValueError, RecursionError):
        yield reject(number, offset, "binary" if b"\0" in data else "torn", data)
    else:
        yield Record(number, offset, value) if isinstance(value, dict) else reject(number, offset, "torn", data)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a field twice")
    return found
