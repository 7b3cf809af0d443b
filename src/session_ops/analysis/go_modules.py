"""What Go code imports against what its go.mod requires."""

from __future__ import annotations

import re
from collections.abc import Iterator

from session_ops.discovery.aside import is_test
from session_ops.discovery.files import Tree
from session_ops.discovery.manifests import Manifest, Manifests
from session_ops.model import Edit, Finding, Fix
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

IMPORTS = regex(r"^import\s+(?:\((?P<block>[^)]*)\)|(?:[\w.]+\s+)?\"(?P<one>[^\"\n]+)\")", re.MULTILINE)
DECLARES = regex(r"^(?:func|type|var|const)\b", re.MULTILINE)
NAMED = regex(r"^[ \t]*(?:[\w.]+[ \t]+)?\"(?P<path>[^\"\n]+)\"", re.MULTILINE)
NOT_BUILT = regex(r"^//\s*(?:go:build|\+build)\b(?![^\n]*\b(?:linux|darwin|unix|windows)\b)", re.MULTILINE)
LISTS_ALL = (1, 17)
"""Since this version of Go a go.mod lists every module that gives a package to the build."""


def _direct(finding: Finding, tree: Tree) -> Fix | None:
    """Take the remark away; go mod tidy does no more to the line."""
    old = tree.lines(finding.at.path)[finding.at.line - 1]
    if finding.also[1:] or not re.search(r"\s*// indirect\s*$", old):
        return None
    new = re.sub(r"\s*// indirect\s*$", "", old)
    return Fix("Say that it is used directly", (finding.id,), "safe", (Edit(finding.at.path, old, new, finding.at.line),))


@rule("DEP-GO", gate="build", category="dependency", fix=_direct)
def imports_against_go_mod(tree: Tree, manifests: Manifests) -> Iterator[Finding]:
    """Go code imports a package that no module of its go.mod gives, or a module that go.mod calls indirect.

    Why: without the module `go build` ends with "no required module provides package". `// indirect` says that only others need the module: tools
    that count dependencies or update them leave it out, and `go mod tidy -diff` fails. Passes: workspaces (go.work), vendor/, replaced modules,
    files that a build tag keeps out, go.mod before Go 1.17, which lists less.
    Do: Run `go mod tidy` and commit go.mod and go.sum.
    Source: go.dev/ref/mod, go.mod files (require) and go mod tidy.
    """
    modules = {m.folder: m for m in manifests if m.ecosystem == "go" and not m.broken}
    if not modules or "go.work" in tree.entries:
        raise NotApplicable("no go.mod, or a workspace")
    used: dict[tuple[str, str], tuple[str, int]] = {}
    for entry in tree.files("go"):
        text = tree.text(entry.path)
        folder = _module_of(entry.path, modules)
        if (
            folder is None
            or entry.vendored
            or entry.status != "read"
            or re.search(r"(?:^|/)(?:testdata|_[^/]*)/", entry.path)
            or NOT_BUILT.search(text)
        ):
            continue
        for name, at in _imports(text):
            key = (folder, name)
            if "." in name.split("/")[0] and (key not in used or is_test(used[key][0])):
                used[key] = (entry.path, text.count("\n", 0, at) + 1)
    for folder, module in sorted(modules.items()):
        here = {name: place for (where, name), place in used.items() if where == folder}
        if here and not tree.is_folder(f"{folder}/vendor".lstrip("/")):
            yield from _compared(tree, module, here)


def _module_of(path: str, modules: dict[str, Manifest]) -> str | None:
    folder = path.rpartition("/")[0]
    while folder and folder not in modules:
        folder = folder.rpartition("/")[0]
    return folder if folder in modules else None


def _imports(text: str) -> Iterator[tuple[str, int]]:
    """Imports with their offsets; they all stand before the first declaration."""
    begins = DECLARES.search(text)
    for match in IMPORTS.finditer(text, 0, begins.start() if begins else len(text)):
        if match["one"]:
            yield match["one"], match.start("one")
        for name in NAMED.finditer(match["block"] or ""):
            yield name["path"], match.start("block") + name.start("path")


def _compared(tree: Tree, module: Manifest, used: dict[str, tuple[str, int]]) -> Iterator[Finding]:
    replaced = [field.value.split()[0] for field in module.listed("replace") if field.value.split()]
    given = {dependency.name: dependency for dependency in module.dependencies}
    stated = module.field("go")
    version = tuple(int(n) for n in re.findall(r"\d+", stated.value)[:2]) if stated else (0, 0)
    indirect: dict[str, tuple[str, int]] = {}
    for name, place in sorted(used.items()):
        if _under(name, (module.name, *replaced)):
            continue
        found = max((one for one in given if _under(name, (one,))), key=len, default="")
        if found and given[found].group == "optional:indirect":
            indirect.setdefault(found, place)
        elif not found and version >= LISTS_ALL and not is_test(place[0]):
            yield Finding(
                f"{name} is imported, and no module in {module.path} gives it",
                tree.evidence(*place),
                (tree.evidence(module.path),),
                "`go build` ends with an error.",
            )
    first = next((d for d in module.dependencies if d.name in indirect), None)
    if first:
        names = ", ".join(sorted(indirect)[:4])
        more = f" and {len(indirect) - 4} others" if len(indirect) > 4 else ""
        yield Finding(
            f"{names}{more}: imported by the code, and marked `// indirect`",
            tree.evidence(module.path, first.line),
            tuple(tree.evidence(*indirect[name]) for name in sorted(indirect)[:9]),
            "Tools leave them out of the direct dependencies, and `go mod tidy -diff` fails.",
            "possible",
        )


def _under(name: str, modules: tuple[str, ...]) -> bool:
    return any(module and (name == module or name.startswith(module + "/")) for module in modules)
