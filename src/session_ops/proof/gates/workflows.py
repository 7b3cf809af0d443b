"""GitHub workflows: their shape by the documented syntax, and the shell of every step parsed by the shell that will run it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from session_ops.discovery.aside import is_aside
from session_ops.discovery.deployment import Deployment, Step
from session_ops.discovery.deployment.yaml import Notes, get, is_list, is_map, items, load, text_of
from session_ops.discovery.files import Tree
from session_ops.model import CommandRun, Gate
from session_ops.proof.runs import Place, prover
from session_ops.registry import Facts

WORKFLOW = re.compile(r"^\.github/workflows/[^/]+\.ya?ml$")
JOB = frozenset(
    (
        "name",
        "permissions",
        "needs",
        "if",
        "runs-on",
        "snapshot",
        "environment",
        "concurrency",
        "outputs",
        "env",
        "defaults",
        "steps",
    )
    + ("timeout-minutes", "strategy", "continue-on-error", "container", "services", "uses", "with", "secrets")
)
STEP = frozenset(
    ("id", "if", "name", "uses", "run", "working-directory", "shell", "with", "env", "continue-on-error", "timeout-minutes")
)
TOP = frozenset(("name", "run-name", "on", "permissions", "env", "defaults", "concurrency", "jobs"))
"""Keys. Source: GitHub Docs, Workflow syntax for GitHub Actions."""
EXPRESSION = re.compile(r"\$\{\{.*?\}\}", re.DOTALL)


@prover("any")
def workflows(place: Place, facts: Facts) -> Iterator[CommandRun]:
    """Every workflow of the target's root: keys, jobs that need each other, local actions, and each `run` through `bash -n`."""
    deployment: Deployment = facts["deployment"]
    broken = {path: f"line {line}: {text}" for path, line, text in deployment.problems}
    for entry in place.tree.files("yaml"):
        if WORKFLOW.match(entry.path):
            said = [broken[entry.path]] if entry.path in broken else list(_wrong(place.tree, entry.path))
            yield place.check(Gate.SHIP, f"read {entry.path} by the workflow syntax", said)
    steps = [
        step
        for step in deployment.steps
        if step.run and not is_aside(step.path) and WORKFLOW.match(step.path) and _in_bash(step)
    ]
    if steps:
        yield _parsed(place, steps)


workflows.gates = (Gate.SHIP,)  # type: ignore[attr-defined]


def _in_bash(step: Step) -> bool:
    return (step.values or {}).get("shell", "bash").split()[0] in ("bash", "sh")


def _parsed(place: Place, steps: list[Step]) -> CommandRun:
    """All steps in one go: `bash -n` reads each from a file that is named after its place."""
    folder = place.box.tmp / "steps"
    for step in steps:
        name = re.sub(r"[^\w.-]", "_", f"{step.path.rpartition('/')[2]}_{step.line}")
        place.box.write(folder / name, EXPRESSION.sub("x", step.run).encode())
    ran = place.box.run('bad=0; for file in *; do bash -n "$file" || bad=1; done; exit $bad', cwd=folder, timeout_s=60)
    return place.judged(Gate.SHIP, f"bash -n for {len(steps)} steps of workflows", ran)


def _wrong(tree: Tree, path: str) -> Iterator[str]:
    root = load(tree, path, Notes())
    if root is None:
        return  # a template, or too large to be read
    if not is_map(root):
        yield "it must be a mapping with `on` and `jobs`"
        return
    top = items(root)
    for key in ("on", "jobs"):
        if key not in top:
            yield f"{key} is missing"
    yield from (f"line {line}: {key} is no key of a workflow" for key, (line, _) in top.items() if key not in TOP)
    jobs = items(get(root, "jobs"))
    if "jobs" in top and not jobs:
        yield "it has no job"
    for name, (line, job) in jobs.items():
        yield from _job(tree, name, line, job, set(jobs))


def _job(tree: Tree, name: str, line: int, job: Any, jobs: set[str]) -> Iterator[str]:
    keys = items(job)
    yield from (f"line {at}: {key} is no key of a job" for key, (at, _) in keys.items() if key not in JOB)
    if "uses" not in keys and ("runs-on" not in keys or "steps" not in keys):
        yield f"line {line}: job {name} has no {'runs-on' if 'runs-on' not in keys else 'steps'}"
    needs = get(job, "needs")
    for need in [text_of(one) for one in needs.value] if is_list(needs) else [text_of(needs)] if needs is not None else []:
        if need and need not in jobs and "${{" not in need:
            yield f"line {keys['needs'][0]}: job {name} needs {need}, which is no job of this workflow"
    if "uses" in keys and (called := text_of(get(job, "uses"))).startswith("./") and not tree.exists(called.split("@")[0]):
        yield f"line {keys['uses'][0]}: {called} does not exist"
    steps = get(job, "steps")
    for step in steps.value if is_list(steps) else []:
        inner = items(step)
        at = step.start_mark.line + 1
        yield from (f"line {where}: {key} is no key of a step" for key, (where, _) in inner.items() if key not in STEP)
        if ("run" in inner) == ("uses" in inner):
            yield f"line {at}: a step has either run or uses"
        action = text_of(get(step, "uses"))
        if action.startswith("./") and "${{" not in action and not tree.exists(action):
            yield f"line {inner['uses'][0]}: the action {action} does not exist"
