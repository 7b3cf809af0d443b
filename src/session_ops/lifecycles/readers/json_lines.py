"""One JSON object per line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from session_ops.lifecycles.readers.pieces import Piece, Record, damage, lines, reject

_DECODER = json.JSONDecoder()


def ndjson(path: Path, options: Mapping[str, Any] | None = None) -> Iterator[Piece]:
    """One JSON object per line. Records welded into one line are taken apart and the weld is said; the rest is torn.

    A line that names one of the fields `once` (time and session, say) twice with different values is what two writers
    made of two records: torn.
    """
    once = frozenset((options or {}).get("once", ()))
    with path.open("rb") as file:
        for number, offset, data in lines(file):
            for piece in _line(number, offset, data):
                if isinstance(piece, Record) and any(
                    data.count(b'"%b"' % name.encode()) > 1 and _twice(data, name) for name in once & piece.data.keys()
                ):
                    yield reject(number, offset, "torn", data)
                else:
                    yield piece


def _line(number: int, offset: int, data: bytes) -> Iterator[Piece]:
    body = data.strip()
    if not body:
        return
    if (reason := damage(body)) is not None:
        yield reject(number, offset, reason, data)
        return
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        yield reject(number, offset, "encoding", data)
        return
    found, end, at = [], 0, 0
    try:
        while at < len(text):
            value, end = _DECODER.raw_decode(text, at)
            found.append(value)
            at = end + len(text[end:]) - len(text[end:].lstrip())
    except (ValueError, RecursionError):
        # a whole record before the tear is still a record: `{...}{"ts": "20`
        if not found or not isinstance(found[0], dict):
            yield reject(number, offset, "torn", data)
            return
        yield from (Record(number, offset, value) for value in found if isinstance(value, dict))
        yield reject(number, offset, "torn", text[at:].encode("utf-8", "surrogatepass"))
        return
    if not all(isinstance(value, dict) for value in found):
        yield reject(number, offset, "torn", data)
        return
    yield from (Record(number, offset, value) for value in found)
    if len(found) > 1:
        yield reject(number, offset, "welded", data)


def _twice(data: bytes, name: str) -> bool:
    """Does one object of a line name a field twice, with different values?"""

    def check(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({repr(value) for key, value in pairs if key == name}) > 1:
            raise _NamedTwice
        return dict(pairs)

    try:
        json.loads(data, object_pairs_hook=check)
    except _NamedTwice:
        return True
    except (ValueError, RecursionError):
        return False
    return False


class _NamedTwice(Exception):
    pass
