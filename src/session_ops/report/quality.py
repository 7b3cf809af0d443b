"""The six quality checks, each computed, and the list of what was not checked."""

from __future__ import annotations

from collections.abc import Callable

from session_ops.analysis.phase import Document as Analysis
from session_ops.diagnosis.phase import Document as Diagnosis
from session_ops.discovery.files import unread_files
from session_ops.discovery.phase import Document as Discovery
from session_ops.lifecycles.phase import Document as Lifecycles
from session_ops.model import CommandRun, Evidence, Gate, Outcome, Severity
from session_ops.report.phase import NotChecked, QualityCheck
from session_ops.report.text import plural
from session_ops.solution.phase import Document as Solution
from session_ops.solution.phase import PlanStep

NAMED = 5
"""Unread files that are named before the rest is only counted."""
Reread = Callable[[Evidence], str]
"""Reads evidence again; returns what does not hold, or an empty string (`registry.reread`)."""


def quality(
    discovery: Discovery, analysis: Analysis, diagnosis: Diagnosis, solution: Solution, reread: Reread
) -> tuple[QualityCheck, ...]:
    """The six checks of the report, in its order."""
    return (
        _whole_folder(discovery),
        _blocking_files(analysis, diagnosis, reread),
        _concrete(analysis, solution),
        _security(analysis, diagnosis),
        _build_requirements(discovery),
        _specific(analysis, solution),
    )


def _whole_folder(found: Discovery) -> QualityCheck:
    files = [f for f in found.files if f.kind == "file"]
    read = sum(f.status == "read" for f in files)
    unread = unread_files(found.files)
    other = len(files) - read - sum(f.kind == "file" for f in unread)
    said = f"{read:,} of {plural(len(files), 'file')} read as text"
    said += f", {other:,} binary" if other else ""
    if unread:
        named = ", ".join(f"`{f.path}` ({f.reason})" for f in unread[:NAMED])
        said += f"; not read: {named}" + (f" and {len(unread) - NAMED:,} more" if len(unread) > NAMED else "")
    return QualityCheck("Whole folder read", not unread, said)


def _blocking_files(analysis: Analysis, diagnosis: Diagnosis, reread: Reread) -> QualityCheck:
    critical = [f for f in analysis.findings if f.severity is Severity.CRITICAL]
    if not critical:
        holds = diagnosis.verdict != "blocked"
        return QualityCheck(
            "Blocking files identified",
            holds,
            "nothing critical was found" if holds else "blocked without a finding that says where",
        )
    held = sum(not any(reread(e) for e in (f.at, *f.also)) for f in critical)
    files = len({f.at.path for f in critical})
    said = f"{plural(len(critical), 'critical finding')} in {plural(files, 'file')}; {held:,} of {len(critical):,} places were read again now and still say it"
    return QualityCheck("Blocking files identified", held == len(critical), said)


def _concrete(analysis: Analysis, solution: Solution) -> QualityCheck:
    critical = {f.id for f in analysis.findings if f.severity is Severity.CRITICAL}
    applies = {c.fix for c in solution.checks if c.applies}
    patched = critical & {i for fix in solution.fixes if fix.id in applies for i in fix.findings}
    by_hand = (critical - patched) & {i for step in solution.plan if step.how for i in step.findings}
    if not critical:
        return QualityCheck("Solutions concrete and actionable", True, "nothing critical needs one")
    said = f"{len(patched):,} of {plural(len(critical), 'critical finding')} have a patch that applies, {len(by_hand):,} a step by hand"
    left = len(critical) - len(patched) - len(by_hand)
    said += f", {left:,} neither" if left else ""
    return QualityCheck("Solutions concrete and actionable", not left, said)


def _security(analysis: Analysis, diagnosis: Diagnosis) -> QualityCheck:
    rules = [r for r in analysis.results if r.category == "security" or r.gate is Gate.GUARD]
    looked = [r for r in rules if r.outcome in (Outcome.PASS, Outcome.FAIL, Outcome.NOT_APPLICABLE)]
    said = f"{len(looked):,} of {plural(len(rules), 'security rule')} looked, {plural(len(diagnosis.security), 'finding')}"
    return QualityCheck("Security considered", bool(rules) and len(looked) == len(rules), said)


