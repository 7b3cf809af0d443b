"""Names of Python that are read before anything binds them: local ones, and modules that nothing imports."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator

from session_ops.discovery.aside import not_deployed
from session_ops.discovery.files import Tree
from session_ops.discovery.manifests.setuptools import parse
from session_ops.model import Finding
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

_INNER = regex(r"^[ \t]+(?:from\s+[\w.]+\s+)?import\s+([\w.]+(?:\s+as\s+\w+)?(?:\s*,\s*\w+(?:\s+as\s+\w+)?)*)", re.MULTILINE)
_ADDED = regex(r"^[ \t]+(\w+)\s*[-+|]=", re.MULTILINE)
_IMPORTED = regex(r"^(?:from\s+[\w.]+\s+)?import\s([^\n]*)", re.MULTILINE)
_WORD = regex(r"\w+")
_OUTER = regex(r"^(\w+)\s*(?::[^=\n]+)?=(?!=)", re.MULTILINE)
Function = ast.FunctionDef | ast.AsyncFunctionDef
_SCOPES = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Lambda,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.GeneratorExp,
)


@rule("ENTRY-UNBOUND", gate="start", category="error-handling")
def read_before_it_is_bound(tree: Tree) -> Iterator[Finding]:
    """A function reads a name of the module that a later line of the same function makes its own.

    Why: an `import x`, `from y import x` or `x += 1` anywhere in a function makes x local to the whole function; a line above it that means the
    module's x ends with UnboundLocalError, each time, and a broad `except` around it hides that the branch never worked. Only lines that
    always come first are told: none of a loop in which the name is bound too. Passes: `global x`, names that are bound above on any way, tests.
    Do: Remove the second import, or write `global x` where the module's variable is meant.
    Source: docs.python.org, Execution model, 4.2.2 Resolution of names.
    """
    looked = False
    for entry in tree.files("python"):
        text = tree.text(entry.path)
        names = _both(text) if entry.status == "read" else set()
        if not names:
            continue
        module = parse(text.removeprefix("\ufeff"))
        if module is None:
            continue
        looked = True
        lines = tree.lines(entry.path)
        outer = {name for node in module.body for name in _binds(node)}
        for node in ast.walk(module):
            if isinstance(node, Function) and names & _rebound("\n".join(lines[node.lineno - 1 : node.end_lineno])):
                for name, read, bound in _early(node, outer):
                    yield Finding(
                        f"{name} is read here, and line {bound} makes it a name of {node.name}'s own: UnboundLocalError",
                        tree.evidence(entry.path, read),
                        (tree.evidence(entry.path, bound),) if bound != read else (),
                        "This line ends with an exception whenever it is reached.",
                        "proven",
                    )
    if not looked:
        raise NotApplicable("no function binds a name of its module anew")


def _rebound(text: str) -> set[str]:
    """Names that the text of a function may bind anew: by an import inside, or by adding to them."""
    inner = (part.split()[-1] for m in _INNER.finditer(text) for part in m[1].split(",")) if "import" in text else ()
    return {name.partition(".")[0] for name in inner} | set(_ADDED.findall(text))


def _both(text: str) -> set[str]:
    """Names that a module has and that something in it may bind anew, as its text shows them."""
    rebound = _rebound(text)
    if not rebound:
        return rebound
    return rebound & ({word for m in _IMPORTED.finditer(text) for word in _WORD.findall(m[1])} | set(_OUTER.findall(text)))


def _binds(node: ast.AST) -> Iterator[str]:
    """Names that one statement binds by itself."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield from ((a.asname or a.name).partition(".")[0] for a in node.names)
    elif isinstance(node, Function | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
        yield node.id
    elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
        yield node.name
    elif isinstance(node, ast.MatchMapping) and node.rest:
        yield node.rest
    elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            yield from (n.id for n in ast.walk(target) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))


