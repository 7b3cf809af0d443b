"""go.mod: the module's path, its Go version and what it requires."""

from __future__ import annotations

from session_ops.discovery.files import Tree
from session_ops.discovery.manifests.model import Dependency, Field, Manifest, Problem
from session_ops.patterns import regex

_REQUIRE = regex(r"(?P<path>[^\s()]+)\s+(?P<version>v\S+)")


def read(tree: Tree, path: str) -> Manifest:
    """The manifest in a go.mod. Source: go.dev/ref/mod."""
    fields: list[Field] = []
    dependencies: list[Dependency] = []
    problems: list[Problem] = []
    name, block = "", ""
    for number, raw in enumerate(tree.lines(path), 1):
        line = raw.removeprefix("\ufeff").split("//")[0].strip()
        if not line:
            continue
        if line == ")":
            block = ""
            continue
        word, _, rest = line.partition(" ")
        verb, rest = (block, line) if block else (word, rest.strip())
        if rest == "(" and not block:
            block = word
        elif word.endswith("(") and not block:
            block = word[:-1]
        elif verb == "require" and (match := _REQUIRE.match(rest)):
            group = "optional:indirect" if "// indirect" in raw else "runtime"
            dependencies.append(Dependency(match["path"], match["version"], group, number))
        elif verb == "module":
            name = rest.strip('"`')
            fields.append(Field("module", name, number))
        elif verb in ("go", "toolchain", "replace", "exclude", "retract", "tool", "godebug", "ignore"):
            fields.append(Field(verb, rest, number))
        elif verb == "require":
            problems.append(Problem(f"require needs a module and a version, not {rest[:60]!r}", number))
        else:
            problems.append(Problem(f"go.mod does not know {verb[:40]!r}", number))
    if not name and (
        tree.text(path).strip() or "/" not in path
    ):  # an empty one below the top keeps a folder out of the module around it
        problems.append(Problem("there is no module line", 1))
    return Manifest("go", path, name, fields=tuple(fields), dependencies=tuple(dependencies), problems=tuple(problems))
