"""What differs between two cases: findings by fingerprint, gates, sessions in numbers, anomalies by detector."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from session_ops.case import SCHEMA
from session_ops.model import Gate, Severity, UsageError

NUMBERS = {
    "sessions": "sessions", "ended": "ended", "open": "open", "silent": "silent", "orphaned": "orphaned", "censored": "censored",
    "max_concurrent": "at most at once", "median_s": "median length, s", "longest_s": "longest, s", "events": "events", "rejects": "rejected records",
}  # fmt: skip
"""Statistics of sessions that are compared, and how they are called."""
WORSE = ("pass", "not_applicable", "open", "blocked", "fail")
"""Outcomes of a gate from good to bad."""


@dataclass(frozen=True)
class Found:
    """A finding as two cases share it: what it says, where, and its severity."""

    id: str
    fingerprint: str
    severity: Severity
    place: str
    message: str


@dataclass(frozen=True)
class Side:
    """One of the two cases."""

    name: str
    target: str
    headline: str
    verdict: str
    findings: tuple[Found, ...]
    gates: dict[str, str]
    numbers: dict[str, float | None]
    anomalies: dict[str, int]


@dataclass(frozen=True)
class Comparison:
    """Two cases and what differs. Findings are matched by fingerprint, so lines that moved make nothing new."""

    before: Side
    after: Side

    @property
    def new(self) -> tuple[Found, ...]:
        """Findings that only the second case has, worst first."""
        return _only(self.after, self.before)

    @property
    def gone(self) -> tuple[Found, ...]:
        """Findings that only the first case has, worst first."""
        return _only(self.before, self.after)

    @property
    def same(self) -> tuple[Found, ...]:
        """Findings of both, worst first."""
        known = {finding.fingerprint for finding in self.before.findings}
        return _ordered(finding for finding in self.after.findings if finding.fingerprint in known)

    @property
    def gates(self) -> tuple[tuple[str, str, str], ...]:
        """Every gate with its outcome before and after; empty where a case has none."""
        return tuple((gate.value, self.before.gates.get(gate.value, ""), self.after.gates.get(gate.value, "")) for gate in Gate)

    @property
    def numbers(self) -> tuple[tuple[str, float | None, float | None], ...]:
        """Statistics of the sessions before and after, those that neither case has left out."""
        pairs = ((said, self.before.numbers.get(name), self.after.numbers.get(name)) for name, said in NUMBERS.items())
        return tuple(pair for pair in pairs if pair[1] is not None or pair[2] is not None)

    @property
    def anomalies(self) -> tuple[tuple[str, int, int], ...]:
        """How many anomalies each detector saw before and after."""
        names = sorted({*self.before.anomalies, *self.after.anomalies})
        return tuple((name, self.before.anomalies.get(name, 0), self.after.anomalies.get(name, 0)) for name in names)

    @property
    def summary(self) -> str:
        """One sentence: did it get better?"""
        opened = [gate for gate, old, new in self.gates if old == "fail" and new in ("pass", "not_applicable")]
        shut = [gate for gate, old, new in self.gates if old in ("pass", "not_applicable", "open") and new == "fail"]
        parts = [f"{len(self.gone)} findings gone, {len(self.new)} new, {len(self.same)} the same"]
        parts += [f"{_gates(opened)} now hold{'s' if len(opened) == 1 else ''}"] if opened else []
        parts += [f"{_gates(shut)} now fail{'s' if len(shut) == 1 else ''}"] if shut else []
        if not opened and not shut:
            parts.append("no gate changed between holding and failing")
        return "; ".join(parts)

    def _repr_html_(self) -> str:
        from session_ops.compare.views import fragment

        return fragment(self)

    def __repr__(self) -> str:
        from session_ops.compare.views import text

        return text(self)


def compare(before: str | Path, after: str | Path) -> Comparison:
    """Read two case folders.

    Raises:
        UsageError: one is no case, was made by a newer session-ops, or its analysis is not finished.
    """
    return Comparison(_side(Path(before)), _side(Path(after)))


def _side(folder: Path) -> Side:
    folder = folder.expanduser()
    about = _json(folder / "case.json", "is no case folder (it has no case.json); give a folder that `session-ops run` made")
    if about.get("schema", 0) > SCHEMA:
        raise UsageError(
            f"{folder}: made by a newer session-ops (schema {about['schema']}, this is {SCHEMA}); update session-ops"
        )
    unfinished = "is not finished; run `session-ops run` for it again"
    findings = _json(folder / "findings.json", unfinished)
    diagnosis = _json(folder / "diagnosis.json", unfinished).get("document", {})
    lives = _json(folder / "lifecycles.json", unfinished).get("document", {})
    try:
        return Side(
            name=folder.resolve().name,
            target=str(findings["target"]),
            headline=diagnosis["headline"],
            verdict=diagnosis["verdict"],
            findings=tuple(_found(finding) for finding in findings["findings"]),
            gates={gate["gate"]: gate["outcome"] for gate in diagnosis["gates"]},
            numbers=dict(lives["numbers"]),
            anomalies=dict(Counter(one["detector"] for one in lives["anomalies"])),
        )
    except (KeyError, TypeError, ValueError):
        raise UsageError(f"{folder}: holds documents of another version; run `session-ops run` for it again") from None


def _found(finding: dict[str, Any]) -> Found:
    at = finding["at"]
    place = f"{at['path']}:{at['line']}" if at["line"] else str(at["path"])
    return Found(finding["id"], finding["fingerprint"], Severity(finding["severity"]), place, finding["message"])


def _json(path: Path, otherwise: str) -> dict[str, Any]:
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError):
        raise UsageError(f"{path.parent}: {otherwise}") from None
    if not isinstance(data, dict):
        raise UsageError(f"{path.parent}: {otherwise}")
    return data


def _only(side: Side, other: Side) -> tuple[Found, ...]:
    known = {finding.fingerprint for finding in other.findings}
    return _ordered(finding for finding in side.findings if finding.fingerprint not in known)


def _ordered(findings: Any) -> tuple[Found, ...]:
    order = list(Severity)
    return tuple(sorted(findings, key=lambda f: (order.index(f.severity), f.place, f.id)))


def _gates(names: list[str]) -> str:
    return ("gate " if len(names) == 1 else "gates ") + ", ".join(names)
