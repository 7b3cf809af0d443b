"""All that the report shows, gathered from the documents of a case and masked once, before anything is rendered."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from session_ops.diagnosis.phase import Cause
from session_ops.diagnosis.phase import Document as Diagnosis
from session_ops.discovery.mechanism import Mechanism
from session_ops.lifecycles.phase import Document as Lifecycles
from session_ops.model import Evidence, Finding, Fix, Gate, GateResult, Outcome, RuleResult, Severity
from session_ops.report.phase import NotChecked, QualityCheck
from session_ops.report.redact import SECRET, Redactor, is_secret
from session_ops.solution.phase import COMBINED, PatchCheck, PlanStep
from session_ops.solution.phase import Document as Solution

if TYPE_CHECKING:
    from session_ops.discovery.files import Tree

AROUND = 3
"""Lines of context shown before and after a quoted line."""


@dataclass(frozen=True)
class Line:
    """One line of an excerpt; `hit` marks those that the finding is about."""

    number: int
    text: str
    hit: bool


@dataclass(frozen=True)
class Picture:
    """A chart: file name below figures/, alternative text, bytes."""

    name: str
    alt: str
    data: bytes


@dataclass(frozen=True)
class Contents:
    """What the report shows. Every text is masked already; escaping is the renderer's.

    `state` are names and values that describe the target; `excerpts` lines around each finding by its id; `patches` the text of
    each fix's patch by its id; `tracking` the rows of the table of the mechanism.
    """

    name: str
    version: str
    state: tuple[tuple[str, str], ...]
    results: tuple[RuleResult, ...]
    findings: tuple[Finding, ...]
    lifecycles: Lifecycles
    diagnosis: Diagnosis
    solution: Solution
    quality: tuple[QualityCheck, ...]
    not_checked: tuple[NotChecked, ...]
    excerpts: Mapping[str, tuple[Line, ...]] = field(default_factory=dict)
    patches: Mapping[str, str] = field(default_factory=dict)
    pictures: tuple[Picture, ...] = ()
    mechanism: Mechanism = field(default_factory=Mechanism)
    tracking: tuple[Mapping[str, str], ...] = ()

    def masked(self, redactor: Redactor) -> Contents:
        """The same without what must not leave the machine."""
        hide = redactor.knowing(self.findings)
        findings = tuple(hide.finding(f) for f in self.findings)
        secret = {f.id: f.at.quote or SECRET for f in findings if is_secret(f)}
        shown = {
            key: tuple(replace(line, text=secret[key]) if key in secret and line.hit else hide.all(line) for line in lines)
            for key, lines in self.excerpts.items()
        }
        rest = replace(self, findings=(), excerpts={}, pictures=())
        pictures = tuple(replace(p, alt=hide.text(p.alt)) for p in self.pictures)
        return replace(hide.all(rest), findings=findings, excerpts=shown, pictures=pictures)

    @cached_property
    def by_id(self) -> dict[str, Finding]:
        """Findings by id."""
        return {f.id: f for f in self.findings}

    def of(self, severity: Severity) -> tuple[Finding, ...]:
        """Findings of one severity, those that break the earliest gate first."""
        order = list(Gate)
        chosen = [f for f in self.findings if f.severity is severity]
        return tuple(sorted(chosen, key=lambda f: (order.index(f.gate) if f.gate else len(order), f.at.path, f.at.line, f.id)))

    @property
    def critical(self) -> tuple[Finding, ...]:
        """What breaks a gate."""
        return self.of(Severity.CRITICAL)

    @property
    def gaps(self) -> tuple[Finding, ...]:
        """What is missing or misleads and breaks no gate but `follow`."""
        return self.of(Severity.GAP)

    @property
    def advice(self) -> tuple[Finding, ...]:
        """The rest."""
        return self.of(Severity.ADVICE)

    @cached_property
    def security(self) -> tuple[Finding, ...]:
        """Findings that the diagnosis counts as security."""
        return tuple(self.by_id[i] for i in self.diagnosis.security if i in self.by_id)

    @cached_property
    def fix_by_id(self) -> dict[str, Fix]:
        """Fixes by id."""
        return {fix.id: fix for fix in self.solution.fixes}

    def fixes_of(self, finding: Finding) -> tuple[Fix, ...]:
        """Fixes that remove a finding."""
        return tuple(fix for fix in self.solution.fixes if finding.id in fix.findings)

    def fixes_named(self, ids: tuple[str, ...]) -> tuple[Fix, ...]:
        """Fixes by ids, in their order."""
        return tuple(self.fix_by_id[i] for i in ids if i in self.fix_by_id)

    def breaks(self, finding: Finding) -> str:
        """What a finding does to its gate, as sure as we are."""
        if finding.gate is None:
            return "costs no gate"
        return f"{'may break' if finding.confidence == 'possible' else 'breaks'} {finding.gate.value}"

    def causes_of(self, gate: Gate) -> tuple[int, ...]:
        """Numbers (from 1) of the causes that keep a gate shut."""
        return tuple(n for n, cause in enumerate(self.diagnosis.causes, start=1) if gate in cause.gates)

    def known(self, ids: tuple[str, ...]) -> tuple[Finding, ...]:
        """Findings by ids; one that is not in this report is left out."""
        return tuple(self.by_id[i] for i in ids if i in self.by_id)

    def check_of(self, fix: Fix) -> PatchCheck | None:
        """What was found out about a fix's patch."""
        return next((c for c in self.solution.checks if c.fix == fix.id), None)

    def patch_name(self, fix: Fix) -> str:
        """The patch's file, relative to the case."""
        check = self.check_of(fix)
        return (check.patch if check else "") or fix.patch

    def steps_of(self, finding: Finding) -> tuple[PlanStep, ...]:
        """Steps of the plan that are done by hand for this finding."""
        return tuple(step for step in self.solution.plan if not step.fix and finding.id in step.findings)

    def proof(self, fix: Fix, finding: Finding | None = None) -> str:
        """What is known of a fix, no more than was done."""
        check = self.check_of(fix)
        if check is None:
            return "none: its patch was not checked"
        if not check.applies:
            return f"none: the patch does not apply ({check.said or check.command})"
        said = "the patch applies in a copy"
        if finding is None:
            said += f"; read again with it, the rules find {len(check.removed)} no more"
        elif {finding.id, finding.fingerprint} & set(check.removed):
            said += "; read again with it, the rule finds this no more"
        ran = check.proof or "nothing was run with it (--prove does)"
        opens = f"; it opens {', '.join(gate.value for gate in check.opens)}" if check.opens else ""
        return f"{said}; {ran}{opens}"

    @cached_property
    def after(self) -> dict[Gate, GateResult]:
        """The gates with all fixes."""
        return {result.gate: result for result in self.solution.gates_after}

    @property
    def after_words(self) -> str:
        """What the gates are with all fixes, in a sentence; empty where there are no fixes."""
        if not self.solution.fixes or not self.after:
            return ""
        applying = [g for g in self.diagnosis.gates if g.outcome is not Outcome.NOT_APPLICABLE]
        held = sum(g.outcome is Outcome.PASS for g in applying)
        now = [g for g in self.after.values() if g.outcome is not Outcome.NOT_APPLICABLE]
        holding = sum(g.outcome is Outcome.PASS for g in now)
        fail = [g.gate.value for g in now if g.outcome is Outcome.FAIL]
        how = "run in a copy" if self.proven else "as the rules read it, nothing was run"
        rest = f"; {', '.join(fail)} still fail{'s' if len(fail) == 1 else ''}" if fail else ""
        many = f"{len(self.solution.fixes)} fix{'' if len(self.solution.fixes) == 1 else 'es'}"
        return f"With the {many}, {holding} of {len(now)} gates hold, without them {held} of {len(applying)}{rest} ({how})."

    @property
    def all_at_once(self) -> str:
        """The command that applies all fixes."""
        return f'git apply "$CASE/{COMBINED}"'

    @property
    def proven(self) -> bool:
        """Was something run with the fixes?"""
        return any(result.runs for result in self.solution.gates_after)

    @property
    def headline(self) -> str:
        """The diagnosis in a sentence, without the verdict that stands above it."""
        said = re.sub(r"^(Not deployable|Open|Deployable): ", "", self.diagnosis.headline)
        return said[:1].upper() + said[1:]

    @cached_property
    def first_steps(self) -> tuple[PlanStep, ...]:
        """What to do first: the steps that end what stops it, the first cause's before the rest; any others only where there are too few."""
        critical = {f.id for f in self.critical}
        causes = [set(cause.findings) & critical for cause in self.first_causes]

        def rank(step: PlanStep) -> tuple[int, int]:
            ends = set(step.findings) & critical
            cause = next((n for n, found in enumerate(causes) if found & ends), len(causes))
            return (cause if ends else len(causes) + 1, step.number)

        return tuple(sorted(self.solution.plan, key=rank)[:3])

    @property
    def first_causes(self) -> tuple[Cause, ...]:
        """The causes on which most hangs: those that keep a gate shut, where there are any."""
        shut = tuple(cause for cause in self.diagnosis.causes if cause.gates)
        return (shut or self.diagnosis.causes)[:3]

    def explained(self, step: PlanStep) -> str:
        """How a step is done, without the command that stands beside it."""
        return re.sub(r"^git apply \S+(?: \([^)]*\))?: ", "", step.how) if self.command(step) else step.how

    def command(self, step: PlanStep) -> str:
        """The command of a step of the plan; empty where it is done by hand."""
        fix = self.fix_by_id.get(step.fix) or next((f for f in self.solution.fixes if self.patch_name(f) == step.fix), None)
        name = self.patch_name(fix) if fix else step.fix
        if not name:
            return ""
        return f'git apply "$CASE/{name}"'


def excerpts(findings: tuple[Finding, ...], tree: Tree) -> dict[str, tuple[Line, ...]]:
    """The lines around each finding that has a line. Of a secret only its own line is shown, masked later."""
    found = {}
    for f in findings:
        if f.at.line:
            found[f.id] = _excerpt(f.at, tree, 0 if is_secret(f) else AROUND)
    return found


def _excerpt(at: Evidence, tree: Tree, around: int) -> tuple[Line, ...]:
    lines = tree.lines(at.path)
    last_hit = max(at.end, at.line)
    stop = min(last_hit, at.line + 8)  # a long range is shown by its beginning
    numbers = range(max(1, at.line - around), min(len(lines), stop + around) + 1)
    return tuple(Line(n, lines[n - 1], at.line <= n <= last_hit) for n in numbers)


def brief(text: str, limit: int = 200) -> str:
    """The first sentence of a longer text, cut at a word where it is long itself."""
    whole = " ".join(text.split())
    first = re.split(r"(?<=[.!?])\s+(?=\S)", whole, maxsplit=1)[0]
    return first if len(first) <= limit else first[:limit].rsplit(" ", 1)[0] + " …"
