"""OTLP/JSON: what OpenTelemetry exporters write, one request per file or per line (logs, traces; metrics hold no events).

Source: OpenTelemetry protocol 1.x, JSON encoding; semantic conventions for sessions.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from session_ops.lifecycles.readers.json_document import document
from session_ops.lifecycles.readers.json_lines import ndjson
from session_ops.lifecycles.readers.pieces import CannotRead, Piece, Record, Reject

_DEPTH = 8
"""Levels of nested values that are taken apart."""


def otlp(path: Path, options: Mapping[str, Any] | None = None) -> Iterator[Piece]:  # noqa: ARG001 - it has none
    """Log records, spans (as a begin and an end) and the events inside spans, attributes flattened to dotted names.

    Fields of our own: `$signal` (log, span_start, span_end, span_event) and `$root` (the span has no parent).

    Raises:
        CannotRead: the file is one JSON document and no OTLP.
    """
    found, metrics = False, False
    for piece in _requests(path):
        if isinstance(piece, Reject):
            yield piece
            continue
        metrics = metrics or "resourceMetrics" in piece.data
        for data in records(piece.data):
            found = True
            yield Record(piece.line, piece.offset, data)
    if metrics and not found:
        raise CannotRead("OpenTelemetry metrics: they hold numbers, no events, so no sessions", certain=True)


def _requests(path: Path) -> Iterator[Piece]:
    """The requests of a file: its lines, or the whole file where a request runs over many lines."""
    first = list(itertools.islice(ndjson(path), 1))
    if first and isinstance(first[0], Record):
        yield from ndjson(path)
        return
    value = document(path)
    if not isinstance(value, dict | list):
        raise CannotRead("a JSON document that holds no records")
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict):
            yield Record(1, 0, item)


def records(request: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """What one export request holds, in its order."""
    for signal, scopes, entries in (("resourceLogs", "scopeLogs", "logRecords"), ("resourceSpans", "scopeSpans", "spans")):
        for resource in _dicts(request.get(signal) or request.get(_snake(signal))):
            around = attributes(_dict(resource.get("resource")).get("attributes"))
            for scope in _dicts(resource.get(scopes) or resource.get(_snake(scopes))):
                for entry in _dicts(scope.get(entries) or scope.get(_snake(entries))):
                    camel = {_camel(name): value for name, value in entry.items()}
                    yield from _log(camel, around) if signal == "resourceLogs" else _span(camel, around)


def _log(entry: dict[str, Any], around: dict[str, Any]) -> Iterator[dict[str, Any]]:
    body = value_of(entry.get("body"))
    said = {"body": body} if isinstance(body, str | int | float) else _flat("body", body)
    inner = {name: value for name, value in entry.items() if name not in ("attributes", "body")}
    if inner.get("timeUnixNano") in (None, "", "0", 0) and inner.get("observedTimeUnixNano"):
        inner["timeUnixNano"] = inner["observedTimeUnixNano"]
    yield around | said | attributes(entry.get("attributes")) | inner | {"$signal": "log"}


def _span(entry: dict[str, Any], around: dict[str, Any]) -> Iterator[dict[str, Any]]:
    names = ("traceId", "spanId", "parentSpanId", "name", "kind")
    common = around | attributes(entry.get("attributes")) | {name: entry[name] for name in names if entry.get(name)}
    common["$root"] = not entry.get("parentSpanId")
    yield common | {"timeUnixNano": entry.get("startTimeUnixNano"), "$signal": "span_start"}
    for event in _dicts(entry.get("events")):
        camel = {_camel(name): value for name, value in event.items()}
        more = attributes(camel.get("attributes")) | {"timeUnixNano": camel.get("timeUnixNano"), "eventName": camel.get("name")}
        yield common | more | {"$signal": "span_event"}
    if entry.get("endTimeUnixNano") not in (None, "", "0", 0):
        status = _dict(entry.get("status")).get("code")
        failed = status in (2, "2", "STATUS_CODE_ERROR")
        yield common | {"timeUnixNano": entry["endTimeUnixNano"], "$signal": "span_end", "$outcome": "fail" if failed else "ok"}


def attributes(items: Any) -> dict[str, Any]:
    """A list of key and value as fields; nested lists of them get dotted names."""
    found: dict[str, Any] = {}
    for item in _dicts(items):
        if isinstance(name := item.get("key"), str):
            value = value_of(item.get("value"))
            found |= _flat(name, value) if isinstance(value, dict) else {name: value}
    return found


def value_of(value: Any, depth: int = 0) -> Any:
    """What an AnyValue holds."""
    if not isinstance(value, dict) or depth > _DEPTH:
        return None if isinstance(value, dict) else value
    for kind, inner in value.items():
        if kind == "intValue":
            return int(inner) if isinstance(inner, str) and inner.lstrip("-").isdigit() else inner
        if kind in ("kvlistValue", "kvlist_value"):
            return {str(i.get("key")): value_of(i.get("value"), depth + 1) for i in _dicts(_dict(inner).get("values"))}
        if kind in ("arrayValue", "array_value"):
            return [value_of(i, depth + 1) for i in _dict(inner).get("values") or []]
        if kind.lower().replace("_", "").endswith("value"):
            return inner
    return None


def _flat(name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        return {name: value}
    return {key: inner for part, item in value.items() for key, inner in _flat(f"{name}.{part}", item).items()}


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _dicts(value: Any) -> Iterator[dict[str, Any]]:
    yield from (item for item in (value if isinstance(value, list) else []) if isinstance(item, dict))


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest)
