"""Folders and files that a CI job counts on and that its clone does not hold."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from itertools import groupby

from session_ops.analysis.deployment_ci import lines_of
from session_ops.analysis.ignore import would_ignore
from session_ops.analysis.nearest import nearest
from session_ops.discovery.deployment import Deployment
from session_ops.discovery.deployment.model import Step
from session_ops.discovery.files import Tree, normal
from session_ops.discovery.references.verdict import BUILD_FOLDERS
from session_ops.model import Finding
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

INTO = regex(r"^\s*cd\s+[\"']?(?P<folder>\.?\w[\w./-]*)[\"']?\s*(?:&&|;|$)")
DEMANDED = regex(
    r"^\s*(?:test|\[\[?)\s+-[fdes]\s+[\"']?(?P<path>\.?\w[\w.-]*/[\w./-]*[\w-])[\"']?(?:\s*\]\]?)?\s*\|\|\s*(?:\{[^}\n]*\bexit\s+[1-9]|exit\s+[1-9]|false\b)"
)
BRINGS = regex(r"checkout|download|setup|cache|install|clone|fetch|pages|submodule")
"""Actions that may put folders into the workspace."""
LOCAL = regex(r"^actions/(?:checkout|setup-(?:node|python|go|java)|cache|upload-artifact)@")


@rule("CI-FOLDER", gate="ship", category="dangling-ref")
def folder_that_the_clone_lacks(tree: Tree, deployment: Deployment) -> Iterator[Finding]:
    """A CI step changes into, runs in, or asks for a folder or file that is not in the repository and that no step before it makes.

    Why: the job starts from a clone. `cd` into what was renamed or moved ends it with "No such file or directory" at every push, and the
    checks behind it never run. Passes: folders that git ignores or that builds fill, names that an earlier step speaks of, jobs that
    check out or download other things, submodules, steps of other shells.
    Do: Name the folder as it is called now, here and in `cache-dependency-path`, or take out the job.
    Source: GitHub Actions, Workflow syntax (jobs.<id>.steps[*].working-directory); actions/checkout.
    """
    steps = [s for s in deployment.steps if ".github/workflows/" in s.path]
    if not steps:
        raise NotApplicable("no CI workflow")
    told: dict[tuple[str, str], list[tuple[str, int]]] = {}
    for (path, _job), group in groupby(steps, key=lambda s: (s.path, s.job)):
        for folder, line in _of_job(tree, list(group)):
            told.setdefault((path, folder), []).append((path, line))
    for (path, folder), places in told.items():
        near = nearest(posixpath.basename(folder), sorted({posixpath.basename(f) for f in tree.folders}))
        alike = sorted(f for f in tree.folders if posixpath.basename(f) == posixpath.basename(folder))
        meant = alike[0] if len(alike) == 1 else near
        yield Finding(
            f"CI goes to {folder}, which is not in the repository" + (f"; there is {meant}" if meant else ""),
            tree.evidence(path, places[0][1]),
            tuple(tree.evidence(*place) for place in places[1:8]),
            "The job ends there at every run: No such file or directory.",
        )


def _of_job(tree: Tree, steps: list[Step]) -> Iterator[tuple[str, int]]:
    """(path, line) of what a job asks for; nothing where it brings more than the clone."""
    if not any(s.uses.startswith("actions/checkout@") for s in steps):
        return
    said = ""
    for step in steps:
        values = step.values or {}
        if step.uses:
            if {"with.path", "with.repository", "with.submodules"} & values.keys() and "checkout" in step.uses:
                return
            if BRINGS.search(step.uses) and not LOCAL.match(step.uses):
                return
            said += " ".join(v for k, v in values.items() if k != "with.cache-dependency-path")
            continue
        if values.get("shell", "bash").split(" ")[0] not in ("bash", "sh") or values.get("continue-on-error"):
            return
        where = values.get("working-directory", "")
        if where and _lacks(tree, normal(where), said):
            yield normal(where), (step.places or {}).get("working-directory", step.line)
            return
        inside, known = normal(where) if where and "$" not in where else "", said
        for line, command in lines_of(step):
            asked = DEMANDED.match(command)
            if asked and "$" not in where and _lacks(tree, normal(posixpath.join(inside, asked["path"])), known):
                yield normal(posixpath.join(inside, asked["path"])), line
                return
            into = INTO.match(command)
            if into and "||" not in command and "$" not in where:
                here = normal(posixpath.join(inside, into["folder"]))
                if _lacks(tree, here, known):
                    yield here, line
                    return
                break  # what follows is said from there
            if re.search(r"\bcd\s|\bpushd\b|\bif\b|\bfor\b", command):
                break
            known += f" {command}"
        said += f" {step.run}"


def _lacks(tree: Tree, path: str, said: str) -> bool:
    """Is a path of the repository surely not there, and does nothing that ran before speak of it?"""
    top = path.partition("/")[0]
    if not path or path.startswith("..") or "$" in path or tree.exists(path) or tree.is_folder(path):
        return False
    if any(part.lower() in BUILD_FOLDERS for part in path.split("/")) or would_ignore(tree, path):
        return False
    if any(path == sub or path.startswith(f"{sub}/") for sub in tree.git.submodules):
        return False
    first = path if tree.is_folder(top) else top
    return not re.search(rf"(?<![\w-]){re.escape(posixpath.basename(first))}(?![\w-])", said)
