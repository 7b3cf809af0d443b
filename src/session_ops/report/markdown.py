"""report.md: the headings of the design in their order, readable on GitHub as well as in an editor."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from session_ops.diagnosis import picture as causes_picture
from session_ops.discovery.mechanism.picture import alternative
from session_ops.model import GATE_HOLDS_WHEN, CommandRun, Finding, Fix, GateResult, Outcome
from session_ops.report.contents import Contents, brief
from session_ops.report.escape import anchor, block, code, inline
from session_ops.report.text import plural
from session_ops.solution.phase import PlanStep

HEADINGS = (
    "# Agent-Ops Package Configuration Analysis",
    "## Current State",
    "## Issues Preventing Deployment",
    "### Critical Issues",
    "### Configuration Gaps",
    "## Root Cause Analysis",
    "## Recommended Solutions",
    "### Immediate Fixes",
    "### Structural Improvements",
    "### Implementation Plan",
    "## Files to Create/Modify",
    "## Session Lifecycles",
    "## Security",
    "## Assumptions to Validate",
    "## Quality Checks",
    "## Not Checked",
)
"""Exactly these, in this order; report.html has the same."""
VERDICT = {"blocked": "Not deployable", "open": "Open: not everything could be looked at", "deployable": "Deployable"}
SIGN = {
    Outcome.PASS: "✓ clear",
    Outcome.FAIL: "✗ fails",
    Outcome.OPEN: "? open",
    Outcome.BLOCKED: "– not reached",
    Outcome.NOT_APPLICABLE: "· does not apply",
}
BREAK = "  "
"""A line break inside a list item: two spaces at the end of the line."""
TRACKED = 20
"""States of the mechanism that are listed."""
CAUSES = "causes.svg"
"""The picture of the causes, below figures/."""
MECHANISM = "mechanism.svg"
"""The drawing of the mechanism, below figures/."""
OPEN_LINES = 30
"""Entries of a long list that are shown before the rest is folded."""


def markdown(contents: Contents) -> str:
    """The whole of report.md."""
    sections = (
        _first_screen, _state, _nothing, _critical, _gaps, _causes, _approach, _immediate, _structural, _plan, _files, _lifecycles,
        _security, _assumptions, _quality, _not_checked,
    )  # fmt: skip
    parts = []
    for heading, section in zip(HEADINGS, sections, strict=True):
        body = "\n".join(section(contents)).strip("\n")
        parts.append(f"{heading}\n\n{body}\n" if body else f"{heading}\n")
    return "\n".join(parts)


def _first_screen(c: Contents) -> Iterator[str]:
    yield f"**{VERDICT[c.diagnosis.verdict]}** · {code(c.name)}"
    yield ""
    yield inline(c.headline)
    if c.after_words:
        yield f"\n{inline(c.after_words)} All at once: {code(c.all_at_once)}"
    if c.first_causes:
        yield "\n**What stops it**\n"
        for n, cause in enumerate(c.first_causes, start=1):
            gates = f" It keeps shut: {', '.join(g.value for g in cause.gates)}." if cause.gates else ""
            yield f"{n}. {inline(cause.title)}{'' if cause.title.endswith(('.', '!')) else '.'}{gates}"
    if c.first_steps:
        yield "\n**What to do first**\n"
        for n, step in enumerate(c.first_steps, start=1):
            yield f"{n}. {inline(step.title)}{BREAK}"
            yield from _commands(c, step)
        yield "\n`$CASE` is the folder of this report; patches apply from the root of the git work tree (of the target, where there is none)."
    yield ""
    yield f"{plural(len(c.critical), 'critical issue')}, {plural(len(c.gaps), 'configuration gap')}, {len(c.advice):,} of advice."


def _commands(c: Contents, step: PlanStep) -> Iterator[str]:
    command = c.command(step)
    if command:
        yield block(command, "sh", "   ")
    elif step.how:
        yield f"   {inline(brief(step.how))}"


def _state(c: Contents) -> Iterator[str]:
    yield from _rows(("", "what was found"), ((f"**{inline(name)}**", inline(value)) for name, value in c.state))
    yield from _tracking(c)
    yield ""
    yield from _rows(("gate", "", "it holds when", "how it was looked at"), (_gate(c, g) for g in c.diagnosis.gates))
    runs = [run for gate in c.diagnosis.gates for run in gate.runs]
    if runs:
        yield f"\n**What was run in a copy**: {plural(len(runs), 'command')}.\n"
        yield from _rows(("gate", "", "command", "exit", "what was said"), (_run(run) for run in runs))


def _run(run: CommandRun) -> tuple[str, ...]:
    outcome = Outcome.PASS if run.good else Outcome.FAIL if run.wrong else Outcome.OPEN
    said = run.wrong or run.skipped or (run.tail[-1] if run.tail else "")
    return (
        run.gate.value,
        SIGN[outcome],
        code(run.command, 160, cell=True),
        "" if run.code is None else str(run.code),
        inline(brief(said)),
    )


def _tracking(c: Contents) -> Iterator[str]:
    """How sessions are tracked from start to end, and how they talk to each other."""
    if not c.tracking:
        yield "\nNo session state was found in the code: no registry, pointer, lock, heartbeat, pid, message or diary by its name.\n"
        return
    columns = tuple(c.tracking[0])
    yield f"\n**How sessions are tracked**: {plural(len(c.tracking), 'state')}, and who touches it.\n"
    yield from _rows(columns, (tuple(inline(row[name]) for name in columns) for row in c.tracking[:TRACKED]))
    if len(c.tracking) > TRACKED:
        yield f"\nand {len(c.tracking) - TRACKED:,} more in `discovery.json`."
    yield f"\n![{inline(alternative(c.mechanism))}](figures/{MECHANISM})\n"


def _gate(c: Contents, gate: GateResult) -> tuple[str, ...]:
    causes = ", ".join(f"cause {n}" for n in c.causes_of(gate.gate))
    looked = "; ".join(
        filter(None, (plural(len(gate.findings), "finding") if gate.findings else "", causes, gate.reason, gate.how))
    )
    return (f"**{gate.gate.value}**", SIGN[gate.outcome], GATE_HOLDS_WHEN[gate.gate], inline(looked))


def _nothing(c: Contents) -> Iterator[str]:
    if not c.critical and not c.gaps:
        yield "Nothing was found that prevents a deployment."
        return
    gates = [g.gate.value for g in c.diagnosis.gates if g.outcome is Outcome.FAIL]
    said = (
        f"{plural(len(gates), 'gate')} {'fails' if len(gates) == 1 else 'fail'}: {', '.join(gates)}."
        if gates
        else "No gate fails."
    )
    yield f"{said} Each place below was read again before it was written here."


def _critical(c: Contents) -> Iterator[str]:
    yield from _issues(c, c.critical) if c.critical else ["None."]


def _gaps(c: Contents) -> Iterator[str]:
    yield from _issues(c, c.gaps) if c.gaps else ["None."]
    if c.advice:
        yield f"\n<details><summary>{len(c.advice):,} of advice</summary>\n"
        yield from _issues(c, c.advice)
        yield "\n</details>"


def _issues(c: Contents, findings: Iterable[Finding]) -> Iterator[str]:
    for n, finding in enumerate(findings, start=1):
        yield from _issue(c, n, finding)


def _issue(c: Contents, n: int, finding: Finding) -> Iterator[str]:
    yield f'{n}. <a id="{anchor(finding.id)}"></a>**{inline(finding.message)}**{BREAK}'
    yield f"   {code(finding.at.place)} · {code(finding.id)}"
    if finding.at.quote:
        yield ""
        yield block(finding.at.quote, "", "   ")
    yield ""
    impact = (
        inline(finding.impact)
        if finding.impact
        else (f"{GATE_HOLDS_WHEN[finding.gate]} — this does not hold." if finding.gate else "")
    )
    yield f"   - Impact: {impact}{' ' if impact else ''}({c.breaks(finding)}; {finding.confidence}; {finding.category})"
    if finding.also:
        shown = ", ".join(code(e.place) for e in finding.also[:8])
        yield f"   - Also: {shown}{f' and {len(finding.also) - 8} more' if len(finding.also) > 8 else ''}"
    fixes = c.fixes_of(finding)
    for fix in fixes:
        yield f"   - Fix: {_fix(c, fix)}"
        yield f"   - Proof: {inline(c.proof(fix, finding))}"
    if not fixes:
        steps = c.steps_of(finding)
        for step in steps:
            yield f"   - Fix: by hand, step {step.number} of the plan: {inline(brief(step.how or step.title))}"
        if not steps:
            yield "   - Fix: none was found"
        yield "   - Proof: none; there is no patch to try"
    yield ""


def _fix(c: Contents, fix: Fix) -> str:
    name = c.patch_name(fix)
    safe = "safe to apply unread" if fix.safety == "safe" else "look before you apply it"
    return f"{inline(fix.title)}{f' ({code(name)}, {safe})' if name else f' ({safe})'}"


def _causes(c: Contents) -> Iterator[str]:
    if not c.diagnosis.causes:
        yield "No cause: nothing critical was found." if not c.critical else "The findings could not be grouped under a cause."
    elif any(cause.gates for cause in c.diagnosis.causes):
        yield f"![{inline(causes_picture.alternative(c.diagnosis.causes))}](figures/{CAUSES})\n"
    for n, cause in enumerate(c.diagnosis.causes, start=1):
        yield f"{n}. **{inline(cause.title)}**{BREAK}"
        yield f"   {inline(cause.why)}"
        yield ""
        if cause.basis:
            yield f"   - Why these belong together: {inline(cause.basis)} ({cause.confidence})"
        if cause.proof:
            opens = f"; it opens {', '.join(g.value for g in cause.opens)}" if cause.opens else ""
            yield f"   - Tried: {inline(cause.proof)}{opens}"
        if cause.gates:
            yield f"   - Gates it keeps shut: {', '.join(g.value for g in cause.gates)}"
        if known := c.known(cause.findings):
            yield f"   - Findings: {_links(known)}"
        for text in cause.anomalies:
            yield f"   - In the logs: {inline(text)}"
        yield ""


def _links(findings: Iterable[Finding]) -> str:
    found = list(findings)
    shown = ", ".join(f"[{inline(f.id)}](#{anchor(f.id)})" for f in found[:OPEN_LINES])
    return shown + (f" and {len(found) - OPEN_LINES} more" if len(found) > OPEN_LINES else "")


def _approach(c: Contents) -> Iterator[str]:
    approach = c.solution.approach
    yield f"**{inline(approach.name)}**" if approach.name else "No approach was chosen."
    if approach.why:
        yield ""
        yield from (f"- {inline(why)}" for why in approach.why)
    if approach.runner_up:
        yield f"\nRunner-up: {inline(approach.runner_up)}"
    if approach.commands:
        yield ""
        yield block("\n".join(approach.commands), "sh")
    if c.after_words:
        yield f"\n**Gates before and after.** {inline(c.after_words)}\n"
        yield from _rows(("gate", "before", "with all fixes", "what is left"), (_before_after(c, g) for g in c.diagnosis.gates))


def _before_after(c: Contents, gate: GateResult) -> tuple[str, ...]:
    later = c.after.get(gate.gate, gate)
    rest = inline(later.rest)
    return (f"**{gate.gate.value}**", SIGN[gate.outcome], SIGN[later.outcome], rest)


def _immediate(c: Contents) -> Iterator[str]:
    yield from _fixes(c, c.fixes_named(c.solution.immediate))


def _structural(c: Contents) -> Iterator[str]:
    yield from _fixes(c, c.fixes_named(c.solution.structural))
    by_hand = c.known(c.solution.by_hand)
    if by_hand:
        yield f"\nWithout a patch, to be done by hand (see the plan): {_links(by_hand)}"
    if c.solution.refused:
        yield "\nDropped, because they would not have helped:\n"
        yield from (f"- {inline(title)}: {inline(why)}" for title, why in sorted(c.solution.refused.items()))


def _fixes(c: Contents, fixes: Iterable[Fix]) -> Iterator[str]:
    found = list(fixes)
    if not found:
        yield "None."
    for n, fix in enumerate(found, start=1):
        yield f"{n}. {_fix(c, fix)}{BREAK}"
        why = f"{inline(fix.why)} " if fix.why else ""
        yield f"   {why}Removes {_links(c.known(fix.findings)) or plural(len(fix.findings), 'finding')}.{BREAK}"
        yield f"   Proof: {inline(c.proof(fix))}."


def _plan(c: Contents) -> Iterator[str]:
    if not c.solution.plan:
        yield "There is nothing to do."
    for step in c.solution.plan:
        gates = f" (opens {', '.join(g.value for g in step.gates)})" if step.gates else ""
        yield f"{step.number}. **{inline(step.title)}**{gates}{BREAK}"
        if how := c.explained(step):
            yield f"   {inline(how)}{BREAK}"
        if command := c.command(step):
            yield block(command, "sh", "   ")
        if step.check:
            yield f"   To see that it worked: {code(step.check)}{BREAK}"
        if known := c.known(step.findings):
            yield f"   Removes {_links(known)}"


def _files(c: Contents) -> Iterator[str]:
    if not c.solution.files:
        yield "None."
        return
    words = {"create": "create", "modify": "modify", "mode": "make executable", "move": "move here", "delete": "remove"}
    names = {fix.id: c.patch_name(fix) or fix.id for fix in c.solution.fixes}
    rows = (
        (code(f.path, cell=True), words[f.action], inline(f.why), ", ".join(code(names.get(i, i), cell=True) for i in f.fixes))
        for f in c.solution.files
    )
    yield from _rows(("file", "what", "why", "by"), rows)


def _lifecycles(c: Contents) -> Iterator[str]:
    logs, n = c.lifecycles, c.lifecycles.numbers
    read = [s for s in logs.sources if s.status == "read"]
    if not read:
        yield (
            "No log of sessions could be read, so nothing is said about sessions."
            if logs.sources
            else "There is no log of sessions."
        )
    else:
        yield (
            f"{plural(n.sessions, 'session')} in {plural(len(read), 'log')} ({plural(n.events, 'event')}, {n.rejects:,} lines not understood): "
            f"{n.ended:,} ended, {n.open:,} open at the end of the log, {n.silent:,} gone silent, {n.orphaned:,} orphaned. "
            f"At most {n.max_concurrent:,} at once."
        )
        if n.median_s is not None:
            yield f"\nDuration: median {_seconds(n.median_s)}, shortest {_seconds(n.shortest_s)}, longest {_seconds(n.longest_s)}."
    if logs.sources:
        yield ""
        rows = (
            (
                code(s.path, cell=True),
                inline(s.format_id or "-"),
                s.status,
                f"{s.sessions:,}",
                f"{s.events:,}",
                inline(s.reason or _ends(s.status, s.logs_end)),
            )
            for s in logs.sources
        )
        yield from _rows(("log", "format", "", "sessions", "events", "note"), rows)
    if logs.anomalies:
        yield f"\n**{len(logs.anomalies):,} anomal{'y' if len(logs.anomalies) == 1 else 'ies'}**\n"
        lines = [
            f"- {a.severity}, {a.confidence}: {inline(a.text)}"
            + (f" ({code(f'{a.path}:{a.line}' if a.line else a.path)})" if a.path else "")
            for a in logs.anomalies
        ]
        yield from _folded(lines)
    if logs.undecidable:
        yield "\nNot answerable from these logs:\n"
        yield from (f"- {inline(name)}: {inline(why)}" for name, why in sorted(logs.undecidable.items()))
    for picture in c.pictures:
        yield f"\n![{inline(picture.alt)}](figures/{picture.name})"


def _ends(status: str, logs_end: bool) -> str:
    return "" if logs_end or status != "read" else "never logs that a session ends"


def _seconds(value: float | None) -> str:
    if value is None:
        return "unknown"
    if value < 120:
        return f"{value:.3g} s"
    return f"{value / 60:.3g} min" if value < 7200 else f"{value / 3600:.3g} h"


def _folded(lines: list[str]) -> Iterator[str]:
    yield from lines[:OPEN_LINES]
    if len(lines) > OPEN_LINES:
        yield f"\n<details><summary>{len(lines) - OPEN_LINES:,} more</summary>\n"
        yield from lines[OPEN_LINES:]
        yield "\n</details>"


def _security(c: Contents) -> Iterator[str]:
    if not c.security:
        yield "No security finding. Which rules looked is under Quality Checks; what they could not see is under Not Checked."
    for finding in c.security:
        yield f"- [{inline(finding.id)}](#{anchor(finding.id)}) {code(finding.at.place)}: {inline(finding.message)} ({finding.severity.value})"


def _assumptions(c: Contents) -> Iterator[str]:
    if not c.diagnosis.assumptions:
        yield "None."
    for a in c.diagnosis.assumptions:
        basis = "; ".join(
            filter(None, ("given" if a.given else "inferred", inline(a.why), *(code(e.place) for e in a.evidence)))
        )
        yield f"- **{inline(a.question)}** {inline(a.answer)} ({basis})"
        if a.validate:
            yield f"  To validate: {inline(a.validate)}"


def _quality(c: Contents) -> Iterator[str]:
    rows = ((inline(q.name), "✓ yes" if q.holds else "✗ no", inline(q.numbers)) for q in c.quality)
    yield from _rows(("check", "holds", "numbers"), rows)


def _not_checked(c: Contents) -> Iterator[str]:
    lines = [f"- {inline(n.what)}: {inline(n.why)}{f' ({inline(n.how)})' if n.how else ''}" for n in c.not_checked]
    yield from _folded(lines)


def _rows(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)
