"""A manifest written from what the tree tells: names, versions, commands and what the code needs."""

from __future__ import annotations

import email.parser
import re
from email.message import Message
from pathlib import PurePosixPath
from typing import Any

from session_ops.analysis.declare import distribution_of
from session_ops.analysis.mended import told_version
from session_ops.analysis.needs import node_needs, python_needs
from session_ops.discovery.aside import is_aside, is_document
from session_ops.discovery.docs import Docs
from session_ops.discovery.files import Tree
from session_ops.discovery.languages import shebang
from session_ops.discovery.manifests.setuptools import parse
from session_ops.discovery.syntax import Syntax
from session_ops.model import Evidence, NewFile
from session_ops.patterns import regex

_NAME = r"(?:@[\w.-]+/)?[A-Za-z0-9][\w.-]*"
_SAID = {
    "npm": regex(
        rf"npm\s+(?:install|i|add)\s+(?:-g\s+|--global\s+|--save(?:-dev)?\s+|-D\s+)*(?P<a>{_NAME})(?:@\w[\w.]*)?(?:\s+-g|\s+--global)?\s*(?:$|[`&#])"
        rf"|\bnpx\s+(?P<b>{_NAME})|npmjs\.(?:com|org)/package/(?P<c>{_NAME})|shields\.io/npm/\w+/(?P<d>{_NAME}?)(?:\.svg|[?)\s])",
        re.MULTILINE,
    ),
    "pip": regex(
        rf"pipx?\s+install\s+(?:-U\s+|--user\s+|--upgrade\s+)*[\"']?(?P<a>{_NAME})|pypi\.(?:org|python\.org)/(?:project|p|pypi)/(?P<b>{_NAME})"
        rf"|shields\.io/pypi/\w+/(?P<c>{_NAME}?)(?:\.svg|[?)\s])|\buvx\s+(?P<d>{_NAME})",
        re.MULTILINE,
    ),
}  # fmt: skip


def published_name(tree: Tree, docs: Docs, ecosystem: str) -> tuple[str, Evidence | None]:
    """The name under which the README says that this very project is published, and where; empty where it does not say so.

    It is this project where the name is that of the folder, or the README's title.
    """
    own = {_plain(re.sub(r"[-_]v?\d[\w.]*$", "", tree.root.name))}
    for doc in docs:
        if doc.role != "readme" or "/" in doc.path:
            continue
        title = next((h.text for h in doc.headings), "")
        own |= {_plain(title), _plain(title.split(" ")[0])}
        text = tree.text(doc.path)
        for match in _SAID[ecosystem].finditer(text):
            name = next((g for g in match.groups() if g), "").rstrip(".-")
            if name and _plain(name) in own:
                return name, tree.evidence(doc.path, text.count("\n", 0, match.start()) + 1)
    return "", None


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower().rpartition("/")[2])


def _rendered(template: str, **what: Any) -> str:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("session_ops.solution")
    engine = Environment(loader=loader, undefined=StrictUndefined, keep_trailing_newline=True)  # noqa: S701 - no HTML
    engine.policies["json.dumps_kwargs"] = {"ensure_ascii": False}
    engine.filters["tojson"] = _json
    return engine.get_template(template).render(**what).rstrip("\n") + "\n"


def _json(value: Any) -> str:
    import json

    return json.dumps(value, ensure_ascii=False)


# --- npm


