"""Some of the fixes, tried together in a copy: the patch that they come to, and the gates before and after."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

import ipywidgets as widgets

from session_ops import show
from session_ops.diagnosis.gates import judge
from session_ops.explore.panel import Panel, joined, said, with_command
from session_ops.model import Fix, Outcome, UsageError
from session_ops.proof.patches import original, patch
from session_ops.proof.trial import Trial
from session_ops.report.gather import redactor
from session_ops.visible import one_line

if TYPE_CHECKING:
    from session_ops.case import Case


def fixes(case: Case) -> Panel:
    """A list of the fixes; the chosen ones are tried in a copy of the target when the button is pressed."""
    solution = case["solution"]
    chosen = widgets.SelectMultiple(
        options=[(f"{fix.id}  {one_line(fix.title, 90)}", fix.id) for fix in solution.fixes], rows=14, layout={"width": "32em"}
    )
    button = widgets.Button(description="Try these", tooltip="in a copy; the target stays as it is")

    def draw() -> show.Shown:
        ids = list(chosen.value)
        if not ids:
            return fixes_view(case, [])
        known = [fix for fix in solution.fixes if fix.id in ids]
        return with_command(joined(said(f"{len(ids)} chosen: press “Try these”"), show.fixes(known)), *_commands(case, known))

    panel = Panel([button], draw, chosen, live=[chosen])

    def attempt(_button: object) -> None:
        panel.show(said("trying them in a copy …"))
        panel.show(fixes_view(case, list(chosen.value)))

    button.on_click(attempt)
    return panel


def fixes_view(case: Case, chosen: Sequence[str]) -> show.Shown:
    """Try these fixes, given by their ids, one after the other in a copy of the target, and let all rules read it again.

    Nothing of the target runs and nothing is written into it, so the gates are judged by reading, before and after.

    Raises:
        UsageError: there is no fix of that id, or no copy can be made.
    """
    known = {fix.id: fix for fix in case["solution"].fixes}
    for name in chosen:
        if name not in known:
            raise UsageError(f"no fix {name!r}; the fixes are {', '.join(known) or 'none'}")
    wanted = [fix for fix in known.values() if fix.id in chosen]
    if not wanted:
        return with_command(said(f"none of {len(known)} fixes is chosen"), *_commands(case, []))
    analysis = case["analysis"]
    before = {path: original(case.tree, path) for fix in wanted for path in fix.paths}
    with Trial(case.tree, case.registry, case.answers) as trial:
        trial.lay_out(before)
        said_of = [(fix, trial.apply((case.folder / fix.patch).read_bytes(), {})) for fix in wanted]
        after = trial.read(before)
        changed = {path: state for path, state in after.items() if state != before[path]}
        checked = trial.check(changed)
    dropped = [(fix, why) for fix, why in said_of if why]
    text = patch(before, changed, case.tree.prefix, [move for fix in wanted for move in fix.moves]).decode("utf-8", "replace")
    then = {result.gate: result for result in judge(checked.results, checked.findings)}
    gates = [
        {"gate": now.gate.value, "before": _state(now.outcome), "findings": len(now.findings), "after": _state(then[now.gate].outcome),
         "findings after": len(then[now.gate].findings)}
        for now in judge(analysis.results, analysis.findings)
    ]  # fmt: skip
    here = {finding.fingerprint for finding in checked.findings}
    gone = sum(finding.fingerprint not in here for finding in analysis.findings)
    came = len(here - {finding.fingerprint for finding in analysis.findings})
    parts = [said(f"{len(wanted) - len(dropped)} of {len(wanted)} applied; {gone} findings gone, {came} new")]
    parts += [said(f"✗ {fix.id} does not apply without those that it builds upon: {one_line(why)}") for fix, why in dropped]
    parts += [
        show.table(gates),
        said("Judged by reading; `session-ops fix --prove` runs them."),
        show.diff(redactor(case).text(text)),
    ]
    return with_command(joined(*parts), *_commands(case, wanted))


def _commands(case: Case, chosen: Sequence[Fix]) -> list[str]:
    call = f"explore.fixes_view(case, {[fix.id for fix in chosen]!r})"
    patches = [shlex.quote(str(case.folder / fix.patch)) for fix in chosen if fix.patch]
    return [call, *([f"git apply {' '.join(patches)}"] if patches else [])]


def _state(outcome: Outcome) -> str:
    sign, word, _ = show.MARK[outcome]
    return f"{sign} {word}"
