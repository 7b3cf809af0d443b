"""From which folder a Dockerfile is built, and what its .dockerignore keeps out."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import PurePosixPath

from session_ops.discovery.deployment.model import Service, Step
from session_ops.discovery.files import Tree, normal
from session_ops.patterns import regex

_BUILD = regex(r"\b(?:docker|podman|nerdctl)\s+(?:image\s+|buildx\s+|builder\s+)?build\b(?P<rest>[^\n|;&>)]*)")
_VALUED = frozenset(
    (
        "-t",
        "--tag",
        "--build-arg",
        "--target",
        "--platform",
        "--label",
        "--cache-from",
        "--cache-to",
        "--network",
        "--secret",
        "--ssh",
    )
    + (
        "--output",
        "-o",
        "--progress",
        "--builder",
        "--iidfile",
        "--add-host",
        "--build-context",
        "--metadata-file",
        "--shm-size",
        "-m",
    )
)


def built_from(tree: Tree, paths: list[str], services: Iterable[Service], steps: Iterable[Step]) -> dict[str, tuple[str, ...]]:
    """For each Dockerfile the folders that something builds it from: compose first, then CI, then scripts."""
    found: dict[str, list[str]] = {}
    for file, context in (*_compose(services), *_ci(steps), *_scripts(tree)):
        if file in paths and context not in found.setdefault(file, []):
            found[file].append(context)
    return {file: tuple(contexts) for file, contexts in found.items()}


def _join(*parts: str) -> str:
    return normal("/".join(part for part in parts if part))


def _plain(text: str) -> bool:
    return "$" not in text and "://" not in text and not text.startswith(("/", "~", "git@", "-", "#")) and "{" not in text


def _compose(services: Iterable[Service]) -> Iterator[tuple[str, str]]:
    for service in services:
        folder = service.path.rpartition("/")[0]
        values = service.values
        if "build" not in service.places:
            continue
        context = values.get("build", "") or values.get("build.context", "") or "."
        file = values.get("build.dockerfile", "") or "Dockerfile"
        if _plain(context) and _plain(file):
            yield _join(folder, context, file), _join(folder, context)


def _ci(steps: Iterable[Step]) -> Iterator[tuple[str, str]]:
    for step in steps:
        values = step.values or {}
        where = values.get("working-directory", "")
        if "build-push-action" in step.uses:
            context, file = values.get("with.context", "") or ".", values.get("with.file", "")
            if _plain(context) and _plain(file or "Dockerfile"):
                yield normal(file) if file else _join(context, "Dockerfile"), _join(context)
        elif "build" in step.run and _plain(where or "."):
            yield from _commands(step.run, where)


def _scripts(tree: Tree) -> Iterator[tuple[str, str]]:
    for entry in tree.files("shell", "makefile", "json", "markdown"):
        if entry.language == "json" and PurePosixPath(entry.path).name != "package.json":
            continue
        text = tree.text(entry.path)
        if "docker" not in text and "podman" not in text:
            continue
        # who writes a build line thinks of the project's root, or of the folder of the file that holds it
        folder = entry.path.rpartition("/")[0]
        for where in dict.fromkeys(("", folder)):
            for file, context in _commands(text, where):
                if file in tree.entries:
                    yield file, context


def _commands(text: str, where: str) -> Iterator[tuple[str, str]]:
    for match in _BUILD.finditer(text.replace("\\\n", " ")):
        try:
            words = shlex.split(match["rest"].strip(" `\"'"))
        except ValueError:
            words = match["rest"].split()
        file, plain, skip = "", [], ""
        for word in words:
            if skip:
                file = word if skip == "-f" else file
                skip = ""
            elif word in ("-f", "--file"):
                skip = "-f"
            elif word.startswith("--file="):
                file = word.removeprefix("--file=")
            elif word in _VALUED:
                skip = word
            elif not word.startswith("-"):
                plain.append(word.rstrip("`\"',"))
        if len(plain) != 1 or not _plain(plain[0]) or not _plain(file or "Dockerfile"):
            continue
        context = _join(where, plain[0])
        yield _join(where, file) if file else _join(context, "Dockerfile"), context


def ignore_rules(tree: Tree, dockerfile: str, context: str) -> tuple[str, tuple[str, ...]]:
    """The ignore file that applies and its patterns: `<Dockerfile>.dockerignore` beside the Dockerfile, else the context's.

    Source: Docker build reference, "Build context", .dockerignore files.
    """
    for path in (f"{dockerfile}.dockerignore", _join(context, ".dockerignore")):
        if path in tree.entries:
            lines = [line.strip() for line in tree.text(path).removeprefix("\ufeff").splitlines()]
            return path, tuple(line for line in lines if line and not line.startswith("#"))
    return "", ()


def is_ignored(path: str, patterns: tuple[str, ...]) -> bool:
    """Does a .dockerignore keep this path (relative to the context) out? The last pattern that matches it or a folder above it wins."""
    pure = PurePosixPath(path)
    names = [str(pure), *(str(p) for p in pure.parents if str(p) != ".")]
    for pattern in reversed(patterns):
        keep = pattern.startswith("!")
        clean = normal(pattern.removeprefix("!").strip().lstrip("/")) if pattern != "!" else ""
        if clean and any(glob_regex(clean).fullmatch(name) for name in names):
            return not keep
    return False


@cache
def glob_regex(pattern: str) -> re.Pattern[str]:
    """Go's filepath.Match with `**`: `*` and `?` stay inside one name, `**` crosses folders."""
    out, i = "", 0
    while i < len(pattern):
        if pattern.startswith("**/", i):
            out, i = out + "(?:.*/)?", i + 3
        elif pattern.startswith("**", i):
            out, i = out + ".*", i + 2
        elif pattern[i] == "*":
            out, i = out + "[^/]*", i + 1
        elif pattern[i] == "?":
            out, i = out + "[^/]", i + 1
        elif pattern[i] == "[" and (end := pattern.find("]", i + 2)) > 0:
            inner = pattern[i + 1 : end].replace("\\", "\\\\").replace("[", "\\[")
            out, i = out + f"[{inner}]", end + 1
        else:
            out, i = out + re.escape(pattern[i]), i + 1
    try:
        return re.compile(out)
    except re.error:
        return re.compile(re.escape(pattern))
