"""Dockerfiles: every file that an image takes from its context is in a clean clone; built where an engine runs."""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from session_ops.discovery.aside import is_aside
from session_ops.discovery.deployment import Deployment, Dockerfile, Instruction
from session_ops.discovery.deployment.contexts import glob_regex, is_ignored
from session_ops.discovery.deployment.dockerfile import flags_and_words
from session_ops.discovery.files import normal
from session_ops.model import CommandRun, Gate
from session_ops.proof.runs import Place, prover
from session_ops.registry import Facts

NAMES = frozenset(
    (
        "ADD",
        "ARG",
        "CMD",
        "COPY",
        "ENTRYPOINT",
        "ENV",
        "EXPOSE",
        "FROM",
        "HEALTHCHECK",
        "LABEL",
        "MAINTAINER",
        "ONBUILD",
        "RUN",
        "SHELL",
    )
    + ("STOPSIGNAL", "USER", "VOLUME", "WORKDIR", "COMMENT")
)
"""Instructions. Source: Dockerfile reference."""
REMOTE = re.compile(r"^(?:https?|ftp|git)://|^git@|\.git(?:#|$)")
ENGINE_S, BUILD_S = 15.0, 900.0


@prover("any")
def container(place: Place, facts: Facts) -> Iterator[CommandRun]:
    """Read every Dockerfile, hold its sources against a clean clone, and build it where an engine runs."""
    deployment: Deployment = facts["deployment"]
    files = [
        file
        for file in deployment.dockerfiles
        if not is_aside(file.path) and not re.search(r"\{\{|\{%|<%", place.tree.text(file.path))
    ]
    for file in files:
        yield place.check(Gate.SHIP, f"read {file.path} by the Dockerfile reference", _syntax(file))
        context, problems = _context(place, file)
        yield place.check(Gate.SHIP, f"look for what {file.path} copies from {context or '.'}", problems)
        yield _built(place, file, context)


container.gates = (Gate.SHIP,)  # type: ignore[attr-defined]


def _syntax(file: Dockerfile) -> Iterator[str]:
    stages: list[str] = []
    seen_from = False
    for step in file.instructions:
        if step.name not in NAMES:
            yield f"line {step.line}: {step.name} is no instruction"
        elif step.name == "FROM":
            seen_from = True
            if match := re.search(r"\s+AS\s+(\S+)", step.value, re.IGNORECASE):
                stages.append(match[1].lower())
        elif not seen_from and step.name not in ("ARG", "COMMENT"):
            yield f"line {step.line}: {step.name} stands before the first FROM"
        if step.name in ("CMD", "ENTRYPOINT") and step.value.lstrip().startswith("[") and not _is_list(step.value):
            yield f"line {step.line}: {step.name} looks like a JSON list and is none, so a shell gets it as it is written"
        if step.name in ("COPY", "ADD"):
            _, words = flags_and_words(step.value)
            if len(words) < 2 and "<<" not in step.value:
                yield f"line {step.line}: {step.name} wants a source and a destination"
    if not seen_from:
        yield "it has no FROM"


def _is_list(text: str) -> bool:
    try:
        return isinstance(json.loads(text), list)
    except ValueError:
        return False


def _context(place: Place, file: Dockerfile) -> tuple[str, list[str]]:
    """The folder that it is built from and what is missing there; where nothing says which, the one that fits best."""
    above = (str(p) if str(p) != "." else "" for p in PurePosixPath(file.path).parents)
    candidates = file.contexts[:1] or tuple(dict.fromkeys([file.context, *above]))
    tried = [(context, list(_missing(place, file, context))) for context in candidates]
    return min(tried, key=lambda one: len(one[1]))


