"""Agent plugins: .claude-plugin/plugin.json and marketplace.json."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from session_ops.discovery.files import Tree
from session_ops.discovery.manifests.model import EntryPoint, Field, Manifest, Problem
from session_ops.discovery.manifests.positions import Key, Lines, json_lines
from session_ops.patterns import regex

PATHS = {
    "commands": "command",
    "agents": "agent",
    "skills": "skill",
    "hooks": "hook",
    "mcpServers": "mcp",
    "outputStyles": "style",
}
"""Entries of plugin.json that may be a path or a list of paths, relative to the plugin's root."""
_KEBAB = regex(r"[a-z0-9]+(?:[-.][a-z0-9]+)*$")


def read(tree: Tree, path: str) -> Manifest:
    """The manifest in a plugin.json or marketplace.json."""
    text = tree.text(path).removeprefix("\ufeff")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        return Manifest("plugin", path, broken=str(error) or "nested too deep")
    if not isinstance(data, dict):
        return Manifest("plugin", path, problems=(Problem(f"{path.rpartition('/')[2]} must be an object", 1),))
    lines = json_lines(text)
    market = path.endswith("marketplace.json")
    return Manifest(
        ecosystem="plugin",
        path=path,
        name=_text(data.get("name")),
        version=_text(data.get("version")),
        licence=_text(data.get("license")),
        fields=tuple(_fields(data, lines)),
        entry_points=tuple(_plugins(data, lines) if market else _parts(data, lines, ())),
        problems=tuple(_problems(data, lines, market=market)),
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _fields(data: dict[str, Any], lines: Lines) -> Iterator[Field]:
    for key, value in data.items():
        if isinstance(value, (str, bool, int, float)) and key not in PATHS:
            yield Field(key, str(value).lower() if isinstance(value, bool) else str(value), lines.get((key,), 1))


def _parts(data: dict[str, Any], lines: Lines, base: Key) -> Iterator[EntryPoint]:
    for name, kind in PATHS.items():
        value = data.get(name)
        for n, item in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(item, str):
                line = lines.get((*base, name, n)) or lines.get((*base, name), 1)
                yield EntryPoint(kind, name, item, line)


def _plugins(data: dict[str, Any], lines: Lines) -> Iterator[EntryPoint]:
    """Plugins of a marketplace whose source is a folder of this repository."""
    plugins = data.get("plugins")
    root = _text(data["metadata"].get("pluginRoot")) if isinstance(data.get("metadata"), dict) else ""
    for n, one in enumerate(plugins if isinstance(plugins, list) else ()):
        if isinstance(one, dict) and isinstance(one.get("source"), str):
            source = one["source"] if one["source"].startswith("./") or not root else f"{root.rstrip('/')}/{one['source']}"
            yield EntryPoint("plugin", _text(one.get("name")), source, lines.get(("plugins", n, "source"), 1))


def _problems(data: dict[str, Any], lines: Lines, *, market: bool) -> Iterator[Problem]:
    """What Claude Code refuses. Source: its plugins and marketplaces reference."""
    name = data.get("name")
    if not isinstance(name, str) or not name:
        yield Problem("name is missing: it is the one required entry", lines.get(("name",), 1))
    elif not _KEBAB.match(name):
        yield Problem(
            f"name {name[:60]!r} must be lower case words joined by hyphens", lines.get(("name",), 1), sure=" " in name
        )
    if not market:
        for part in _parts(data, lines, ()):
            if not part.value.startswith("./") and "://" not in part.value:
                yield Problem(f"{part.name}: the path {part.value!r} must start with ./", part.line, sure=False)
        folders = [
            p for p in _parts(data, lines, ()) if p.kind == "agent" and p.value.startswith("./") and not p.value.endswith(".md")
        ]
        if folders:
            more = f" (and {len(folders) - 1} more)" if len(folders) > 1 else ""
            said = f"agents: {folders[0].value!r}{more} is no .md file; of agents each file is named, a folder is refused"
            yield Problem(said, folders[0].line)
        for key, kind, wanted in (("repository", str, "a text: the address"), ("author", dict, "an object with a name")):
            if key in data and not isinstance(data[key], kind):
                yield Problem(f"{key} must be {wanted}", lines.get((key,), 1))
        return
    owner = data.get("owner")
    if not isinstance(owner, dict) or not owner.get("name"):
        yield Problem("owner is missing: a marketplace names who keeps it, as an object with a name", lines.get(("owner",), 1))
    plugins = data.get("plugins")
    if not isinstance(plugins, list):
        yield Problem("plugins is missing: a marketplace lists its plugins there", lines.get(("plugins",), 1))
    rooted = isinstance(data.get("metadata"), dict) and data["metadata"].get("pluginRoot")
    loose: list[tuple[str, int]] = []
    for n, one in enumerate(plugins if isinstance(plugins, list) else ()):
        for key in ("name", "source"):
            if not isinstance(one, dict) or not one.get(key):
                yield Problem(f"plugin {n + 1} has no {key}", lines.get(("plugins", n), 1))
        source = one.get("source") if isinstance(one, dict) else None
        if isinstance(source, str) and source and not source.startswith("./") and not rooted:
            loose.append((source[:60], lines.get(("plugins", n, "source"), 1)))
    if loose:
        more = f" (and {len(loose) - 1} more)" if len(loose) > 1 else ""
        yield Problem(f"the source {loose[0][0]!r}{more} must start with ./; one that is elsewhere is an object", loose[0][1])
