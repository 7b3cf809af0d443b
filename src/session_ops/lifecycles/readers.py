"""Tolerant readers: any file becomes records with line and offset; what cannot be read becomes a reject with a reason.

A reader never fails on content. Unpaired surrogates survive (they are escaped where text leaves Python).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

WHOLE_LIMIT = 256_000_000
"""Bytes up to which a JSON document, which can only be read as a whole, is read."""
LINE_LIMIT = 32_000_000
"""Bytes of the longest line that is read; the rest of a longer one is passed over."""
START_BYTES = 200
"""Bytes of a rejected piece that are kept."""
_CONFLICT = re.compile(rb"(<{7}|>{7}|\|{7}) \S|={7}\s*$")
_DECODER = json.JSONDecoder()


class Record(NamedTuple):
    """One record: where it starts, and its fields."""

    line: int
    offset: int
    data: dict[str, Any]


class Reject(NamedTuple):
    """A piece that could not be read: torn, welded, conflict_marker, encoding, no_time or binary; `start` is how it begins."""

    line: int
    offset: int
    reason: str
    start: str


Piece = Record | Reject


class CannotRead(Exception):
    """The file as a whole is not what this reader reads; the message says why, for people."""


def reject(line: int, offset: int, reason: str, data: bytes) -> Reject:
    """A reject, with its first bytes as text; bytes that are no text stay visible as escapes."""
    return Reject(line, offset, reason, data[:START_BYTES].decode("utf-8", "backslashreplace").replace("\0", "\\x00"))


def lines(file: BinaryIO) -> Iterator[tuple[int, int, bytes]]:
    """Number, offset and bytes of each line, streamed; a byte order mark is passed over."""
    offset = number = 0
    while data := file.readline(LINE_LIMIT):
        number += 1
        size = len(data)
        if size == LINE_LIMIT and not data.endswith(b"\n"):
            while (more := file.readline(LINE_LIMIT)) and not more.endswith(b"\n"):
                size += len(more)
            size += len(more)
        yield number, offset, data.removeprefix(b"\xef\xbb\xbf") if offset == 0 else data
        offset += size


def ndjson(path: Path) -> Iterator[Piece]:
    """One JSON object per line. Records welded into one line are taken apart and the weld is said; the rest is torn."""
    with path.open("rb") as file:
        for number, offset, data in lines(file):
            yield from _json_line(number, offset, data)


def _json_line(number: int, offset: int, data: bytes) -> Iterator[Piece]:
    body = data.strip()
    if not body:
        return
    if b"\0" in body:
        yield reject(number, offset, "binary", data)
        return
    if _CONFLICT.match(body):
        yield reject(number, offset, "conflict_marker", data)
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


def json_values(path: Path) -> Iterator[Piece]:
    """JSON objects over many lines, one after another, as pretty printers append them to a log.

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


def document(path: Path) -> Any:
    """A whole JSON document.

    Raises:
        CannotRead: it is too large, not JSON, or nested too deeply.
    """
    if path.stat().st_size > WHOLE_LIMIT:
        raise CannotRead(f"larger than {WHOLE_LIMIT // 1_000_000} MB, and a JSON document is read as a whole")
    try:
        return json.loads(path.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise CannotRead(f"not UTF-8 at byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise CannotRead(f"not JSON at line {error.lineno}: {error.msg}") from None
    except (ValueError, RecursionError) as error:
        raise CannotRead(f"not readable JSON: {error}") from None


_ANY_NAME = frozenset(
    (
        "diary",
        "log",
        "session",
        "session_log",
        "sessions",
        "journal",
        "notes",
        "readme",
        "index",
        "summary",
        "state",
        "status",
        "lease",
    )
    + ("meta", "metadata", "info", "run", "events", "registry", "data")
)


def own_name(path: Path) -> str:
    """The name that tells a file from others: its stem, with the folder's name where the stem says nothing."""
    return f"{path.parent.name}/{path.stem}" if path.stem.lower() in _ANY_NAME else path.stem


def json_records(path: Path, containers: tuple[str, ...]) -> Iterator[Piece]:
    """The records of a JSON document: of a list, of an object id -> record, of one of these below a container key, or the object itself.

    The key of an object id -> record becomes the field `$key`; where the document is one record, its name the field `$file`.
    """
    value = document(path)
    source = path.read_bytes()
    at, line = 0, 1

    def place(text: str) -> tuple[int, int]:
        nonlocal at, line
        found = source.find(json.dumps(text, ensure_ascii=False).encode("utf-8", "surrogatepass"), at)
        if found < 0:
            return line, at
        line += source.count(b"\n", at, found)
        at = found
        return line, at

    if isinstance(value, dict):
        for name in containers:
            if isinstance(value.get(name), dict | list):
                place(name)
                value = value[name]
                break
    if isinstance(value, list):
        for item in value:
            if isinstance(item, dict):
                first = next((str(v) for v in item.values() if isinstance(v, str) and len(v) > 5), "")
                yield Record(*(place(first) if first else (line, at)), item)
    elif isinstance(value, dict):
        if value and all(isinstance(item, dict) for item in value.values()):
            for key, item in value.items():
                yield Record(*place(key), {"$key": key} | item)
        elif value:
            yield Record(1, 0, {"$file": own_name(path)} | value)
    else:
        raise CannotRead("a JSON document that holds no records")
