"""The lifecycles document: sources, sessions in numbers, anomalies. The rows are in the case's tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from session_ops.case import Case


@dataclass(frozen=True)
class SourceSummary:
    """One log that was read, or not. `path` is relative to the target or the log's name; `scores` is how well each format fits (0 to 1)."""

    source_id: str
    path: str
    format_id: str
    status: Literal["read", "empty", "unknown", "unreadable"]
    reason: str
    events: int
    rejects: int
    sessions: int
    first_ts: str
    last_ts: str
    logs_end: bool
    resolution_s: float
    zone: str
    scores: dict[str, float]


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


@dataclass(frozen=True)
class AnomalyRow:
    """One anomaly as people read it. `event_ids` lead to rows of tables/events.parquet; `path` and `line` to the log."""

    detector: str
    source_id: str
    session_id: str
    resource_id: str
    ts: str
    severity: Literal["critical", "gap", "advice"]
    confidence: Literal["proven", "likely", "possible"]
    undecidable: bool
    event_ids: tuple[str, ...]
    text: str
    path: str = ""
    line: int = 0


@dataclass(frozen=True)
class Document:
    """What the logs tell. `undecidable` are detectors that the logs cannot answer, with the reason."""

    sources: tuple[SourceSummary, ...]
    numbers: Numbers
    anomalies: tuple[AnomalyRow, ...]
    undecidable: dict[str, str]
    figures: tuple[tuple[str, str], ...] = ()
    """Names below figures/ and their alternative texts."""


def compute(case: Case) -> Document:
    """Read the case's logs (or those found in the target), write the tables, and sum up."""
    raise NotImplementedError
