"""From findings to a solution: fixes that were tried, refused ones with reasons, and the plan."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from session_ops.diagnosis.causes import Known
from session_ops.model import Finding, Fix, Severity
from session_ops.registry import Checked
from session_ops.solution import plan
from session_ops.solution.approach import approach
from session_ops.solution.constraints import broken_by
from session_ops.solution.effects import Effect, effects
from session_ops.solution.fixes import offered, slug, united
from session_ops.solution.phase import Document, FileChange, PatchCheck
from session_ops.solution.series import Link, Series, series
from session_ops.solution.trial import Trial

if TYPE_CHECKING:
    from session_ops.case import Case

ROUNDS = 5
"""How often the series is made anew after fixes were dropped, before what still does harm is dropped all at once."""


def solve(case: Case) -> Document:
    """The solution of a case; writes its patches into the case."""
    analysis, diagnosis = case["analysis"], case["diagnosis"]
    found = {finding.id: finding for finding in analysis.findings}
    refused: dict[str, str] = {}
    fixes, failed = offered(case.registry, case.facts, analysis.findings)
    refused |= {f"{found[one].rule} at {found[one].at.place}": why for one, why in failed.items()}
    fixes = united(fixes, {one: finding.rule for one, finding in found.items()})
    directives = case["discovery"].directives
    allowed = []
    for fix in fixes:
        if why := broken_by(fix, directives):
            _refuse(refused, fix, why)
        else:
            allowed.append(fix)
    allowed.sort(key=lambda fix: plan.rank(fix.findings, found))
    with Trial(case.tree, case.registry, case.answers) as trial:
        done, effect = _tried(case, allowed, Checked(analysis.results, analysis.findings), trial, refused)
    case.clear("fixes/*.patch")
    kept: list[Fix] = []
    checks: list[PatchCheck] = []
    for number, (link, one) in enumerate(zip(done.links, effect, strict=True), start=1):
        name = f"fixes/{number:02}-{slug(link.fix)}.patch"
        case.write(name, link.patch)
        fix = dataclasses.replace(link.fix, id=f"F{number:02}", patch=name, findings=tuple(dict.fromkeys(one.removed)))
        kept.append(fix)
        appeared = tuple(dict.fromkeys(finding.id for finding in one.appeared))
        checks.append(
            PatchCheck(fix.id, name, not done.unchecked, f"git apply --check {name}", done.unchecked, fix.findings, appeared)
        )
    discovery = case["discovery"]
    known = Known(discovery.references, discovery.history, frozenset(case.tree.entries) | case.tree.folders)
    solved = {one for fix in kept for one in fix.findings}
    by_hand = [f for f in analysis.findings if f.id not in solved and f.severity is not Severity.ADVICE]
    after = done.links[-1].after if done.links else {}

    def text_after(path: str) -> str:
        return after[path].data.decode("utf-8", "replace") if path in after else case.tree.text(path)

    remedies = {rule.id: rule.remedy for rule in case.registry.rules.values()}
    answered = {assumption.question: assumption.answer for assumption in diagnosis.assumptions}
    immediate = tuple(fix.id for fix in kept if _immediate(fix, found))
    return Document(
        fixes=tuple(kept), checks=tuple(checks), immediate=immediate,
        structural=tuple(fix.id for fix in kept if fix.id not in immediate), by_hand=tuple(f.id for f in by_hand),
        approach=approach(discovery, case.answers, answered.get("environment", ""), answered.get("shape", ""), text_after),
        plan=plan.steps(kept, by_hand, found, text_after, known, diagnosis.causes, remedies), files=_files(kept), refused=dict(sorted(refused.items())),
    )  # fmt: skip


def _tried(
    case: Case, fixes: Sequence[Fix], before: Checked, trial: Trial, refused: dict[str, str]
) -> tuple[Series, list[Effect]]:
    """The fixes that apply, remove something and bring nothing critical; the others go into `refused`."""
    done = Series(unchecked="" if shutil.which("git") else "git is absent")
    effect: list[Effect] = []
    for _ in range(ROUNDS):
        done = series(fixes, case.tree, trial)
        for fix, why in done.refused:
            _refuse(refused, fix, why)
        effect = effects(done.links, before, trial, len(case.tree.entries))
        bad = [(link, one, why) for link, one in zip(done.links, effect, strict=True) if (why := _harm(link, one))]
        for link, _, why in bad:
            _refuse(refused, link.fix, why)
        fixes = [link.fix for link in done.links if all(link is not other for other, _, _ in bad)]
        if not bad:
            return done, effect
    for link in done.links:
        if link.fix in fixes:
            _refuse(refused, link.fix, "what it does could not be told from what others do; take it by hand")
    return Series(unchecked=done.unchecked), []


def _harm(link: Link, effect: Effect) -> str:
    """Why a fix is dropped after it was tried; empty for a good one."""
    worse = [f for f in effect.appeared if f.severity is Severity.CRITICAL]
    if worse:
        return f"it brings something new: {worse[0].rule} at {worse[0].at.place}: {worse[0].message}"
    if not effect.removed:
        return f"it removes nothing: the rules still find {', '.join(link.fix.findings[:3])}"
    return ""


def _refuse(refused: dict[str, str], fix: Fix, why: str) -> None:
    name = fix.title if fix.title not in refused else f"{fix.title} ({', '.join(fix.findings)})"
    refused[name] = why


def _immediate(fix: Fix, findings: Mapping[str, Finding]) -> bool:
    """To be done now: it opens a gate, or is a safe change to what is there. New parts that cost no gate are structural."""
    critical = any(findings[one].severity is Severity.CRITICAL for one in fix.findings if one in findings)
    return critical or (fix.safety == "safe" and not fix.creates)


def _files(fixes: Iterable[Fix]) -> tuple[FileChange, ...]:
    """Every file that the fixes touch, once, with the strongest thing that happens to it."""
    action: dict[str, Literal["create", "modify", "mode"]] = {}
    by: dict[str, list[Fix]] = {}
    for fix in fixes:
        created, edited = {new.path for new in fix.creates}, {edit.path for edit in fix.edits}
        for path in fix.paths:
            by.setdefault(path, []).append(fix)
            if path in created:
                action[path] = "create"
            elif action.get(path) != "create":
                action[path] = "modify" if path in edited or action.get(path) == "modify" else "mode"
    return tuple(
        FileChange(path, action[path], tuple(f.id for f in by[path]), "; ".join(dict.fromkeys(f.title for f in by[path])))
        for path in sorted(by)
    )
