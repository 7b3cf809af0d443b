"""Sessions as a trace in Chrome's JSON, which Perfetto and chrome://tracing show: one track per session, locks and anomalies beside.

Slices of one track must nest, or viewers drop them: a session's states lie within it and follow each other, and each hold of a lock is an
asynchronous slice with an id of its own, because two sessions may hold one lock. Times are microseconds since the first event, for large
numbers would lose their nanoseconds; `otherData.begin` says when that was.
Source: Trace Event Format (Google, 2016).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TextIO

from session_ops.lifecycles import times

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SESSIONS, LOCKS, ANOMALIES = 1, 2, 3
"""The trace's processes: groups of tracks."""
_ROWS = 10_000

_TRACKS = """
SELECT row_number() OVER (ORDER BY start_ns, session_id, run_no) AS track, *, greatest(coalesce(end_ns, last_seen_ns), start_ns) AS stop_ns FROM sessions
"""
_FIRST = """
SELECT least((SELECT min(start_ns) FROM sessions), (SELECT min(possible_from) FROM holds), (SELECT min(ts_ns) FROM anomalies))
"""
_STATES = f"""
SELECT t.track, p.state, greatest(p.from_ns, t.start_ns) AS from_ns, least(p.to_ns, t.stop_ns) AS to_ns
FROM state_spans p JOIN ({_TRACKS}) t ON t.session_id = p.session_id AND t.run_no = p.run_no
WHERE p.from_ns <= t.stop_ns AND p.to_ns >= t.start_ns AND p.to_ns >= p.from_ns
ORDER BY t.track, from_ns, to_ns
"""  # noqa: S608 - our own text
_HOLDS = """
SELECT resource_id, holder, coalesce(certain_from, possible_from) AS from_ns, coalesce(certain_to, possible_to) AS to_ns, how_ended
FROM holds ORDER BY from_ns, resource_id, holder
"""
_ANOMALIES = f"""
SELECT coalesce(t.track, 0) AS track, a.detector, a.ts_ns, a.severity, a.confidence, a.text
FROM anomalies a ASOF LEFT JOIN ({_TRACKS}) t ON t.session_id = a.session_id AND a.ts_ns >= t.start_ns
WHERE NOT a.undecidable AND a.ts_ns IS NOT NULL ORDER BY a.ts_ns, a.detector, a.text
"""  # noqa: S608


def write(connection: DuckDBPyConnection, file: TextIO) -> None:
    """The trace of a case's tables."""
    row = connection.execute(_FIRST).fetchone()
    first = (row and row[0]) or 0
    file.write(f'{{"displayTimeUnit":"ms","otherData":{json.dumps({"begin": times.text(first)})},"traceEvents":[\n')
    between = ""
    for event in _events(connection, first):
        file.write(between + json.dumps(event, separators=(",", ":")))
        between = ",\n"
    file.write("\n]}\n")


def _events(connection: DuckDBPyConnection, first: int) -> Iterator[dict[str, Any]]:
    for pid, name in ((SESSIONS, "sessions"), (LOCKS, "locks"), (ANOMALIES, "anomalies of no session")):
        yield {"ph": "M", "name": "process_name", "pid": pid, "tid": 0, "args": {"name": name}}
        yield {"ph": "M", "name": "process_sort_index", "pid": pid, "tid": 0, "args": {"sort_index": pid}}
    for one in _rows(connection, _TRACKS + "ORDER BY track"):
        run = f" run {one['run_no']}" if one["run_no"] > 1 else ""
        track = {"pid": SESSIONS, "tid": one["track"]}
        yield {"ph": "M", "name": "thread_name", **track, "args": {"name": f"{one['session_id']}{run}"}}
        yield {"ph": "M", "name": "thread_sort_index", **track, "args": {"sort_index": one["track"]}}
        told = {name: one[name] for name in ("status", "status_confidence", "agent_id", "n_events", "n_beats", "start_known")}
        name = f"{one['session_id']} ({one['status'].lower()})"
        yield {
            "ph": "X",
            "cat": "session",
            "name": name,
            **track,
            **_place(one["start_ns"], one["stop_ns"], first),
            "args": told,
        }
    for one in _rows(connection, _STATES):
        place = _place(one["from_ns"], one["to_ns"], first)
        yield {"ph": "X", "cat": "state", "name": one["state"].lower(), "pid": SESSIONS, "tid": one["track"], **place}
    for n, one in enumerate(_rows(connection, _HOLDS), start=1):
        name = f"{one['resource_id']}: {one['holder']}"
        same = {"cat": "lock", "name": name, "pid": LOCKS, "tid": 0, "id": n}
        place = _place(one["from_ns"], max(one["to_ns"], one["from_ns"]), first)
        yield {"ph": "b", **same, "ts": place["ts"], "args": {"holder": one["holder"], "how_ended": one["how_ended"]}}
        yield {"ph": "e", **same, "ts": _us(max(one["to_ns"], one["from_ns"]) - first)}
    for one in _rows(connection, _ANOMALIES):
        pid = SESSIONS if one["track"] else ANOMALIES
        told = {name: one[name] for name in ("severity", "confidence", "text")}
        place = {"pid": pid, "tid": one["track"], "ts": _us(one["ts_ns"] - first)}
        yield {"ph": "i", "s": "t", "cat": "anomaly", "name": one["detector"], **place, "args": told}


def _place(since: int, to: int, first: int) -> dict[str, float]:
    return {"ts": _us(since - first), "dur": _us(to - since)}


def _us(ns: int) -> float:
    return ns / 1000


def _rows(connection: DuckDBPyConnection, sql: str) -> Iterator[dict[str, Any]]:
    cursor = connection.execute(sql)
    names = [column[0] for column in cursor.description or []]
    while rows := cursor.fetchmany(_ROWS):
        yield from (dict(zip(names, row, strict=True)) for row in rows)
