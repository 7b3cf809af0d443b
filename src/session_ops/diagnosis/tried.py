"""What running the gates changes in what the rules said of them.

A command that failed fails its gate, whatever the rules thought. Where all commands went well, findings of places that these commands used
are overruled, said and kept; findings of places that nothing touched still keep their gate shut, for what was never run proves nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from session_ops.model import Finding, Gate, GateResult, Outcome

WHOLE = frozenset((Gate.METADATA, Gate.BUILD, Gate.CONTENTS, Gate.INSTALL, Gate.COORDINATE))
"""Gates whose commands take the package as a whole; of the others they are samples."""


def with_runs(
    judged: Sequence[GateResult], proven: Mapping[Gate, GateResult], findings: Sequence[Finding]
) -> tuple[GateResult, ...]:
    """The gates as the rules judged them, with what was run; seconds are left out, for they differ from run to run."""
    known = {finding.id: finding for finding in findings}
    return tuple(_joined(one, proven[one.gate], known) if one.gate in proven else one for one in judged)


def seconds(proven: Mapping[Gate, GateResult]) -> dict[str, float]:
    """`gate: command` to seconds."""
    return {
        f"{run.gate.value}: {run.command}": run.seconds for result in proven.values() for run in result.runs if not run.skipped
    }


def _joined(rules: GateResult, ran: GateResult, known: Mapping[str, Finding]) -> GateResult:
    runs = tuple(dataclasses.replace(run, seconds=0.0) for run in ran.runs)
    how = "; ".join(filter(None, (ran.how, rules.how.replace(", nothing was run", ""))))
    both = dataclasses.replace(rules, how=how, runs=runs)
    if ran.outcome is Outcome.FAIL:
        agrees = "" if rules.outcome is Outcome.FAIL else "no rule saw it coming"
        return dataclasses.replace(both, outcome=Outcome.FAIL, reason=_join(ran.reason, agrees, _aside(rules)))
    if ran.outcome is Outcome.OPEN:
        if rules.outcome is Outcome.FAIL or ran.gate is Gate.FOLLOW:  # the rules read every document, commands are a sample
            return dataclasses.replace(both, reason=_join(rules.reason, f"not tried: {ran.reason}"))
        said = "the rules find nothing" if rules.outcome is Outcome.PASS else rules.reason
        return dataclasses.replace(both, outcome=Outcome.OPEN, reason=_join(ran.reason, said))
    if not rules.findings:
        return dataclasses.replace(both, outcome=Outcome.PASS, reason=_join(ran.reason, _aside(rules)))
    touched = [name for name in rules.findings if _touched(known.get(name), ran)]
    rest = [name for name in rules.findings if name not in touched]
    overruled = (
        f"what ran went well although {_names(touched)} say{'s' if len(touched) == 1 else ''} it breaks" if touched else ""
    )
    if rest:
        untouched = f"nothing that ran touches {_names(rest)}"
        return dataclasses.replace(both, outcome=Outcome.FAIL, reason=_join(untouched, overruled))
    return dataclasses.replace(both, outcome=Outcome.PASS, reason=_join(overruled, ran.reason))


def _touched(finding: Finding | None, ran: GateResult) -> bool:
    """Did a command use the place of a finding?"""
    if finding is None or ran.gate in WHOLE:
        return True
    name = finding.at.path.rpartition("/")[2]
    return any(run.good and name in run.command for run in ran.runs)


def _aside(rules: GateResult) -> str:
    return rules.reason if rules.outcome in (Outcome.FAIL, Outcome.OPEN) and "may cost it" in rules.reason else ""


def _names(ids: Sequence[str]) -> str:
    return ", ".join(ids[:4]) + (f" and {len(ids) - 4} more" if len(ids) > 4 else "")


def _join(*parts: str) -> str:
    return "; ".join(part for part in parts if part)
