"""Files that a configuration names: its schema, the pages of a site, the prompts and scripts that entries of one kind point to."""

from __future__ import annotations

import json
import posixpath
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from session_ops.analysis.ignore import would_ignore
from session_ops.discovery.aside import not_deployed
from session_ops.discovery.files import Tree, normal
from session_ops.model import Finding
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

_MODELINE = regex(r"^#\s*yaml-language-server:\s*\$schema=(?P<path>\.{0,2}[\w@][^\s:]*|\.{1,2}/[^\s:]+)\s*$", re.MULTILINE)
_SCHEMA = regex(r"^\s*\"\$schema\"\s*:\s*\"(?P<path>\.{1,2}/[^\"]+)\"", re.MULTILINE)
_PAGE = regex(r"^(?P<indent>\s+)-\s+(?:[^\n#]*?:\s+)?[\"']?(?P<path>[\w./-]+\.md)[\"']?\s*(?:#.*)?$")
_MAKES_PAGES = regex(r"gen-files|literate-nav|monorepo|awesome-pages|awesome-nav|multirepo|same-dir|simple\b|hooks:")
_FILE = regex(r"\.{0,2}/?(?:[\w.@-]+/)+[\w.@-]+\.(?:md|sh|py|js|mjs|ts|txt|ya?ml|toml|json)$")
_WRITTEN = regex(
    r"out|dest|log|cache|state|result|report|save|write|target|artifact|history|temp|glob|exclude|ignore|include", re.IGNORECASE
)
_ENDS = ('.md"', '.sh"', '.py"', '.js"', '.mjs"', '.ts"', '.txt"', '.yaml"', '.yml"', '.toml"', '.json"')
FEWEST = 3
"""Values that look like files, below which a JSON file is not parsed."""
LARGEST = 200_000
"""Characters; a longer JSON file is data."""


@rule("REF-CONFIG", gate="follow", category="dangling-ref")
def configured_file_absent(tree: Tree) -> Iterator[Finding]:
    """A configuration file names a file of the project that is not there.

    Why: an editor cannot check the file against a schema that it does not find, mkdocs leaves the page out of the site or refuses to build it, and
    the agent whose prompt is missing starts without one. Looked at: `$schema` with a relative path, pages of `nav` in mkdocs.yml, and in JSON the entries of a
    key whose other entries are all found. Passes: what git ignores, outputs, pages that something makes.
    Do: Correct the path, add the file, or take the entry out.
    Source: yaml-language-server, "Using inlined schema"; mkdocs.org, nav; RFC 3986, 5.2.
    """
    looked = False
    schemas: dict[str, list[Finding]] = defaultdict(list)
    for entry in tree.files("yaml", "json"):
        if not_deployed(entry.path) and "example" not in entry.path:
            continue
        text = tree.text(entry.path)
        name = entry.path.rpartition("/")[2]
        looked = True
        if "$schema" in text:
            for found in _schema(tree, entry.path, text):
                schemas[found.message].append(found)
        if name in ("mkdocs.yml", "mkdocs.yaml"):
            yield from _pages(tree, entry.path, text)
        elif (
            entry.language == "json"
            and len(text) < LARGEST
            and "/" in text
            and not name.endswith(("lock.json", "package.json", "tsconfig.json"))
        ):
            yield from _siblings(tree, entry.path, text)
    for same in schemas.values():
        yield replace(same[0], also=tuple(f.at for f in same[1:8]))
    if not looked:
        raise NotApplicable("no configuration in YAML or JSON")


def _resolved(tree: Tree, source: str, path: str) -> bool:
    """Is a path there, from the folder of the file that names it or from the top?"""
    folder = source.rpartition("/")[0]
    return any(_there(tree, p) for p in (normal(posixpath.join(folder, path)), normal(path.lstrip("/"))))


def _there(tree: Tree, path: str) -> bool:
    return path.startswith("..") or tree.exists(path) or would_ignore(tree, path)


def _schema(tree: Tree, path: str, text: str) -> Iterator[Finding]:
    for match in (*_MODELINE.finditer(text), *_SCHEMA.finditer(text)):
        wanted = match["path"]
        folder = path.rpartition("/")[0]
        if "node_modules" in wanted or "://" in wanted or _there(tree, normal(posixpath.join(folder, wanted))):
            continue
        tail = wanted.rpartition("/")[2]
        near = next((p for p in tree.entries if p.endswith("/" + tail) or p == tail), "")
        yield Finding(
            f"the schema {wanted} is not there" + (f"; there is {near}" if near else ""),
            tree.evidence(path, text.count("\n", 0, match.start("path")) + 1),
            impact="The editor says that it cannot load the schema, and checks nothing.",
            confidence="possible",
        )


def _pages(tree: Tree, path: str, text: str) -> Iterator[Finding]:
    if _MAKES_PAGES.search(text) or "nav:" not in text:
        return
    said = re.search(r"(?m)^docs_dir:\s*[\"']?([\w./-]+)", text)
    folder = normal("/".join(filter(None, (path.rpartition("/")[0], said[1] if said else "docs"))))
    if not tree.is_folder(folder):
        return
    lacking: list[tuple[int, str]] = []
    inside = False
    for number, line in enumerate(text.split("\n"), 1):
        if re.match(r"\S", line):
            inside = line.startswith("nav:")
        page = _PAGE.match(line) if inside else None
        if page and not _there(tree, f"{folder}/{page['path']}"):
            lacking.append((number, page["path"]))
    if not lacking:
        return
    makes = [tree.text(e.path) for e in tree.files("yaml", "makefile", "shell", "python", "toml") if e.path != path]
    lacking = [
        (n, p) for n, p in lacking if not any(re.search(rf"(?<![\w-]){re.escape(p.rpartition('/')[2])}", t) for t in makes)
    ]
    if lacking:
        shown = ", ".join(p for _, p in lacking[:4]) + (" …" if len(lacking) > 4 else "")
        yield Finding(
            f"nav names {shown}, which {folder}/ does not hold",
            tree.evidence(path, lacking[0][0]),
            tuple(tree.evidence(path, n) for n, _ in lacking[1:8]),
            "mkdocs leaves the entries dead, and with --strict it refuses to build.",
            "possible",
        )


def _siblings(tree: Tree, path: str, text: str) -> Iterator[Finding]:
    if path.endswith((".schema.json", ".min.json")) or sum(text.count(end) for end in _ENDS) < FEWEST:
        return
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return
    found: dict[str, list[str]] = defaultdict(list)
    stack: list[object] = [data]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            for key, value in node.items():
                if isinstance(value, str) and _FILE.fullmatch(value) and not _WRITTEN.search(str(key)):
                    found[str(key)].append(value)
                elif isinstance(value, dict | list):
                    stack.append(value)
        elif isinstance(node, list):
            stack += [n for n in node if isinstance(n, dict | list)]
    for key, values in found.items():
        here = [v for v in dict.fromkeys(values) if _resolved(tree, path, v)]
        gone = [v for v in dict.fromkeys(values) if v not in here]
        folders = {v.rpartition("/")[0] for v in here}
        if len(here) < 2 or len(gone) * 2 > len(here):
            continue
        for value in gone[:3]:
            if value.rpartition("/")[0] in folders and (at := text.find(f'"{value}"')) >= 0:
                yield Finding(
                    f"{key} names {value}, which is not there; the other {len(here)} are",
                    tree.evidence(path, text.count("\n", 0, at) + 1),
                    impact="Whatever reads this entry finds no file.",
                    confidence="possible",
                )
