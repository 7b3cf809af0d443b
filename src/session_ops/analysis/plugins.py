"""Agent plugins: the names and versions under which people and settings ask for them, against what the marketplace says."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator
from typing import Any

from session_ops.analysis.rewriting import rewritten
from session_ops.discovery.aside import is_aside
from session_ops.discovery.files import Tree
from session_ops.discovery.manifests import Manifests
from session_ops.model import Finding, Fix
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

ASKED = regex(
    r"(?:/plugin|\bclaude plugins?|\bcodex plugins?)\s+(?:install|enable|update|add|i)\s+(?P<whole>(?P<name>[\w.-]+)@(?P<market>[\w.-]+))"
)
UNASKABLE = regex(r"(?:/plugin|\bclaude plugins?)\s+install\s+(?P<whole>(?P<owner>[\w.-]+)/(?P<name>[\w.-]+))(?=[\s`]|$)")
"""The address of a repository, which the command does not take."""
ADDED = regex(r"(?:/plugin|\bclaude plugins?)\s+marketplace\s+add\s+(?P<what>[^\s`\"']+)")
OFFICIAL = frozenset(("claude-plugins-official", "claude-code-plugins", "anthropic-agent-skills", "claude-community"))
"""Marketplaces of the agent's maker, which may list the plugin too."""
PLUGIN_JSON = regex(r"(?:^|/)\.[\w-]+-plugin/plugin\.json$")


def named_as_it_is(finding: Finding, tree: Tree) -> Fix | None:
    """Ask for the plugin under the name that its marketplace has."""
    return rewritten(
        finding, tree, "Name the marketplace as it calls itself", "safe", "The part behind @ is the name in marketplace.json."
    )


@rule("REF-PLUGIN", gate="follow", category="docs-contradiction", fix=named_as_it_is)
def plugin_of_another_marketplace(tree: Tree, manifests: Manifests) -> Iterator[Finding]:
    """The documents or settings ask for a plugin of this project in a marketplace that has another name.

    Why: in `NAME@MARKETPLACE` the second part is the `name` in marketplace.json, which need not be that of the repository:
    "Plugin not found in marketplace". In enabledPlugins the entry is passed over, and the plugin is not there.
    Passes: plugins that the project's marketplaces do not list, the marketplaces of the agent's maker, and those that the settings or documents add.
    Do: Write the name that marketplace.json has behind the @.
    Source: code.claude.com/docs, "Create and distribute a plugin marketplace"; settings, enabledPlugins.
    """
    markets = [m for m in manifests if m.path.endswith("/marketplace.json") and m.name and not is_aside(m.path)]
    if not markets:
        raise NotApplicable("the project is no marketplace of plugins")
    own = {entry.name: market for market in markets for entry in market.entry_points if entry.kind == "plugin" and entry.name}
    names = {market.name for market in markets}
    texts = [e.path for e in tree.files("markdown") if not is_aside(e.path)]
    repository = tree.root.name
    foreign = {
        m["what"].rstrip("/.").rpartition("/")[2].removesuffix(".git")
        for path in texts
        for m in ADDED.finditer(tree.text(path))
        if "/" in m["what"] and not m["what"].startswith((".", "/"))
    }
    for path in texts:
        if "changelog" in path.lower() or "/plans/" in f"/{path}":
            continue
        wrong = [
            (number, match)
            for number, line in enumerate(tree.lines(path), 1)
            for match in ASKED.finditer(line)
            if match["name"] in own
            and match["market"] not in OFFICIAL
            and match["market"] not in names
            and (match["market"] not in foreign or match["market"] == repository)
        ]
        if wrong:
            number, match = wrong[0]
            market = own[match["name"]]
            yield Finding(
                f"`{match['whole']}` names the marketplace {match['market']}, which calls itself {market.name}",
                tree.evidence(path, number),
                (tree.evidence(market.path, _line(tree, market.path)), *(tree.evidence(path, n) for n, _ in wrong[1:6])),
                "Who follows it gets: plugin not found.",
                "possible" if match["market"] in foreign else "likely",
                data={"old": match["whole"], "new": f"{match['name']}@{market.name}"} if len(wrong) == 1 else {},
            )
        for number, line in enumerate(tree.lines(path), 1):
            if (address := UNASKABLE.search(line)) and "changelog" not in path.lower():
                market = next(iter(own.values())) if own else markets[0]
                name = address["name"] if address["name"] in own else next(iter(own), address["name"])
                yield Finding(
                    f"`{address['whole']}` is no plugin: the command takes NAME@MARKETPLACE, here {name}@{market.name}",
                    tree.evidence(path, number),
                    (tree.evidence(market.path, _line(tree, market.path)),),
                    "Who follows it gets: plugin not found. The marketplace has to be added first.",
                    "possible",
                )
                break
    for entry in tree.files("json"):
        if re.search(r"(?:^|/)\.claude/settings[\w.-]*\.json$", entry.path) and not is_aside(entry.path):
            yield from _enabled(tree, entry.path, {name: market.name for name, market in own.items()}, names)


def _line(tree: Tree, path: str) -> int:
    return next((n for n, line in enumerate(tree.lines(path), 1) if '"name"' in line), 1)


