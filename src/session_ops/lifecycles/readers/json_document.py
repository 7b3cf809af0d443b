"""A JSON document, which can only be read as a whole: a list of records, an object id -> record, or one record."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from session_ops.lifecycles import times
from session_ops.lifecycles.readers.pieces import FILE, CannotRead, Piece, Record, own_name

WHOLE_LIMIT = 256_000_000
"""Bytes up to which a JSON document is read."""


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


def json_records(path: Path, options: Mapping[str, Any] | None = None) -> Iterator[Piece]:
    """The records of a JSON document: of a list, of an object id -> record, of one of these below a container key, or the object itself.

    The key of an object id -> record becomes the field `$key`; where the document is one record, its name the field `$file`.
    An object id -> time gives records of `$key` and `$time`. The option `containers` names the container keys.
    """
    value = document(path)
    places = _Places(path.read_bytes())
    name, value = contained(value, (options or {}).get("containers", ()))
    if name:
        places.find(name)
    if not isinstance(value, list | dict):
        raise CannotRead("a JSON document that holds no records")

    def item_at(item: dict[str, Any]) -> tuple[int, int]:
        first = next((str(v) for v in item.values() if isinstance(v, str) and len(v) > 5), "")
        return places.find(first) if first else places.last

    yield from records_of(path, value, item_at, places.find)


def records_of(
    path: Path, value: Any, item_at: Callable[[dict[str, Any]], tuple[int, int]], key_at: Callable[[str], tuple[int, int]]
) -> Iterator[Record]:
    """The records of a list, of an object id -> record, or the object itself; `item_at` and `key_at` tell line and offset of one."""
    if isinstance(value, list):
        for item in value:
            if isinstance(item, dict):
                yield Record(*item_at(item), item)
        return
    keyed = by_key(value)
    for key, item in keyed:
        yield Record(*key_at(key), item)
    if value and not keyed:
        yield Record(1, 0, {FILE: own_name(path)} | value)


def contained(value: Any, containers: Mapping[str, Any] | tuple[str, ...]) -> tuple[str, Any]:
    """What lies below the first container key that the document has (a dotted name leads deeper), and that key; else the document."""
    if isinstance(value, dict):
        for name in containers:
            inner: Any = value
            for part in [name] if name in value else name.split("."):
                inner = inner.get(part) if isinstance(inner, dict) else None
            if isinstance(inner, dict | list):
                return name, inner
    return "", value


def by_key(value: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The records of an object id -> record or id -> time; none where it is something else."""
    if value and all(isinstance(item, dict) for item in value.values()):
        return [(key, {"$key": key} | item) for key, item in value.items()]
    if value and all(isinstance(item, str | int | float) and times.parse(item) is not None for item in value.values()):
        plain = [name for name in value if name.lower().rsplit("_", 1)[-1] in _TIME_WORDS]
        return [] if plain else [(key, {"$key": key, "$time": item}) for key, item in value.items()]
    return []


_TIME_WORDS = frozenset(("at", "time", "timestamp", "ts", "date", "created", "updated", "started", "ended"))
"""How fields of one record are called that hold a time: `{"started_at": …, "ended_at": …}` is one record, not two sessions."""


class _Places:
    """Finds lines and offsets of records again, in order: a JSON parser does not tell them."""

    def __init__(self, source: bytes) -> None:
        self._source = source
        self.last = (1, 0)

    def find(self, text: str) -> tuple[int, int]:
        line, at = self.last
        found = self._source.find(json.dumps(text, ensure_ascii=False).encode("utf-8", "surrogatepass"), at)
        if found >= 0:
            self.last = (line + self._source.count(b"\n", at, found), found)
        return self.last
