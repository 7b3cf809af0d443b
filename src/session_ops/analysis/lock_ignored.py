"""Installations that go beyond the lock file: in images and in CI."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from session_ops.analysis.deployment_ci import lines_of
from session_ops.analysis.headless import folded
from session_ops.discovery.aside import not_deployed
from session_ops.discovery.deployment import Deployment
from session_ops.discovery.files import Tree, normal
from session_ops.model import Edit, Finding, Fix
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule


def _use_ci(finding: Finding) -> Fix | None:
    old = finding.data.get("old", "")
    if not old:
        return None
    return Fix(
        "Install what the lock file says", (finding.id,), "review", (Edit(finding.at.path, old, "npm ci", finding.at.line),)
    )


_NPM_INSTALL = regex(r"\bnpm\s+(?:install|i)(?P<flags>(?:\s+--?[\w=-]+)*)\s*(?=$|&|;|\||\n)")


@rule("SHIP-LOCK", gate="ship", category="deploy-config", fix=_use_ci)
def image_ignores_lock_file(tree: Tree, deployment: Deployment) -> Iterator[Finding]:
    """An image or a CI job installs npm packages with `npm install`, which goes beyond the lock file.

    Why: the image holds other versions than those that were tested, and CI tests others than those that are shipped. `npm ci` takes exactly
    what the lock file says, and stops where the two disagree. Without a lock file there is nothing to take, and global installs
    have none. An image for development (Dockerfile.dev, devcontainer) may go ahead of it.
    Do: Run `npm ci` in place of `npm install` (with `--omit=dev` where the image needs no tools), after package.json and
    package-lock.json were copied.
    Source: npm-ci(1).
    """
    if not deployment.dockerfiles and not deployment.steps:
        raise NotApplicable("neither a Dockerfile nor CI")
    yield from _ci_ignores_lock_file(tree, deployment)
    for dockerfile in deployment.dockerfiles:
        if not_deployed(dockerfile.path) or re.search(r"(?:^|[./_-])dev(?:$|[./_-]|container)", dockerfile.path):
            continue
        workdir = ""
        for step in dockerfile.instructions:
            if step.name == "WORKDIR":
                workdir = posixpath.join(workdir, step.value.strip().strip("\"'"))
            match = _NPM_INSTALL.search(step.value) if step.name == "RUN" else None
            if match is None or re.search(r"(?:^|\s)(?:-g|--global)\b", match["flags"]) or "npm ci" in step.value:
                continue
            lock = _lock_of(tree, dockerfile.context, workdir)
            if not lock:
                continue
            plain = not match["flags"].strip()
            line = next(
                (n for n in range(step.line, step.end + 1) if match[0].strip() in tree.lines(dockerfile.path)[n - 1]), step.line
            )
            yield Finding(
                f"`{match[0].strip()}` may take other versions than {lock} says",
                tree.evidence(dockerfile.path, line),
                (tree.evidence(lock),),
                "The image is not what was tested, and not the same twice.",
                "possible",
                data={"old": match[0].strip()} if plain else {},
            )


def _lock_of(tree: Tree, context: str, workdir: str) -> str:
    """The lock file of the folder that an image's folder was copied from: the deepest of the context that ends like it, or the context."""
    parts = [part for part in workdir.split("/") if part]
    tails = ["/".join(parts[at:]) for at in range(len(parts))]
    places = [normal(posixpath.join(context, tail, "package-lock.json")) for tail in (*tails, "")]
    return next((place for place in places if place in tree.entries), "")


_INTO = regex(r"^\s*cd\s+[\"']?(?P<folder>[\w./-]+)[\"']?\s*(?:&&|;)")


def _ci_ignores_lock_file(tree: Tree, deployment: Deployment) -> Iterator[Finding]:
    """The first place of each CI file that installs beside a lock file without it."""
    told: dict[str, list[Finding]] = {}
    for step in deployment.steps:
        if (
            "npm " not in step.run
            or not_deployed(step.path)
            or re.search(r"\bnpm\s+(?:update|version|dedupe|audit fix)|package-lock", step.run)
        ):
            continue
        folder = (step.values or {}).get("working-directory", "")
        for line, command in lines_of(step):
            into = _INTO.match(command)
            here = normal(posixpath.join(folder, into["folder"] if into else ""))
            if into and "npm " not in command[into.end() :]:
                break  # the rest is elsewhere
            match = _NPM_INSTALL.search(command)
            lock = posixpath.join(here, "package-lock.json")
            if (
                match is None
                or lock not in tree.entries
                or re.search(r"-g\b|--global|--no-package-lock|--no-save", match["flags"])
            ):
                continue
            finding = Finding(
                f"`{match[0].strip()}` may take other versions than {lock} says",
                tree.evidence(step.path, line),
                (tree.evidence(lock),),
                "What CI tests is not what the lock file says, and a lock file that is out of step is not noticed.",
                "possible",
                data={} if match["flags"].strip() else {"old": match[0].strip()},
            )
            told.setdefault(step.path, []).append(finding)
    for found in told.values():
        yield from folded(found, 1)
