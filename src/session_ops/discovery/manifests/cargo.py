"""Cargo.toml, with what a member inherits from its workspace."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

from session_ops.discovery.files import Tree
from session_ops.discovery.manifests.model import Dependency, EntryPoint, Field, Manifest, Problem
from session_ops.discovery.manifests.positions import Key, Lines, toml_lines
from session_ops.discovery.manifests.pyproject import line_at

GROUPS = {"dependencies": "runtime", "dev-dependencies": "dev", "build-dependencies": "build"}


def load(tree: Tree, path: str) -> tuple[dict[str, Any], Lines, str]:
    """A TOML file's data and lines; the third is why it does not parse."""
    text = tree.text(path).removeprefix("\ufeff").replace("\r\n", "\n")
    try:
        return tomllib.loads(text), toml_lines(text), ""
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        return {}, {}, str(error) or "nested too deep"


def read(tree: Tree, path: str) -> Manifest:
    """The manifest in a Cargo.toml: a package, a workspace, or both."""
    data, lines, broken = load(tree, path)
    if broken:
        return Manifest("cargo", path, broken=broken)
    package = data.get("package")
    package = package if isinstance(package, dict) else {}
    shared = _workspace(tree, path) if path.rpartition("/")[0] or "workspace" in data else {}

    def value(key: str) -> str:
        own = package.get(key)
        if isinstance(own, dict) and own.get("workspace") is True:
            inherited = shared.get("package")
            own = inherited.get(key) if isinstance(inherited, dict) else None
        return str(own).lower() if isinstance(own, bool) else str(own) if isinstance(own, (str, int)) else ""

    return Manifest(
        ecosystem="cargo",
        path=path,
        name=value("name"),
        version=value("version"),
        licence=value("license") or value("license-file"),
        fields=tuple(_fields(data, package, lines, value)),
        dependencies=tuple(_dependencies(data, shared, lines)),
        entry_points=tuple(_entry_points(data, lines)),
        problems=tuple(_problems(package, lines, data)),
    )


def _workspace(tree: Tree, path: str) -> dict[str, Any]:
    """The [workspace] table that a member inherits from: of the nearest folder above that has one."""
    folder = path.rpartition("/")[0]
    while True:
        candidate = f"{folder}/Cargo.toml" if folder else "Cargo.toml"
        if candidate in tree.entries and "[workspace" in tree.text(candidate):
            table = load(tree, candidate)[0].get("workspace")
            if isinstance(table, dict):
                return table
        if not folder:
            return {}
        folder = folder.rpartition("/")[0]


def _fields(data: dict[str, Any], package: dict[str, Any], lines: Lines, value: Any) -> Iterator[Field]:
    for key, own in package.items():
        if isinstance(own, list):
            yield from (Field(key, str(v), line_at(lines, ("package", key, n))) for n, v in enumerate(own))
        elif shown := value(key):
            yield Field(key, shown, line_at(lines, ("package", key)))
    workspace = data.get("workspace")
    for key in ("members", "exclude", "default-members"):
        for n, member in enumerate(workspace.get(key) or () if isinstance(workspace, dict) else ()):
            yield Field(f"workspace.{key}", str(member), line_at(lines, ("workspace", key, n)))
    if isinstance(workspace, dict):
        yield Field("workspace", "true", line_at(lines, ("workspace",)))


def _dependencies(data: dict[str, Any], shared: dict[str, Any], lines: Lines) -> Iterator[Dependency]:
    tables: list[tuple[Key, Any]] = [((t,), data.get(t)) for t in GROUPS]
    targets = data.get("target")
    for name, target in targets.items() if isinstance(targets, dict) else ():
        if isinstance(target, dict):
            tables += [(("target", name, t), target.get(t)) for t in GROUPS]
    common = shared.get("dependencies")
    for key, table in tables:
        for name, spec in table.items() if isinstance(table, dict) else ():
            whole = spec
            if isinstance(spec, dict) and spec.get("workspace") is True and isinstance(common, dict):
                whole = common.get(name, {})
            yield Dependency(name, _spec(whole), GROUPS[str(key[-1])], line_at(lines, (*key, name)))


def _spec(value: Any) -> str:
    """A dependency as one text: the version, or `path=…`, `git=…` with the version where there is one."""
    if isinstance(value, str):
        return value
    if not isinstance(value, dict):
        return ""
    parts = [f"{k}={value[k]}" for k in ("path", "git", "registry") if isinstance(value.get(k), str)]
    if isinstance(value.get("version"), str):
        parts.append(f"version={value['version']}" if parts else value["version"])
    return " ".join(parts)


def _entry_points(data: dict[str, Any], lines: Lines) -> Iterator[EntryPoint]:
    for kind in ("bin", "example", "bench", "test"):
        tables = data.get(kind)
        for n, one in enumerate(tables if isinstance(tables, list) else ()):
            if isinstance(one, dict) and isinstance(one.get("path"), str):
                yield EntryPoint(kind, str(one.get("name") or ""), one["path"], line_at(lines, (kind, n, "path")))
    lib = data.get("lib")
    if isinstance(lib, dict) and isinstance(lib.get("path"), str):
        yield EntryPoint("main", "lib", lib["path"], line_at(lines, ("lib", "path")))


def _problems(package: dict[str, Any], lines: Lines, data: dict[str, Any]) -> Iterator[Problem]:
    """What cargo refuses to load. Source: The Cargo Book, The Manifest Format."""
    if not package and "workspace" not in data and data:
        yield Problem("there is neither [package] nor [workspace]", 1)
    if package and not package.get("name"):
        yield Problem("[package] has no name", line_at(lines, ("package",)))
