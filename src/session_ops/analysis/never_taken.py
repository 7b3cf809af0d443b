"""Locks that are released and never taken, and functions that clean up and are never called."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from session_ops.discovery.aside import not_deployed
from session_ops.discovery.files import Tree
from session_ops.discovery.manifests.setuptools import parse
from session_ops.model import Edit, Finding, Fix
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

UNLOCKS = regex(r"\b(?P<call>(?:fcntl\.)?(?:flock|lockf))\((?P<what>[^,()]+(?:\(\))?),\s*(?P<how>(?:fcntl\.)?LOCK_UN)\)")
LOCKS = regex(r"\bLOCK_(?:EX|SH)\b")
CLEANS = regex(
    r"^\s*(?:function\s+)?(?P<name>(?:_*on_?exit|_*exit_?trap|_*clean_?up|_*teardown|_*at_?exit|\w+_trap|\w*_clean_?up))\s*\(\)\s*\{?",
    re.MULTILINE | re.IGNORECASE,
)


def take_it(finding: Finding, tree: Tree) -> Fix | None:
    """Take the lock right after the file was opened."""
    path, what, call, how = finding.at.path, finding.data["what"], finding.data["call"], finding.data["how"]
    module = parse(tree.text(path))
    opened = _opened(module, what.rpartition(".")[2].removesuffix("()")) if module else None
    if opened is None:
        return None
    lines = tree.lines(path)
    first, last, guard = opened
    indent = re.match(r"\s*", lines[first - 1])
    lead = indent[0] if indent else ""
    taken = f"{call}({what}, {how.replace('LOCK_UN', 'LOCK_EX')})"
    if guard and lines[guard - 1].strip() == "pass":
        old = lines[guard - 1]
        edit = Edit(path, old, old.replace("pass", taken), guard)
    else:
        edit = Edit(path, lines[last - 1], f"{lines[last - 1]}\n{lead}{taken}", last)
    return Fix(
        f"Take the lock in {path}", (finding.id,), "review", (edit,), why="It is released later on, so it is meant to be held."
    )


def _opened(module: ast.Module, name: str) -> tuple[int, int, int] | None:
    """First and last line of the statement that opens the file of this name, and the line of a `pass` behind it, 0 without one."""
    for holder in ast.walk(module):
        for field in ("body", "orelse", "finalbody"):
            body = getattr(holder, field, None)
            rest: list[ast.stmt] = body if isinstance(body, list) else []
            for number, node in enumerate(rest):
                if not isinstance(node, ast.Assign) or not any(isinstance(t, ast.Name) and t.id == name for t in node.targets):
                    continue
                call = node.value
                if isinstance(call, ast.Call) and ast.unparse(call.func).rpartition(".")[2] == "open":
                    after = rest[number + 1] if number + 1 < len(rest) else None
                    empty = isinstance(after, ast.If) and len(after.body) == 1 and isinstance(after.body[0], ast.Pass)
                    return node.lineno, node.end_lineno or node.lineno, after.body[0].lineno if empty else 0  # type: ignore[union-attr]
    return None


@rule("LOCK-UNTAKEN", gate="coordinate", category="lock", fix=take_it)
def released_and_never_taken(tree: Tree) -> Iterator[Finding]:
    """A lock is released, and nothing takes it.

    Why: `flock(fd, LOCK_UN)` without LOCK_EX or LOCK_SH anywhere in the file does nothing: the code reads as if it were protected, and two
    processes change the same file at once. Passes: files that take the lock in any form, and helpers that only release.
    Do: Take the lock right after the file is opened: `fcntl.flock(fd, fcntl.LOCK_EX)`.
    Source: flock(2); Python's documentation of fcntl.
    """
    looked = False
    for entry in tree.files("python"):
        text = tree.text(entry.path)
        if "LOCK_UN" not in text or not_deployed(entry.path):
            continue
        looked = True
        found = UNLOCKS.search(text)
        if found is None or LOCKS.search(text) or "open(" not in text:
            continue
        data = {"what": found["what"].strip(), "call": found["call"], "how": found["how"]}
        yield Finding(
            f"`{found[0]}` releases a lock that nothing in this file takes",
            tree.evidence(entry.path, text.count("\n", 0, found.start()) + 1),
            impact="Two processes do at once what only one may do.",
            data=data,
        )
    if not looked:
        raise NotApplicable("no Python code releases a lock")


def call_it(finding: Finding, tree: Tree) -> Fix | None:
    """Set a trap right behind the function."""
    path, name = finding.at.path, finding.data["name"]
    lines = tree.lines(path)
    end = next((n for n in range(finding.at.line, len(lines) + 1) if lines[n - 1].rstrip() == "}"), 0)
    if not end:
        return None
    edit = Edit(path, lines[end - 1], f"{lines[end - 1]}\ntrap {name} EXIT", end)
    return Fix(f"Call {name} at the end of {path}", (finding.id,), "review", (edit,), why="Nothing else calls it.")


@rule("TRAP-UNSET", gate="coordinate", category="cleanup", fix=call_it)
def cleans_and_is_never_called(tree: Tree) -> Iterator[Finding]:
    """A function that cleans up at the end is there, and nothing calls it.

    Why: its name says that it removes what the script made, and no trap and no line calls it: temporary files, locks and helpers stay
    behind. Passes: functions that any script of the target names, libraries that are sourced.
    Do: Write `trap NAME EXIT` behind the function, or remove it.
    Source: POSIX.1-2024, Shell & Utilities, trap.
    """
    texts = {e.path: tree.text(e.path) for e in tree.files("shell")}
    if not texts:
        raise NotApplicable("no shell script")
    everything = "\n".join(texts.values())
    for path, text in texts.items():
        if not_deployed(path) or not text.startswith("#!"):
            continue
        for match in CLEANS.finditer(text):
            name = match["name"]
            removes = re.search(r"\brm\b|\bkill\b|\brmdir\b", _body(text, match.end()))
            if len(re.findall(rf"(?<![\w-]){re.escape(name)}(?![\w-])", everything)) > 1 or not (
                removes or name.lower().endswith("_trap")
            ):
                continue
            yield Finding(
                f"nothing calls {name}, which cleans up",
                tree.evidence(path, text.count("\n", 0, match.start("name")) + 1),
                impact="What the script made stays behind.",
                data={"name": name},
            )


def _body(text: str, start: int) -> str:
    end = re.compile(r"^\}", re.MULTILINE).search(text, start)
    return text[start : end.start() if end else len(text)]
