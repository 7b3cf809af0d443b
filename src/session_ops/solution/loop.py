"""The loop of repair: take what the rules offer, try it in a copy, keep what helps, and look again.

A round takes the fixes that the findings offer at that moment, makes patches that apply one after another, and drops those that remove
nothing or bring something new. What a fix brought to light (a manifest that is back names a file that is not) is met in the next
round. It ends when nothing is offered any more, on its limit, or when a problem that was gone is there again.
"""

from __future__ import annotations

import contextlib
import dataclasses
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from session_ops.discovery.docs import Directive
from session_ops.discovery.files import Tree
from session_ops.model import Answers, Finding, Fix, Gate, GateResult, Outcome, Severity
from session_ops.proof.effects import Effect, effects
from session_ops.proof.fixes import offered, united
from session_ops.proof.patches import State
from session_ops.proof.series import Link, Series, series
from session_ops.proof.trial import Trial
from session_ops.registry import Checked, Facts, Registry, check
from session_ops.solution import plan
from session_ops.solution.constraints import broken_by

ROUNDS = 6
"""How often the rules are asked again for fixes."""
TRIES = 5
"""How often a round's series is made anew after fixes were dropped, before what still does harm is dropped all at once."""

PATIENCE = 300
"""Commands of proofs of single steps in one round; where there would be more, the round is proven as a whole. Counted, not timed, so that
two runs come to the same."""

TOGETHER = "it does not go together with"
"""What `series` says of a fix that collides with another one: the next round tries it again."""

Changed = dict[str, State | None]
Gates = tuple[GateResult, ...]
Proof = Callable[[Changed], Gates]
"""Runs the gates on the target with these files changed."""


@dataclass(frozen=True)
class Step:
    """A fix that was kept: its patch, what it removed, what appeared with it, and all changed files as they are after it.

    The patch applies to the target as it is after the steps of earlier rounds. `gates` are those of the proof after this step, empty
    where it was not proven by itself.
    """

    fix: Fix
    patch: bytes
    removed: tuple[Finding, ...]
    appeared: tuple[Finding, ...]
    after: Changed
    round: int
    gates: Gates = ()


@dataclass
class Repair:
    """What the loop came to. `refused` says of each fix that was dropped why; `ended` why the loop stopped."""

    before: Checked
    after: Checked
    steps: list[Step] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    ended: str = ""
    unchecked: str = ""
    gates_before: Gates = ()
    gates_after: Gates = ()

    @property
    def changed(self) -> Changed:
        """Every file that the steps change, as it is at the end."""
        return self.steps[-1].after if self.steps else {}


@dataclass(frozen=True)
class Job:
    """What is repaired, and within which bounds. `only` leaves out fixes that want a person's eye; `prove` runs the gates."""

    tree: Tree
    registry: Registry
    answers: Answers
    directives: Sequence[Directive] = ()
    only: Literal["safe", "all"] = "all"
    prove: Proof | None = None
    gates: Gates = ()
    """What the proof says of the target as it is, where that is known already."""


def repair(job: Job, before: Checked, facts: Facts) -> Repair:
    """Run the loop on a target whose rules said `before`; `facts` are those of the target as it is."""
    done = Repair(before, before)
    if job.prove is not None:
        done.gates_before = done.gates_after = job.gates or job.prove({})
    gone: set[str] = set()
    tree, now = job.tree, before
    with contextlib.ExitStack() as stack:
        for number in range(1, ROUNDS + 1):
            trial = stack.enter_context(Trial(tree, job.registry, job.answers))
            fixes = _wanted(job, facts, now, done.refused)
            found, effect = _tried(fixes, tree, now, trial, done.refused)
            done.unchecked = done.unchecked or found.unchecked
            steps = _steps(found, effect, now, done.changed, number)
            if job.prove is not None and steps:
                known = len(done.refused)
                steps = _proven(job, steps, done)
                if not steps and len(done.refused) > known:
                    continue
            if not steps:
                done.ended = done.ended or "nothing more that helps is offered"
                break
            done.steps += steps
            tree = trial.changed_tree(_within(steps[-1].after, done.steps, number))
            facts = Facts(job.registry, {"tree": tree, "answers": job.answers})
            later = check(job.registry, facts, tree.root)
            here = {f.fingerprint for f in later.findings}
            back = [f for f in later.findings if f.fingerprint in gone]
            gone |= {f.fingerprint for f in now.findings} - here
            now = done.after = later
            if back:
                done.ended = f"a problem that was gone is there again: {back[0].rule} at {back[0].at.place}"
                break
        else:
            done.ended = f"its limit of {ROUNDS} rounds"
    for step in done.steps:  # one that did not go together with another was kept in a later round
        for name in (step.fix.title, f"{step.fix.title} ({', '.join(step.fix.findings)})"):
            if TOGETHER in done.refused.get(name, ""):
                del done.refused[name]
    return done


def _within(after: Changed, steps: Sequence[Step], number: int) -> Changed:
    """Of all changed files those that differ from where this round began."""
    earlier = next((step.after for step in reversed(steps) if step.round < number), {})
    return {path: state for path, state in after.items() if path not in earlier or earlier[path] != state}


