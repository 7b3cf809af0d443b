"""Sessions as an event log in XES, for tools of process mining: a trace for each run of a session, an event for each of its events.

Extensions: concept (the kind of the event), time, lifecycle, organizational. A session without an end stays without one.
Source: IEEE 1849-2016, with the standard extensions of xes-standard.org.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TextIO
from xml.sax.saxutils import quoteattr

from session_ops.lifecycles import times

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_ROWS = 10_000
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML document may hold."""
_EXTENSIONS = (("Concept", "concept"), ("Time", "time"), ("Lifecycle", "lifecycle"), ("Organizational", "org"))
_EVENTS = """
SELECT s.session_id, s.run_no, s.status, s.source_id AS log, e.ts_ns, e.kind, e.phase, e.agent_id, e.to_state, e.resource_id, e.end_reason, e.event_id
FROM events e ASOF JOIN sessions s ON s.session_id = e.session_id AND e.ts_ns >= s.start_ns
WHERE e.ts_ns IS NOT NULL
ORDER BY s.session_id, s.run_no, e.ts_ns, e.source_id, e.source_ord
"""
_TOLD = ("to_state", "resource_id", "end_reason", "event_id")


def write(connection: DuckDBPyConnection, file: TextIO) -> None:
    """The event log of a case's tables."""
    file.write(
        '<?xml version="1.0" encoding="UTF-8"?>\n<log xes.version="1849.2016" xes.features="" xmlns="http://www.xes-standard.org/">\n'
    )
    file.writelines(
        f'  <extension name="{name}" prefix="{prefix}" uri="http://www.xes-standard.org/{prefix}.xesext"/>\n'
        for name, prefix in _EXTENSIONS
    )
    file.write(f'  <global scope="trace">\n    {_string("concept:name", "session")}\n  </global>\n')
    file.write(
        f'  <global scope="event">\n    {_string("concept:name", "event")}\n    {_date("time:timestamp", 0)}\n'
        f"    {_string('lifecycle:transition', 'complete')}\n  </global>\n"
    )
    file.write('  <classifier name="kind" keys="concept:name"/>\n')
    for (session, run, status), events in groupby(_rows(connection), key=itemgetter("session_id", "run_no", "status")):
        name = f"{session} run {run}" if run > 1 else session
        file.write(f"  <trace>\n    {_string('concept:name', name)}\n    {_string('status', status)}\n")
        file.writelines(f"    <event>{''.join(_event(event))}</event>\n" for event in events)
        file.write("  </trace>\n")
    file.write("</log>\n")


def _event(event: dict[str, Any]) -> Iterator[str]:
    yield _string("concept:name", event["kind"])
    yield _date("time:timestamp", event["ts_ns"])
    yield _string("lifecycle:transition", "start" if event["phase"] == "invoke" else "complete")
    if event["agent_id"] is not None:
        yield _string("org:resource", event["agent_id"])
    yield from (_string(name, event[name]) for name in _TOLD if event[name] is not None)


def _string(key: str, value: str) -> str:
    return f"<string key={quoteattr(key)} value={quoteattr(_NOT_XML.sub(chr(0xFFFD), value))}/>"


def _date(key: str, ns: int) -> str:
    # xs:dateTime; tools read milliseconds or microseconds, none nanoseconds
    return f'<date key="{key}" value="{times.text(ns // 1000 * 1000)}"/>'


def _rows(connection: DuckDBPyConnection) -> Iterator[dict[str, Any]]:
    cursor = connection.execute(_EVENTS)
    names = [column[0] for column in cursor.description or []]
    while rows := cursor.fetchmany(_ROWS):
        yield from (dict(zip(names, row, strict=True)) for row in rows)
