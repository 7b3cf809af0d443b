"""Packages that the program imports and that only those who develop it have."""

from __future__ import annotations

from collections.abc import Iterator

from session_ops.analysis.distributions import DISTRIBUTIONS, brought_by, normalised
from session_ops.analysis.imports import python_hard
from session_ops.discovery.aside import is_aside, is_document, is_test
from session_ops.discovery.files import Tree
from session_ops.discovery.manifests import Manifest, Manifests
from session_ops.model import Finding
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

DEVELOPMENT = regex(r"dev$|optional:(?:dev\w*|tests?|testing|lint\w*|docs?|typing|ci|qa|build|release)$")
TOOLS = regex(
    r"(?:^|/)(?:scripts?|tools?|hack|ci|docs?|bench\w*|examples?|notebooks|dev|hooks?|tasks|\.\w+)/|(?:^|/)(?:setup|noxfile|tasks|conf|conftest)\.py$"
)


@rule("DEP-DEV", gate="install", category="dependency")
def only_for_developers(tree: Tree, manifests: Manifests, python_imports: dict[str, set[str]]) -> Iterator[Finding]:
    """A package imports, without a guard, what its manifest declares for development only.

    Why: `pip install`, `uv run --project` and `uv tool install` bring the dependencies for run time; an extra called dev or test and dependency
    groups are for who works on the project. There the import works, everywhere else it ends the program.
    Passes: guarded imports, imports inside of functions, tests, tools and documents, what another dependency for run time brings.
    Do: Move the distribution to `dependencies`, or catch ImportError around the import.
    Source: packaging.python.org, Dependency Groups and "Optional dependencies" (extras).
    """
    built = [
        m
        for m in manifests
        if m.ecosystem == "pip" and m.path.endswith("pyproject.toml") and m.name and not m.broken and not is_aside(m.path)
    ]
    if not built:
        raise NotApplicable("no package of Python")
    for manifest in built:
        if "dependencies" in manifest.dynamic:
            continue
        others = {normalised(d.name) for d in manifest.dependencies if not DEVELOPMENT.match(d.group) and d.group != "build"}
        dev = {
            normalised(d.name): d.line
            for d in manifest.dependencies
            if DEVELOPMENT.match(d.group) and normalised(d.name) not in others
        }
        if dev:
            yield from _in_package(tree, manifest, manifests, frozenset(others), dev, python_imports)


def _in_package(
    tree: Tree,
    manifest: Manifest,
    manifests: Manifests,
    others: frozenset[str],
    dev: dict[str, int],
    imports: dict[str, set[str]],
) -> Iterator[Finding]:
    inner = [m.folder + "/" for m in manifests if m.ecosystem == "pip" and m.folder and m.folder != manifest.folder]
    said: set[str] = set()

    def of_dev(module: str) -> bool:
        return normalised(module) in dev or any(one in dev for one in DISTRIBUTIONS.get(module, ()))

    for entry in tree.files("python"):
        path = entry.path
        if (manifest.folder and not path.startswith(manifest.folder + "/")) or any(
            path.startswith(i) and len(i) > len(manifest.folder) + 1 for i in inner
        ):
            continue
        if is_aside(path) or is_document(path) or is_test(path) or TOOLS.search(path) or entry.ignored or entry.vendored:
            continue
        if f"{path.rpartition('/')[0]}/__init__.py" not in tree.entries or not any(map(of_dev, imports[path])):
            continue
        for name, line in python_hard(tree.text(path)):
            if name in said or not of_dev(name) or brought_by(name, others):
                continue
            said.add(name)
            yield Finding(
                f"{name} is imported here, and {manifest.path} declares it for development only",
                tree.evidence(path, line),
                (tree.evidence(manifest.path, min(dev.values())),),
                "Where only the dependencies for run time are installed the import ends the program.",
                "likely" if path in _started(tree, manifest) else "possible",
            )


def _started(tree: Tree, manifest: Manifest) -> set[str]:
    """Files that are read whenever the package is imported or one of its commands starts; whether others are is up to the program."""
    modules = {entry.value.partition(":")[0] for entry in manifest.entry_points if entry.kind == "script"}
    tops = {path.rpartition("/")[0] for path in tree.entries if path.endswith("/__init__.py")}
    tops = {folder for folder in tops if f"{folder.rpartition('/')[0]}/__init__.py" not in tree.entries}
    named = {
        path
        for path in tree.entries
        if path.endswith(".py") and path[:-3].replace("/", ".").endswith(tuple(modules or ("\0",)))
    }
    own = {normalised(manifest.name), *(normalised(module.partition(".")[0]) for module in modules)}
    tops = {folder for folder in tops if normalised(folder.rpartition("/")[2]) in own}  # others may not even be built into it
    return {f"{folder}/{name}" for folder in tops for name in ("__init__.py", "__main__.py")} | named
