"""From findings to a solution: fixes that were tried, refused ones with reasons, and the plan."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from session_ops.diagnosis.causes import Known
from session_ops.diagnosis.gates import judge
from session_ops.model import Finding, Fix, Gate, Outcome, Severity
from session_ops.proof.fixes import slug
from session_ops.registry import Checked
from session_ops.solution import plan
from session_ops.solution.approach import approach
from session_ops.solution.fixing import combined
from session_ops.solution.keeping import with_data_kept
from session_ops.solution.loop import Gates, Job, Repair, Step, repair
from session_ops.solution.messages import with_message
from session_ops.solution.phase import COMBINED, Action, Document, FileChange, PatchCheck
from session_ops.solution.proving import prover

if TYPE_CHECKING:
    from session_ops.case import Case

STRENGTH: tuple[Action, ...] = ("mode", "modify", "create", "move", "delete")
"""What happens to a file, the strongest last."""


def solve(case: Case) -> Document:
    """The solution of a case; writes its patches into the case."""
    analysis, diagnosis, discovery = case["analysis"], case["diagnosis"], case["discovery"]
    found = {finding.id: finding for finding in analysis.findings}
    trust = case.parameters.trust_target
    proof = prover(case.tree, case.registry, case.answers, trust=trust) if case.parameters.prove else None
    job = Job(case.tree, case.registry, case.answers, discovery.directives, prove=proof, gates=diagnosis.gates)
    done = repair(job, Checked(analysis.results, analysis.findings), case.facts)
    case.clear("fixes/*.patch")
    kept: list[Fix] = []
    checks: list[PatchCheck] = []
    for number, step in enumerate(done.steps, start=1):
        name = f"fixes/{number:02}-{slug(step.fix)}.patch"
        case.write(name, with_message(step, number, len(done.steps)))
        found |= {finding.id: finding for finding in step.removed if finding.id not in found}
        fix = dataclasses.replace(step.fix, id=f"F{number:02}", patch=name)
        kept.append(fix)
        appeared = tuple(dict.fromkeys(finding.id for finding in step.appeared))
        proven, opens = _proof(step, done)
        checks.append(
            PatchCheck(
                fix.id,
                name,
                not done.unchecked,
                f"git apply --check {name}",
                done.unchecked,
                fix.findings,
                appeared,
                proven,
                opens,
            )
        )
    if kept:
        case.write(COMBINED, combined(case.tree, done))
    known = Known(discovery.references, discovery.history, frozenset(case.tree.entries) | case.tree.folders)
    solved = {one for fix in kept for one in fix.findings}
    by_hand = [f for f in analysis.findings if f.id not in solved and f.severity is not Severity.ADVICE]

    def text_after(path: str) -> str:
        if path not in done.changed:
            return case.tree.text(path)
        state = done.changed[path]
        return state.data.decode("utf-8", "replace") if state is not None else ""

    remedies = {rule.id: rule.remedy for rule in case.registry.rules.values()}
    answered = {assumption.question: assumption.answer for assumption in diagnosis.assumptions}
    way = approach(discovery, case.answers, answered.get("environment", ""), answered.get("shape", ""), text_after)
    steps = plan.steps(kept, by_hand, found, text_after, known, diagnosis.causes, remedies)
    immediate = tuple(fix.id for fix in kept if _immediate(fix, found))
    return Document(
        fixes=tuple(kept), checks=tuple(checks), immediate=immediate,
        structural=tuple(fix.id for fix in kept if fix.id not in immediate), by_hand=tuple(f.id for f in by_hand),
        approach=way,
        plan=with_data_kept(steps, discovery, answered.get("preserve data", ""), way), files=_files(kept),
        refused=dict(sorted(done.refused.items())), ended=done.ended, gates_before=diagnosis.gates,
        gates_after=done.gates_after or judge(done.after.results, done.after.findings),
    )  # fmt: skip


def _proof(step: Step, done: Repair) -> tuple[str, tuple[Gate, ...]]:
    """What was run with a fix, in words, and the gates that it opens."""
    after = next((one.gates for one in done.steps[done.steps.index(step) :] if one.gates), ())
    if not after:
        return "", ()
    before = next((one.gates for one in reversed(done.steps[: done.steps.index(step)]) if one.gates), done.gates_before)
    count = sum(not run.skipped for result in after for run in result.runs)
    alone = "it and the fixes before it" if step.gates else f"all fixes of round {step.round}"
    opens = _holding(after) - _holding(before) if step.gates else frozenset[Gate]()
    holding = [gate for gate in Gate if gate in _holding(after)]
    said = f"{count} command{'' if count == 1 else 's'} ran in a sandboxed copy with {alone}: no gate that held fails"
    return f"{said}, {', '.join(holding)} hold{'s' if len(holding) == 1 else ''}" if holding else said, tuple(
        gate for gate in Gate if gate in opens
    )


def _holding(gates: Gates) -> frozenset[Gate]:
    return frozenset(result.gate for result in gates if result.outcome is Outcome.PASS)


def _immediate(fix: Fix, findings: Mapping[str, Finding]) -> bool:
    """To be done now: it opens a gate, or is a safe change to what is there. New parts that cost no gate are structural."""
    critical = any(findings[one].severity is Severity.CRITICAL for one in fix.findings if one in findings)
    return critical or (fix.safety == "safe" and not fix.creates)


def _files(fixes: Iterable[Fix]) -> tuple[FileChange, ...]:
    """Every file that the fixes touch, once, with the strongest thing that happens to it."""
    action: dict[str, Action] = {}
    by: dict[str, list[Fix]] = {}
    for fix in fixes:
        did: dict[str, Action] = dict.fromkeys((mode.path for mode in fix.modes), "mode")
        did |= dict.fromkeys((edit.path for edit in fix.edits), "modify")
        did |= dict.fromkeys((new.path for new in fix.creates), "create")
        did |= dict.fromkeys((*fix.deletes, *(move.path for move in fix.moves)), "delete")
        did |= dict.fromkeys((move.to for move in fix.moves), "move")
        for path, what in did.items():
            by.setdefault(path, []).append(fix)
            action[path] = max(what, action.get(path, what), key=STRENGTH.index)
    return tuple(
        FileChange(path, action[path], tuple(f.id for f in by[path]), "; ".join(dict.fromkeys(f.title for f in by[path])))
        for path in sorted(by)
    )