def _wanted(job: Job, facts: Facts, now: Checked, refused: dict[str, str]) -> list[Fix]:
    """The fixes that the findings offer, few of many, in the order of work, without those that were refused before."""
    found = {finding.id: finding for finding in now.findings}
    fixes, failed = offered(job.registry, facts, now.findings)
    for one, why in failed.items():
        refused.setdefault(f"{found[one].rule} at {found[one].at.place}", why)
    wanted = []
    for fix in united(fixes, {one: finding.rule for one, finding in found.items()}):
        if (fix.title in refused and TOGETHER not in refused[fix.title]) or (job.only == "safe" and fix.safety != "safe"):
            continue
        if why := broken_by(fix, job.directives):
            refuse(refused, fix, why)
        else:
            wanted.append(fix)
    wanted.sort(key=lambda fix: plan.rank(fix.findings, found))
    return wanted


def _tried(
    fixes: Sequence[Fix], tree: Tree, before: Checked, trial: Trial, refused: dict[str, str]
) -> tuple[Series, list[Effect]]:
    """The fixes that apply, remove something and bring nothing critical; the others go into `refused`."""
    done = Series(unchecked="" if shutil.which("git") else "git is absent")
    for _ in range(TRIES):
        done = series(fixes, tree, trial)
        for fix, why in done.refused:
            refuse(refused, fix, why)
        effect = effects(done.links, before, trial, len(tree.entries))
        bad = [(link, one, why) for link, one in zip(done.links, effect, strict=True) if (why := _harm(link, one))]
        for link, _, why in bad:
            refuse(refused, link.fix, why)
        fixes = [link.fix for link in done.links if all(link is not other for other, _, _ in bad)]
        if not bad:
            return done, effect
    for link in done.links:
        if link.fix in fixes:
            refuse(refused, link.fix, "what it does could not be told from what others do; take it by hand")
    return Series(unchecked=done.unchecked), []


def _harm(link: Link, effect: Effect) -> str:
    """Why a fix is dropped after it was tried; empty for a good one."""
    worse = [f for f in effect.appeared if f.severity is Severity.CRITICAL]
    if worse:
        return f"it brings something new: {worse[0].rule} at {worse[0].at.place}: {worse[0].message}"
    if not effect.removed:
        return f"it removes nothing: the rules still find {', '.join(link.fix.findings[:3])}"
    return ""


def refuse(refused: dict[str, str], fix: Fix, why: str) -> None:
    """Note why a fix is dropped; two of one title are told apart by their findings."""
    name = fix.title if fix.title not in refused else f"{fix.title} ({', '.join(fix.findings)})"
    refused[name] = why


def _steps(found: Series, effect: Sequence[Effect], now: Checked, changed: Changed, number: int) -> list[Step]:
    by_id = {finding.id: finding for finding in now.findings}
    steps = []
    for link, one in zip(found.links, effect, strict=True):
        removed = tuple(by_id[name] for name in dict.fromkeys(one.removed))
        fix = dataclasses.replace(link.fix, findings=tuple(finding.id for finding in removed))
        steps.append(Step(fix, link.patch, removed, tuple(one.appeared), changed | link.after, number))
    return steps


def _proven(job: Job, steps: Sequence[Step], done: Repair) -> list[Step]:
    """The steps without those that make a gate fail which held before; these are dropped and said.

    Each step is proven by itself where that takes little time. Else all of them are proven at once, and one by one only where that shows
    harm. What follows a harmful step is offered again in the next round.
    """
    assert job.prove is not None  # noqa: S101 - the caller asked
    if len(steps) * sum(len(result.runs) for result in done.gates_before) > PATIENCE:
        after = job.prove(steps[-1].after)
        if broken(done.gates_after, after) is None:
            done.gates_after = after
            return [*steps[:-1], dataclasses.replace(steps[-1], gates=after)]
    kept: list[Step] = []
    for step in steps:
        after = job.prove(step.after)
        worse = broken(done.gates_after, after)
        if worse and not _only_told(worse, step):
            refuse(done.refused, step.fix, f"with it the gate {worse.gate} fails, which held before: {said(worse)}")
            break
        kept.append(dataclasses.replace(step, gates=after))
        done.gates_after = after
    return kept


def broken(before: Iterable[GateResult], after: Iterable[GateResult]) -> GateResult | None:
    """The first gate that held before and fails after."""
    held = {result.gate for result in before if result.outcome is Outcome.PASS}
    return next((result for result in after if result.gate in held and result.outcome is Outcome.FAIL), None)


def _only_told(worse: GateResult, step: Step) -> bool:
    """Does a fix of what costs more merely bring to light what rules, and no command, say of the rest?

    A manifest that is back is one more thing for the README to contradict; what is critical and new was dropped before.
    """
    if any(run.wrong for run in worse.runs):
        return False
    told = worse.gate is Gate.FOLLOW
    return any(f.severity is Severity.CRITICAL or (told and f.gate is not Gate.FOLLOW) for f in step.removed)


def said(result: GateResult) -> str:
    """What made a gate fail, in one line."""
    return result.reason or ", ".join(result.findings[:3]) or result.how


def left(done: Repair) -> list[Finding]:
    """What a person has to do: findings that no step removed, advice left out, what is critical first."""
    rest = [finding for finding in done.after.findings if finding.severity is not Severity.ADVICE]
    return sorted(rest, key=lambda f: (f.severity is not Severity.CRITICAL, f.at.path, f.at.line, f.id))


def outcome_of(gates: Iterable[GateResult]) -> Mapping[str, Outcome]:
    """Outcome by gate."""
    return {result.gate.value: result.outcome for result in gates}
