"""The index of a batch: one row a target, and what many targets share, as a page, as CSV and as Parquet."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from session_ops.batch.work import Result, case_folder
from session_ops.model import Gate, Severity
from session_ops.report.redact import Redactor
from session_ops.visible import one_line

CAUSES = 3
"""Causes of a target that the index names."""
SHARED = 100
"""Findings shared by targets that the page shows."""
ORDER = ("blocked", "unfinished", "open", "deployable")


@dataclass(frozen=True)
class Row:
    """One target: how it stands, and where its report lies (relative to the index). Numbers are None where its run did not finish."""

    target: str
    source: str
    status: str
    verdict: str
    headline: str
    gates_failed: str
    gates_open: str
    critical: int | None
    gaps: int | None
    causes: str
    sessions: int | None
    orphaned: int | None
    anomalies: int | None
    seconds: float
    peak_mb: int
    report: str
    reason: str


@dataclass(frozen=True)
class Shared:
    """Findings of one rule in several targets. `same_text` says that the very lines are the same: one fix serves all."""

    rule: str
    title: str
    severity: Severity
    targets: tuple[str, ...]
    places: tuple[str, ...]
    same_text: bool
    quote: str


def rows(results: Sequence[Result], out: Path) -> list[Row]:
    """One row for each result, worst first."""
    made = [_row(result, out) for result in results]
    return sorted(made, key=lambda r: (ORDER.index(r.verdict), -(r.critical or 0), r.target))


def _row(result: Result, out: Path) -> Row:
    case = case_folder(out, result.name)
    hide = Redactor.here()
    about: dict[str, Any] = {
        "target": result.name, "source": hide.text(result.source), "status": result.status, "seconds": result.seconds,
        "peak_mb": round(result.peak / 1e6), "reason": hide.text(one_line(result.reason, 300)), "verdict": "unfinished",
        "headline": "", "gates_failed": "", "gates_open": "", "critical": None, "gaps": None, "causes": "", "sessions": None,
        "orphaned": None, "anomalies": None, "report": "",
    }  # fmt: skip
    if result.finished and (diagnosis := _document(case, "diagnosis")):
        lives = _document(case, "lifecycles")
        numbers, found = lives.get("numbers", {}), _findings(case)
        by_outcome = defaultdict(list)
        for gate in diagnosis["gates"]:
            by_outcome[gate["outcome"]].append(gate["gate"])
        about |= {
            "verdict": diagnosis["verdict"],
            "headline": hide.text(diagnosis["headline"]),
            "gates_failed": " ".join(by_outcome["fail"]),
            "gates_open": " ".join(by_outcome["open"] + by_outcome["blocked"]),
            "critical": sum(f["severity"] == Severity.CRITICAL for f in found),
            "gaps": sum(f["severity"] == Severity.GAP for f in found),
            "causes": "; ".join(hide.text(one_line(cause["title"], 160)) for cause in diagnosis["causes"][:CAUSES]),
            "sessions": numbers.get("sessions"),
            "orphaned": numbers.get("orphaned"),
            "anomalies": len(lives.get("anomalies", ())),
            "report": (case / "report.html").relative_to(out).as_posix(),
        }
    return Row(**about)


def shared(results: Sequence[Result], out: Path) -> list[Shared]:
    """What at least two targets have in common: first the very same lines, then other places of one rule. Advice is left out."""
    by_text: dict[tuple[str, str], list[tuple[str, dict[str, Any]]]] = defaultdict(list)
    by_rule: dict[str, list[tuple[str, dict[str, Any]]]] = defaultdict(list)
    titles: dict[str, str] = {}
    for result in results:
        if not result.finished:
            continue
        case = case_folder(out, result.name)
        for finding in _findings(case):
            if finding["severity"] != Severity.ADVICE:
                text = re.sub(r"\s+", " ", finding["at"]["quote"])
                if len(text) > 3:
                    by_text[finding["rule"], text].append((result.name, finding))
                by_rule[finding["rule"]].append((result.name, finding))
        titles |= {rule["rule"]: rule["title"] for rule in _json(case / "findings.json").get("rules", ())}
    groups = [(rule, found, text) for (rule, text), found in by_text.items()] + [
        (rule, found, "") for rule, found in by_rule.items()
    ]
    made = [_shared(rule, found, titles.get(rule, ""), text) for rule, found, text in groups]
    order = list(Severity)
    return sorted(
        (one for one in made if len(one.targets) > 1),
        key=lambda s: (order.index(s.severity), not s.same_text, -len(s.targets), s.rule, s.quote),
    )


def _shared(rule: str, found: list[tuple[str, dict[str, Any]]], title: str, text: str) -> Shared:
    worst = min((Severity(finding["severity"]) for _, finding in found), key=list(Severity).index)
    places = [f"{name}/{finding['at']['path']}:{finding['at']['line']}" for name, finding in found]
    return Shared(rule, title, worst, tuple(sorted({name for name, _ in found})), tuple(places), bool(text), text)


def write(results: Sequence[Result], out: Path) -> list[Row]:
    """index.csv, index.parquet and index.html in the batch's folder; each is written aside and renamed."""
    made, common = rows(results, out), shared(results, out)
    with tempfile.TemporaryDirectory(prefix=".index-", dir=out) as aside:
        place = Path(aside)
        _tables(made, place)
        (place / "index.html").write_text(page(made, common), "utf-8", "backslashreplace")
        for name in ("index.csv", "index.parquet", "index.html"):
            shutil.move(place / name, out / name)
    return made


def _tables(made: list[Row], place: Path) -> None:
    import duckdb

    kinds = {"int | None": "BIGINT", "int": "BIGINT", "float": "DOUBLE"}
    columns = {one.name: kinds.get(str(one.type), "VARCHAR") for one in fields(Row)}
    lines = [json.dumps({name: getattr(row, name) for name in columns}) for row in made]
    (place / "rows.json").write_text("\n".join(lines) + "\n")
    types = ", ".join(f"{name}: '{kind}'" for name, kind in columns.items())
    with duckdb.connect() as connection:
        table = connection.sql(
            f"SELECT * FROM read_json(?, format = 'newline_delimited', columns = {{{types}}})",  # noqa: S608 - our own names
            params=[str(place / "rows.json")],
        )
        table.write_parquet(str(place / "index.parquet"))
        table.write_csv(str(place / "index.csv"))


def page(made: list[Row], common: list[Shared]) -> str:
    """The page: sortable by its headings where scripts run, readable where they do not, nothing loaded from anywhere."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("session_ops.batch"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["shown"] = one_line
    counts = {verdict: sum(row.verdict == verdict for row in made) for verdict in ORDER}
    return environment.get_template("index.html.j2").render(
        rows=made,
        counts=counts,
        shared=common[:SHARED],
        left_out=max(0, len(common) - SHARED),
        gates=[gate.value for gate in Gate],
    )


def _document(case: Path, phase: str) -> dict[str, Any]:
    return dict(_json(case / f"{phase}.json").get("document", {}))


def _findings(case: Path) -> list[dict[str, Any]]:
    return list(_json(case / "findings.json").get("findings", ()))


def _json(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}
