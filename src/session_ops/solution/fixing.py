"""The command `fix`: repair a target in a copy, tell what each fix removed, and hand over patches or write into the work tree."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from session_ops.discovery.files import Tree, read_tree
from session_ops.model import Answers, Finding, Gate, GateResult, Outcome, Severity, UsageError
from session_ops.proof.fixes import slug
from session_ops.proof.patches import original, patch
from session_ops.registry import Facts, Registry, check
from session_ops.solution.loop import Job, Proof, Repair, left, repair
from session_ops.solution.messages import with_message
from session_ops.visible import one_line

SHOWN = 12
"""Findings of one kind that the text lists before it counts the rest."""


@dataclass(frozen=True)
class Fixed:
    """A repaired target: what it was, what the loop did, and the one patch that does it all."""

    tree: Tree
    repair: Repair
    combined: bytes
    titles: dict[str, str]


def fix(
    target: Path, answers: Answers, *, rules: str = "", only: Literal["safe", "all"] = "all", prove: bool = False,
    trust: bool = False,
) -> Fixed:  # fmt: skip
    """Repair a copy of the target; nothing is written into it.

    Parameters: `only` leaves out fixes that want a person's eye; `prove` runs the gates before and after each fix; `trust` runs them
    even where there is no sandbox.

    Raises:
        UsageError: the target cannot be read.
    """
    tree = read_tree(target)
    registry = Registry.load([Path(rules)] if rules else [])
    facts = Facts(registry, {"tree": tree, "answers": answers})
    before = check(registry, facts, tree.root)
    directives = facts["directives"]
    job = Job(tree, registry, answers, directives, only, _proof(tree, registry, answers, trust) if prove else None)
    done = repair(job, before, facts)
    return Fixed(tree, done, combined(tree, done), {rule.id: rule.remedy for rule in registry.rules.values()})


def combined(tree: Tree, done: Repair) -> bytes:
    """One patch that does what all steps do."""
    originals = {path: original(tree, path) for path in done.changed}
    moves = [move for step in done.steps for move in step.fix.moves]
    return patch(originals, done.changed, tree.prefix, moves)


def _proof(tree: Tree, registry: Registry, answers: Answers, trust: bool) -> Proof:
    from session_ops.solution.proving import prover

    return prover(tree, registry, answers, trust=trust)


def patches(fixed: Fixed) -> dict[str, bytes]:
    """The numbered patches, one for each step, by name; each applies after those before it."""
    steps = fixed.repair.steps
    return {
        f"{number:02}-{slug(step.fix)}.patch": with_message(step, number, len(steps)) for number, step in enumerate(steps, 1)
    }


def write_patches(fixed: Fixed, named: str) -> list[Path]:
    """The combined patch as a file; where a folder is named, the numbered patches and `combined.patch` in it.

    Parameters: `named` is a path; one that ends with a slash is a folder, which is made where there is none.

    Raises:
        UsageError: it cannot be written.
    """
    place = Path(named).expanduser()
    written = {place: fixed.combined}
    if place.is_dir() or named.endswith(os.sep):
        written = {place / name: data for name, data in patches(fixed).items()} | {place / "combined.patch": fixed.combined}
    try:
        for path, data in written.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            aside = path.with_name(f".{path.name}.{os.getpid()}")
            aside.write_bytes(data)
            aside.replace(path)
    except OSError as error:
        raise UsageError(f"--patch {place}: cannot be written ({error.strerror}); give another file") from None
    return list(written)


def text(fixed: Fixed) -> Iterator[str]:
    """What was done, line by line: each fix and what it removed, gates before and after, what is left to a person."""
    done = fixed.repair
    for number, step in enumerate(done.steps, 1):
        yield f"{number:2}. {one_line(step.fix.title)}  [{step.fix.safety}]"
        yield f"    changes {_list(step.fix.paths)}"
        yield f"    removes {_list([f'{f.rule} at {f.at.place}' for f in step.removed])}"
        yield from (f"    brings up {f.rule} at {one_line(f.at.place)}: {one_line(f.message)}" for f in step.appeared[:SHOWN])
        if step.gates:
            yield f"    proven: {_gates_in_words(step.gates)}"
    if not done.steps:
        yield "No fix that helps is offered."
    yield f"It ended because of this: {done.ended}." if done.ended else ""
    if done.gates_before:
        yield ""
        yield f"{'gate':<11} {'before':<15} after"
        after = {result.gate: result for result in done.gates_after}
        for result in done.gates_before:
            later = after.get(result.gate, result)
            why = f"  {one_line(later.reason, 160)}" if later.outcome is not Outcome.NOT_APPLICABLE and later.reason else ""
            yield f"{result.gate.value:<11} {_word(result.outcome):<15} {_word(later.outcome)}{why}"
    if done.refused:
        yield ""
        yield "Dropped:"
        yield from (f"  {one_line(title)}: {one_line(why)}" for title, why in sorted(done.refused.items()))
    yield ""
    rest = left(done)
    if not rest:
        yield "Nothing is left to do by hand."
        return
    yield f"Left to do by hand ({len(rest)}):"
    yield from _by_hand(rest, fixed.titles)


def _by_hand(rest: list[Finding], remedies: dict[str, str]) -> Iterator[str]:
    groups: dict[str, list[Finding]] = {}
    for finding in rest:
        groups.setdefault(finding.rule, []).append(finding)
    for rule, group in groups.items():
        worst = "critical" if any(f.severity is Severity.CRITICAL for f in group) else "gap"
        yield f"  {rule} ({worst}): {one_line(remedies.get(rule, '') or 'mend it at this place')}"
        yield from (f"    {one_line(f.at.place)}  {one_line(f.message)}" for f in group[:SHOWN])
        if len(group) > SHOWN:
            yield f"    and {len(group) - SHOWN} more"


def _gates_in_words(gates: Iterable[GateResult]) -> str:
    by: dict[Outcome, list[str]] = {}
    for result in gates:
        by.setdefault(result.outcome, []).append(result.gate.value)
    return "; ".join(f"{_word(outcome)}: {', '.join(names)}" for outcome, names in by.items())


def _word(outcome: Outcome) -> str:
    words = {Outcome.PASS: "holds", Outcome.FAIL: "fails", Outcome.OPEN: "open", Outcome.NOT_APPLICABLE: "does not apply"}
    return words.get(outcome, outcome.value)


def _list(items: Iterable[str], shown: int = 4) -> str:
    listed = [one_line(item) for item in items]
    return ", ".join(listed[:shown]) + (f" and {len(listed) - shown} more" if len(listed) > shown else "")


def document(fixed: Fixed) -> dict[str, object]:
    """The same as data, for programs."""
    done = fixed.repair

    def gates(results: Iterable[GateResult]) -> dict[Gate, Outcome]:
        return {result.gate: result.outcome for result in results}

    return {
        "steps": [
            {
                "title": step.fix.title, "safety": step.fix.safety, "paths": step.fix.paths, "patch": name,
                "removed": [{"rule": f.rule, "path": f.at.path, "line": f.at.line} for f in step.removed],
                "appeared": [{"rule": f.rule, "path": f.at.path, "line": f.at.line} for f in step.appeared],
                "gates": gates(step.gates),
            }
            for step, name in zip(done.steps, patches(fixed), strict=True)
        ],
        "ended": done.ended, "refused": done.refused, "before": gates(done.gates_before), "after": gates(done.gates_after),
        "reasons": {result.gate: result.reason for result in done.gates_after if result.reason},
        "left": [{"rule": f.rule, "path": f.at.path, "line": f.at.line, "message": f.message, "severity": f.severity} for f in left(done)],
    }  # fmt: skip
