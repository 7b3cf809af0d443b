"""JavaScript that Node does not load as it is written, and tests that it never gets: CommonJS in ES modules, `await`, patterns of the shell."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator

from ast_grep_py import SgNode

from session_ops.discovery.aside import is_aside, is_document
from session_ops.discovery.deployment.contexts import glob_regex
from session_ops.discovery.files import FileEntry, Tree
from session_ops.discovery.references.javascript import npm_scripts
from session_ops.discovery.syntax import Syntax, line_of
from session_ops.model import Evidence, Finding
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

_CONFIG = regex(r"[^/]\.(?:config|conf)\.[cm]?js$|rc\.[cm]?js$|(?:^|/)\.[^/]+$")
"""Files that a tool loads, often through a loader of its own that knows both kinds."""
_OTHER_RUNTIME = regex(r"(?:^|/)(?:bun\.lockb?|bunfig\.toml|deno\.jsonc?|deno\.lock)$")
_GIVEN = regex(
    r"createRequire|(?:const|let|var|function)\s+require\b|typeof\s+require|globalThis\.require|(?:import|,|\{)\s*require\b[^(]|@jest|#!.*\b(?:bun|deno)\b"
)
_NAMES = {"require": "call", "__dirname": "name", "__filename": "name"}
_FUNCTIONS = frozenset(
    (
        "function_declaration",
        "function_expression",
        "function",
        "arrow_function",
        "method_definition",
        "generator_function",
        "generator_function_declaration",
    )
)


@rule("ENTRY-ESM", gate="start", category="entry-point")
def commonjs_in_a_module(tree: Tree, syntax: Syntax) -> Iterator[Finding]:
    """A file that Node loads as an ES module uses `require`, `__dirname` or `module.exports`, which only CommonJS has.

    Why: in a `.mjs` file, and in a `.js` file below `"type": "module"`, these names do not exist: the first use ends with
    "ReferenceError: require is not defined". Inside of a function that happens only when it is called.
    Passes: `createRequire`, names that the file declares itself, `typeof require`, configuration files (their tools have loaders of
    their own), and projects of Bun and Deno.
    Do: Write `import … from`, `await import(…)` or `createRequire(import.meta.url)`, and `import.meta.dirname` (or
    `dirname(fileURLToPath(import.meta.url))`) for the folder of the file.
    Source: nodejs.org, "Modules: ECMAScript modules", differences between ES modules and CommonJS.
    """
    modules = [(entry, why) for entry in tree.files("javascript") if (why := _as_module(tree, entry)) is not None]
    if not modules or any(_OTHER_RUNTIME.search(path) for path in tree.entries):
        raise NotApplicable("no JavaScript that Node loads as an ES module")
    for entry, why in modules:
        text = tree.text(entry.path)
        if not re.search(r"\brequire\s*\(|\b__(?:dirname|filename)\b|\bmodule\.exports\b", text) or _GIVEN.search(text):
            continue
        root = syntax.root(entry.path)
        found = sorted(_foreign(root, text), key=line_of) if root is not None else []
        if found:
            name = found[0].text().split("(")[0]
            unsure = all(_hardly_reached(node) for node in found)
            yield Finding(
                f"`{name}` is of CommonJS, and Node loads this file as an ES module",
                tree.evidence(entry.path, line_of(found[0])),
                (
                    *(tree.evidence(entry.path, line_of(node)) for node in found[1:8]),
                    *((why,) if why.path != entry.path else ()),
                ),
                f"ReferenceError: {name.split('.')[0]} is not defined, as soon as this line is reached.",
                "possible" if unsure else "likely",
            )


def _as_module(tree: Tree, entry: FileEntry) -> Evidence | None:
    """What makes a file an ES module for Node: its own name, or the package.json nearest above it."""
    path = entry.path
    if is_aside(path) or is_document(path) or entry.ignored or _CONFIG.search(path) or ".min." in path:
        return None
    if path.endswith(".mjs"):
        return tree.evidence(path)
    if not path.endswith(".js"):
        return None
    folder = posixpath.dirname(path)
    while True:
        manifest = posixpath.join(folder, "package.json") if folder else "package.json"
        if manifest in tree.entries:
            try:
                data = json.loads(tree.text(manifest))
            except (ValueError, RecursionError):
                return None
            esm = isinstance(data, dict) and data.get("type") == "module"
            line = next((n for n, at in enumerate(tree.lines(manifest), 1) if '"type"' in at and "module" in at), 0)
            return tree.evidence(manifest, line) if esm else None
        if not folder:
            return None
        folder = posixpath.dirname(folder)


def _foreign(root: SgNode, text: str) -> Iterator[SgNode]:
    """The uses of CommonJS names that the file does not declare."""
    for name, role in _NAMES.items():
        if name not in text or re.search(rf"(?:const|let|var)\s+(?:\{{[^}}]*)?\b{name}\b|[(,]\s*{name}\s*[,)=][^;]*=>", text):
            continue
        for node in root.find_all(kind="identifier", regex=rf"^{name}$"):
            above = node.parent()
            if above is None or (role == "call" and not (above.kind() == "call_expression" and above.child(0) == node)):
                continue
            if above.kind() == "unary_expression" or _asked_for(node, name):
                continue
            yield above if role == "call" else node
    if "module.exports" in text and not re.search(r"typeof\s+module|\bmodule\s*[,)=:]", text):
        yield from (
            left
            for node in root.find_all(kind="assignment_expression")
            if (left := node.field("left")) is not None and re.match(r"module\.exports\b", left.text())
        )


def _hardly_reached(node: SgNode) -> bool:
    """Is a use caught, an alternative for what is usually there, or the export of a file that a tool may load in its own way?"""
    if node.text().startswith("module.exports"):
        return True
    return any(
        above.kind() == "try_statement" or (above.kind() == "binary_expression" and re.search(r"\|\||\?\?", above.text()))
        for above in node.ancestors()
    )


def _asked_for(node: SgNode, name: str) -> bool:
    """Does a condition around the use ask whether the name is there?"""
    return any(
        above.kind() in ("if_statement", "ternary_expression", "binary_expression")
        and re.search(rf"typeof\s+(?:{name}|module|exports|window)", above.text().split("{")[0])
        for above in node.ancestors()
    )


@rule("ENTRY-AWAIT", gate="parse", category="entry-point")
def await_outside_async(tree: Tree, syntax: Syntax) -> Iterator[Finding]:
    """JavaScript waits with `await` inside of a function that is not async, so that the whole file is refused.

    Why: it is a SyntaxError, and a SyntaxError is found when the file is loaded: nothing in it runs, not even what has
    nothing to do with this line. It happens where a line is moved into a callback.
    Passes: `await` at the top of a module, functions and methods that are async, calls of something that is named await.
    Do: Write `async` before the function (and see that its caller waits for it), or use `.then(…)`.
    Source: ECMA-262, AwaitExpression is no part of a function body without [Await].
    """
    looked = False
    for entry in tree.files("javascript", "typescript", "tsx"):
        text = tree.text(entry.path)
        if "await " not in text or is_aside(entry.path) or is_document(entry.path) or entry.ignored or ".min." in entry.path:
            continue
        looked = True
        root = syntax.root(entry.path)
        for node in root.find_all(kind="await_expression") if root is not None else ():
            owner = next((above for above in node.ancestors() if above.kind() in _FUNCTIONS), None)
            if owner is None or not re.match(r"await\s+[\w$]", node.text()) or _is_async(owner) or _broken(node):
                continue
            yield Finding(
                "`await` stands in a function that is not async",
                tree.evidence(entry.path, line_of(node)),
                (tree.evidence(entry.path, line_of(owner)),),
                "SyntaxError: the file is not loaded at all.",
            )
            break
    if not looked:
        raise NotApplicable("no JavaScript that awaits anything")


def _is_async(function: SgNode) -> bool:
    return any(child.text() == "async" for child in function.children()[:6]) or function.text().startswith("async")


def _broken(node: SgNode) -> bool:
    """Does the reader of the text stumble near the place, so that the function around it may be another one?"""
    return any(above.kind() == "ERROR" or any(c.kind() == "ERROR" for c in above.children()) for above in node.ancestors())


_RUNNERS = regex(r"\b(?:node\s+(?:\S+\s+)*--test|mocha|tape|ava|uvu|tap|ts-mocha|bun\s+test)\b")
_GLOB = regex(r"(?<![\\\w'\"/*.-])(?P<glob>[\w./-]*\*\*/[\w.*/{},-]+)(?![\w'\"])")


@rule("PKG-GLOB", gate=None, category="gap")
def tests_hidden_by_the_shell(tree: Tree) -> Iterator[Finding]:
    """A test script of package.json leaves `**` to the shell, which reads it as `*`, so that tests in other depths never run.

    Why: npm starts its scripts with sh, which knows no `**`: `tests/**/*.test.js` is `tests/*/*.test.js` there. Where that fits some files,
    the runner gets those alone and says that all tests pass; where it fits none, the runner gets the pattern and finds them itself.
    Passes: patterns in quotes, patterns that fit the same files either way, patterns that fit none for the shell.
    Do: Put the pattern into quotes, so that the runner reads it: `node --test 'tests/**/*.test.js'`.
    Source: POSIX.1-2024, Shell & Utilities 2.14 pattern matching; docs.npmjs.com, npm-run (script-shell).
    """
    manifests = [
        p for p in tree.entries if posixpath.basename(p) == "package.json" and not tree.entries[p].vendored and not is_aside(p)
    ]
    if not manifests:
        raise NotApplicable("no package.json")
    for path in manifests:
        folder = posixpath.dirname(path)
        for name, command, line in npm_scripts(tree.text(path)):
            bare = re.sub(r"'[^']*'|\"[^\"]*\"", lambda m: " " * len(m[0]), command)
            for match in _GLOB.finditer(bare) if _RUNNERS.search(command) else ():
                glob = match["glob"]
                inside = [e.path.removeprefix(f"{folder}/" if folder else "") for e in tree.below(folder)]
                seen = {p for p in inside if _shell_glob(glob).fullmatch(p)}
                meant = {p for p in inside if glob_regex(glob).fullmatch(p)}
                left = sorted(meant - seen)
                if seen and left:
                    yield Finding(
                        f"the script {name} leaves `{glob}` to the shell, so {len(left)} of {len(meant)} test files never run ({left[0]} …)",
                        tree.evidence(path, line),
                        tuple(tree.evidence(posixpath.join(folder, one)) for one in left[:5]),
                        "The tests pass without having run.",
                    )


def _shell_glob(pattern: str) -> re.Pattern[str]:
    """A pattern as sh reads it: every run of stars stands for a part of one name."""
    parts = (
        r"[^/]*" if part.startswith("*") else r"[^/]" if part == "?" else re.escape(part)
        for part in re.split(r"(\*+|\?)", pattern.removeprefix("./"))
    )
    return re.compile("".join(parts))
