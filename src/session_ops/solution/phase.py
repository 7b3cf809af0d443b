"""The solution document: fixes with patches, the approach, the plan, files to create or modify."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from session_ops.model import Fix, Gate, GateResult

if TYPE_CHECKING:
    from session_ops.case import Case


COMBINED = "fixes/combined.patch"
"""In the case folder: all fixes as one patch."""


@dataclass(frozen=True)
class PlanStep:
    """One step of the plan: what to do, with which fix (`fixes/NN-*.patch`) or by hand, which findings it removes, how to see that it worked."""

    number: int
    title: str
    how: str
    fix: str
    findings: tuple[str, ...]
    gates: tuple[Gate, ...]
    check: str


Action = Literal["create", "modify", "mode", "move", "delete"]


@dataclass(frozen=True)
class FileChange:
    """A file to create, modify, make executable, move (`path` is the new one) or delete, and the fixes that do it."""

    path: str
    action: Action
    fixes: tuple[str, ...]
    why: str


@dataclass(frozen=True)
class Approach:
    """The deployment approach chosen, why, and the runner-up."""

    name: str
    why: tuple[str, ...]
    runner_up: str
    commands: tuple[str, ...] = ()


@dataclass(frozen=True)
class PatchCheck:
    """Whether a fix's patch applies: the command that was run on a copy and what it said. `removed` are findings gone after it, `appeared` new ones.

    `proof` says what was run with it, and is empty where nothing was; `opens` are the gates that did not hold before it and do with it.
    """

    fix: str
    patch: str
    applies: bool
    command: str
    said: str = ""
    removed: tuple[str, ...] = ()
    appeared: tuple[str, ...] = ()
    proof: str = ""
    opens: tuple[Gate, ...] = ()


@dataclass(frozen=True)
class Document:
    """`immediate` are the ids of fixes to apply now, `structural` those that change how the thing is built; `by_hand` are findings without a fix."""

    fixes: tuple[Fix, ...]
    checks: tuple[PatchCheck, ...]
    immediate: tuple[str, ...]
    structural: tuple[str, ...]
    by_hand: tuple[str, ...]
    approach: Approach
    plan: tuple[PlanStep, ...]
    files: tuple[FileChange, ...]
    refused: dict[str, str]
    """Fixes that were dropped (a directive forbids them, they apply nowhere, they bring something new), and why."""
    ended: str = ""
    """Why no further fixes were looked for."""
    gates_before: tuple[GateResult, ...] = ()
    """The gates as the diagnosis has them."""
    gates_after: tuple[GateResult, ...] = ()
    """The gates with all fixes: what ran in a copy with them, or (without `prove`) what the rules read there."""


def compute(case: Case) -> Document:
    """Collect the fixes of all findings, write and check their patches, order them into a plan.

    Raises:
        UsageError: the case folder cannot be written.
    """
    from session_ops.solution.remedy import solve

    return solve(case)
