"""Commands of the target that its documents have as code: which program of the target each line starts, and how it is run from its folder."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from session_ops.discovery.aside import is_aside
from session_ops.discovery.deployment import Deployment
from session_ops.discovery.docs import Doc, Docs
from session_ops.discovery.files import Tree
from session_ops.discovery.manifests import Manifests
from session_ops.discovery.mechanism import Mechanism
from session_ops.discovery.scripts import Script, Scripts
from session_ops.proof.probe.words import INTERPRETERS

PLANS = re.compile(r"(?:^|/)(?:plans?|specs?|adrs?|design|archive[sd]?|history|prompts?|research|rfcs?)/", re.IGNORECASE)
"""Folders of docs that say what shall be, or was, and not what is."""
SHELL = frozenset(("", "bash", "sh", "shell", "console", "zsh", "terminal", "shell-session", "text"))


@dataclass(frozen=True)
class Line:
    """A line of a doc that starts something of the target: `run` starts it from the target's folder, `head` is the file behind it."""

    name: str
    run: str
    head: str
    words: list[str]


@dataclass(frozen=True)
class Known:
    """What the commands are looked for in."""

    tree: Tree
    docs: Docs
    scripts: Scripts
    manifests: Manifests
    deployment: Deployment
    mechanism: Mechanism


def says(doc: Doc) -> bool:
    """Does a doc say how the target is used as it is now?"""
    return doc.role != "changelog" and not is_aside(doc.path) and not PLANS.search(doc.path)


def told_lines(known: Known) -> Iterator[tuple[str, str, int]]:
    """What docs have as code, line by line: text, path and line number."""
    for doc in known.docs:
        if says(doc):
            yield from ((span.text, doc.path, span.line) for span in doc.spans if span.kind == "code")
            for block in doc.blocks:
                if block.language in SHELL:
                    yield from ((line, doc.path, block.line + n) for n, line in enumerate(block.text.splitlines()))


def heads_of(known: Known) -> dict[str, tuple[str, str]]:
    """First words that start something of the target: to the file behind it and the text that runs it from the target's folder."""
    heads: dict[str, tuple[str, str]] = {}
    for one in known.manifests:
        if is_aside(one.path):
            continue
        for entry in one.entry_points:
            if entry.kind in ("script", "bin") and (ran := _entry(entry.value, one.beside(entry.value), one.ecosystem, known)):
                heads[entry.name] = ran
    return heads


def _entry(value: str, path: str, ecosystem: str, known: Known) -> tuple[str, str] | None:
    module, _, function = value.partition(":")
    if ecosystem == "pip" and function:
        for source in ("src/", ""):
            base = source + module.replace(".", "/")
            for file in (f"{base}.py", f"{base}/__init__.py"):
                if known.tree.exists(file):
                    start = f"import sys; from {module} import {function} as main; sys.argv[0] = 'main'; sys.exit(main())"
                    return file, f"PYTHONPATH={{root}}/{source or '.'} python3 -c {shlex.quote(start)}"
    if ecosystem == "npm" and known.tree.exists(path):
        return path, f"node {shlex.quote(path)}"
    if ecosystem == "gem" and known.tree.exists(path):
        return path, f"ruby -Ilib {shlex.quote(path)}"
    return None


def parsed(text: str, heads: Mapping[str, tuple[str, str]], known: Known, doc: str) -> Line | None:
    """A line of a doc as a command; None where it starts nothing of the target."""
    line = re.sub(r"^\s*[$>%]\s+", "", text).split(" #")[0].strip()
    if match := re.fullmatch(r"(?:export\s+)?\w+=[\"']?\$\((.+)\)[\"']?", line):
        line = match[1]
    if re.search(r"[|;&`]|\$\(", re.sub(r"\w\|\w", "", line)) or not 0 < len(line) < 200:
        return None
    line = re.sub(r"\[\s*-[^\[\]]*\]", "", line.replace("{{", "{").replace("}}", "}"))
    try:
        words = shlex.split(re.sub(r"<[^<>]*>|\[[^\[\]]*\]", lambda m: re.sub(r"\s+", "_", m[0]), line))
    except ValueError:
        return None
    started = ""
    if words and words[0] in INTERPRETERS and len(words) > 1:
        started, words = words[0] + " ", words[1:]
    if not words:
        return None
    name = words[0]
    if name in heads:
        return Line(name, heads[name][1], heads[name][0], words[1:])
    script = script_named(name, known.tree, known.scripts, doc)
    if script is None:
        return None
    plain = shlex.quote(script.path)
    run = started + plain if started or "/" in script.path else f"./{plain}"
    return Line(name, run, script.path, words[1:])


def script_named(name: str, tree: Tree, scripts: Scripts, doc: str) -> Script | None:
    """The script that a word names: from the target's folder, from the doc's, or with the target's own folder in front."""
    clean = name.removeprefix("./")
    inside = tree.prefix.rstrip("/") or tree.root.name
    paths = [clean, clean.removeprefix(inside + "/"), posixpath.normpath(posixpath.join(posixpath.dirname(doc), clean))]
    if "/" not in name:
        paths = paths[-1:] if name.endswith((".sh", ".py", ".js", ".rb")) else []
    return next((script for path in paths for script in scripts if script.path == path and not is_aside(path)), None)
