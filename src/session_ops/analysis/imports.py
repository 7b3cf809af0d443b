"""Imports as lines of text: fast to read, and looked at again as syntax before anything is said about them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from session_ops.discovery.files import Tree
from session_ops.discovery.manifests.setuptools import parse
from session_ops.patterns import regex
from session_ops.registry import fact

_PYTHON = regex(
    r"^(?:import[ \t]+(?P<plain>[A-Za-z_][\w.]*(?:[ \t]*,[ \t]*[A-Za-z_][\w.]*)*)|from[ \t]+(?P<source>[A-Za-z_]\w*))",
    re.MULTILINE,
)
_NODE = regex(
    r"""(?:\bfrom\s*|\brequire\(\s*|^\s*import\s*|\bimport\(\s*)(?P<quote>["'])(?P<module>[^"'\s./#~$][^"'\s$]*)(?P=quote)""",
    re.MULTILINE,
)


def python_tops(text: str) -> set[str]:
    """Top names that lines without indentation import; text inside of strings may be among them."""
    found: set[str] = set()
    for match in _PYTHON.finditer(text):
        if match["source"]:
            found.add(match["source"])
        else:
            found.update(part.strip().partition(".")[0] for part in match["plain"].split(","))
    return found


def python_hard(text: str) -> Iterator[tuple[str, int]]:
    """Imports of a module's own level that nothing guards: top name and line. Nothing where the text does not parse."""
    module = parse(text.removeprefix("\ufeff"))
    for node in module.body if module else ():
        if isinstance(node, ast.Import):
            yield from ((alias.name.partition(".")[0], node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.module.partition(".")[0], node.lineno


def node_modules(text: str) -> Iterator[tuple[str, int]]:
    """Modules that a text of JavaScript or TypeScript imports or requires (no paths), with their offsets."""
    for match in _NODE.finditer(text):
        yield match["module"], match.start("module")


@fact
def python_imports(tree: Tree) -> dict[str, set[str]]:
    """What each Python file imports at its own level, by lines of text: see `python_tops`."""
    return {entry.path: python_tops(tree.text(entry.path)) for entry in tree.files("python")}
