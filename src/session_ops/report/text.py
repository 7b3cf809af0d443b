"""What `check` prints: the verdict, what is critical, the gaps, and what could not be looked at."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console
from rich.text import Text

from session_ops.model import Finding, Outcome, RuleResult, Severity
from session_ops.registry import Checked
from session_ops.report.redact import Redactor
from session_ops.visible import one_line

STYLE = {Severity.CRITICAL: "bold red", Severity.GAP: "yellow", Severity.ADVICE: "dim"}
NAME = {Severity.CRITICAL: "critical", Severity.GAP: "gap", Severity.ADVICE: "advice"}


def render(
    checked: Checked,
    name: str,
    *,
    advice: bool = False,
    terminal: bool = False,
    width: int = 100,
    unread: Mapping[str, str] | None = None,
    left_out: Sequence[str] = (),
) -> str:
    """The text of a check; its last character is a line end.

    Parameters: `name` is the target's; `advice` shows advice too; `terminal` colours it; `width` in characters, for the terminal only;
    `unread` are files that were not read, with the reason; `left_out` says what a baseline or a revision kept out.
    """
    out = io.StringIO()
    console = Console(
        file=out, force_terminal=terminal, no_color=not terminal, width=width if terminal else 10_000, highlight=False, markup=False,
        emoji=False, soft_wrap=not terminal, color_system="standard" if terminal else None, legacy_windows=False,
    )  # fmt: skip
    hide = Redactor(personal=False).knowing(checked.findings)  # the terminal is the user's own
    findings = [hide.finding(f) for f in checked.findings]
    shown = [f for f in findings if advice or f.severity is not Severity.ADVICE]
    console.print(headline(findings, checked.results, name, beyond=bool(left_out)))
    worst_first = sorted(shown, key=lambda f: list(Severity).index(f.severity))
    for path in dict.fromkeys(f.at.path for f in worst_first):
        console.print()
        console.print(Text(one_line(path), style="bold"))
        for finding in (f for f in shown if f.at.path == path):
            console.print(_line(finding))
            if finding.at.quote:
                console.print(Text(" " * 18 + one_line(finding.at.quote, 160), style="dim"))
    console.print()
    console.print(counts(findings, advice=advice))
    for said in left_out:
        console.print(Text(one_line(said, 400), style="dim"))
    for result in open_rules(checked.results):
        console.print(Text(f"not checked: {result.rule}: {one_line(hide.text(result.reason))}", style="magenta"))
    for path, reason in (unread or {}).items():
        console.print(Text(f"not read: {one_line(path)}: {one_line(reason)}", style="magenta"))
    return out.getvalue()


def headline(findings: Iterable[Finding], results: Iterable[RuleResult], name: str, *, beyond: bool = False) -> Text:
    """One line: does it deploy as far as the rules can tell, and which gates fail. `beyond`: some findings were left out before."""
    critical = [f for f in findings if f.severity is Severity.CRITICAL]
    if critical:
        gates = dict.fromkeys(f.gate.value for f in sorted(critical, key=_gate_order) if f.gate)
        files = len({f.at.path for f in critical})
        said = f"{plural(len(critical), 'critical finding')} in {plural(files, 'file')}; gates that fail: {', '.join(gates)}"
        return Text.assemble(("NOT DEPLOYABLE", "bold red"), f"  {one_line(name)}: {said}")
    if opened := open_rules(results):
        said = f"nothing critical was found, but {plural(len(opened), 'rule')} could not look at everything"
        return Text.assemble(("OPEN", "bold magenta"), f"  {one_line(name)}: {said}")
    if beyond:
        return Text.assemble(
            ("NOTHING NEW", "bold green"), f"  {one_line(name)}: nothing critical beyond what was left out; nothing was run"
        )
    return Text.assemble(
        ("NOTHING CRITICAL", "bold green"), f"  {one_line(name)}: no rule found what stops a deployment; nothing was run"
    )


def counts(findings: Iterable[Finding], *, advice: bool = True) -> str:
    """How many of each, in one line."""
    found = list(findings)
    many = {s: sum(f.severity is s for f in found) for s in Severity}
    folded = "" if advice or not many[Severity.ADVICE] else " (shown with --advice)"
    return f"{many[Severity.CRITICAL]} critical, {plural(many[Severity.GAP], 'configuration gap')}, {many[Severity.ADVICE]} advice{folded}"


def open_rules(results: Iterable[RuleResult]) -> list[RuleResult]:
    """Rules that could not look, or dropped something: never green."""
    return [r for r in results if r.outcome is Outcome.OPEN or (r.reason and r.outcome is Outcome.FAIL)]


def plural(count: int, noun: str) -> str:
    """`1 file`, `2 files`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _line(finding: Finding) -> Text:
    line = str(finding.at.line) if finding.at.line else "-"
    gate = finding.gate.value if finding.gate else ""
    sure = "" if finding.confidence != "possible" else " (possible)"
    return Text.assemble(
        f"{line:>6}  ", (f"{NAME[finding.severity]:<8}", STYLE[finding.severity]), f"  {one_line(finding.message)}{sure}",
        (f"  [{gate}] " if gate else "  ", "dim"), (finding.id, "cyan"),
    )  # fmt: skip


def _gate_order(finding: Finding) -> int:
    return list(type(finding.gate)).index(finding.gate) if finding.gate else -1
