"""What code needs from outside the standard library and its own tree: imports of Python, requires of Node."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from session_ops.discovery.aside import is_aside, is_document
from session_ops.discovery.files import Tree
from session_ops.discovery.manifests.setuptools import parse
from session_ops.discovery.syntax import Syntax, line_of
from session_ops.patterns import regex

NODE_OWN = frozenset((
    "assert", "async_hooks", "buffer", "child_process", "cluster", "console", "constants", "crypto", "dgram",
    "diagnostics_channel", "dns", "domain", "events", "fs", "http", "http2", "https", "inspector", "module", "net",
    "os", "path", "perf_hooks", "process", "punycode", "querystring", "readline", "repl", "stream", "string_decoder",
    "sys", "timers", "tls", "trace_events", "tty", "url", "util", "v8", "vm", "wasi", "worker_threads", "zlib", "test",
    "sqlite", "sea",
))  # fmt: skip
"""Modules that Node brings. Source: nodejs.org, module.builtinModules."""
HOST_OWN = frozenset(
    ("vscode", "electron", "bun", "deno", "k6", "atom", "obsidian", "figma", "gi", "bpy", "js", "pyodide", "IPython")
)
"""Modules that come with the program which loads the script."""
_IMPORT = regex(r"^[ \t]*(?:import|from)[ \t]+[A-Za-z_]", re.MULTILINE)
_REQUIRE = regex(r"""\brequire\s*\(\s*['"][^'"./]|\bfrom\s*['"][^'"./]|^\s*import\s*['"][^'"./]""", re.MULTILINE)
_PACKAGE = regex(r"(?:@[a-z0-9~-][\w.~-]*/)?[a-z0-9~-][\w.~-]*", re.IGNORECASE)
_SUFFIXES = (".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx")


@dataclass(frozen=True)
class Need:
    """One use of a module from outside. `guarded`: the code goes on without it."""

    module: str
    path: str
    line: int
    guarded: bool


def python_needs(tree: Tree) -> Iterator[Need]:
    """Imports of modules that neither Python nor the tree has; scripts with inline metadata (PEP 723) declare theirs and are left out."""
    own = {PurePosixPath(p).stem for p in tree.entries if p.endswith((".py", ".pyi", ".so", ".pyx"))}
    own |= {PurePosixPath(f).name for f in tree.folders}
    for entry in tree.files("python"):
        text = tree.text(entry.path)
        if is_aside(entry.path) or is_document(entry.path) or not _IMPORT.search(text) or "# /// script" in text:
            continue
        module = parse(text.removeprefix("\ufeff"))
        if module is None:
            continue
        for name, line, guarded in _imports(module):
            if name not in sys.stdlib_module_names and name not in own and name not in HOST_OWN and not name.startswith("_"):
                yield Need(name, entry.path, line, guarded)


def _imports(module: ast.Module) -> Iterator[tuple[str, int, bool]]:
    pending: list[tuple[ast.AST, bool]] = [(module, False)]
    while pending:
        node, guarded = pending.pop()
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name.partition(".")[0], node.lineno, guarded
        elif isinstance(node, ast.ImportFrom):
            if not node.level and node.module:
                yield node.module.partition(".")[0], node.lineno, guarded
        else:
            soft = (
                guarded
                or isinstance(node, ast.Try)
                or (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)[:60])
            )
            pending += [
                (child, soft) for child in ast.iter_child_nodes(node) if isinstance(child, (ast.stmt, ast.ExceptHandler))
            ]


def _only_for_types(test: ast.expr) -> bool:
    return "TYPE_CHECKING" in (getattr(test, "id", ""), getattr(test, "attr", ""))


def node_needs(tree: Tree, syntax: Syntax, covered: Callable[[str], bool]) -> Iterator[Need]:
    """Imports and requires of packages that neither Node nor the tree has, in files that no manifest covers."""
    own = {PurePosixPath(p).name.split(".")[0] for p in tree.entries if p.endswith(_SUFFIXES)} | {
        p.partition("/")[0] for p in tree.folders
    }
    for entry in tree.files("javascript", "typescript", "tsx"):
        text = tree.text(entry.path)
        if is_aside(entry.path) or is_document(entry.path) or not _REQUIRE.search(text) or covered(entry.path):
            continue
        if text.startswith(("#!/usr/bin/env -S deno", "#!/usr/bin/env bun")):  # both fetch what they import by themselves
            continue
        root = syntax.root(entry.path)
        if root is None:
            continue
        for node in (*root.find_all(pattern="require($NAME)"), *root.find_all(kind="import_statement")):
            source = node.field("source")
            argument = node.get_match("NAME")
            said = source.text() if source else argument.text() if argument else ""
            name = _package(said)
            if not name or name.partition("/")[0] in NODE_OWN or name in HOST_OWN or name in own:
                continue
            if node.kind() == "import_statement" and node.text().startswith("import type"):
                continue
            yield Need(name, entry.path, line_of(node), any(a.kind() == "try_statement" for a in node.ancestors()))


def _package(said: str) -> str:
    """The package of a module name; empty for paths, aliases (@/x, ~x, #x), names with a scheme and computed names."""
    if len(said) < 3 or said[0] not in "'\"`" or "$" in said:
        return ""
    match = _PACKAGE.match(said[1:-1])
    rest = said[1:-1][match.end() :] if match else "?"
    if match is None or (rest and not rest.startswith("/")) or match[0].startswith(("~", "-")):
        return ""
    return match[0]
