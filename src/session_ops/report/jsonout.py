"""The findings for other programs: findings.json, and the formats `json`, `markdown` and `github` of `check`."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence
from typing import Any

from session_ops.model import Evidence, Finding, Fix, RuleResult, Severity, to_json
from session_ops.registry import Checked
from session_ops.report.escape import code, inline
from session_ops.report.redact import Redactor
from session_ops.report.text import counts, headline, open_rules
from session_ops.visible import visible

SCHEMA = 1
"""Version of the shape of findings.json."""
COMMAND = {Severity.CRITICAL: "error", Severity.GAP: "warning", Severity.ADVICE: "notice"}
"""Workflow commands of GitHub Actions by severity."""


def findings_json(
    checked: Checked, name: str, prefix: str, *, version: str = "", fixes: Sequence[Fix] = (), redactor: Redactor | None = None
) -> bytes:
    """findings.json: every finding and what became of every rule. Paths are relative to the target; `prefix` leads to the work tree."""
    hide = (redactor or Redactor.here()).knowing(checked.findings)
    by_finding: dict[str, list[str]] = {}
    for fix in fixes:
        for finding in fix.findings:
            by_finding.setdefault(finding, []).append(fix.id)
    return to_json(
        {
            "schema": SCHEMA,
            "tool": "session-ops",
            "version": version,
            "target": hide.text(name),
            "prefix": hide.text(prefix),
            "counts": {s.value: sum(f.severity is s for f in checked.findings) for s in Severity},
            "findings": [_finding(hide.finding(f), by_finding.get(f.id, [])) for f in checked.findings],
            "rules": [_rule(hide.all(r)) for r in checked.results],
        }
    )


def markdown(checked: Checked, name: str, *, advice: bool = False) -> str:
    """A short Markdown summary of a check, for a comment or a job summary."""
    hide = Redactor.here().knowing(checked.findings)
    findings = [hide.finding(f) for f in checked.findings]
    said = headline(findings, checked.results, name).plain
    lines = [f"## {inline(said)}", "", counts(findings, advice=advice)]
    shown = [f for f in findings if advice or f.severity is not Severity.ADVICE]
    if shown:
        lines += ["", "| | place | what | id |", "|---|---|---|---|"]
        lines += [
            f"| {f.severity.value} | {code(f.at.place, cell=True)} | {inline(f.message)} | {code(f.id, cell=True)} |"
            for f in shown
        ]
    for result in open_rules(checked.results):
        lines += ["", f"Not checked: {code(result.rule)}: {inline(hide.text(result.reason))}"]
    return "\n".join(lines) + "\n"


def github(checked: Checked, prefix: str, *, advice: bool = False) -> str:
    """Workflow commands, one a line, that GitHub Actions shows beside the code.

    Source: docs.github.com, "Workflow commands for GitHub Actions", and the escaping of actions/toolkit's `command`.
    """
    hide = Redactor.here().knowing(checked.findings)
    return "".join(_command(hide.finding(f), prefix) for f in checked.findings if advice or f.severity is not Severity.ADVICE)


def _command(finding: Finding, prefix: str) -> str:
    at = finding.at
    properties = {"file": posixpath.normpath(prefix + at.path), "line": str(at.line) if at.line else ""}
    properties["endLine"] = str(at.end) if at.end > at.line else ""
    properties["title"] = f"{finding.rule} ({finding.severity.value})"
    given = ",".join(f"{key}={_property(visible(value))}" for key, value in properties.items() if value)
    text = finding.message if not finding.impact else f"{finding.message}\n{finding.impact}"
    return f"::{COMMAND[finding.severity]} {given}::{_data(visible(text))}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _finding(finding: Finding, fixes: Iterable[str]) -> dict[str, Any]:
    return {
        "id": finding.id,
        "rule": finding.rule,
        "severity": finding.severity.value,
        "category": finding.category,
        "gate": finding.gate.value if finding.gate else None,
        "confidence": finding.confidence,
        "message": finding.message,
        "impact": finding.impact,
        "at": _evidence(finding.at),
        "also": [_evidence(e) for e in finding.also],
        "fingerprint": finding.fingerprint,
        "fixes": sorted(fixes),
    }


def _evidence(evidence: Evidence) -> dict[str, Any]:
    return {
        "path": evidence.path,
        "line": evidence.line,
        "end": evidence.end,
        "quote": evidence.quote,
        "sha256": evidence.sha256,
        "source": evidence.source,
    }


def _rule(result: RuleResult) -> dict[str, Any]:
    return {
        "rule": result.rule,
        "outcome": result.outcome.value,
        "title": result.title,
        "gate": result.gate.value if result.gate else None,
        "category": result.category,
        "reason": result.reason,
        "findings": list(result.findings),
    }
