"""findings.sarif: SARIF 2.1.0 as GitHub code scanning reads it.

Source: OASIS SARIF 2.1.0 (sections 3.14 run, 3.20 invocation, 3.27 result, 3.55 fix), GitHub "SARIF support for code scanning".
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from session_ops.model import Edit, Evidence, Finding, Fix, Outcome, RuleResult, Severity
from session_ops.registry import Checked, Registry, Rule
from session_ops.report.redact import Redactor
from session_ops.visible import visible

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
BASE = "%SRCROOT%"
NOTIFICATION_LEVEL = {Outcome.OPEN: "warning", Outcome.FAIL: "warning", Outcome.BLOCKED: "note"}
"""Level of what is said about a rule itself; a pass and a rule that does not apply are `none`."""

_LINK = re.compile(r"\[(?=[^\[\]]*\]\()")
"""What a viewer would make a link of (SARIF 2.1.0, 3.11.6)."""

Texts = Callable[[str], str]
"""The text of a file of the target by its path; empty where it was not read."""


def sarif(
    checked: Checked,
    registry: Registry,
    prefix: str,
    root_name: str,
    fixes: Sequence[Fix] = (),
    version: str = "",
    *,
    texts: Texts | None = None,
    redactor: Redactor | None = None,
    linters: Mapping[str, str] | None = None,
    known: frozenset[str] | None = None,
) -> dict[str, Any]:
    """The SARIF log of a check.

    Parameters: `prefix` is the target's path in the git work tree with a slash at its end (`Tree.prefix`); `root_name` is the
    target's name; `texts` gives the files that edits are located in (`Tree.text`): without it a fix that edits is left out; `linters` are
    the versions of those that ran, by name; `known` are the fingerprints of a baseline, where there is one (3.27.24 baselineState).
    """
    hide = (redactor or Redactor.here()).knowing(checked.findings)
    order = [result.rule for result in checked.results]
    by_finding = _fixes(fixes, prefix, texts, hide)
    findings = checked.findings
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "session-ops",
                        **({"version": version} if version else {}),
                        "rules": [_rule(result, registry.rules.get(result.rule), hide) for result in checked.results],
                    },
                    **({"extensions": [{"name": n, "version": v} for n, v in sorted(linters.items())]} if linters else {}),
                },
                "invocations": [
                    {
                        "executionSuccessful": True,
                        "toolExecutionNotifications": [n for r in checked.results if (n := _notification(r, order, hide))],
                    }
                ],
                "originalUriBaseIds": {
                    BASE: {"description": {"text": "The root of the git work tree, or the target where there is none."}}
                },
                "columnKind": "unicodeCodePoints",
                "results": [_result(hide.finding(f), order, prefix, by_finding.get(f.id, []), known) for f in findings],
                "properties": {
                    "target": hide.text(root_name),
                    "prefix": prefix,
                    "outcomes": {r.rule: r.outcome.value for r in checked.results},
                    "counts": {s.value: sum(f.severity is s for f in findings) for s in Severity},
                },
            }
        ],
    }


def uri(path: str, prefix: str) -> str:
    """The percent-encoded URI of a path of the target, relative to the git work tree (a path may reach into it with `..`)."""
    whole = posixpath.normpath(prefix + path)
    return quote(whole.encode("utf-8", "surrogateescape"), safe="/-._~!$&'()*+,;=@")


def _rule(result: RuleResult, rule: Rule | None, hide: Redactor) -> dict[str, Any]:
    title, explanation = result.title or result.rule, rule.explanation if rule is not None else ""
    if rule is None or not rule.check.__module__.startswith("session_ops."):  # our own texts name nobody
        title, explanation = hide.text(title), hide.text(explanation)
    level = Finding("", Evidence(""), gate=result.gate, category=result.category).severity.sarif_level
    return {
        "id": result.rule,
        "name": "".join(part.capitalize() for part in result.rule.split("-")),
        "shortDescription": {"text": title},
        "fullDescription": {"text": title},
        "help": {"text": f"{title}\n\n{explanation}".strip(), "markdown": f"**{title}**\n\n{explanation}".strip()},
        "defaultConfiguration": {"level": level},
        "properties": {
            "category": result.category,
            "gate": result.gate.value if result.gate else "",
            "tags": [result.category, *([f"gate/{result.gate.value}"] if result.gate else [])],
        },
    }


def _notification(result: RuleResult, order: list[str], hide: Redactor) -> dict[str, Any] | None:
    """What became of a rule that gave no results, or that dropped something."""
    if result.outcome is Outcome.FAIL and not result.reason:
        return None
    said = {Outcome.PASS: "passed", Outcome.NOT_APPLICABLE: "does not apply", Outcome.BLOCKED: "was not run"}
    text = f"{result.rule} {said.get(result.outcome, 'could not look at everything')}"
    return {
        "associatedRule": {"id": result.rule, "index": order.index(result.rule)},
        "level": NOTIFICATION_LEVEL.get(result.outcome, "none"),
        "message": {"text": visible(hide.text(f"{text}: {result.reason}" if result.reason else text))},
        "properties": {"outcome": result.outcome.value},
    }


def _result(
    finding: Finding, order: list[str], prefix: str, fixes: list[dict[str, Any]], known: frozenset[str] | None
) -> dict[str, Any]:
    text = finding.message if not finding.impact else f"{finding.message}\n\n{finding.impact}"
    related = [{"id": n, **_location(evidence, prefix)} for n, evidence in enumerate(finding.also, start=1)]
    return {
        "ruleId": finding.rule,
        **({"ruleIndex": order.index(finding.rule)} if finding.rule in order else {}),
        "level": finding.severity.sarif_level,
        "message": {"text": _LINK.sub(r"\\[", visible(text))},
        "locations": [_location(finding.at, prefix)],
        **({"relatedLocations": related} if related else {}),
        "partialFingerprints": {"sessionOps/v1": finding.fingerprint},
        **({"fixes": fixes} if fixes else {}),
        **({} if known is None else {"baselineState": "unchanged" if finding.fingerprint in known else "new"}),
        "properties": {
            "id": finding.id,
            "category": finding.category,
            "gate": finding.gate.value if finding.gate else "",
            "severity": finding.severity.value,
            "confidence": finding.confidence,
        },
    }


def _location(evidence: Evidence, prefix: str) -> dict[str, Any]:
    """Code scanning wants a start line everywhere: a file as a whole, or its absence, stands at line 1."""
    region: dict[str, Any] = {"startLine": max(evidence.line, 1)}
    if evidence.end > evidence.line:
        region["endLine"] = evidence.end
    if evidence.quote:
        region["snippet"] = {"text": visible(evidence.quote)}
    return {"physicalLocation": {"artifactLocation": {"uri": uri(evidence.path, prefix), "uriBaseId": BASE}, "region": region}}


def _fixes(fixes: Sequence[Fix], prefix: str, texts: Texts | None, hide: Redactor) -> dict[str, list[dict[str, Any]]]:
    """Fixes by finding. One that SARIF cannot hold whole (a mode change, an edit that is nowhere, a masked text) is left out."""
    found: dict[str, list[dict[str, Any]]] = {}
    for fix in fixes:
        changes = _changes(fix, prefix, texts, hide)
        if changes:
            one = {"description": {"text": visible(hide.text(fix.title))}, "artifactChanges": changes}
            for finding in fix.findings:
                found.setdefault(finding, []).append(one)
    return found


def _changes(fix: Fix, prefix: str, texts: Texts | None, hide: Redactor) -> list[dict[str, Any]]:
    written = [edit.new for edit in fix.edits] + [new.content for new in fix.creates]
    if fix.modes or any(hide.text(text) != text for text in written):
        return []
    replacements: dict[str, list[dict[str, Any]]] = {}
    for edit in fix.edits:
        region = _region(edit, texts(edit.path)) if texts is not None else None
        if region is None:
            return []
        replacements.setdefault(edit.path, []).append({"deletedRegion": region, "insertedContent": {"text": edit.new}})
    for new in fix.creates:
        nothing = {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 1}
        replacements.setdefault(new.path, []).append({"deletedRegion": nothing, "insertedContent": {"text": new.content}})
    return [
        {"artifactLocation": {"uri": uri(path, prefix), "uriBaseId": BASE}, "replacements": replaced}
        for path, replaced in sorted(replacements.items())
    ]


def _region(edit: Edit, text: str) -> dict[str, int] | None:
    """Where the edit's old text stands; None where it is not there exactly once."""
    start, stop = 0, len(text)
    if edit.line:
        if edit.line > text.count("\n") + 1:
            return None
        start = _offset(text, edit.line)
        end = text.find("\n", start)
        stop = max(start + len(edit.old), len(text) if end < 0 else end + 1)
    if not edit.old or text.count(edit.old, start, stop) != 1:
        return None
    begin = text.index(edit.old, start, stop)
    end = begin + len(edit.old)
    first, last = text.count("\n", 0, begin), text.count("\n", 0, end)
    return {
        "startLine": first + 1,
        "startColumn": begin - (text.rfind("\n", 0, begin) + 1) + 1,
        "endLine": last + 1,
        "endColumn": end - (text.rfind("\n", 0, end) + 1) + 1,
    }


def _offset(text: str, line: int) -> int:
    """Where a line (from 1) begins; lines end with LF alone."""
    at = 0
    for _ in range(line - 1):
        at = text.find("\n", at) + 1
    return at
