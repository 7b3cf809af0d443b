"""The sessions in numbers, counted over the tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from session_ops.lifecycles import times

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True)
class Numbers:
    """The sessions in numbers, over all sources. Seconds; None where there is nothing to measure. `max_concurrent` is counted with
    half-open intervals, ends before starts on ties.
    """

    sessions: int
    ended: int
    open: int
    silent: int
    orphaned: int
    censored: int
    events: int
    rejects: int
    longest_s: float | None
    shortest_s: float | None
    median_s: float | None
    max_concurrent: int
    out_of_order: int


_PARTS = """
SELECT count(*), count(CASE WHEN end_ns IS NOT NULL THEN 1 END),
  count(CASE WHEN status = 'SILENT' THEN 1 END), count(CASE WHEN status = 'ORPHANED' THEN 1 END),
  count(CASE WHEN status = 'CENSORED' THEN 1 END)
FROM (
  SELECT s.*, row_number() OVER (PARTITION BY s.session_id ORDER BY s.run_no DESC) AS back, r.ids_reused
  FROM sessions s JOIN runs r ON r.session_id = s.session_id AND r.run_no = s.run_no
) last_runs WHERE back = 1 OR ids_reused = 1
"""
"""Sessions count once, by their last run; where names are used again (diaries), each run is a session."""
_TIMELESS = """
SELECT count(DISTINCT e.session_id) FROM events e LEFT JOIN sessions s ON s.session_id = e.session_id
WHERE e.session_id IS NOT NULL AND s.session_id IS NULL
"""
"""Sessions of which no event has a time (histories that know only an order): nothing is known of their ends."""
_LENGTHS = """
WITH lengths AS (
  SELECT coalesce(end_ns, last_seen_ns) - start_ns AS ns, 2 * CAST(end_ns IS NOT NULL AS INTEGER) + CAST(start_known AS INTEGER) AS sure
  FROM sessions
), used AS (
  SELECT ns FROM lengths WHERE ns >= 0 AND sure = (SELECT max(sure) FROM lengths)
)
SELECT max(ns), min(ns), quantile_disc(ns, 0.5) FROM used
"""
"""Lengths of sessions whose start and end are known; where there are none, of those with an end, else from the first to the last
event. The median is a length that occurred.
"""
_CONCURRENT = """
WITH spans AS (
  SELECT start_ns, coalesce(end_ns, last_seen_ns) AS stop_ns FROM sessions WHERE coalesce(end_ns, last_seen_ns) > start_ns
), moves AS (
  SELECT start_ns AS at_ns, 1 AS step FROM spans UNION ALL SELECT stop_ns, -1 FROM spans
)
SELECT coalesce(max(n), 0) FROM (
  SELECT sum(step) OVER (ORDER BY at_ns, step ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS n FROM moves
) counted
"""
_BACKWARDS = "SELECT coalesce(sum(out_of_order), 0) FROM sources WHERE role <> 'registry'"
"""Rows that are earlier than the row before them in their source; a registry is in no order of time."""


def numbers(connection: DuckDBPyConnection, rejects: int) -> Numbers:
    """Count, once the views are built; `rejects` are counted while logs are read."""
    sessions, ended, silent, orphaned, censored = _row(connection, _PARTS)
    timeless = _row(connection, _TIMELESS)[0]
    longest, shortest, median = (None if ns is None else ns / times.SECOND for ns in _row(connection, _LENGTHS))
    return Numbers(
        sessions=sessions + timeless,
        ended=ended,
        open=sessions + timeless - ended,
        silent=silent,
        orphaned=orphaned,
        censored=censored + timeless,
        events=_row(connection, "SELECT count(*) FROM events")[0],
        rejects=rejects,
        longest_s=longest,
        shortest_s=shortest,
        median_s=median,
        max_concurrent=int(_row(connection, _CONCURRENT)[0]),
        out_of_order=int(_row(connection, _BACKWARDS)[0]),
    )


def _row(connection: DuckDBPyConnection, sql: str) -> Any:
    return connection.execute(sql).fetchone()
