"""The lifecycle tables of a case as pandas frames, for notebooks. Times come as columns of UTC time stamps beside the nanoseconds."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from session_ops.case import Case
    from session_ops.lifecycles.phase import Document

MARKS = {
    "ENDED": "ended",
    "CRASHED": "ended",
    "EXPIRED": "ended",
    "SUPERSEDED": "ended",
    "ORPHANED": "silent",
    "SILENT": "silent",
}
"""How a status is marked in charts; every other one is open."""


_ANOMALIES = """
SELECT a.*, coalesce(s.run_no, first.run_no) AS run_no
FROM (SELECT * FROM anomalies WHERE NOT undecidable) a
ASOF LEFT JOIN sessions s ON s.session_id = a.session_id AND a.ts_ns >= s.start_ns
LEFT JOIN (SELECT session_id, min(run_no) AS run_no FROM sessions GROUP BY session_id) first ON first.session_id = a.session_id
"""
"""Anomalies with the run of the session in which they were seen."""
_SESSIONS = f"""
SELECT s.*, coalesce(a.n, 0) AS anomalies
FROM sessions s
LEFT JOIN (SELECT session_id, run_no, count(*) AS n FROM ({_ANOMALIES}) GROUP BY ALL) a ON a.session_id = s.session_id AND a.run_no = s.run_no
ORDER BY s.start_ns, s.session_id, s.run_no
"""  # noqa: S608 - our own text
_LOCATED = f"""
SELECT a.*, o.path FROM ({_ANOMALIES}) a LEFT JOIN sources o ON o.source_id = a.source_id
ORDER BY a.detector, a.ts_ns, a.session_id, a.resource_id, a.text
"""  # noqa: S608


def sessions(case: Case) -> pd.DataFrame:
    """One row per session run. `start`, `stop` (its end, or where it was last seen) and `seconds` between them are added, `mark`
    (ended, open or silent), and `anomalies`, how many it has. `attrs["resolution_s"]` is the coarsest clock among the sources.
    """
    import pandas as pd

    frame = query(case, _SESSIONS)
    stop = frame["end_ns"].fillna(frame["last_seen_ns"])
    frame["start"] = pd.to_datetime(frame["start_ns"], unit="ns", utc=True)
    frame["stop"] = pd.to_datetime(stop.astype("int64"), unit="ns", utc=True)
    frame["seconds"] = (stop - frame["start_ns"]) / 1e9
    frame["mark"] = frame["status"].map(MARKS).fillna("open")
    return frame


def anomalies(case: Case) -> pd.DataFrame:
    """One row per anomaly, with its time, the run of its session, and the path of its log. Questions that the logs cannot answer are
    left out.
    """
    import pandas as pd

    frame = query(case, _LOCATED)
    frame.insert(4, "ts", pd.to_datetime(frame["ts_ns"], unit="ns", utc=True))
    return frame


def state_spans(case: Case) -> pd.DataFrame:
    """One row per stretch of time that a session was in one state."""
    return query(case, "SELECT * FROM state_spans ORDER BY session_id, run_no, from_ns, to_ns, state")


def sources(case: Case) -> pd.DataFrame:
    """One row per log: what it was read as, or why not."""
    import pandas as pd

    frame = query(case, "SELECT * FROM sources ORDER BY path, source_id")
    for name in ("first", "last"):
        frame[name] = pd.to_datetime(frame[f"{name}_ns"], unit="ns", utc=True)
    return frame


def events(case: Case) -> pd.DataFrame:
    """One row per event, in the order of each source."""
    import pandas as pd

    frame = query(case, "SELECT * FROM events ORDER BY source_id, source_ord")
    frame.insert(6, "ts", pd.to_datetime(frame["ts_ns"], unit="ns", utc=True))
    return frame


def scores(document: Document) -> list[dict[str, object]]:
    """How well each format fits each log (0 to 1), the best first, and which one was taken; formats that do not fit at all are left out."""
    return [
        {"log": source.path, "format": name, "score": score, "taken": "yes" if name == source.format_id else ""}
        for source in document.sources
        for name, score in sorted(source.scores.items(), key=lambda item: (-item[1], item[0]))
        if score > 0
    ]


def blind_spots(case: Case, document: Document) -> dict[str, str]:
    """What each detector that found something cannot see."""
    from pathlib import Path

    from session_ops.lifecycles.detectors import detectors

    folder = case.parameters.detectors
    known = detectors(Path(folder).expanduser() if folder else None)
    return {one.id: one.blind for one in known if one.id in document.counts}


def charted(case: Case, name: str) -> pd.DataFrame:
    """What a chart shows: the answer of `sql/charts/<name>.sql` over the case's tables."""
    return query(case, (files(__package__) / "sql" / "charts" / f"{name}.sql").read_text("utf-8"))


def query(case: Case, sql: str) -> pd.DataFrame:
    """The answer to a question in SQL (DuckDB) over the case's tables. `attrs["resolution_s"]` is the coarsest clock that tells of sessions."""
    from session_ops.lifecycles.stored import tables

    with tables(case) as connection:
        frame = connection.execute(sql).df()
        clock = connection.execute(
            "SELECT max(res_ns) FROM sources WHERE source_id IN (SELECT source_id FROM sessions)"
        ).fetchone()
    frame.attrs["resolution_s"] = ((clock and clock[0]) or 0) / 1e9
    return frame
