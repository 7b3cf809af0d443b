"""What CLAUDE.md and AGENTS.md forbid, held against a fix: a fix that breaks an order is not proposed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from pathlib import PurePosixPath

from session_ops.discovery.docs import Directive
from session_ops.model import Fix

TOOLS = frozenset(
    ("npm", "npx", "yarn", "pnpm", "bun", "bunx", "deno", "node", "pip", "pip3", "pipx", "poetry", "pipenv", "conda", "uv", "uvx")
    + ("hatch", "setuptools", "tox", "nox", "python", "python2", "make", "just", "gem", "bundle", "bundler", "rake", "cargo")
    + ("brew", "apt", "apt-get", "sudo", "docker", "docker-compose", "podman", "git", "curl", "wget", "jq")
)  # fmt: skip
"""Words that name a tool wherever they stand; any other single word may mean something else."""
FILES_OF = {
    "npm": ("package-lock.json",), "yarn": ("yarn.lock",), "pnpm": ("pnpm-lock.yaml",), "bun": ("bun.lock", "bun.lockb"),
    "pip": ("requirements.txt",), "poetry": ("poetry.lock",), "uv": ("uv.lock",), "pipenv": ("Pipfile", "Pipfile.lock"),
    "make": ("Makefile", "GNUmakefile"), "just": ("justfile",), "docker": ("Dockerfile", ".dockerignore"),
    "docker-compose": ("docker-compose.yml", "compose.yaml"), "bundler": ("Gemfile.lock",),
}  # fmt: skip
"""Files that only one tool reads: to create one is to use the tool."""
SIBLINGS = (
    frozenset(("npm", "yarn", "pnpm", "bun")), frozenset(("pip", "pip3", "poetry", "pipenv", "uv", "conda")), frozenset(("docker", "podman")),
)  # fmt: skip
"""Tools that do the same: who orders one of them forbids the others."""
_ORDERS = re.compile(
    r"\b(?:always|only|must|exclusively)\s+(?:use\s+|be\s+)?|^\s*use\s+(?:only\s+)?|\buse\s+only\s+|\b(?:package manager|manager)\s*(?:is|:)\s*",
    re.IGNORECASE,
)

_CONDITION = re.compile(
    r"\b(?:unless|except|without (?:asking|approval|permission)|until|if (?:not|you)|only if|first)\b", re.IGNORECASE
)
_FORBIDS = re.compile(
    r"\b(?:never|do not|don['’]t|must not|may not|avoid|instead of|rather than|not)\s+"
    r"(?:ever\s+)?(?P<verb>us(?:e|ing)|run(?:ning)?|call(?:ing)?|install(?:ing)? with|edit(?:ing)?|modify(?:ing)?|chang(?:e|ing)|"
    r"touch(?:ing)?|creat(?:e|ing)|add(?:ing)?|commit(?:ting)?)?\s*(?P<rest>[^.;:—(!?]*(?:\.[\w*][^.;:—(!?]*)*)",
    re.IGNORECASE,
)
_TURN = re.compile(r"\b(?:use|instead|but|always|prefer|because|since|so that|when|before|after)\b", re.IGNORECASE)
_WORD = re.compile(r"[\w.*/@+-]*[\w*]")
_CODE = re.compile(r"`([^`]+)`")


def broken_by(fix: Fix, directives: Iterable[Directive]) -> str:
    """Why a fix breaks one of the orders, naming it; empty where it breaks none. Orders with a condition bind nobody here."""
    for directive in directives:
        if _CONDITION.search(directive.text):
            continue
        if directive.kind in ("never", "prefer"):
            for act in _acts(fix, directive.text):
                return f"{directive.path}:{directive.line} forbids it ({_short(directive.text)}): {act}"
        if directive.kind in ("must", "prefer"):
            for act in _uses(fix, _others(directive.text), []):
                return f"{directive.path}:{directive.line} orders another tool ({_short(directive.text)}): {act}"
    return ""


def _others(text: str) -> set[str]:
    """The tools that do the same as the one that a sentence orders; none where it orders several of them."""
    found: set[str] = set()
    for match in _ORDERS.finditer(text):
        rest = re.split(r"[.;:—(!?]|\b(?:and|or|for|to|when)\b", text[match.end() :].replace("`", ""))[0]
        named = set(_WORD.findall(rest.lower()))
        for family in SIBLINGS:
            if len(ordered := named & family) == 1:
                found |= family - ordered - ({"pip", "pip3"} if ordered <= {"pip", "pip3"} else set())
    return found - set(_WORD.findall(text.lower()))


def _acts(fix: Fix, text: str) -> Iterator[str]:
    """What the fix does that the sentence forbids."""
    for match in _FORBIDS.finditer(text):
        verb = (match["verb"] or "use").lower()
        rest = _TURN.split(match["rest"])[0]
        spans = [span.strip() for span in _CODE.findall(rest)]
        words = set(_WORD.findall(rest))
        if verb.startswith(("edit", "modif", "chang", "touch")):
            changed = {edit.path for edit in fix.edits} | {mode.path for mode in fix.modes}
            yield from (f"the fix changes {path}" for path in sorted(changed) if _named(path, spans))
        elif verb.startswith(("creat", "add", "commit")):
            yield from (f"the fix creates {new.path}" for new in fix.creates if _named(new.path, [*spans, *words]))
        else:
            yield from _uses(fix, words & TOOLS, [s for s in spans if " " in s or s.startswith("-")])


def _uses(fix: Fix, tools: set[str], commands: list[str]) -> Iterator[str]:
    for tool in sorted(tools):
        for new in fix.creates:
            if PurePosixPath(new.path).name in FILES_OF.get(tool, ()):
                yield f"the fix creates {new.path}, which is {tool}'s"
        called = re.compile(rf"(?:^|[\s;&|(\"'`@])(?<!\buv ){re.escape(tool)}\s+[\w.-]", re.MULTILINE)  # `uv pip` is uv's
        yield from (f"the fix runs {tool} in {path}" for path, added in _added(fix) if called.search(added))
    for command in commands:
        yield from (f"the fix writes {command} into {path}" for path, added in _added(fix) if command in added)


def _added(fix: Fix) -> Iterator[tuple[str, str]]:
    """Path and text of what the fix adds; lines that were there before are not its doing."""
    for edit in fix.edits:
        before = set(edit.old.splitlines())
        yield edit.path, "\n".join(line for line in edit.new.splitlines() if line not in before)
    for new in fix.creates:
        yield new.path, "\n".join(line for line in new.content.splitlines() if not line.lstrip().startswith("#"))


def _named(path: str, names: Iterable[str]) -> bool:
    """Is the path one of the names, below one that is a folder, or matched by one that is a pattern?"""
    for name in names:
        plain = name.removeprefix("./").rstrip("/")
        looks = "/" in name or "." in plain or "*" in plain or plain in ("Makefile", "Dockerfile")
        if looks and plain and (path == plain or path.startswith(plain + "/") or fnmatch(path, plain)):
            return True
        if looks and "/" not in plain and fnmatch(PurePosixPath(path).name, plain):
            return True
    return False


def _short(text: str) -> str:
    return text if len(text) <= 100 else text[:99] + "…"
