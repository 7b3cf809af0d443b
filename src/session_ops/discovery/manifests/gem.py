"""Gem specifications, read as syntax and never run."""

from __future__ import annotations

import re
from collections.abc import Iterator

from session_ops.discovery.files import Tree
from session_ops.discovery.manifests.model import Dependency, EntryPoint, Field, Manifest
from session_ops.discovery.syntax import Syntax, line_of
from session_ops.patterns import regex

GROUPS = {"add_dependency": "runtime", "add_runtime_dependency": "runtime", "add_development_dependency": "dev"}
_TEXT = regex(r"""(?:"([^"]*)"|'([^']*)'|:(\w+))""")
_WORDS = regex(r"%[wW]([\[({<|!])(.*?)[\])}>|!]", re.DOTALL)
_VERSION = regex(r"""^\s*VERSION\s*=\s*["']([^"']+)["']""", re.MULTILINE)


def read(tree: Tree, syntax: Syntax, path: str) -> Manifest:
    """The manifest in a *.gemspec. Source: guides.rubygems.org, specification reference."""
    root = syntax.root(path)
    if root is None:
        return Manifest("gem", path)
    fields: dict[str, list[Field]] = {}
    for node in root.find_all(kind="assignment"):
        left, right = node.field("left"), node.field("right")
        if left is None or right is None:
            continue
        _, dot, name = left.text().partition(".")
        if dot and re.fullmatch(r"\w+", name):
            words = _texts(right.text())
            made = [Field(name, value, line_of(node)) for value in words]
            fields.setdefault(name, made or [Field(name, right.text()[:200], line_of(node))])
    dependencies = []
    for node in root.find_all(kind="call"):
        method = node.field("method")
        if method is None or method.text() not in GROUPS or (arguments := node.field("arguments")) is None:
            continue
        words = _texts(arguments.text())
        if words:
            dependencies.append(Dependency(words[0], ", ".join(words[1:]), GROUPS[method.text()], line_of(node)))

    def first(name: str) -> str:
        return fields[name][0].value if fields.get(name) else ""

    version = first("version")
    literal = re.fullmatch(r"[\d.]+\w*(?:[.-]\w+)*", version) is not None
    licence = first("license") or first("licenses")
    everything = tuple(f for one in fields.values() for f in one)
    return Manifest(
        "gem",
        path,
        first("name"),
        version if literal else _version_file(tree, path, first("name")),
        licence,
        () if literal else ("version",),
        everything,
        tuple(dependencies),
        tuple(_entry_points(fields)),
    )


def _texts(source: str) -> list[str]:
    """The literal texts of a Ruby expression: strings, symbols and word lists; empty where it calls something."""
    if match := _WORDS.match(source.strip()):
        return match[2].split()
    bare = _TEXT.sub("", source)
    if re.search(r"[A-Za-z_{(]", bare.replace("(", "", 1) if source.startswith("(") else bare) and not bare.strip().startswith(
        ","
    ):
        return []
    return [a or b or c for a, b, c in _TEXT.findall(source)]


def _version_file(tree: Tree, path: str, name: str) -> str:
    """The VERSION constant of the gem's version.rb, where exactly one says it."""
    folder = path.rpartition("/")[0]
    base = f"{folder}/lib/" if folder else "lib/"
    tail = name.replace("-", "/") + "/version.rb"
    places = [p for p in (base + tail, base + name + "/version.rb", base + "version.rb") if p in tree.entries]
    found = {m[1] for p in places[:1] for m in _VERSION.finditer(tree.text(p))}
    return found.pop() if len(found) == 1 else ""


def _entry_points(fields: dict[str, list[Field]]) -> Iterator[EntryPoint]:
    folder = fields["bindir"][0].value if fields.get("bindir") else "bin"
    for one in fields.get("executables", ()):
        if re.fullmatch(r"[\w.-]+", one.value):
            yield EntryPoint("bin", one.value, f"{folder}/{one.value}", one.line)