def _build_requirements(found: Discovery) -> QualityCheck:
    parsed = sum(not m.broken for m in found.manifests)
    lost = sorted({"manifests", "docs", "directives"} & set(found.unread))
    said = f"{parsed:,} of {plural(len(found.manifests), 'manifest')} parse" if found.manifests else "there is no manifest"
    paths = {d.path for d in found.directives}
    said += (
        f"; {plural(len(found.directives), 'directive')} read in {plural(len(paths), 'file')}"
        if paths
        else "; no directive for agents or builders"
    )
    said += f"; not read: {', '.join(lost)}" if lost else ""
    return QualityCheck("Project build requirements checked", not lost and parsed == len(found.manifests), said)


def _specific(analysis: Analysis, solution: Solution) -> QualityCheck:
    places = {f.id for f in analysis.findings if f.at.path}
    touched = {fix.id for fix in solution.fixes if fix.paths} | {fix.patch for fix in solution.fixes if fix.paths and fix.patch}

    def exact(step: PlanStep) -> bool:
        return bool(step.fix in touched or places & set(step.findings)) and bool(step.fix or step.check)

    if not solution.plan:
        needed = bool(analysis.findings)
        return QualityCheck(
            "Specific enough to do at once", not needed, "there is no plan" if needed else "there is nothing to do"
        )
    good = sum(exact(step) for step in solution.plan)
    said = f"{good:,} of {plural(len(solution.plan), 'step')} name a file and a command"
    return QualityCheck("Specific enough to do at once", good == len(solution.plan), said)


def not_checked(
    discovery: Discovery, analysis: Analysis, lifecycles: Lifecycles, diagnosis: Diagnosis, solution: Solution
) -> tuple[NotChecked, ...]:
    """All that nobody looked at, with the reason and, where there is one, the way to have it looked at."""
    stopped = (Outcome.OPEN, Outcome.BLOCKED)
    found = [
        NotChecked(f"rule {r.rule}: {r.title}", r.reason)
        for r in analysis.results
        if r.outcome in stopped or (r.outcome is Outcome.FAIL and r.reason)
    ]
    found += [
        NotChecked(f"gate {g.gate.value}", g.reason or g.how)
        for g in diagnosis.gates
        if g.outcome in (Outcome.OPEN, Outcome.BLOCKED)
    ]
    found += [NotChecked(f"file {f.path}", f.reason) for f in unread_files(discovery.files)]
    found += [NotChecked(f"fact {name}", why) for name, why in sorted({**discovery.unread, **analysis.unread}.items())]
    found += [NotChecked(f"deployment file {path}", why) for path, _line, why in discovery.deployment.left_alone]
    if discovery.history.shallow:
        found.append(NotChecked("older history", "the clone is shallow", "git fetch --unshallow"))
    for source in lifecycles.sources:
        if source.status != "read":
            found.append(
                NotChecked(f"log {source.path}", source.reason or source.status, "session-ops formats lists what is understood")
            )
    reasons: dict[str, list[str]] = {}
    for name, why in sorted(lifecycles.undecidable.items()):
        reasons.setdefault(why, []).append(name)
    found += [NotChecked(f"detector{'s' * (len(names) > 1)} {', '.join(names)}", why) for why, names in reasons.items()]
    found.append(
        NotChecked(
            "linters' own findings",
            "linters run in session-ops check, not in the notebooks",
            "session-ops check TARGET --advice",
        )
    )
    found += [NotChecked(f"gate {run.gate.value}: {run.command}", run.skipped) for run in _left_out(diagnosis, solution)]
    if solution.fixes and not any(gate.runs for gate in solution.gates_after):
        why = "their patches apply in a copy and the rules read it again; nothing was run"
        found.append(NotChecked("whether what runs works with the fixes", why, "session-ops run TARGET --prove"))
    return tuple(found)


def _left_out(diagnosis: Diagnosis, solution: Solution) -> list[CommandRun]:
    """Commands of the gates that were not run, as it is or with the fixes: each once."""
    runs = [run for gate in (*diagnosis.gates, *solution.gates_after) for run in gate.runs if run.skipped]
    return list({(run.gate, run.command): run for run in runs}.values())