def _early(function: Function, outer: set[str]) -> Iterator[tuple[str, int, int]]:
    """(name, line of the read, line of the first binding) of names of the module that are read before they are bound."""
    arguments = function.args
    given = {a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
    given |= {a.arg for a in (arguments.vararg, arguments.kwarg) if a is not None}
    bound: dict[str, list[tuple[int, int, tuple[ast.AST, ...]]]] = defaultdict(list)
    reads: dict[str, list[tuple[int, int, tuple[ast.AST, ...]]]] = defaultdict(list)
    declared: set[str] = set(given)

    def look(node: ast.AST, loops: tuple[ast.AST, ...], caught: bool) -> None:
        if isinstance(node, ast.Global | ast.Nonlocal):
            declared.update(node.names)
            return
        here = (getattr(node, "lineno", 0), getattr(node, "col_offset", 0), loops)
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name) and not caught:
            reads[node.target.id].append(here)
        for name in _binds(node) if not isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign) else ():
            # what a statement binds is bound at its end
            bound[name].append(
                (getattr(node, "end_lineno", here[0]) or here[0], getattr(node, "end_col_offset", 0) or 0, loops)
            )
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and not caught:
            reads[node.id].append(here)
        if isinstance(node, _SCOPES):
            return
        if isinstance(node, ast.For | ast.AsyncFor | ast.While):
            loops = (*loops, node)
        if isinstance(node, ast.Try):
            caught = caught or any(
                "NameError" in ast.dump(h.type) or "UnboundLocal" in ast.dump(h.type) for h in node.handlers if h.type
            )
        for child in ast.iter_child_nodes(node):
            look(child, loops, caught)

    for statement in function.body:
        look(statement, (), False)
    for name in sorted((set(bound) & set(reads) & outer) - declared):
        first = min(bound[name])
        for line, column, loops in reads[name]:
            after = all((line, column) < (at, col) for at, col, _ in bound[name])
            if after and not any(loop in theirs for loop in loops for _, _, theirs in bound[name]):
                yield name, line, first[0]
                break


_MODULES = (
    "argparse", "asyncio", "base64", "collections", "contextlib", "copy", "csv", "datetime", "functools", "glob", "hashlib", "io", "itertools", "json",
    "logging", "math", "os", "pathlib", "platform", "random", "re", "shlex", "shutil", "signal", "socket", "sqlite3", "string", "subprocess", "sys",
    "tempfile", "textwrap", "threading", "time", "traceback", "urllib", "uuid", "warnings",
)  # fmt: skip
_USED = regex(rf"(?<![\w.\"'])({'|'.join(_MODULES)})\.[a-zA-Z_]\w*")


@rule("ENTRY-UNIMPORTED", gate="start", category="dependency")
def module_that_nothing_imports(tree: Tree) -> Iterator[Finding]:
    """Python code uses a module of the standard library that the file does not import.

    Why: `os.path.exists(…)` without `import os` ends with NameError when the line is reached, mostly in a branch that no test takes; a broad
    `except` around it hides that the branch never worked. Passes: names that the file binds in any way, star imports, `exec` and
    templates, code for `TYPE_CHECKING`, tests.
    Do: Import the module at the top of the file.
    Source: docs.python.org, Execution model, 4.2.2 Resolution of names.
    """
    looked = False
    for entry in tree.files("python"):
        text = tree.text(entry.path)
        if entry.status != "read" or not_deployed(entry.path) or "import *" in text or "{{" in text:
            continue
        used = set(_USED.findall(text))
        lacking = {
            name
            for name in used
            if not re.search(rf"(?m)\bimport\b[^\n]*\b{name}\b|^\s*{name}\s*,?$|\b{name}\b\s*(?::[^=\n]+)?=(?!=)", text)
        }
        looked = looked or bool(used)
        module = parse(text.removeprefix("\ufeff")) if lacking else None
        if module is None or any(word in text for word in ("globals()", "exec(", "__getattr__", "builtins")):
            continue
        nodes = list(ast.walk(module))
        uses = [n for n in nodes if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name) and n.value.id in lacking]
        if uses:
            lacking -= {name for node in nodes for name in _binds(node)} | {n.arg for n in nodes if isinstance(n, ast.arg)}
        for node in uses:
            if isinstance(node.value, ast.Name) and node.value.id in lacking:
                lacking.discard(node.value.id)
                yield Finding(
                    f"{node.value.id} is used here, and the file does not import it: NameError",
                    tree.evidence(entry.path, node.lineno),
                    impact="This line ends with an exception whenever it is reached.",
                )
    if not looked:
        raise NotApplicable("no Python code uses a module by its name")
