"""Names that one module of the target takes from another which does not have them."""

from __future__ import annotations

import ast
import posixpath
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache

from session_ops.analysis.headless import folded
from session_ops.analysis.python_names import names_of
from session_ops.analysis.references import SIDE
from session_ops.discovery.bodies import Bodies
from session_ops.discovery.files import Tree
from session_ops.discovery.manifests.setuptools import parse
from session_ops.discovery.references import Reference, References
from session_ops.model import Finding
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

_TAKES = regex(r"(?m)^[ \t]*import\s+(?:[\w$]+\s*,\s*)?\{(?P<names>[^{}]*)\}\s*from\s*[\"'](?P<from>\.[^\"'\n]*)[\"']")
_GIVES = regex(
    r"\bexport\s+(?:@[\w$.]+(?:\([^()]*\))?\s+)*(?:declare\s+)?(?:default\s+)?(?:async\s+)?(?:abstract\s+)?"
    r"(?:function\s*\*?|class|const\s+enum|enum|type|interface|namespace|module|import)\s*(?P<name>[\w$]+)"
)
_VALUES = regex(r"\bexport\s+(?:declare\s+)?(?:const|let|var)\s+(?P<names>(?:\{[^}]*\}|\[[^\]]*\]|[^=;\n]*)[^;\n]*)")
_LIST = regex(r"\bexport\s+(?:type\s+)?\{(?P<names>[^{}]*)\}")
_UNKNOWN = regex(
    r"\bexport\s*(?:type\s*)?\*|\bexport\s+(?:const|let|var)\b[^;\n]*,[ \t]*\n"
    r"|\bexport\s*=|\bmodule\.exports\b|\bexports\.\w|\b__esModule\b|\bdefineProperty\(\s*exports"
)
_WORD = regex(r"[A-Za-z_$][\w$]*")


class _Names:
    """The names of each Python module that others take something from, read once."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._found: dict[str, set[str] | None] = {}

    def of(self, path: str) -> set[str] | None:
        """As `names_of`."""
        if path not in self._found:
            self._found[path] = names_of(self._tree, path)
        return self._found[path]

    def all_there(self, lines: list[str], found: dict[int, Reference]) -> bool:
        """Has each module every word of the statement that takes from it? Then the file need not be parsed."""
        for line, reference in found.items():
            has = self.of(reference.target)
            statement = lines[line - 1]
            if has is None or statement.lstrip().startswith("import "):
                continue
            whole = "(" not in statement or ")" in statement
            if " import " not in statement or not whole or ";" in statement or statement.rstrip().endswith("\\"):
                return False
            taken = statement.partition(" import ")[2].partition("#")[0]
            if not set(_WORD.findall(re.sub(r"\bas\s+\w+", "", taken))) <= has:
                return False
        return True


def _python(tree: Tree, names: _Names, path: str, found: dict[int, Reference]) -> Iterator[tuple[int, str, str, bool]]:
    """(line, name, module, whether the whole module fails) of names which a Python file takes and the other has not."""
    if names.all_there(tree.lines(path), found):
        return
    module = parse(tree.text(path).removeprefix("\ufeff"))
    for node in ast.walk(module) if module is not None else ():
        if not isinstance(node, ast.ImportFrom) or node.lineno not in found:
            continue
        reference = found[node.lineno]
        has = names.of(reference.target)
        if has is None or not node.module:
            continue
        tail = node.module.replace(".", "/")
        if not reference.target.endswith((f"{tail}.py", f"{tail}/__init__.py")):
            continue  # another statement of the same line
        beside = posixpath.dirname(reference.target) if reference.target.endswith("__init__.py") else ""
        for alias in node.names:
            inside = f"{beside}/{alias.name}"
            if alias.name in has or alias.name == "*" or alias.name.startswith("__"):
                continue
            if beside and (tree.is_folder(inside) or any(p.startswith(f"{inside}.") for p in tree.entries)):
                continue
            yield node.lineno, alias.name, reference.target, reference.fatal


def _script(
    bodies: Bodies, exported: Callable[[str], set[str] | None], path: str, found: dict[str, Reference]
) -> Iterator[tuple[int, str, str, bool]]:
    """The same of an ES module, where a name that is not exported is a SyntaxError before anything runs."""
    source = bodies.source(path)
    for match in _TAKES.finditer(source.text):
        reference = found.get(match["from"])
        if reference is None or not reference.target.endswith((".js", ".mjs", ".ts", ".mts", ".tsx")):
            continue
        has = exported(reference.target)
        if has is None:
            continue
        for part in match["names"].split(","):
            words = part.split()
            if words and words[0] == "type":
                continue  # the compiler alone reads it
            if words and words[0] not in has and words[0] != "default" and _WORD.fullmatch(words[0]):
                yield (
                    source.line(match.start("names") + match["names"].index(part) + len(part) - len(part.lstrip())),
                    words[0],
                    reference.target,
                    reference.fatal,
                )


def _exported(bodies: Bodies, tree: Tree, path: str) -> set[str] | None:
    """Names that an ES module exports; None where reading cannot tell (`export *`, CommonJS, a declaration)."""
    entry = tree.entries.get(path)
    if entry is None or entry.status != "read" or entry.vendored or path.endswith((".d.ts", ".d.mts")):
        return None
    text = bodies.source(path).text
    if "export" not in text or _UNKNOWN.search(text) or len(text) > 400_000:
        return None
    names = {m["name"] for m in _GIVES.finditer(text)}
    for match in (*_VALUES.finditer(text), *_LIST.finditer(text)):
        names |= set(_WORD.findall(match["names"]))
    return names or None


@rule("REF-NAME", gate="start", category="dangling-ref")
def name_that_is_not_there(tree: Tree, references: References, bodies: Bodies) -> Iterator[Finding]:
    """A module takes a name from another one of the same project, which does not have it.

    Why: `from .store import Store` raises ImportError where store.py defines no Store, and an ES module that imports a name which the
    other does not export is refused with a SyntaxError before its first line: mostly a name was changed or removed on one side only.
    Passes: modules with a star import, `__getattr__`, `export *` or CommonJS exports, names that are submodules, types that only the
    compiler reads, imports under try or TYPE_CHECKING.
    Do: Import the name under which the other module has it, define it there again, or take the import out with the code that uses it.
    Source: The Python Language Reference, 7.11 (ImportError); ECMA-262, 16.2.1.7 (ResolveExport, SyntaxError).
    """
    by_line: dict[str, dict[int, Reference]] = defaultdict(dict)
    by_text: dict[str, dict[str, Reference]] = defaultdict(dict)
    for one in references:
        if one.act == "import" and one.verdict == "resolves" and not one.guarded and not SIDE.search(one.source):
            if one.place == "python":
                by_line[one.source][one.line] = one
            elif one.place == "javascript":
                by_text[one.source][one.text] = one
    if not by_line and not by_text:
        raise NotApplicable("no module imports another of the target")
    results: list[Finding] = []
    names = _Names(tree)
    lost = [(path, *one) for path, found in by_line.items() for one in _python(tree, names, path, found)]
    exported = cache(lambda target: _exported(bodies, tree, target))
    lost += [(path, *one) for path, found in by_text.items() for one in _script(bodies, exported, path, found)]
    for path, line, name, target, fatal in lost:
        results.append(
            Finding(
                f"Imports {name} from {target}, which has no such name",
                tree.evidence(path, line),
                impact="The module fails to load, and with it everything that needs it."
                if fatal
                else "The call fails when it gets there.",
                confidence="likely" if fatal else "possible",
            )
        )
    yield from folded(results)
