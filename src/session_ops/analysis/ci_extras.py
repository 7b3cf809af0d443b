"""Tools of a CI job that the project declares only in an extra which no step of the job asks for."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

from session_ops.analysis.distributions import normalised, required
from session_ops.discovery.deployment.model import Step
from session_ops.discovery.files import Tree
from session_ops.model import Finding
from session_ops.patterns import regex

TOOLS = {
    "pytest": "pytest", "mypy": "mypy", "ruff": "ruff", "black": "black", "flake8": "flake8", "pyright": "pyright", "isort": "isort",
    "coverage": "coverage", "pylint": "pylint", "pre-commit": "pre-commit", "twine": "twine", "bandit": "bandit",
}  # fmt: skip
"""Command to the distribution that brings it."""
SYNC = regex(r"(?m)^\s*uv\s+sync\b(?P<rest>[^\n|;&]*)$")
RUNS = regex(r"(?m)^\s*uv\s+run\s+(?P<flags>(?:-\S+\s+)*)(?:python3?\s+-m\s+)?(?P<tool>[\w-]+)(?=\s|$)")
OTHERWISE = regex(
    r"--extra|--all-extras|--with|\buv\s+(?:pip|add|tool)\b|\bpip3?\s+install|\buvx\b|\bpipx\b|\bmake\b|\bjust\b|\bcd\s|--project|--directory"
    r"|--package|--all-packages|\brequirements|UV_\w*EXTRA"
)


def tools_of_an_extra(tree: Tree, steps: list[Step]) -> Iterator[Finding]:
    """`uv sync`, then `uv run pytest`, where pytest stands only in an extra: `uv sync` installs groups, and extras when they are named."""
    synced = [(step, match) for step in steps if step.run for match in SYNC.finditer(step.run)]
    if not synced or any(OTHERWISE.search(step.run) or (step.values or {}).get("working-directory") for step in steps):
        return
    if any("extra" in key.lower() or "UV_PROJECT" in key for step in steps for key in step.values or {}):
        return
    declared = _declared(tree)
    if declared is None:
        return
    brought, extras = declared
    for step in steps:
        for run in RUNS.finditer(step.run):
            dist = TOOLS.get(run["tool"], "")
            extra = extras.get(dist, "")
            if not extra or dist in brought:
                continue
            sync, match = synced[0]
            line = sync.line + sync.run.count("\n", 0, match.start() + len(match[0]) - len(match[0].lstrip()))
            yield Finding(
                f"{run['tool']} is in the extra {extra} of pyproject.toml, and `{match[0].strip()}` installs no extra",
                tree.evidence(sync.path, line),
                (tree.evidence(step.path, step.line + step.run.count("\n", 0, run.end())),),
                f"The job ends at `uv run {run['tool']}`: Failed to spawn, no such file.",
            )
            return


def _declared(tree: Tree) -> tuple[set[str], dict[str, str]] | None:
    """The distributions that `uv sync` can bring by itself, and of the others in which extra they are; None where it is not told."""
    text = tree.text("pyproject.toml") if "pyproject.toml" in tree.entries else ""
    if "optional-dependencies" not in text or "tool.uv.workspace" in text:
        return None
    try:
        data: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None
    project = data.get("project", {})
    uv = data.get("tool", {}).get("uv", {})
    if (
        not isinstance(project, dict)
        or "dependencies" in project.get("dynamic", ())
        or "optional-dependencies" in project.get("dynamic", ())
    ):
        return None
    named = [*project.get("dependencies", ()), *uv.get("dev-dependencies", ())]
    for group in data.get("dependency-groups", {}).values():
        named += group
    if any(isinstance(n, dict) for n in named) or any(required(n) == normalised(project.get("name", "")) for n in named):
        return None  # a group that takes in another, or the project's own extras
    extras = {required(n): name for name, group in project.get("optional-dependencies", {}).items() for n in group}
    brought = {required(n) for n in named}
    if any(b.startswith("pytest") for b in brought):
        brought.add("pytest")
    return brought, extras
