"""CommonJS that takes the default of an ES module as if it were the module."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from session_ops.discovery.aside import is_aside, is_document
from session_ops.discovery.files import Tree
from session_ops.model import Finding
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

_TAKES = regex(
    r"^[ \t]*(?:const|let|var)\s+(?P<name>[A-Za-z_$][\w$]*)\s*=\s*require\(\s*['\"](?P<from>\.{1,2}/[^'\"]+)['\"]\s*\)\s*;?[ \t]*$",
    re.MULTILINE,
)
_DEFAULT = regex(r"^export\s+default\b", re.MULTILINE)
_BOTH = regex(r"\bmodule\.exports\b|\bexports\.\w+\s*=|^export\s*\{[^}]*\bas ['\"]module\.exports['\"]", re.MULTILINE)
_BUILT = regex(
    r"\"(?:@babel/|babel-|webpack|esbuild|rollup|vite|parcel|next|esm|sucrase|@swc/|tsx|ts-node|metro|expo|react-native|react-scripts|gatsby|nuxt|tsup|bun-types|@types/bun)"
)
_ENDINGS = ("", ".js", ".mjs", "/index.js", "/index.mjs")


@rule("ENTRY-DEFAULT", gate="start", category="entry-point")
def default_taken_by_require(tree: Tree) -> Iterator[Finding]:
    """CommonJS takes an ES module by `require` and uses what it gets as the default export.

    Why: `require` of a file with `export default` gives an object with the key `default` (Node 22.12 and later) or is an error (before); either
    way `new Thing()` ends with "Thing is not a constructor". It happens where half of a project was turned into modules.
    Passes: `.default`, files that also set `module.exports`, projects that are built (Babel, a bundler, tsx) or run by Bun and Deno.
    Do: Write `import Thing from './thing.js'` in a module (`"type": "module"`), or `const { default: Thing } = require('./thing')`.
    Source: nodejs.org, "Loading ECMAScript modules using require()".
    """
    manifests = [e.path for e in tree.entries.values() if posixpath.basename(e.path) == "package.json" and not e.vendored]
    if any(_BUILT.search(tree.text(path)) for path in manifests) or any(
        p in tree.entries for p in ("bunfig.toml", "bun.lock", "bun.lockb", "deno.json")
    ):
        raise NotApplicable("the code is built, or another runtime loads it")
    modules = {
        e.path for e in tree.files("javascript")
        if "export" in tree.text(e.path) and _DEFAULT.search(tree.text(e.path)) and not _BOTH.search(tree.text(e.path))
    }  # fmt: skip
    if not modules:
        raise NotApplicable("no ES module with a default")
    for entry in tree.files("javascript"):
        text = tree.text(entry.path)
        if "require(" not in text or entry.path in modules or is_aside(entry.path) or is_document(entry.path) or entry.ignored:
            continue
        wrong: list[tuple[int, str, str]] = []
        for match in _TAKES.finditer(text):
            where = posixpath.normpath(posixpath.join(posixpath.dirname(entry.path), match["from"]))
            target = next((where + end for end in _ENDINGS if where + end in tree.entries), "")
            used = re.search(rf"\bnew\s+{re.escape(match['name'])}\b|(?<![\w.$]){re.escape(match['name'])}\(", text)
            if target in modules and used and not re.search(rf"\b{re.escape(match['name'])}\.default\b", text):
                wrong.append((text.count("\n", 0, match.start("name")) + 1, match["name"], target))
        if wrong:
            line, name, target = wrong[0]
            yield Finding(
                f"{name} is the default export of {target}, an ES module: what require gives is not that",
                tree.evidence(entry.path, line),
                (tree.evidence(target), *(tree.evidence(entry.path, n) for n, _, _ in wrong[1:8])),
                f"TypeError: {name} is not a constructor or a function, or an error as soon as the file is loaded.",
            )