LAST_REQUIRED = {
    "aggregate-error": 3, "ansi-escapes": 4, "ansi-regex": 5, "array-union": 2, "boxen": 5, "camelcase": 6, "chalk": 4, "cli-cursor": 3,
    "cli-truncate": 2, "clipboardy": 2, "conf": 10, "crypto-random-string": 3, "decamelize": 5, "del": 6, "detect-indent": 6, "dot-prop": 6,
    "env-paths": 2, "escape-string-regexp": 4, "execa": 5, "figures": 3, "file-type": 16, "find-up": 5, "get-port": 5, "get-stdin": 8, "glob": 8,
    "globby": 11, "got": 11, "gradient-string": 2, "has-flag": 4, "hasha": 5, "indent-string": 4, "inquirer": 8, "internal-ip": 6, "is-stream": 2,
    "is-wsl": 2, "latest-version": 5, "log-symbols": 4, "log-update": 4, "lowdb": 1, "meow": 9, "mime": 3, "minimatch": 5, "nanoid": 3,
    "node-fetch": 2, "normalize-url": 6, "open": 8, "ora": 5, "os-name": 4, "p-limit": 3, "p-map": 4, "p-queue": 6, "p-retry": 4, "p-timeout": 4,
    "pkg-dir": 5, "pkg-up": 3, "pretty-bytes": 5, "read-pkg": 5, "read-pkg-up": 7, "rimraf": 3, "serialize-error": 8, "slash": 3,
    "string-width": 4, "strip-ansi": 6, "strip-bom": 4, "strip-indent": 3, "strip-json-comments": 3, "supports-color": 8, "temp-dir": 2,
    "tempy": 1, "term-size": 2, "terminal-link": 2, "unified": 9, "unique-string": 2, "update-notifier": 5, "widest-line": 3, "wrap-ansi": 7,
    "yargs": 17,
}  # fmt: skip
"""Packages that gave up `require`, or the function that it gave, and the last major version that has it. Source: their release notes on npm."""


def package_json(tree: Tree, syntax: Syntax, docs: Docs) -> NewFile | None:
    """A package.json for the tree's JavaScript and its commands; None where there is nothing to start, require or publish."""
    said = published_name(tree, docs, "npm")[0]
    name = said or _named_after(tree)
    commands = _commands(tree, name)
    stem = name.rpartition("/")[2]
    mains = (
        "index.js",
        "lib/index.js",
        f"lib/{stem}.js",
        "dist/index.js",
        "src/index.js",
        f"{stem}.js",
        "main.js",
        "index.mjs",
    )
    main = next((p for p in mains if p in tree.entries), "")
    if not commands and not main and not said:  # of a published package without any its files are used by their paths
        return None
    needs = sorted({n.module for n in node_needs(tree, syntax, lambda _: False) if not n.guarded})
    code = [tree.text(e.path) for e in tree.files("javascript") if e.path.endswith(".js") and not is_aside(e.path)]
    module = any(re.search(r"^(?:import\s[^(]|export\s)", t, re.MULTILINE) for t in code) and not any(
        "require(" in t for t in code
    )
    text = _rendered(
        "package.json.j2", name=name, version=told_version(tree, "")[0] or "0.0.0", module=module, main=main, commands=commands,
        dependencies=[(one, f"^{LAST_REQUIRED[one]}" if one in LAST_REQUIRED and not module else "*") for one in needs],
    )  # fmt: skip
    return NewFile("package.json", text)


def _named_after(tree: Tree) -> str:
    bare = re.sub(r"[-_]v?\d[\w.]*$", "", tree.root.name)
    return re.sub(r"[^a-z0-9._-]+", "-", bare.lower()).strip("-._") or "package"


def _commands(tree: Tree, name: str) -> list[tuple[str, str]]:
    """Commands: scripts with a first line in bin/, or at the top under the package's own name; else the one that is called bin or cli anywhere."""
    found: dict[str, str] = {}
    inner: list[str] = []
    for entry in tree:
        path = PurePosixPath(entry.path)
        if entry.kind != "file" or entry.status != "read" or is_aside(entry.path) or is_document(entry.path):
            continue
        if not tree.text(entry.path).startswith("#!") or not shebang(tree.text(entry.path))[1]:
            continue
        stem = path.stem if path.suffix in (".js", ".mjs", ".cjs", ".sh", ".bash", ".py") else path.name
        if str(path.parent) == "bin" or (str(path.parent) == "." and _plain(stem) == _plain(name)):
            found.setdefault(stem, entry.path)
        elif stem in ("bin", "cli") or path.parent.name == "bin":
            inner.append(entry.path)
    if not found and len(inner) == 1:
        found[name.rpartition("/")[2]] = inner[0]
    return sorted(found.items())


# --- Python


