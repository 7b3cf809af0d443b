"""Which findings touch security, and what was looked at for it."""

from __future__ import annotations

from collections.abc import Sequence

from session_ops.model import Finding, Gate, Outcome, RuleResult


def touching(findings: Sequence[Finding]) -> tuple[str, ...]:
    """Ids of findings of the category security and of those that break the gate guard, worst first."""
    rank = {"critical": 0, "gap": 1, "advice": 2}
    concerned = [f for f in findings if f.category == "security" or f.gate is Gate.GUARD]
    return tuple(f.id for f in sorted(concerned, key=lambda f: (rank[f.severity], f.at.path, f.at.line, f.id)))


def looked_at(results: Sequence[RuleResult]) -> tuple[str, ...]:
    """One sentence for each rule that concerns security: what it looks for and what became of it."""
    said = {
        Outcome.FAIL: "found something", Outcome.PASS: "found nothing", Outcome.NOT_APPLICABLE: "had nothing to look at",
        Outcome.BLOCKED: "was not run", Outcome.OPEN: "could not look",
    }  # fmt: skip
    concerned = [r for r in results if r.category == "security" or r.gate is Gate.GUARD]
    if not concerned:
        return ("No rule looks at security yet.",)
    return tuple(
        f"{r.title.rstrip('.')} ({r.rule}): {said[r.outcome]}{f', {r.reason}' if r.reason else ''}." for r in concerned
    )
