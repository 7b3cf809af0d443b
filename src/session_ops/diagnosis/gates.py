"""The eleven gates, judged from what the rules said. Nothing was run: a gate is as sure as the rules that look at it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from session_ops.model import Finding, Gate, GateResult, Outcome, RuleResult, Severity


def judge(results: Sequence[RuleResult], findings: Sequence[Finding]) -> tuple[GateResult, ...]:
    """One result for each gate, in the order of deployment."""
    return tuple(_judge(gate, results, findings) for gate in Gate)


def _judge(gate: Gate, results: Sequence[RuleResult], findings: Sequence[Finding]) -> GateResult:
    here = [finding for finding in findings if finding.gate is gate]
    breaking = tuple(finding.id for finding in here if breaks(finding))
    maybe = [finding for finding in here if not breaks(finding)]
    # a rule may find something that breaks another gate than its own; it looks at both
    rules = [r for r in results if r.gate is gate]
    looked = {outcome: [r for r in rules if r.outcome is outcome] for outcome in Outcome}
    how = _how(rules)
    aside = f"{_count(len(maybe), 'finding')} may cost it: {_names(f.id for f in maybe)}" if maybe else ""
    if breaking:
        return GateResult(gate, Outcome.FAIL, breaking, how, aside)
    if not rules:
        return GateResult(gate, Outcome.OPEN, (), how, _join("no rule looks at this gate yet", aside))
    if undone := [*looked[Outcome.OPEN], *(r for r in looked[Outcome.FAIL] if r.reason)]:
        said = "; ".join(f"{r.rule}: {r.reason}" for r in undone[:3])
        more = f"; and {len(undone) - 3} more" if len(undone) > 3 else ""
        return GateResult(gate, Outcome.OPEN, (), how, _join(f"could not look: {said}{more}", aside))
    if looked[Outcome.BLOCKED]:
        said = "; ".join(f"{r.rule}: {r.reason}" for r in looked[Outcome.BLOCKED][:3])
        return GateResult(gate, Outcome.BLOCKED, (), how, _join(said, aside))
    if maybe or looked[Outcome.FAIL]:
        return GateResult(gate, Outcome.OPEN, (), how, _join("nothing is sure, a person has to look", aside))
    if looked[Outcome.PASS]:
        return GateResult(gate, Outcome.PASS, (), how)
    said = "; ".join(dict.fromkeys(r.reason for r in rules if r.reason))
    return GateResult(gate, Outcome.NOT_APPLICABLE, (), how, said)


def breaks(finding: Finding) -> bool:
    """Does the finding keep its gate shut? Critical ones do; at `follow` those that are not mere guesses."""
    if finding.gate is Gate.FOLLOW:
        return finding.confidence != "possible"
    return finding.severity is Severity.CRITICAL


def _how(rules: Sequence[RuleResult]) -> str:
    if not rules:
        return "nothing was looked at"
    counts = {outcome: sum(r.outcome is outcome for r in rules) for outcome in Outcome}
    said = ", ".join(f"{count} {outcome.value.replace('_', ' ')}" for outcome, count in counts.items() if count)
    return f"{_count(len(rules), 'rule')} read it, nothing was run ({said})"


def _count(number: int, word: str) -> str:
    return f"{number} {word}" + ("" if number == 1 else "s")


def _names(ids: Iterable[str]) -> str:
    listed = list(ids)
    return ", ".join(listed[:4]) + (f" and {len(listed) - 4} more" if len(listed) > 4 else "")


def _join(*parts: str) -> str:
    return "; ".join(part for part in parts if part)
