"""ruff: Python that does not compile, and names that nothing defines."""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from session_ops.analysis.linters.codes import breach
from session_ops.analysis.linters.process import Linter, Linters, Remark
from session_ops.analysis.linters.telling import findings
from session_ops.analysis.linters.templates import is_template
from session_ops.discovery.aside import not_deployed
from session_ops.discovery.files import Tree
from session_ops.discovery.languages import shebang
from session_ops.model import Finding, Gate
from session_ops.patterns import regex
from session_ops.registry import rule

_GIVEN = regex(
    r"\b(?:get_ipython|get_config|snakemake|dbutils|__builtins__|builtins\.|exec\(|SConscript|globals\(\))|^from [\w.]+ import \*",
    re.MULTILINE,
)
"""Signs that names come from elsewhere: what notebooks, Jupyter's configuration, Snakemake and Databricks put in."""
_Scope = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def parse(output: str) -> Iterator[Remark]:
    """Remarks from `ruff check --output-format json`."""
    for said in json.loads(output):
        place = said["location"]
        yield Remark(said["filename"], place["row"], said["code"] or "invalid-syntax", said["message"], place["column"])


def modules(tree: Tree) -> Iterable[str]:
    """Python modules and scripts."""
    return (entry.path for entry in tree.files("python"))


LINTER = Linter(
    "ruff",
    "ruff",
    modules,
    ("check", "--isolated", "--no-cache", "--quiet", "--exit-zero", "--output-format=json", "--target-version=py314")
    + ("--select=E9,F4,F5,F6,F7,F8", "--ignore=F401,F403,F405,F541,F841", "--"),
    parse,
)


@rule("LINT-RUFF", gate=None, category="error-handling")
def ruff(tree: Tree, linters: Linters) -> Iterator[Finding]:
    """A Python file does not compile or uses a name that nothing defines (ruff); what else ruff says is advice.

    Why: a file that does not compile (asked of Python itself too, which runs nothing) cannot be imported; a name that nothing defines, used
    where the module is imported, ends the import with a NameError. Inside a function it waits for its call: a gap. Annotations that are
    never evaluated, tests, templates and files that are given names from elsewhere are advice, like everything else that ruff says.
    Do: Change the code as ruff's message says (correct the syntax, import or define the name); `ruff check FILE` then no longer
    reports it.
    Source: ruff's rules invalid-syntax, F7xx, F821 and F823; the Python language reference, 4.2 Naming and binding.
    """
    report = linters.report("ruff")
    broken: dict[str, bool] = {}

    def judge(remark: Remark) -> Finding | None:
        found = breach("ruff", remark.code)
        text = tree.text(remark.path)
        if (
            found is None
            or not_deployed(remark.path)
            or is_template(tree, remark.path, remark.line)
            or shebang(text)[1].startswith("python2")
        ):
            return None
        at = tree.evidence(remark.path, remark.line)
        if found.gate is Gate.PARSE:
            if remark.path not in broken:
                broken[remark.path] = not _compiles(text)
            if not broken[remark.path]:
                return None
            message = f"Python cannot compile this file: {remark.text[:1].lower()}{remark.text[1:]}"
            return Finding(message, at, impact=found.impact, confidence=found.confidence, gate=found.gate)
        when = _evaluated(text, remark)
        if when == "never" or _GIVEN.search(text):
            return None
        if when == "import":
            message = f"{remark.text}, and it is used when the module is imported"
            confidence = found.confidence if _used(tree, remark.path) else "possible"
            return Finding(message, at, impact=found.impact, confidence=confidence, gate=found.gate)
        return Finding(
            f"{remark.text}, so the function fails when it gets here",
            at,
            (),
            "an error in place of an answer",
            "possible",
            found.gate,
        )

    yield from findings(tree, report, "ruff", judge)


def _used(tree: Tree, path: str) -> bool:
    """Is a module imported by another or made to be started? One that nobody uses may be data in the shape of code."""
    name = PurePosixPath(path).parent.name if path.endswith("/__init__.py") else PurePosixPath(path).stem
    text = tree.text(path)
    if text.startswith("#!") or "__main__" in text:
        return True
    imported = re.compile(rf"^\s*(?:from|import)\s[^\n#]*\b{re.escape(name)}\b", re.MULTILINE)
    return any(entry.path != path and imported.search(tree.text(entry.path)) for entry in tree.files("python"))


def _compiles(text: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text, "file", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    except (RecursionError, MemoryError):
        return True  # too deep for this Python; nothing is claimed
    return True


def _evaluated(text: str, remark: Remark) -> str:
    """When a name is looked up: at `import`, at a `call`, or `never` (an annotation, a string, or we cannot tell)."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "never"
    parents: dict[ast.AST, tuple[ast.AST, str]] = {}
    name: ast.AST | None = None
    for node in ast.walk(module):
        for where, value in ast.iter_fields(node):
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    parents[child] = (node, where)
                    # columns of ast count bytes of UTF-8, those of ruff characters: the line and the name have to do
                    if isinstance(child, ast.Name) and child.lineno == remark.line and f"`{child.id}`" in remark.text:
                        name = name or child
    if name is None:
        return "never"
    when = "import"
    while name in parents:
        name, where = parents[name]
        if where in ("annotation", "returns"):
            return "never"  # PEP 563 and PEP 649 leave them alone
        if isinstance(name, _Scope) and where == "body":
            when = "call"
        elif isinstance(name, ast.Try | ast.If | ast.While | ast.ExceptHandler) and when == "import":
            when = "call"  # on a condition
    return when
