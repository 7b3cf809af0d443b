"""Where a Python module lies in the tree, and which names it has, by reading only."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from session_ops.discovery.files import Tree, normal
from session_ops.discovery.manifests import Manifest, Manifests
from session_ops.discovery.manifests.setuptools import parse
from session_ops.patterns import regex

COMPILED = (".pyx", ".so", ".pyd", ".pxd")


def import_roots(tree: Tree, one: Manifest, manifests: Manifests) -> list[str]:
    """Folders from which the modules of a distribution are imported, relative to the target; the manifest's own comes last."""
    together = [m for m in manifests if m.folder == one.folder and m.ecosystem == "pip"]
    found: list[str] = []
    for manifest in together:
        for f in manifest.fields:
            name = f.name.replace("-", "_").removeprefix("tool.setuptools.").removeprefix("tool.")
            if name in ("package_dir.", "package_dir", "packages.find.where", "poetry.packages.from", "maturin.python_source"):
                found.append(f.value)
            elif name == "packages" and "where=" in f.value:
                found.append(f.value.partition("where=")[2].strip("'\" )").partition("'")[0])
            elif name.startswith("hatch.build.") and name.endswith((".packages", ".include", ".only_include", ".sources")):
                found.append(normal(f.value.strip("/")).rpartition("/")[0])
            elif name == "pdm.build.package_dir":
                found.append(f.value)
    roots = [*found, "src", "lib", "python", ""]
    base = one.folder
    whole = [normal(f"{base}/{r.strip('/')}") if base else normal(r.strip("/")) for r in roots]
    return [r for r in dict.fromkeys(whole) if not r or tree.is_folder(r)]


def find_module(tree: Tree, roots: list[str], module: str) -> str | None:
    """The path of a module: a file, or a folder without __init__.py with a slash at its end; None where there is none."""
    tail = module.replace(".", "/")
    for root in roots:
        base = f"{root}/{tail}" if root else tail
        for path in (f"{base}/__init__.py", f"{base}.py", *(base + end for end in COMPILED)):
            if path in tree.entries:
                return path
        if tree.is_folder(base):
            return base + "/"
    return None


MADE = regex(
    r"\b(?:globals|vars|locals)\(\)\s*(?:\[[^\n]*\]\s*=(?!=)|\.\s*(?:update|setdefault|__setitem__)\b)"
    r"|=\s*(?:globals|vars)\(\)|sys\.modules\[|\bexec\(|\bsetattr\(\s*(?:sys|module|mod)\b"
)
"""Code that may give its module names which no statement shows."""


def names_of(tree: Tree, path: str) -> set[str] | None:
    """Names that a module has after its import; None where reading cannot tell (star import, __getattr__, no Python source)."""
    entry = tree.entries.get(path)
    if entry is None or entry.status != "read" or not path.endswith(".py"):
        return None
    module = parse(tree.text(path).removeprefix("\ufeff"))
    if module is None:
        return None
    names: set[str] = set()
    for name in _bound(module.body):
        if name in ("*", "__getattr__"):
            return None
        names.add(name)
    if MADE.search(tree.text(path)):
        return None
    return names


def _bound(body: list[ast.stmt]) -> Iterator[str]:
    """Names bound at module level, inside if, try, with, for and while too."""
    pending: list[ast.stmt] = list(body)
    while pending:
        node = pending.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                yield alias.asname or (alias.name if isinstance(node, ast.ImportFrom) else alias.name.partition(".")[0])
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                yield from (n.id for n in ast.walk(target) if isinstance(n, ast.Name))
        elif isinstance(node, (ast.AnnAssign, ast.AugAssign)):
            if isinstance(node.target, ast.Name):
                yield node.target.id
        elif isinstance(
            node, (ast.If, ast.For, ast.While, ast.With, ast.Try, ast.TryStar, ast.Match, ast.AsyncFor, ast.AsyncWith)
        ):
            for part in ast.iter_child_nodes(node):
                if isinstance(part, ast.stmt):
                    pending.append(part)
                elif isinstance(part, (ast.Name, ast.Tuple, ast.withitem)):  # `for name in`, `with … as name`
                    yield from (n.id for n in ast.walk(part) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
                elif isinstance(part, (ast.ExceptHandler, ast.match_case)):
                    pending += part.body
            if isinstance(node, (ast.For, ast.With)):
                yield from (n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
        for walrus in ast.walk(node) if isinstance(node, (ast.If, ast.Expr)) else ():
            if isinstance(walrus, ast.NamedExpr) and isinstance(walrus.target, ast.Name):
                yield walrus.target.id
