"""requirements*.txt, as pip reads them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from session_ops.discovery.files import Tree
from session_ops.discovery.manifests.model import Dependency, Field, Manifest, Problem
from session_ops.patterns import regex

NAMED = regex(r"(?:^|/)(?:[\w.-]*requirements[\w.-]*\.(?:txt|in)|requirements/[\w.-]+\.(?:txt|in))$", re.IGNORECASE)
_DEV = regex(r"dev|test|lint|doc|ci|check|build", re.IGNORECASE)
_OPTION = regex(r"(?P<flag>--?[A-Za-z][\w-]*)(?:[ =]\s*|(?=[^\s=-]))?(?P<value>.*)")
_EXTERNAL = regex(r"^(?:\.{0,2}/|[A-Za-z]:\\|file:|(?:git|hg|svn|bzr)\+|https?://|\.$|\.\[|~/)")
_EGG = regex(r"#egg=([\w.-]+)")


def read(tree: Tree, path: str) -> Manifest | None:
    """The manifest in a requirements file, None where it is prose about requirements.

    A line ended by a backslash goes on. Source: pip's requirements file format.
    """
    from packaging.requirements import InvalidRequirement, Requirement

    name = path.rpartition("/")[2]
    group = "dev" if _DEV.search(name.replace("requirements", "").removesuffix(".txt")) else "runtime"
    fields: list[Field] = []
    dependencies: list[Dependency] = []
    problems: list[Problem] = []
    for line, text in _logical(tree.lines(path)):
        if text.startswith("-"):
            match = _OPTION.match(text)
            flag, value = (match["flag"], match["value"].strip()) if match else ("", "")
            if text[1] != "-":
                flag, value = text[:2], text[2:].strip().lstrip("=").strip()
            kind = {"-r": "include", "--requirement": "include", "-c": "constraint", "--constraint": "constraint"}.get(flag)
            if kind or flag in ("-e", "--editable"):
                fields.append(Field(kind or "editable", value, line))
            continue
        bare = re.split(r"\s+--[a-z]", text, maxsplit=1)[0].strip()
        if _EXTERNAL.match(bare) or bare.endswith((".whl", ".tar.gz", ".zip")):
            egg = _EGG.search(bare)
            fields.append(Field("link", bare, line))
            if egg:
                dependencies.append(Dependency(egg[1], bare, group, line))
            continue
        if "${" in bare or "{{" in bare:
            continue
        try:
            dependencies.append(Dependency(Requirement(bare).name, bare, group, line))
        except InvalidRequirement:
            problems.append(Problem(f"{bare[:80]!r} is not a requirement that pip can read", line))
    if len(problems) > len(dependencies) + len(fields):
        return None
    return Manifest("pip", path, fields=tuple(fields), dependencies=tuple(dependencies), problems=tuple(problems))


def _logical(lines: list[str]) -> Iterator[tuple[int, str]]:
    """Lines with continuations joined, comments and blank ones left out, each with its first line's number."""
    start, joined = 0, ""
    for number, raw in enumerate(lines, 1):
        text = raw.removeprefix("\ufeff")
        if not joined:
            start = number
        if text.endswith("\\") and not text.lstrip().startswith("#"):
            joined += text[:-1] + " "
            continue
        whole = re.sub(r"(^|\s+)#.*$", "", joined + text).strip()
        joined = ""
        if whole:
            yield start, whole