def _data(tree: Tree, path: str) -> dict[str, Any]:
    try:
        data = json.loads(tree.text(path))
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _enabled(tree: Tree, path: str, own: dict[str, str], names: set[str]) -> Iterator[Finding]:
    data = _data(tree, path)
    enabled, extra = data.get("enabledPlugins"), data.get("extraKnownMarketplaces")
    for whole in enabled if isinstance(enabled, dict) else ():
        name, _, market = str(whole).partition("@")
        if name not in own or market in names or market in OFFICIAL or (isinstance(extra, dict) and market in extra):
            continue
        line = next((n for n, text in enumerate(tree.lines(path), 1) if f'"{whole}"' in text), 1)
        yield Finding(
            f"`{whole}` names the marketplace {market}, which calls itself {own[name]}",
            tree.evidence(path, line),
            impact="The plugin is not loaded in this project.",
            data={"old": f'"{whole}"', "new": f'"{name}@{own[name]}"'},
        )


@rule("META-PLUGIN", gate="metadata", category="package")
def versions_of_one_plugin(tree: Tree, manifests: Manifests) -> Iterator[Finding]:
    """The manifests of one plugin say different versions: for another agent, in the marketplace, or in package.json.

    Why: the agent compares versions to decide whether there is something new: who has the lower one in the marketplace never gets the
    update, and a report names a release that this is not. It happens where a release raises one file of two.
    Passes: manifests without a version, a package.json that is private or has another name, plugins that live elsewhere.
    Do: Raise all of them together, or leave the version out of the marketplace's entry.
    Source: code.claude.com/docs, "Plugins reference", version management.
    """
    found = [e.path for e in tree.files("json") if PLUGIN_JSON.search(e.path) and not is_aside(e.path)]
    if not found:
        raise NotApplicable("no plugin")
    said: dict[str, dict[str, str]] = {}
    names: dict[str, str] = {}
    for path in found:
        data = _data(tree, path)
        if isinstance(data.get("version"), str):
            folder = posixpath.dirname(posixpath.dirname(path))
            said.setdefault(folder, {})[path] = data["version"]
            names[folder] = str(data.get("name", ""))
    for market in manifests:
        if not market.path.endswith("/marketplace.json") or is_aside(market.path):
            continue
        plugins = _data(tree, market.path).get("plugins")
        for one in plugins if isinstance(plugins, list) else ():
            source = one.get("source") if isinstance(one, dict) else None
            if isinstance(source, str) and isinstance(one.get("version"), str):
                folder = posixpath.normpath(posixpath.join(posixpath.dirname(posixpath.dirname(market.path)), source))
                folder = "" if folder == "." else folder
                if folder in said and one.get("name") == names[folder]:
                    said[folder][market.path] = one["version"]
    for folder, versions in said.items():
        package = posixpath.join(folder, "package.json")
        data = _data(tree, package) if package in tree.entries else {}
        if (
            isinstance(data.get("version"), str)
            and not data.get("private")
            and data.get("name", "").rpartition("/")[2] == names[folder]
        ):
            versions[package] = data["version"]
        if len(set(versions.values())) < 2:
            continue
        order = sorted(versions, key=lambda path: (_rank(versions[path]), path))
        lowest, highest = order[0], order[-1]
        yield Finding(
            f"{lowest} says version {versions[lowest]}, {highest} says {versions[highest]}",
            tree.evidence(lowest, _version_line(tree, lowest, versions[lowest])),
            tuple(tree.evidence(path, _version_line(tree, path, versions[path])) for path in order[1:]),
            "Who goes by the lower one does not get the update.",
            "possible",
        )


def _rank(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


def _version_line(tree: Tree, path: str, version: str) -> int:
    """The last line that says this version: in a marketplace the entries of plugins come behind its own."""
    said = [n for n, line in enumerate(tree.lines(path), 1) if '"version"' in line and f'"{version}"' in line]
    return said[-1] if said else 1


@rule("HOST-PLACE", gate="metadata", category="package")
def manifest_where_nobody_looks(tree: Tree, manifests: Manifests) -> Iterator[Finding]:
    """The manifest of a plugin lies beside its commands, where Claude Code does not look.

    Why: a plugin's manifest is `.claude-plugin/plugin.json` below its folder. One that lies at the top of the folder is read by nothing: paths,
    versions, MCP servers and hooks that it names do not count; what works, works because it lies in the usual folders.
    Do: Move it into `.claude-plugin/`.
    Source: code.claude.com/docs, "Plugins reference", plugin directory structure.
    """
    markets = [m for m in manifests if m.path.endswith("/marketplace.json") and not is_aside(m.path)]
    if not markets:
        raise NotApplicable("the project is no marketplace of plugins")
    for market in markets:
        plugins = _data(tree, market.path).get("plugins")
        for one in plugins if isinstance(plugins, list) else ():
            source = one.get("source") if isinstance(one, dict) else None
            if not isinstance(source, str):
                continue
            folder = posixpath.normpath(posixpath.join(posixpath.dirname(posixpath.dirname(market.path)), source))
            wrong = posixpath.normpath(posixpath.join(folder, "plugin.json"))
            if (
                wrong in tree.entries
                and posixpath.normpath(posixpath.join(folder, ".claude-plugin/plugin.json")) not in tree.entries
            ):
                yield Finding(
                    f"{wrong} is not where a plugin's manifest is looked for, which is .claude-plugin/plugin.json",
                    tree.evidence(wrong, 1),
                    (tree.evidence(market.path, _line(tree, market.path)),),
                    "What it says does not count.",
                    "possible",
                )
