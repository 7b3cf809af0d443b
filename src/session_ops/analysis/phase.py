"""The analysis document: what every rule said, and the findings whose evidence held."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from session_ops.model import Finding, Outcome, RuleResult
from session_ops.registry import check

if TYPE_CHECKING:
    from session_ops.case import Case


@dataclass(frozen=True)
class Document:
    """One result for each rule, all findings (sorted by path and line), and the facts that could not be read."""

    results: tuple[RuleResult, ...]
    findings: tuple[Finding, ...]
    unread: dict[str, str]

    def open(self) -> tuple[RuleResult, ...]:
        """Rules that could not look, or dropped something."""
        return tuple(r for r in self.results if r.outcome is Outcome.OPEN or (r.reason and r.outcome is Outcome.FAIL))


def compute(case: Case) -> Document:
    """Run all rules on the case's target."""
    checked = check(case.registry, case.facts, case.tree.root)
    return Document(checked.results, checked.findings, case.facts.broken)
