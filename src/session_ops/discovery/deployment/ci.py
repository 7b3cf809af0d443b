"""Steps of GitHub workflows and composite actions, and script lines of GitLab CI."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from session_ops.discovery.deployment.model import Step
from session_ops.discovery.deployment.yaml import Notes, flat, get, is_list, is_scalar, items, load, text_line, text_of
from session_ops.discovery.files import Tree
from session_ops.patterns import regex

_WORKFLOW = regex(r"(?:^|/)\.github/workflows/[^/]+\.ya?ml$")
_ACTION = regex(r"(?:^|/)action\.ya?ml$")
_GITLAB = regex(r"(?:^|/)\.gitlab-ci\.ya?ml$")
_NOT_JOBS = frozenset(
    ("default", "include", "stages", "variables", "workflow", "image", "services", "cache", "spec", "pages:deploy")
)
_ON_WINDOWS = regex(
    r"(?:runner\.os|matrix\.[\w.-]+)\s*==\s*'windows|(?:startsWith|contains)\(\s*matrix\.[\w.-]+\s*,\s*'windows", re.IGNORECASE
)


def read_ci(tree: Tree, notes: Notes) -> tuple[Step, ...]:
    """Every step that runs a command or uses an action, in file order."""
    found: list[Step] = []
    for entry in tree.files("yaml"):
        if _WORKFLOW.search(entry.path):
            found += _workflow(entry.path, load(tree, entry.path, notes))
        elif _ACTION.search(entry.path):
            root = load(tree, entry.path, notes)
            found += _steps(entry.path, "action", get(get(root, "runs"), "steps"), {}, {})
        elif _GITLAB.search(entry.path):
            found += _gitlab(entry.path, load(tree, entry.path, notes))
    return tuple(found)


def _workflow(path: str, root: Any) -> Iterator[Step]:
    for job, (line, node) in items(get(root, "jobs")).items():
        values: dict[str, str] = {}
        places: dict[str, int] = {}
        for outer in (root, node):
            for key, part in (("env.", get(outer, "env")), ("", get(get(outer, "defaults"), "run"))):
                more, where = flat(part)
                values |= {key + name: value for name, value in more.items()}
                places |= {key + name: at for name, at in where.items()}
        if "windows" in text_of(get(node, "runs-on")).lower():
            values.setdefault("shell", "pwsh")  # GitHub Docs, Workflow syntax: the default shell on Windows
        uses = get(node, "uses")
        if uses is not None:
            own, where = flat(node)
            yield Step(path, job, text_line(uses) if is_scalar(uses) else line, "", text_of(uses), values | own, places | where)
        yield from _steps(path, job, get(node, "steps"), values, places)


def _steps(path: str, job: str, steps: Any, values: dict[str, str], places: dict[str, int]) -> Iterator[Step]:
    for node in steps.value if is_list(steps) else []:
        run, uses = get(node, "run"), get(node, "uses")
        own, where = flat(node)
        own.pop("run", None)
        if "shell" not in values and _ON_WINDOWS.search(own.get("if", "")) and "||" not in own["if"]:
            own.setdefault("shell", "pwsh")
        if is_scalar(run):
            yield Step(path, job, text_line(run), text_of(run), "", values | own, places | where)
        elif is_scalar(uses):
            yield Step(path, job, text_line(uses), "", text_of(uses), values | own, places | where)


def _gitlab(path: str, root: Any) -> Iterator[Step]:
    for job, (_, node) in items(root).items():
        if job in _NOT_JOBS:
            continue
        values, places = flat(get(node, "variables"))
        env = {f"env.{name}": value for name, value in values.items()}
        if any("windows" in tag.lower() for tag in flat(get(node, "tags"))[0].values()):
            env["shell"] = "pwsh"
        lines = {f"env.{name}": at for name, at in places.items()}
        for part in ("before_script", "script", "after_script"):
            script = get(node, part)
            for command in script.value if is_list(script) else [script]:
                if is_scalar(command):
                    yield Step(path, job, text_line(command), text_of(command), "", env, lines)
