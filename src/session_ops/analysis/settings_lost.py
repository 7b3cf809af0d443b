"""Settings of somebody else that a program reads, changes and writes back, and loses where it cannot read them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from session_ops.discovery.aside import is_test, not_deployed
from session_ops.discovery.files import Tree
from session_ops.discovery.manifests.setuptools import parse
from session_ops.model import Finding
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

THEIRS = regex(r"settings|\bmcp|claude_?(?:json|config)|permissions", re.IGNORECASE)
"""How files of the agent, which its user edits too, are called in code."""
KEEPS = regex(r"\.bak\b|backup|copyFile|copy2|shutil\.copy|rename\(|\.replace\(\s*\w*(?:bak|backup)", re.IGNORECASE)
READER = regex(
    r"function\s+(?P<name>\w+)\s*\([^)]*\)[^{]*\{(?P<body>.{0,600}?JSON\.parse\(.{0,300}?catch\s*(?:\([^)]*\))?\s*\{[^}]*?return\s*\{\s*\})",
    re.DOTALL,
)
CAUGHT = regex(
    r"(?P<data>\w+)\s*=\s*JSON\.parse\((?P<read>[^;]*?\(\s*(?P<path>\w+)[^;]*);\s*\}\s*catch\s*(?:\([^)]*\))?\s*\{(?P<handler>[^{}]*(?:\{\s*\})?[^{}]*)\}"
)
SAYS = regex(r"throw|exit\(|return\s*(?:;|false|null|1)|reject", re.IGNORECASE)


@rule("STATE-SETTINGS", gate="coordinate", category="error-handling")
def unreadable_settings_are_replaced(tree: Tree) -> Iterator[Finding]:
    """A program takes settings that it cannot read for empty ones, adds its own, and writes that in their place.

    Why: a comma too many in the settings that people edit by hand raises the same error as no file at all; what is written back holds only the
    program's own entries, and permissions, hooks and servers of the user are gone. Looked at are files of the agent (settings, MCP servers)
    that one file of code reads with a fallback to `{}` and writes back whole.
    Passes: a backup first, handlers that end or raise, handlers for a missing file alone.
    Do: Take only a missing file for empty; where it does not parse, end with a message that names it, and change nothing.
    Source: Python, json.JSONDecodeError; ECMA-262, JSON.parse (SyntaxError); Claude Code documentation, settings files.
    """
    looked = False
    for entry in tree.files("python", "javascript", "typescript"):
        text = tree.text(entry.path)
        if (
            ("ettings" not in text and "mcp" not in text)
            or is_test(entry.path)
            or not_deployed(entry.path)
            or entry.vendored
            or entry.ignored
        ):
            continue
        looked = True
        if KEEPS.search(text):
            continue
        found = _in_python(text) if entry.language == "python" else _in_javascript(text)
        for line, written in found:
            yield Finding(
                "settings that cannot be read count as empty here, and what is written back replaces them",
                tree.evidence(entry.path, line),
                (tree.evidence(entry.path, written),),
                "One slip in a file that people edit by hand, and all of their settings are gone.",
                "possible",
            )
    if not looked:
        raise NotApplicable("no code speaks of settings")


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def _written(text: str, data: str, path: str) -> int:
    """Where JavaScript writes this variable to this path, be it through a function of its own; 0 where it does not."""
    match = re.search(rf"\b\w*[wW]rite\w*\(\s*{path}\s*,\s*(?:JSON\.stringify\(\s*)?{data}\b", text)
    return _line(text, match.start()) if match else 0


def _in_javascript(text: str) -> Iterator[tuple[int, int]]:
    for reader in READER.finditer(text) if "JSON.parse" in text else ():
        for taken in re.finditer(rf"(?P<data>\w+)\s*=\s*{reader['name']}\(\s*(?P<path>\w+)\s*\)", text):
            written = _written(text, taken["data"], taken["path"])
            if written and THEIRS.search(f"{taken['data']} {taken['path']}"):
                yield _line(text, reader.start() + reader[0].rindex("JSON.parse")), written
                return
    for match in CAUGHT.finditer(text) if "JSON.parse" in text else ():
        written = _written(text, match["data"], match["path"])
        if written and THEIRS.search(f"{match['data']} {match['path']}") and not SAYS.search(match["handler"]):
            yield _line(text, match.start("handler")), written
            return


def _in_python(text: str) -> Iterator[tuple[int, int]]:
    module = parse(text) if "json.load" in text and "json.dump" in text and THEIRS.search(text) else None
    lines = text.split("\n") if module else []
    for function in ast.walk(module) if module else ():
        if not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Module)):
            continue
        if not isinstance(function, ast.Module):
            inside = "\n".join(lines[function.lineno - 1 : function.end_lineno])
            if "json.load" not in inside or "json.dump" not in inside:
                continue
        own = list(_own(function))
        dumped = _dumped(own)
        for node in own if dumped else ():
            if not isinstance(node, ast.Try) or "json.load" not in "".join(ast.unparse(n) for n in node.body):
                continue
            loaded = {
                t.id for n in node.body for a in ast.walk(n) if isinstance(a, ast.Assign) and "json.load" in ast.unparse(a.value)
                for t in a.targets if isinstance(t, ast.Name)
            }  # fmt: skip
            for handler in node.handlers:
                kinds = ast.unparse(handler.type) if handler.type else "Exception"
                if not re.search(r"JSONDecodeError|ValueError|\bException|BaseException", kinds):
                    continue
                emptied = {
                    t.id for a in handler.body if isinstance(a, ast.Assign) and ast.unparse(a.value) in ("{}", "dict()")
                    for t in a.targets if isinstance(t, ast.Name)
                }  # fmt: skip
                for name in sorted(loaded & emptied & dumped.keys()):
                    if THEIRS.search(f"{name} {ast.unparse(node.body[0])}"):
                        yield handler.lineno, dumped[name]
                        return


def _own(holder: ast.AST) -> Iterator[ast.AST]:
    """All that belongs to a function, or to a module, without the functions in it."""
    for child in ast.iter_child_nodes(holder):
        if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            yield child
            yield from _own(child)


def _dumped(nodes: list[ast.AST]) -> dict[str, int]:
    """Variables that are written as JSON, with the line."""
    return {
        n.args[0].id: n.lineno
        for n in nodes
        if isinstance(n, ast.Call)
        and ast.unparse(n.func) in ("json.dump", "json.dumps")
        and n.args
        and isinstance(n.args[0], ast.Name)
    }
