"""package.json, as npm reads it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from session_ops.discovery.files import Tree
from session_ops.discovery.manifests.model import Dependency, EntryPoint, Field, Manifest, Problem
from session_ops.discovery.manifests.positions import Key, Lines, json_lines
from session_ops.patterns import regex

GROUPS = {
    "dependencies": "runtime",
    "devDependencies": "dev",
    "peerDependencies": "peer",
    "optionalDependencies": "optional:platform",
}
FILES = ("main", "module", "browser", "types", "typings", "unpkg", "jsdelivr")
_SEMVER = regex(r"v?\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$")
_NAME = regex(r"(?:@[a-z0-9~*!'()-][a-z0-9._~*!'()-]*/)?[a-z0-9~*!'()-][a-z0-9._~*!'()-]*$")


def read(tree: Tree, path: str) -> Manifest:
    """The manifest in a package.json."""
    text = tree.text(path).removeprefix("\ufeff")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        return Manifest("npm", path, broken=str(error) or "nested too deep")
    if not isinstance(data, dict):
        return Manifest("npm", path, problems=(Problem("package.json must be an object", 1),))
    lines = json_lines(text)
    return Manifest(
        ecosystem="npm",
        path=path,
        name=data["name"] if isinstance(data.get("name"), str) else "",
        version=data["version"] if isinstance(data.get("version"), str) else "",
        licence=_licence(data),
        fields=tuple(_fields(data, lines)),
        dependencies=tuple(_dependencies(data, lines)),
        entry_points=tuple(_entry_points(data, lines)),
        problems=tuple(sorted(_problems(data, lines), key=lambda p: p.line)),
    )


def _licence(data: dict[str, Any]) -> str:
    value = data.get("license") or data.get("licenses") or ""
    if isinstance(value, list):
        value = value[0] if value else ""
    if isinstance(value, dict):
        value = value.get("type") or ""
    return value if isinstance(value, str) else ""


def _fields(data: dict[str, Any], lines: Lines) -> Iterator[Field]:
    skipped = {*GROUPS, "bin", "exports", "scripts", "contributes", *FILES}
    pending: list[tuple[Key, Any]] = [((k,), v) for k, v in reversed(data.items()) if k not in skipped]
    while pending:
        key, value = pending.pop()
        if isinstance(value, dict):
            pending += [((*key, k), v) for k, v in reversed(value.items())]
        elif isinstance(value, list):
            pending += [((*key, n), v) for n, v in reversed(list(enumerate(value)))]
        else:
            shown = str(value).lower() if isinstance(value, bool) else str(value)
            yield Field(".".join(k for k in key if isinstance(k, str)), shown, lines.get(key, 1))


def _dependencies(data: dict[str, Any], lines: Lines) -> Iterator[Dependency]:
    for table, group in GROUPS.items():
        entries = data.get(table)
        for name, spec in entries.items() if isinstance(entries, dict) else ():
            yield Dependency(name, spec if isinstance(spec, str) else "", group, lines.get((table, name), 1))


def _entry_points(data: dict[str, Any], lines: Lines) -> Iterator[EntryPoint]:
    bins = data.get("bin")
    if isinstance(bins, str):
        yield EntryPoint("bin", str(data.get("name") or ""), bins, lines.get(("bin",), 1))
    for name, value in bins.items() if isinstance(bins, dict) else ():
        if isinstance(value, str):
            yield EntryPoint("bin", name, value, lines.get(("bin", name), 1))
    for name in FILES:
        if isinstance(data.get(name), str):
            yield EntryPoint("types" if name == "typings" else name, name, data[name], lines.get((name,), 1))
    pending: list[tuple[Key, Any]] = [(("exports",), data.get("exports"))]
    while pending:
        key, value = pending.pop()
        if isinstance(value, dict):
            pending += [((*key, k), v) for k, v in reversed(value.items())]
        elif isinstance(value, list):
            pending += [((*key, n), v) for n, v in reversed(list(enumerate(value)))]
        elif isinstance(value, str):
            yield EntryPoint("exports", " ".join(str(k) for k in key[1:]) or ".", value, lines.get(key, 1))
    tasks = data.get("scripts")
    for name, value in tasks.items() if isinstance(tasks, dict) else ():
        if isinstance(value, str):
            yield EntryPoint("task", name, value, lines.get(("scripts", name), 1))


def _problems(data: dict[str, Any], lines: Lines) -> Iterator[Problem]:
    """What npm itself refuses. Source: docs.npmjs.com, package.json; normalize-package-data."""
    name, version = data.get("name"), data.get("version")
    # npm checks name and version when it packs; an application that is only run gets by
    made_to_publish = data.get("private") is not True and any(data.get(k) for k in ("bin", "files", "exports", "publishConfig"))
    if name is not None and (not isinstance(name, str) or not _NAME.match(name) or len(name) > 214):
        shown = json.dumps(name)[:80]
        yield Problem(
            f"{shown} is no package name for npm: lower case, URL-safe, no spaces", lines.get(("name",), 1), made_to_publish
        )
    if version is not None and (not isinstance(version, str) or (version and not _SEMVER.match(version.strip()))):
        yield Problem(
            f"version {json.dumps(version)[:60]} is not of the form 1.2.3", lines.get(("version",), 1), made_to_publish
        )
    for table in (*GROUPS, "scripts"):
        entries = data.get(table)
        if entries is None:
            continue
        if not isinstance(entries, dict):
            yield Problem(f"{table} must be an object of names", lines.get((table,), 1), sure=bool(entries))
            continue
        for key, value in entries.items():
            if not isinstance(value, str):
                yield Problem(f"{table}: the value of {key!r} must be a text", lines.get((table, key), 1))
    bins = data.get("bin")
    if bins is not None and not isinstance(bins, (str, dict)):
        yield Problem("bin must be a path or an object of paths", lines.get(("bin",), 1))
    if isinstance(bins, str) and not name:
        yield Problem("bin is a bare path, but there is no name to call the command", lines.get(("bin",), 1))
