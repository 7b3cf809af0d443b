"""The verdict in one word and one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from session_ops.diagnosis.phase import Cause
from session_ops.model import Gate, GateResult, Outcome

Verdict = Literal["blocked", "open", "deployable"]


def verdict(gates: Sequence[GateResult]) -> Verdict:
    """`blocked` where a gate fails that a deployment cannot do without; docs that lead astray (`follow`) do not block one."""
    judged = [gate for gate in gates if gate.gate is not Gate.FOLLOW]
    if any(gate.outcome is Outcome.FAIL for gate in judged):
        return "blocked"
    fine = (Outcome.PASS, Outcome.NOT_APPLICABLE)
    return "deployable" if all(gate.outcome in fine for gate in judged) else "open"


def headline(gates: Sequence[GateResult], causes: Sequence[Cause]) -> str:
    """Whether it deploys, and what stops it first: the greatest cause at the first gate that fails."""
    said = verdict(gates)
    failing = [gate.gate.value for gate in gates if gate.outcome is Outcome.FAIL]
    opened = [gate.gate.value for gate in gates if gate.outcome in (Outcome.OPEN, Outcome.BLOCKED)]
    docs = " Someone who follows its docs does not arrive." if Gate.FOLLOW.value in failing else ""
    if said == "blocked":
        count = f"{len(failing)} of {len(gates)} gates fail{'s' if len(failing) == 1 else ''}"
        by_gate = [cause for gate in gates if gate.outcome is Outcome.FAIL for cause in causes if gate.gate in cause.gates]
        first = f"; first: {by_gate[0].title.rstrip('.')}" if by_gate else ""
        return f"Not deployable: {count} ({', '.join(failing)}){first}."
    if said == "open":
        return f"Nothing was found that stops a deployment, but {len(opened)} of {len(gates)} gates could not be judged ({', '.join(opened)}).{docs}"
    return f"Deployable as far as rules can see: no gate of a deployment fails.{docs}"