def _missing(place: Place, file: Dockerfile, context: str) -> Iterator[str]:
    """Sources of COPY and ADD that a clean clone does not hold, or that .dockerignore keeps out."""
    below = place.folder + ("/" if place.folder and context else "") + context
    have = {item.path for item in place.box.list(below) if item.kind != "d"}
    for step in file.instructions:
        if step.name not in ("COPY", "ADD"):
            continue
        sources = list(_sources(step))
        for source in sources:
            found = [path for path in have if not source or path == source or path.startswith(source + "/")]
            if re.search(r"[*?\[]", source):
                wanted = glob_regex(source)
                found = [
                    path
                    for path in have
                    if any(wanted.fullmatch(str(p)) for p in (PurePosixPath(path), *PurePosixPath(path).parents))
                ]
            if not found and len(sources) > 1 and re.search(r"[*?\[]", source):
                continue  # a pattern may match nothing beside a source that is there
            if not found:
                yield f"line {step.line}: {source} is not in a clean clone of {context or 'the target'}"
            elif all(is_ignored(path, file.ignored) for path in found):
                yield f"line {step.line}: {source} is kept out by {file.ignore_file}"


def _sources(step: Instruction) -> Iterator[str]:
    flags, words = flags_and_words(step.value)
    if "from" in flags or step.value.lstrip().startswith("<<") or len(words) < 2:
        return
    for word in words[:-1]:
        if "$" not in word and not word.startswith("<<") and not REMOTE.search(word):
            yield normal(word.lstrip("/"))


@functools.cache
def _engine() -> tuple[str, str]:
    """The command of a container engine that runs, and why there is none."""
    why = "no container engine is installed"
    for name in ("docker", "podman"):
        if (path := shutil.which(name)) is None:
            continue
        try:
            done = subprocess.run([path, "info"], capture_output=True, timeout=ENGINE_S, check=False, stdin=subprocess.DEVNULL)
        except (OSError, subprocess.TimeoutExpired):
            why = f"{name} did not answer"
            continue
        if done.returncode == 0:
            return path, ""
        why = f"no container engine runs ({name} info ended with {done.returncode})"
    return "", why


def _built(place: Place, file: Dockerfile, context: str) -> CommandRun:
    """Build the image from the copy; it is removed at once."""
    engine, why = _engine()
    shown = f"docker build -f {file.path} {context or '.'}"
    if not engine:
        # the gate asks for a valid file whose sources are there, and that was looked at; the build itself stays open, and is listed so
        return place.skipped(Gate.SHIP, shown, f"the image build is open: {why}")
    tag = f"session-ops-{uuid.uuid4().hex[:12]}"
    with tempfile.TemporaryDirectory(prefix="session-ops-image-") as name:
        for item in place.box.list(place.folder):
            target = Path(name, item.path)
            if item.kind == "f" and target.resolve().is_relative_to(Path(name).resolve()):
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(place.box.read(place.inside(item.path)))
                target.chmod(0o755 if item.executable else 0o644)
        argv = [engine, "build", "--tag", tag, "--file", file.path, "--", context or "."]
        try:
            done = subprocess.run(
                argv, cwd=name, capture_output=True, timeout=BUILD_S, check=False, stdin=subprocess.DEVNULL,
                env={"PATH": os.environ.get("PATH", ""), "HOME": os.environ.get("HOME", name)},
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return CommandRun(Gate.SHIP, shown, None, (), "timeout", wrong="ended by the limit on time")
        finally:
            subprocess.run(
                [engine, "rmi", "--force", tag], capture_output=True, timeout=60, check=False, stdin=subprocess.DEVNULL
            )
    said = (done.stderr + done.stdout).decode("utf-8", "replace").replace(name, "$COPY").replace(tag, "IMAGE")
    tail = place.lines(said)
    wrong = f"exit status {done.returncode}: {tail[-1] if tail else ''}" if done.returncode else ""
    if done.returncode and re.search(
        r"(?i)temporary failure|no such host|i/o timeout|network is unreachable|TLS handshake|dial tcp", said
    ):
        return place.refused(Gate.SHIP, shown, "the engine could not reach a registry")
    return CommandRun(Gate.SHIP, shown, done.returncode, tail if done.returncode else (), wrong=wrong[:400])