def pyproject(tree: Tree, docs: Docs) -> NewFile | None:
    """A pyproject.toml for the tree's one package, from the information that an sdist carries and from its code; None where it is not one."""
    about = email.parser.HeaderParser().parsestr(tree.text(_about(tree)))
    name = str(about.get("Name") or published_name(tree, docs, "pip")[0] or _named_after(tree))
    where, tops = _tops(tree, name)
    modules = (
        []
        if tops
        else [
            p.removesuffix(".py")
            for p in tree.entries
            if re.fullmatch(r"[A-Za-z_]\w*\.py", p) and _plain(p[:-3]) == _plain(name)
        ]
    )
    if not tops and not modules:
        return None
    required = [str(r) for r in about.get_all("Requires-Dist") or []]
    plain = [r for r in required if not re.search(r";.*\bextra\s*==", r)]
    extras: dict[str, list[str]] = {str(e): [] for e in about.get_all("Provides-Extra") or []}
    for one in required:
        if marked := re.search(r"\bextra\s*==\s*['\"]([^'\"]+)['\"]", one):
            kept = re.sub(r"\s*(?:and\s+)?extra\s*==\s*['\"][^'\"]+['\"]", "", one).rstrip("; ").strip()
            extras.setdefault(marked[1], []).append(kept)
    if not tree.text(_about(tree)):
        plain = sorted({distribution_of(n.module) for n in python_needs(tree) if not n.guarded})
    readme = next((p for p in ("README.md", "README.rst", "README.txt", "README") if p in tree.entries), "")
    text = _rendered(
        "pyproject.toml.j2", name=name, version=str(about.get("Version") or told_version(tree, "")[0] or "0.0.0"),
        summary=str(about.get("Summary") or ""), readme=readme, python=str(about.get("Requires-Python") or ""), dependencies=plain,
        extras=[(e, listed) for e, listed in extras.items() if listed], scripts=_scripts(tree, name, where, tops), modules=modules,
        where=[where or "."], include=[f"{top}*" for top in tops], urls=_urls(about), licence=str(about.get("License-Expression") or ""),
        classifiers=[str(c) for c in about.get_all("Classifier") or [] if not c.startswith("License ::")],
    )  # fmt: skip
    return NewFile("pyproject.toml", text)


def _urls(about: Message) -> list[tuple[str, str]]:
    """The addresses that the metadata names. Source: packaging.python.org, Core metadata: Project-URL, Home-page."""
    pairs = [str(one).partition(",")[::2] for one in about.get_all("Project-URL") or []]
    pairs += [("Homepage", str(about["Home-page"]))] if about.get("Home-page", "UNKNOWN") != "UNKNOWN" else []
    return list({label.strip(): address.strip() for label, address in pairs if address.strip()}.items())


def _about(tree: Tree) -> str:
    """Where an sdist keeps its metadata. Source: packaging.python.org, source distribution format."""
    return next((p for p in tree.entries if p == "PKG-INFO" or re.fullmatch(r"(?:src/)?[^/]+\.egg-info/PKG-INFO", p)), "")


def _tops(tree: Tree, name: str) -> tuple[str, list[str]]:
    """The folder that holds the packages, and their names; the one called after the project where there are several."""
    for where in ("src", "", "lib"):
        base = f"{where}/" if where else ""
        found = sorted(
            p.removeprefix(base).removesuffix("/__init__.py")
            for p in tree.entries
            if p.startswith(base) and p.endswith("/__init__.py") and p.removeprefix(base).count("/") == 1 and not is_aside(p)
        )
        own = [top for top in found if _plain(top) == _plain(name)]
        if own or len(found) == 1:
            return where, own or found
    return "", []


def _scripts(tree: Tree, name: str, where: str, tops: list[str]) -> list[tuple[str, str]]:
    """Commands: those of the sdist's own information, else a main function where one usually is."""
    points = next((p for p in tree.entries if re.fullmatch(r"(?:src/)?[^/]+\.egg-info/entry_points\.txt", p)), "")
    if points:
        section = re.search(r"^\[console_scripts\]\n((?:(?!\[).*\n?)*)", tree.text(points), re.MULTILINE)
        listed = re.findall(r"^([\w.-]+)\s*=\s*(\S+)", section[1] if section else "", re.MULTILINE)
        return [(str(a), str(b)) for a, b in listed]
    base = f"{where}/" if where else ""
    for top in tops:
        for module in ("__main__", "cli", "main", "app"):
            path = f"{base}{top}/{module}.py"
            parsed = parse(tree.text(path)) if path in tree.entries else None
            names = {getattr(node, "name", "") for node in parsed.body} if parsed else set()
            if function := next((f for f in ("main", "cli", "run", "app") if f in names), ""):
                return [(name.lower(), f"{top}.{module}:{function}")]
    return []
