"""The lifecycles document: sources, sessions in numbers, anomalies. The rows are in the case's tables."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Literal

from session_ops import limits
from session_ops.lifecycles import times
from session_ops.lifecycles.numbers import Numbers, numbers
from session_ops.model import UsageError
from session_ops.parameters import Parameters

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from session_ops.case import Case
    from session_ops.lifecycles.ingest import Source, Tell
    from session_ops.lifecycles.spec import Format


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
    completeness: str = ""
    """complete, or truncated where a part of the log could not be unpacked; empty where nothing was read."""
    templates: int = 0
    """Placeholders that nobody filled in (the heading that a diary's template begins with). They are no rejects."""
    parts: tuple[str, ...] = ()
    """The files of a rotated log, oldest first."""


@dataclass(frozen=True)
class NotRead:
    """A file of a folder that was given and that is no log, with the reason."""

    path: str
    reason: str


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
    counts: dict[str, int] = field(default_factory=dict)
    """Anomalies by detector. `anomalies` holds at most SHOWN of each, the first ones; the table holds all."""
    kinds: dict[str, int] = field(default_factory=dict)
    """Events by kind."""
    left_out: tuple[NotRead, ...] = ()


EXAMPLE_LIMITS = {"orphan_after_min": 5.0, "silent_after_min": 2.5}
"""For the bundled example: it beats every minute and was recorded for twenty."""


SHOWN = 1000
"""Anomalies of one detector that the document holds."""


def compute(case: Case, tell: Tell | None = None, *, pictures: bool = True) -> Document:
    """Read the case's logs (or those found in the target), write the tables and figures, and sum up.

    `tell` hears how far the reading is; without `pictures` no figures are drawn.
    """
    from session_ops.lifecycles import engine, ingest, spark
    from session_ops.lifecycles.guess import mapping_of
    from session_ops.lifecycles.inputs import inputs

    known = knowledge(case.parameters)
    listing = inputs(case)
    with engine.opened(sum(item.size for item in listing.inputs)) as (connection, loader):
        p = case.parameters
        reading = ingest.Reading(known, loader, tell or ingest.quiet, p.logs_as, mapping_of(p.log_mapping) or None)
        sources = [source for item in listing.inputs if (source := reading.read(item)) is not None]
        ingest.streams(sources)
        loader.load()
        engine.insert(connection, "sources", (_source_row(source) for source in sources))
        engine.insert(connection, "rejects", ((s.source_id, *reject) for s in sources for reject in s.rejects))
        engine.insert(connection, "snapshots", (row for s in sources for row in s.snapshots))
        engine.insert(connection, "settings", [limits.settings(_given(case))])
        engine.insert(connection, "own_transitions", _own_transitions(sources))
        engine.insert(connection, "late_kinds", _late_kinds(sources))
        derive = spark.derive if p.engine == "spark" else engine.derive
        with case.writing("tables/events.parquet") as path, engine.exported_aside(connection, path):
            undecidable = derive(connection, _folder(p.detectors))
        if not sources:
            undecidable = dict.fromkeys(undecidable, "no logs were given or found")
        for table in (name for name in engine.TABLES if name != "events"):
            with case.writing(f"tables/{table}.parquet") as path:
                engine.export(connection, table, path)
        document = Document(
            sources=_summaries(sources, connection),
            numbers=numbers(connection, sum(source.rejected for source in sources)),
            anomalies=_anomalies(connection, sources),
            undecidable=undecidable,
            counts=_counts(connection, "SELECT detector, count(*) FROM anomalies WHERE NOT undecidable GROUP BY 1 ORDER BY 1"),
            kinds=_counts(connection, "SELECT kind, count(*) FROM events GROUP BY 1 ORDER BY 1"),
            left_out=tuple(NotRead(*one) for one in listing.left_out),
        )
    case.clear("figures/*.png")
    if not (pictures and document.numbers.sessions):
        return document
    from session_ops.lifecycles.charts import draw

    return replace(document, figures=draw(case))


def formats_for(folder: str) -> tuple[Format, ...]:
    """The formats that come with the package and those of a user's own folder ("": none)."""
    from session_ops.lifecycles.library import formats

    return formats([Path(folder).expanduser()] if folder else [])


def knowledge(parameters: Parameters) -> tuple[Format, ...]:
    """The formats to choose from, once it is sure that the user's own formats and detectors can be used.

    Raises:
        UsageError: one of them cannot be read, `logs_as` names no format, or `log_mapping` no fields.
    """
    from session_ops.lifecycles.detectors import detectors
    from session_ops.lifecycles.guess import mapping_of

    detectors(_folder(parameters.detectors))
    mapping_of(parameters.log_mapping)
    known = formats_for(parameters.formats)
    if parameters.logs_as and parameters.logs_as not in (names := [form.id for form in known]):
        near = difflib.get_close_matches(parameters.logs_as, names, 1)
        meant = f"did you mean {near[0]!r}?" if near else f"the formats are {', '.join(names)}"
        raise UsageError(f"logs_as={parameters.logs_as!r} is not possible: {meant}")
    return known


def _folder(given: str) -> Path | None:
    return Path(given).expanduser() if given else None


def _given(case: Case) -> dict[str, float]:
    """The limits that the parameters give; for the bundled example its own, where the user left them alone."""
    p = case.parameters
    given = {name: getattr(p, name) for name in limits.OWN_PARAMETERS} | limits.parsed(p.limits)
    usual = (p.orphan_after_min, p.silent_after_min) == (Parameters.orphan_after_min, Parameters.silent_after_min)
    return given | EXAMPLE_LIMITS if case.is_example and usual and not case.logs else given


def _own_transitions(sources: list[Source]) -> list[tuple[str, str, str]]:
    """Changes of state that a format allows beside those of the model."""
    formats = {s.format.id: s.format for s in sources if s.format}
    return [(name, *pair) for name, form in formats.items() for pair in form.facts.get("transitions", ())]


def _late_kinds(sources: list[Source]) -> list[tuple[str, str]]:
    """Kinds of records that may come after a session's end, by format."""
    formats = {s.format.id: s.format for s in sources if s.format}
    return [(name, kind) for name, form in formats.items() for kind in form.facts.get("trailing_ok", ())]


def _source_row(source: Source) -> tuple[object, ...]:
    form = source.format
    ends = form.facts.get("logs_end") if form else None
    every = form.facts.get("heartbeat_interval_s") if form else None
    return (
        source.source_id, source.path, form.id if form else None, form.role if form else None, source.stream or None,
        source.status, source.reason, source.size, source.sha256 or None, source.zone or None, source.records,
        source.first_ns, source.last_ns, source.res_ns, source.out_of_order, ends if isinstance(ends, bool) else None,
        bool(form and form.facts.get("ids_reused")), None, source.completeness,
        round(every * times.SECOND) if every else None,
    )  # fmt: skip


def _summaries(sources: list[Source], connection: DuckDBPyConnection) -> tuple[SourceSummary, ...]:
    counted = connection.execute("SELECT source_id, count(DISTINCT session_id) FROM events GROUP BY source_id").fetchall()
    ends = connection.execute("SELECT source_id, coalesce(logs_end, false) FROM sources").fetchall()
    sessions, logs_end = dict(counted), dict(ends)
    return tuple(_summary(source, sessions.get(source.source_id, 0), logs_end[source.source_id]) for source in sources)


def _summary(source: Source, sessions: int, logs_end: bool) -> SourceSummary:
    return SourceSummary(
        source_id=source.source_id,
        path=source.path,
        format_id=source.format.id if source.format else "",
        status=source.status,
        reason=source.reason,
        events=source.events,
        rejects=source.rejected,
        sessions=sessions,
        first_ts=times.text(source.first_ns),
        last_ts=times.text(source.last_ns),
        logs_end=logs_end,
        resolution_s=(source.res_ns or 0) / times.SECOND,
        zone=source.zone,
        scores=source.scores,
        completeness=source.completeness or "",
        templates=source.templates,
        parts=tuple(part.name for part in source.plain.parts) if source.plain else (),
    )


def _anomalies(connection: DuckDBPyConnection, sources: list[Source]) -> tuple[AnomalyRow, ...]:
    rows = connection.execute(
        "WITH a AS (SELECT *, row_number() OVER (PARTITION BY detector ORDER BY ts_ns, session_id, resource_id, text) AS nth "
        "FROM anomalies) "
        "SELECT a.detector, a.source_id, a.session_id, a.resource_id, a.ts_ns, a.severity, a.confidence, a.undecidable, a.event_ids, "
        "a.text, s.path, coalesce(e.source_line, r.line) FROM a LEFT JOIN events e ON e.event_id = a.event_ids[-1] "
        "LEFT JOIN sources s ON s.source_id = coalesce(e.source_id, a.source_id) "
        "LEFT JOIN (SELECT source_id, min(source_line) AS line FROM rejects WHERE reason IN ('torn', 'welded', 'conflict_marker') "
        "GROUP BY source_id) r ON r.source_id = a.source_id AND a.detector = 'torn_records' WHERE NOT a.undecidable AND a.nth <= ? "
        "ORDER BY CASE a.severity WHEN 'critical' THEN 0 WHEN 'gap' THEN 1 ELSE 2 END, a.detector, a.ts_ns, a.session_id, a.text",
        [SHOWN],
    ).fetchall()
    rotated = {source.path: source.plain for source in sources if source.plain and source.plain.parts}
    found = []
    for detector, source, session, resource, ns, severity, sure, undecidable, ids, text, path, line in rows:
        if line and (plain := rotated.get(path)):
            part, line = plain.place(line)
            path = str(PurePosixPath(path).with_name(part))
        keys = (detector, source, session or "", resource or "", times.text(ns), severity, sure, undecidable)
        found.append(AnomalyRow(*keys, tuple(ids), text, path or "", line or 0))
    return tuple(found)


def _counts(connection: DuckDBPyConnection, sql: str) -> dict[str, int]:
    return dict(connection.execute(sql).fetchall())
