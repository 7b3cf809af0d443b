"""Edits that make sure that a Python file imports a module of the standard library."""

from __future__ import annotations

import ast

from session_ops.discovery.files import Tree
from session_ops.discovery.manifests.setuptools import parse
from session_ops.model import Edit


def with_import(tree: Tree, path: str, name: str) -> tuple[Edit, ...] | None:
    """The edit that imports a module, none where it is imported already, None where there is no place for it."""
    module = parse(tree.text(path).removeprefix("\ufeff"))
    if module is None:
        return None
    places = [n for n in module.body if isinstance(n, ast.Import | ast.ImportFrom)]
    for node in places:
        if isinstance(node, ast.Import) and any(a.name == name and a.asname is None for a in node.names):
            return ()
    later = [n for n in places if not (isinstance(n, ast.ImportFrom) and n.module == "__future__")]
    first = later[0] if later else next((n for n in module.body if not _is_docstring(n) and n not in places), None)
    if first is None:
        return None
    line = min([first.lineno, *(d.lineno for d in getattr(first, "decorator_list", ()))])
    text = tree.lines(path)[line - 1]
    gap = "" if later else "\n\n"
    return (Edit(path, text, f"import {name}\n{gap}{text}", line),)


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
