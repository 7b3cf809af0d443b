"""One side of the rows about events, in a process of its own: `python sides_events.py SIDE LOG FOLDER` prints seconds, memory and steps.

The imports are in no side's seconds. Memory is the most that the process itself had at a time.
"""

from __future__ import annotations

import json
import resource
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

FIELDS = {
    "ts": "TIMESTAMP", "event": "VARCHAR", "session": "VARCHAR", "agent": "VARCHAR", "host": "VARCHAR", "pid": "BIGINT", "cwd": "VARCHAR",
    "branch": "VARCHAR", "seq": "BIGINT", "load": "DOUBLE", "data": "JSON", "message": "VARCHAR", "reason": "VARCHAR", "state": "VARCHAR",
    "resource": "VARCHAR", "mode": "VARCHAR", "fence": "BIGINT", "to": "VARCHAR", "level": "VARCHAR",
}  # fmt: skip
"""What tracker_log.py writes."""


class Steps:
    """Seconds by step."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = defaultdict(float)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """One step; what it calls that is a step too counts there alone. What goes on aside is in no step: the wait for it is."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        inner, began = sum(self.spent.values()), time.perf_counter()
        try:
            yield
        finally:
            self.spent[name] += time.perf_counter() - began - (sum(self.spent.values()) - inner)

    def timed(self, name: Callable[..., str], work: Callable[..., Any]) -> Callable[..., Any]:
        """The same work, as a step whose name comes from its arguments."""

        def run(*given: Any, **named: Any) -> Any:
            with self.step(name(*given)):
                return work(*given, **named)

        return run


class Watched:
    """A connection whose views are steps."""

    def __init__(self, connection: Any, steps: Steps) -> None:
        self._connection, self._steps = connection, steps

    def execute(self, sql: str, *given: Any) -> Any:
        """Run it; a file of sql/ says in its first line what it is."""
        first = sql.removeprefix("-- ").partition(":")[0]
        if sql.startswith("COPY "):  # a step of its own
            return self._connection.execute(sql, *given)
        with self._steps.step(f"view {first}" if sql.startswith("-- ") else "other SQL"):
            return self._connection.execute(sql, *given)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


def ours(log: Path, folder: Path) -> dict[str, object]:
    """All that `session-ops logs LOG --case FOLDER` computes: events, sessions, all anomalies, tables; no pictures."""
    from session_ops.lifecycles import engine, ingest, phase
    from session_ops.lifecycles.alone import LogsAlone
    from session_ops.parameters import Parameters

    steps = Steps()
    opened, insert, detect = engine.opened, engine.insert, engine.detect

    @contextmanager
    def watched(size: int) -> Iterator[Any]:
        with opened(size) as (connection, loader):
            yield Watched(connection, steps), loader

    def named(connection: Any, given: Path | None, query: Any) -> Any:
        def each(sql: str) -> Any:
            with steps.step(f"detector {sql.removeprefix('-- ').partition(':')[0]}"):
                yield from query(sql)

        return detect(connection, given, each)

    patched = [
        mock.patch.object(engine, "opened", watched),
        mock.patch.object(engine, "detect", named),
        mock.patch.object(engine, "insert", steps.timed(lambda _, table, *__: f"insert {table}", insert)),
        mock.patch.object(engine, "export", steps.timed(lambda _, table, __: f"export {table}", engine.export)),
        mock.patch.object(Future, "result", steps.timed(lambda *_: "wait for the export of events", Future.result)),
        mock.patch.object(engine.Loader, "load", steps.timed(lambda _: "events", engine.Loader.load)),
        mock.patch.object(ingest.Reading, "read", steps.timed(lambda *_: "load", ingest.Reading.read)),
        mock.patch.object(phase, "numbers", steps.timed(lambda *_: "numbers", phase.numbers)),
        mock.patch.object(phase, "_anomalies", steps.timed(lambda *_: "document", phase._anomalies)),
    ]
    parameters = Parameters.checked({"logs": [str(log)]})
    for one in patched:
        one.start()
    began = time.perf_counter()
    document = phase.compute(LogsAlone.at(folder / "case", parameters), pictures=False)
    took = time.perf_counter() - began
    counted = {
        "events": document.numbers.events,
        "sessions": document.numbers.sessions,
        "anomalies": sum(document.counts.values()),
    }
    return {"seconds": took, "steps": steps.spent} | counted


def bare(log: Path, folder: Path) -> dict[str, object]:
    """DuckDB's typed load of the file, with the memory and the threads that ours has."""
    import duckdb

    from session_ops.lifecycles import memory

    fields = ", ".join(f"'{name}': '{kind}'" for name, kind in FIELDS.items())
    began = time.perf_counter()
    with duckdb.connect(config={"memory_limit": memory.allowed(), "threads": 2, "temp_directory": str(folder)}) as connection:
        connection.execute(
            f"CREATE TABLE bare AS SELECT * FROM read_json(?, format = 'newline_delimited', columns = {{{fields}}})", [str(log)]
        )
        events = connection.table("bare").count("*").fetchall()[0][0]
    return {"seconds": time.perf_counter() - began, "events": events}


def pandas(log: Path, folder: Path) -> dict[str, object]:
    """pandas reads the file."""
    import pandas as pd

    began = time.perf_counter()
    events = len(pd.read_json(log, lines=True))
    return {"seconds": time.perf_counter() - began, "events": events}


def pm4py(log: Path, folder: Path) -> dict[str, object]:
    """pandas reads the file, pm4py makes the transition graph and the durations of the cases."""
    import pandas as pd
    import pm4py

    began = time.perf_counter()
    frame = pd.read_json(log, lines=True)[["ts", "event", "session"]]
    frame["ts"] = pd.to_datetime(frame["ts"], utc=True)
    read = time.perf_counter()
    named = {"case_id_key": "session", "activity_key": "event", "timestamp_key": "ts"}
    graph, _, _ = pm4py.discover_dfg(frame, **named)
    drawn = time.perf_counter()
    cases = len(pm4py.get_all_case_durations(frame, **named))
    ended = time.perf_counter()
    steps = {"read by pandas": read - began, "transition graph": drawn - read, "case durations": ended - drawn}
    return {"seconds": ended - began, "events": len(frame), "sessions": cases, "edges": len(graph), "steps": steps}


if __name__ == "__main__":
    side, log, folder = sys.argv[1:]
    said = {"ours": ours, "bare": bare, "pandas": pandas, "pm4py": pm4py}[side](Path(log), Path(folder))
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps(said | {"memory_mb": used.ru_maxrss / 1024, "cpu_seconds": used.ru_utime + used.ru_stime}))
