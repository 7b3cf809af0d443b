"""Crates that Rust code names and its manifest does not declare."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Any

from session_ops.analysis.rewriting import rewritten
from session_ops.discovery.aside import is_aside
from session_ops.discovery.files import Tree
from session_ops.discovery.manifests import Manifests
from session_ops.discovery.manifests.cargo import load
from session_ops.model import Finding, Fix
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

TABLES = ("dependencies", "dev-dependencies", "build-dependencies")
NAMED = regex(r"(?m)^[ \t]*(?:pub(?:\([^)\n]*\))?\s+)?use\s+(?:::)?([a-z][a-z0-9_]*)::(?=[\w{*])")
TEXTS = regex(r"'(?:\\.|[^'\\\n])'|//[^\n]*|/\*.*?\*/|r(#*)\".*?\"\1|\"(?:\\.|[^\"\\])*\"", re.DOTALL)
USED = frozenset(
    ("serde", "serde_json", "tokio", "anyhow", "thiserror", "clap", "chrono", "regex", "uuid", "tracing", "rand", "reqwest", "toml", "tempfile")
)  # fmt: skip
"""Crates of which the name alone says what is meant, besides those that the project declares elsewhere."""


def declare(finding: Finding, tree: Tree) -> Fix | None:
    """Declare it as another crate of the project does."""
    if not finding.data.get("new"):
        return None
    return rewritten(finding, tree, "Declare the crate", "safe", "Another crate of the project takes this version.")


@rule("DEP-CRATE", gate="build", category="dependency", fix=declare)
def crate_not_declared(tree: Tree, manifests: Manifests) -> Iterator[Finding]:
    """Rust code uses a crate that its Cargo.toml does not declare.

    Why: in a workspace every member declares for itself; that a neighbour has the crate does not help, and the build ends with E0433, "use of
    undeclared crate or module". Looked at are `use` statements with names of crates that another manifest of the project declares, and a
    few that everybody knows.
    Passes: names that the code itself defines (`mod`, `use … as`, re-exports, macros' `$crate`), other targets' tables, comments and texts.
    Do: Add the crate to `[dependencies]` of this member, with the version that its neighbours have.
    Source: The Cargo Book, Specifying Dependencies; the Rust Reference, Paths.
    """
    own = {one.path: load(tree, one.path)[0] for one in manifests if one.ecosystem == "cargo" and not one.broken}
    packages = {path: data for path, data in own.items() if isinstance(data.get("package"), dict) and not is_aside(path)}
    if not packages:
        raise NotApplicable("no crate")
    known: dict[str, tuple[str, str]] = {}
    for path, data in own.items():
        for name in _declared(data):
            known.setdefault(
                name, (path, next((t for t in tree.lines(path) if re.match(rf"{name.replace('_', '[-_]')}\s*=", t)), ""))
            )
    folders = sorted((posixpath.dirname(path) for path in own), key=len, reverse=True)
    lacking: dict[tuple[str, str], list[tuple[str, int]]] = {}
    built: set[tuple[str, str]] = set()
    for entry in tree.files("rust"):
        folder = next((f for f in folders if not f or entry.path.startswith(f + "/")), None)
        manifest = posixpath.join(folder, "Cargo.toml") if folder is not None else ""
        within = entry.path.removeprefix(f"{folder}/" if folder else "")
        if manifest not in packages or not within.startswith(("src/", "tests/")) or entry.vendored or entry.ignored:
            continue
        if (packages[manifest].get("lib") or {}).get("proc-macro"):
            continue  # it writes the names that its users have
        text = TEXTS.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), tree.text(entry.path))
        has = _declared(packages[manifest]) | {str(packages[manifest]["package"].get("name", "")).replace("-", "_")}
        for match in NAMED.finditer(text):
            name = match[1]
            modules = (f"src/{name}.rs", f"src/{name}/mod.rs")
            if name in has or (name not in known and name not in USED) or _defined(text, name):
                continue
            if any((f"{folder}/" if folder else "") + module in tree.entries for module in modules):
                continue
            if within.startswith("src/") and "#[cfg(test)]" not in text[: match.start()]:
                built.add((manifest, name))
            lacking.setdefault((manifest, name), []).append((entry.path, text.count("\n", 0, match.start()) + 1))
    for (manifest, name), places in sorted(lacking.items()):
        lines = tree.lines(manifest)
        wanted = "[dependencies]" if (manifest, name) in built else "[dev-dependencies]"
        table = next((n for head in (wanted, "[dependencies]") for n, line in enumerate(lines, 1) if line.strip() == head), 0)
        _, how = known.get(name, ("", ""))
        yield Finding(
            f"{places[0][0]} uses the crate {name}, which {manifest} does not declare",
            tree.evidence(manifest, table or 1),
            tuple(tree.evidence(path, line) for path, line in places[:4]),
            "The build ends: use of undeclared crate or module.",
            "likely" if table else "possible",
            data={"old": wanted, "new": f"{wanted}\n{how}"}
            if table and how and "path" not in how and lines[table - 1] == wanted
            else {},
        )


def _declared(data: dict[str, Any]) -> set[str]:
    """Names of crates as code writes them, of every table of dependencies, those of single platforms and of the workspace too."""
    found: set[str] = set()
    targets = data.get("target")
    workspace = data.get("workspace")
    for holder in (
        data,
        *(targets.values() if isinstance(targets, dict) else ()),
        workspace if isinstance(workspace, dict) and "package" not in data else {},
    ):
        for table in TABLES:
            names = holder.get(table) if isinstance(holder, dict) else None
            found |= {str(name).replace("-", "_") for name in (names if isinstance(names, dict) else ())}
    return found


def _defined(text: str, name: str) -> bool:
    """Does the file itself give this name to something?"""
    return (
        re.search(
            rf"\bmod\s+{name}\b|\bas\s+{name}\b|extern\s+crate\s+{name}\b|::\s*{name}\s*[,;}}]|[{{,]\s*{name}\s*(?:[,}}]|:(?!:))",
            text,
        )
        is not None
    )
