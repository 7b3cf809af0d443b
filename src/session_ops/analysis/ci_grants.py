"""Rights that a CI job hands to the workflow which it calls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from session_ops.discovery.deployment.yaml import Notes, get, is_map, is_scalar, items, load, text_of
from session_ops.discovery.files import Tree
from session_ops.model import Finding
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

_USES = regex(r"(?P<where>\./|[\w.-]+/[\w.-]+/)\.github/workflows/(?P<name>[\w.-]+\.ya?ml)(?:@\S+)?$")
_LEVELS = {"none": 0, "read": 1, "write": 2}
_ALL = {"read-all": 1, "write-all": 2}


def _rights(node: Any) -> dict[str, int] | None:
    """Scope to level; `*` stands for every other one. None where nothing is said, or nothing that can be read."""
    if is_scalar(node) and text_of(node) in _ALL:
        return {"*": _ALL[text_of(node)]}
    if not is_map(node):
        return None
    said = {name: text_of(value) for name, (_, value) in items(node).items()}
    return {"*": 0} | {name: _LEVELS[level] for name, level in said.items() if level in _LEVELS}


@rule("CI-GRANTS", gate="ship", category="deploy-config")
def called_with_too_little(tree: Tree) -> Iterator[Finding]:
    """A CI job calls a reusable workflow with fewer permissions than the jobs of that workflow ask for.

    Why: a called workflow can only keep or lower what its caller has. Where a job in it asks for more, GitHub refuses the whole run before
    its first step (startup_failure), and no log says why. Named scopes set all the others to none.
    Passes: callers that say nothing (the repository's default holds), workflows that ask for nothing.
    Do: Give the calling job, or its workflow, every permission that the called jobs ask for.
    Source: GitHub Docs, "Reusing workflow configurations" (access and permissions), Workflow syntax, `permissions`.
    """
    looked = False
    for entry in tree.files("yaml"):
        text = tree.text(entry.path)
        if "/.github/workflows/" not in text or "permissions" not in text or "uses:" not in text:
            continue
        root = load(tree, entry.path, Notes())
        whole = _rights(get(root, "permissions"))
        for job, (_, node) in items(get(root, "jobs")).items():
            line, uses = items(node).get("uses", (0, None))
            match = _USES.match(text_of(uses))
            called = f".github/workflows/{match['name']}" if match else ""
            own = entry.path.startswith(".github/workflows/")
            if match is None or called not in tree.entries or (match["where"] != "./" and own) or called == entry.path:
                continue
            looked = True
            given = _rights(get(node, "permissions")) or whole
            wants = _asked(tree, called) if given is not None else None
            if given is None or wants is None:
                continue
            lacks = [name for name, (level, _) in sorted(wants.items()) if level > given.get(name, given["*"])]
            if lacks:
                yield Finding(
                    f"the job {job} calls {match['name']}, which asks for more than it gives: {', '.join(lacks)}",
                    tree.evidence(entry.path, line),
                    tuple(tree.evidence(called, wants[name][1]) for name in lacks[:5]),
                    "GitHub refuses the run before its first step: startup_failure.",
                )
    if not looked:
        raise NotApplicable("no CI job calls a workflow of this project with permissions of its own")


def _asked(tree: Tree, path: str) -> dict[str, tuple[int, int]] | None:
    """Scope to the highest level that a job of a reusable workflow asks for, with the line; None where one asks in bulk."""
    root = load(tree, path, Notes())
    if "workflow_call" not in tree.text(path):
        return None
    found: dict[str, tuple[int, int]] = {}
    whole = get(root, "permissions")
    for _, node in items(get(root, "jobs")).values():
        said = get(node, "permissions") or whole
        rights = _rights(said)
        if rights is None or is_scalar(said):
            continue
        for name, (line, _) in items(said).items():
            level = rights.get(name, 0)
            if level > found.get(name, (0, 0))[0]:
                found[name] = (level, line)
    return found or None


_FOREIGN = regex(r"^(?P<where>[\w.-]+/[\w.-]+)/\.github/workflows/[\w.-]+\.ya?ml@(?P<ref>main|master|develop|dev|trunk|HEAD)$")


@rule("SEC-REUSED", gate="guard", category="security")
def secrets_for_a_moving_workflow(tree: Tree) -> Iterator[Finding]:
    """A CI job hands all secrets to a workflow of another repository, at a branch that may change at any time.

    Why: `secrets: inherit` gives the called workflow every secret of this repository, and `@main` means whatever is pushed there next; one commit
    in the other repository, by whoever may push to it, can send them away. Passes: a tag or commit, named secrets.
    Do: Name the commit (`@<sha>`), and pass only the secrets that the workflow needs.
    Source: GitHub Docs, "Reusing workflow configurations", "Secure use reference" (pin to a full-length commit SHA).
    """
    looked = False
    for entry in tree.files("yaml"):
        text = tree.text(entry.path)
        if "inherit" not in text or "/.github/workflows/" not in text or not entry.path.startswith(".github/workflows/"):
            continue
        looked = True
        for _, node in items(get(load(tree, entry.path, Notes()), "jobs")).values():
            line, uses = items(node).get("uses", (0, None))
            match = _FOREIGN.match(text_of(uses)) if is_scalar(uses) else None
            if match and text_of(get(node, "secrets")) == "inherit":
                yield Finding(
                    f"all secrets go to a workflow of {match['where']} at the branch {match['ref']}",
                    tree.evidence(entry.path, line),
                    impact="Whoever may push there can read them.",
                    confidence="possible",
                )
    if not looked:
        raise NotApplicable("no job hands all its secrets on")
