"""Findings by family, gate and file, with the evidence of one beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import TYPE_CHECKING

import ipywidgets as widgets

from session_ops import show
from session_ops.explore.panel import Panel, call, joined, menu, said, with_command
from session_ops.model import Evidence, Finding, Gate, Severity, UsageError
from session_ops.report.gather import redactor
from session_ops.visible import LINE_LIMIT, one_line, visible

if TYPE_CHECKING:
    from session_ops.case import Case

AROUND = 3
"""Lines of the file that are shown around a quote."""
LISTED = 50


def findings(case: Case, *, gate: str = "") -> Panel:
    """Menus for family, gate and file, a list of what they leave, and beside it the evidence of the one that is clicked.

    `gate` is the one that is chosen at first.
    """
    found = _ordered(case["analysis"].findings)
    family = menu("family", sorted({f.category for f in found}))
    gates = menu("gate", [g.value for g in Gate if any(f.gate is g for f in found)])
    gates.value = gate if gate in [value for _, value in gates.options] else ""
    file = menu("file", sorted({f.at.path for f in found}))
    one = widgets.Select(options=[], rows=18, layout={"width": "28em"})

    def draw() -> show.Shown:
        kept = chosen_findings(found, family.value, gates.value, file.value)
        wanted = [(_label(f), f.id) for f in kept]
        if tuple(wanted) != tuple(one.options):
            here = one.value if one.value in [name for _, name in wanted] else None
            one.options, one.value = wanted, here or (wanted[0][1] if wanted else None)
        return findings_view(case, family=family.value, gate=gates.value, file=file.value, finding=one.value or "")

    return Panel([family, gates, file], draw, one)


def findings_view(case: Case, *, family: str = "", gate: str = "", file: str = "", finding: str = "") -> show.Shown:
    """How many findings fit, and the evidence of one of them; without `finding` all that fit are listed.

    Raises:
        UsageError: there is no finding of that id.
    """
    found = _ordered(case["analysis"].findings)
    kept = chosen_findings(found, family, gate, file)
    given = {"family": family, "gate": gate, "file": file, "finding": finding}
    count = ", ".join(f"{n:,} {s.value}" for s in Severity if (n := sum(f.severity is s for f in kept)))
    parts = [said(f"{len(kept):,} of {len(found):,} findings{f': {count}' if count else ''}")]
    if finding:
        one = next((f for f in found if f.id == finding), None)
        if one is None:
            raise UsageError(f"finding={finding!r}: no such finding; explore.findings_view(case) lists them")
        parts.append(_one(case, one))
    else:
        parts.append(show.findings(kept, limit=LISTED))
    return with_command(joined(*parts), call("findings_view", "case", given))


def chosen_findings(found: Sequence[Finding], family: str = "", gate: str = "", file: str = "") -> list[Finding]:
    """Findings of a family (their category), that break a gate, whose evidence lies in a file."""
    return [
        f
        for f in found
        if (not family or f.category == family) and (not gate or f.gate == gate) and (not file or f.at.path == file)
    ]


def _one(case: Case, finding: Finding) -> show.Shown:
    hide = redactor(case)
    kept = {"severity": finding.severity.value, "breaks": finding.gate.value if finding.gate else "no gate"}
    kept |= {"confidence": finding.confidence, "rule": finding.rule, "impact": finding.impact, "id": finding.id}
    facts = show.facts(finding.message, {key: value for key, value in kept.items() if value})
    lines = [_lines(case, at, hide.text) for at in (finding.at, *finding.also) if at.source == "static"]
    told = said(f"more: session-ops rules {finding.rule}")
    return joined(facts, *lines, told)


def _lines(case: Case, at: Evidence, hide: Callable[[str], str]) -> show.Shown:
    """The quoted lines with some around them; those of the evidence stand out by a mark and a tint."""
    if not at.line:
        return said(at.path)
    lines = case.tree.lines(at.path)
    first, last = max(at.line - AROUND, 1), min(max(at.end, at.line) + AROUND, len(lines))
    text, shown = [at.place], []
    for number in range(first, last + 1):
        here = at.line <= number <= max(at.end, at.line)
        line = visible(hide(lines[number - 1]), LINE_LIMIT)
        text.append(f"{'>' if here else ' '} {number:>5} {line}")
        tint = "rgba(187,128,9,.25)" if here else "transparent"
        shown.append(f'<span style="display:block;background:{tint}">{escape(text[-1])}</span>')
    code = "font-family:monospace;white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.35"
    return show.Shown(f'<code>{escape(visible(at.place))}</code><pre style="{code}">{"".join(shown)}</pre>', "\n".join(text))


def _ordered(found: Sequence[Finding]) -> list[Finding]:
    rank = list(Severity)
    return sorted(found, key=lambda f: (rank.index(f.severity), f.at.path, f.at.line, f.id))


def _label(finding: Finding) -> str:
    return f"{finding.severity.value}  {one_line(finding.at.place, 60)}  {one_line(finding.message, 80)}"
