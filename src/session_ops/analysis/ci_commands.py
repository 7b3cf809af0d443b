"""Commands of CI that the package does not know: npm scripts and make targets."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from session_ops.analysis.deployment_ci import lines_of
from session_ops.analysis.documented import MAKEFILES, TARGET
from session_ops.analysis.nearest import nearest
from session_ops.discovery.aside import is_aside
from session_ops.discovery.deployment import Deployment
from session_ops.discovery.deployment.model import Step
from session_ops.discovery.files import Tree, normal
from session_ops.discovery.manifests import Manifests
from session_ops.model import Finding
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

SCRIPT = regex(
    r"(?:^|&&|;|\|\|)\s*(?:npm|pnpm)\s+(?:(?:run|run-script)\s+(?:-s\s+|--silent\s+)?(?P<name>[A-Za-z][\w:-]*)|(?P<test>test))(?=\s*(?:$|&&|;|\|\||--\s))"
)
TASK = regex(r"(?:^|&&|;)\s*make\s+(?P<name>[a-z][\w-]*)(?=\s*(?:$|&&|;))")
NPM, MAKE = "npm script", "make target"
ENDS = {NPM: 'npm ends with "Missing script"', MAKE: "make has no rule for it"}
MOVED = regex(r"\bcd\s|\bpushd\b|--prefix\b|\s-C\s|--filter\b|--workspaces?\b|\s-w\s|\s-r\s|--recursive\b|--if-present\b")
"""A step that runs elsewhere, or that takes what is there."""
COMPUTED = regex(r"(?m)^-?include\s|^%|\$\((?:foreach|eval)|^[^\t\n#=]*\$[({][^\n=]*:(?!=)")
"""A Makefile whose targets are not all written in it."""


@rule("CI-COMMAND", gate="ship", category="deploy-config")
def command_that_ci_does_not_find(tree: Tree, deployment: Deployment, manifests: Manifests) -> Iterator[Finding]:
    """A CI step runs an npm script or a make target that does not exist.

    Why: the step ends with "Missing script" or "No rule to make target", and with it the job, at every push. Looked at only where it is sure
    in which folder the step runs. Passes: `--if-present`, names that are put together, scripts that another step writes, checkouts of
    other repositories, Makefiles that include others or compute their targets.
    Do: Name a script or target that exists (`npm run` and the Makefile list them), or add the missing one.
    Source: docs.npmjs.com, npm-run-script; pnpm.io, run; POSIX.1-2024, make.
    """
    steps = [s for s in deployment.steps if s.run]
    if not steps:
        raise NotApplicable("no CI step runs a command")
    scripts = {
        m.folder: {e.name for e in m.entry_points if e.kind == "task"}
        for m in manifests
        if m.ecosystem == "npm" and not m.broken
    }
    lacking: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    known: dict[tuple[str, str], set[str]] = defaultdict(set)
    forgiven: set[tuple[str, int]] = set()
    for step in steps:
        folder = _folder(tree, deployment, step)
        if folder is None:
            continue
        own = scripts.get(folder) if not re.search(r"\bnpm\s+(?:pkg\s+set|init)\b", step.run) else None
        targets = _targets(tree, folder) if "make" in step.run else set()
        for line, text in lines_of(step):
            if "||" in text:
                forgiven.add((step.path, line))
            if own is not None:
                known[step.path, NPM] |= own
                for match in SCRIPT.finditer(text):
                    name = match["name"] or match["test"]
                    if name not in own and name != "start":  # npm has a default for start
                        lacking[step.path, NPM].setdefault(name, line)
            known[step.path, MAKE] |= targets
            for match in TASK.finditer(text) if targets else ():
                if match["name"] not in targets and not tree.exists(f"{folder}/{match['name']}".lstrip("/")):
                    lacking[step.path, MAKE].setdefault(match["name"], line)
    for (path, kind), names in lacking.items():
        (name, line), *rest = names.items()
        near = nearest(name, sorted(known[path, kind]))
        more = f" and {len(rest)} more" if rest else ""
        verb = "do" if rest else "does"
        yield Finding(
            f"CI runs the {kind} {name}{more}, which {verb} not exist" + (f"; there is {near}" if near and not rest else ""),
            tree.evidence(path, line),
            tuple(tree.evidence(path, at) for _, at in rest[:8]),
            f"{ENDS[kind]}, and the job fails at every run.",
            "possible" if all((path, at) in forgiven for at in names.values()) else "likely",
        )


def _folder(tree: Tree, deployment: Deployment, step: Step) -> str | None:
    """The folder in which a step runs, or None where that is not sure."""
    text = tree.text(step.path)
    if MOVED.search(step.run) or re.search(r"(?m)^\s*defaults:", text):
        return None
    values = step.values or {}
    job = [s for s in deployment.steps if (s.path, s.job) == (step.path, step.job)]
    fetched = [s for s in job if s.uses.startswith("actions/checkout@")]
    if not fetched or any({"with.path", "with.repository"} & set(s.values or {}) for s in fetched):
        return None
    where = values.get("working-directory", "")
    return None if "$" in where else normal(where) if where not in ("", ".") else ""


def _targets(tree: Tree, folder: str) -> set[str]:
    """All targets of the Makefile of a folder, empty where it computes or includes some."""
    for name in MAKEFILES:
        text = tree.text(f"{folder}/{name}".lstrip("/"))
        if text:
            return set() if COMPUTED.search(text) else {n for m in TARGET.finditer(text) for n in m["names"].split()}
    return set()


_PHONY = regex(r"(?m)^\.PHONY\s*:(?P<names>(?:[^\n\\]|\\\n|\\.)*)")
_STARTED = regex(r"\"(?P<when>(?:on|update|post|initialize)\w*Command)\"\s*:\s*\"(?P<text>(?:[^\"\\]|\\.)*)\"")
_MAKES = regex(r"(?:^|&&?|;|\|\|?)\s*make\s+(?P<name>[a-z][\w-]*)(?=\s*(?:$|[&;|])|\s+\w+=)")
_MAKE_FILE = regex(r"(?:^|/)(?:GNUmakefile|[Mm]akefile(?:\.\w+)?|[\w.-]+\.mk)$")
_DEV_CONTAINER = regex(r"(?:^|/)\.devcontainer/(?:[^/]+/)?devcontainer\.json$|(?:^|/)\.devcontainer\.json$")


@rule("REF-MAKE", gate="follow", category="dangling-ref")
def target_that_no_makefile_has(tree: Tree) -> Iterator[Finding]:
    """A Makefile declares a target phony, or a dev container makes one, that no Makefile of the project has.

    Why: `.PHONY: test-integration` without a rule looks like a promise; `make test-integration` says "Nothing to be done" and ends with 0, so that
    whoever calls it takes the tests for passed. A command of devcontainer.json that makes an unknown target ends the set-up of the container.
    Passes: targets of included files, Makefiles that compute their targets.
    Do: Name the target as it is called, add its rule, or take the name out of `.PHONY`.
    Source: GNU make manual, 4.6 Phony Targets; containers.dev, Lifecycle scripts.
    """
    files = [p for p in tree.entries if _MAKE_FILE.search(p)]
    if not files:
        raise NotApplicable("no Makefile")
    known = {n for p in files for m in TARGET.finditer(tree.text(p)) for n in m["names"].split()}
    computed = any(
        re.search(r"(?m)^%|^[^\t\n#:=]*%[^\n=]*:(?!=)|\$\((?:foreach|eval|call)|^[^\t\n#=]*\$[({][^\n=]*:(?!=)", tree.text(p))
        for p in files
    )
    for path in [p for p in files if not is_aside(p)] if not computed else ():
        text = tree.text(path)
        for match in _PHONY.finditer(text):
            names = match["names"].replace("\\\n", " ").split("#")[0].split()
            for name in names:
                if name not in known and re.fullmatch(r"[\w.-]+", name):
                    near = nearest(name, sorted(known - set(names)))
                    at = text.find(name, match.start())
                    yield Finding(
                        f".PHONY names {name}, which has no rule" + (f"; there is {near}" if near else ""),
                        tree.evidence(path, text.count("\n", 0, at) + 1),
                        impact=f"`make {name}` does nothing and ends with 0.",
                        confidence="possible",
                    )
    for path in [p for p in tree.entries if _DEV_CONTAINER.search(p)] if not computed else ():
        text = tree.text(path)
        for command in _STARTED.finditer(text):
            for match in _MAKES.finditer(command["text"]):
                if match["name"] not in known:
                    near = nearest(match["name"], sorted(known))
                    yield Finding(
                        f"{command['when']} makes {match['name']}, which no Makefile has"
                        + (f"; there is {near}" if near else ""),
                        tree.evidence(path, text.count("\n", 0, command.start("text") + match.start("name")) + 1),
                        impact="make has no rule for it, and the set-up of the container ends with an error.",
                        confidence="possible",
                    )
