"""Tables of the analysis document, as rows that a notebook shows."""

from __future__ import annotations

from collections import Counter
from typing import Any

from session_ops.analysis.phase import Document
from session_ops.model import Outcome, Severity

Rows = list[dict[str, Any]]


def outcomes(document: Document) -> Rows:
    """Each rule: what became of it, how many findings, the reason where it did not run."""
    rank = list(Outcome)
    ordered = sorted(document.results, key=lambda r: (rank.index(r.outcome), -len(r.findings), r.rule))
    return [
        {
            "rule": r.rule,
            "outcome": r.outcome.value,
            "findings": len(r.findings),
            "gate": r.gate.value if r.gate else "",
            "title": r.title,
            "reason": r.reason,
        }
        for r in ordered
    ]


def by_category(document: Document) -> Rows:
    """Findings by category and severity, most critical first."""
    count = Counter((f.category, f.severity) for f in document.findings)
    rows = [
        {"category": category, **{s.value: count[category, s] for s in Severity}}
        for category in sorted({f.category for f in document.findings})
    ]
    return sorted(rows, key=lambda row: (-row["critical"], -row["gap"], row["category"]))


def findings(document: Document) -> Rows:
    """Findings as rows, for filtering."""
    return [
        {
            "severity": f.severity.value, "place": f.at.place, "file": f.at.path, "message": f.message, "rule": f.rule,
            "category": f.category, "gate": f.gate.value if f.gate else "", "confidence": f.confidence, "id": f.id,
        }
        for f in document.findings
    ]  # fmt: skip
