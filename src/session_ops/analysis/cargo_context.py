"""Crates that cargo reads when it builds in an image, and that no COPY brought there."""

from __future__ import annotations

import posixpath
import tomllib
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from typing import Any

from session_ops.discovery.files import Tree
from session_ops.patterns import regex

BUILDS = regex(r"\bcargo\s+(?:\+\S+\s+)?(?:build|install|run|test|check|fetch|rustc)\b(?![^&|;\n]*--manifest-path)")
WRITTEN = regex(r"(?:>|\btee\b|\bsed\s+-i|\bperl\s+-p|\bcat\b)[^&|;]*Cargo\.toml")
TABLES = ("dependencies", "dev-dependencies", "build-dependencies")


def cargo_lacks(
    tree: Tree, context: str, run: str, made: str, have: frozenset[str], files: frozenset[str]
) -> Iterator[tuple[str, str, str]]:
    """(manifest that asks, file of the context that is missing, message) for a RUN that builds with cargo.

    `have` are the files that were copied, `files` those of the context, `made` what earlier steps of the stage wrote.
    Source: The Cargo Book, Workspaces (members, inheritance) and Specifying Dependencies (path): cargo reads every one of these manifests, optional or not.
    """
    if not BUILDS.search(run) or "chef" in run or WRITTEN.search(made) or WRITTEN.search(run):
        return
    manifests = sorted(f for f in have if posixpath.basename(f) == "Cargo.toml")
    data = {path: loaded for path in manifests if (loaded := _load(tree, context, path)) is not None}
    for path, manifest in data.items():
        folder = posixpath.dirname(path)
        absent = sorted({m for m in _members(folder, manifest, files) if m not in have and posixpath.dirname(m) not in made})
        if absent:
            more = f" and {len(absent) - 1} more" if len(absent) > 1 else ""
            yield path, absent[0], f"Cargo.toml is copied, but not its workspace member {posixpath.dirname(absent[0])}{more}"
            continue
        for name, target in _paths(manifest):
            wanted = posixpath.normpath(posixpath.join(folder, target, "Cargo.toml"))
            if wanted in files and wanted not in have:
                yield path, wanted, f"{path} is copied without {posixpath.dirname(wanted)}, the path of its dependency {name}"
        root = _workspace(tree, context, folder, files)
        if root and root not in have and _inherits(manifest):
            yield path, root, f"{path} takes values from its workspace, and {root} is not copied"


def _load(tree: Tree, context: str, path: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(tree.text(posixpath.join(context, path)))
    except (tomllib.TOMLDecodeError, RecursionError, KeyError):
        return None


def _table(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = data.get(key)
    return value if isinstance(value, dict) else {}


def _members(folder: str, manifest: Mapping[str, Any], files: frozenset[str]) -> Iterator[str]:
    workspace = _table(manifest, "workspace")
    left_out = [str(e) for e in workspace.get("exclude", ())]
    for member in workspace.get("members", ()):
        wanted = posixpath.normpath(posixpath.join(folder, str(member), "Cargo.toml"))
        for path in files if "*" in wanted else (wanted,):
            if (
                path in files
                and fnmatch(path, wanted)
                and path.count("/") == wanted.count("/")
                and not any(fnmatch(posixpath.dirname(path), e) for e in left_out)
            ):
                yield path


def _paths(manifest: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    targets = [t for t in _table(manifest, "target").values() if isinstance(t, dict)]
    for part in (manifest, *targets):
        for table in TABLES:
            for name, value in _table(part, table).items():
                if isinstance(value, dict) and isinstance(value.get("path"), str):
                    yield name, value["path"]


def _workspace(tree: Tree, context: str, folder: str, files: frozenset[str]) -> str:
    """The workspace manifest above a crate, in the context."""
    while folder:
        folder = posixpath.dirname(folder)
        path = posixpath.join(folder, "Cargo.toml")
        if path in files and "workspace" in (_load(tree, context, path) or {}):
            return path
    return ""


def _inherits(manifest: Mapping[str, Any]) -> bool:
    parts = [_table(manifest, table) for table in ("package", *TABLES)]
    return any(isinstance(v, dict) and v.get("workspace") is True for part in parts for v in part.values())
