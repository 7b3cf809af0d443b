"""Package manifests with line positions, read and never run: one reader for each kind of file."""

from __future__ import annotations

from session_ops.discovery.files import FileEntry, Tree
from session_ops.discovery.manifests import cargo, gem, golang, npm, plugin, pyproject, requirements, setuptools
from session_ops.discovery.manifests.model import Dependency, Ecosystem, EntryPoint, Field, Manifest, Manifests, Problem
from session_ops.discovery.syntax import Syntax
from session_ops.registry import fact

__all__ = ["Dependency", "Ecosystem", "EntryPoint", "Field", "Manifest", "Manifests", "Problem", "manifests"]


@fact
def manifests(tree: Tree, syntax: Syntax) -> Manifests:
    """Every manifest that is not vendored, the ones nearest to the target's root first."""
    found = [one for entry in tree.files() if (one := _read(tree, syntax, entry)) is not None]
    return tuple(sorted(found, key=lambda m: (m.path.count("/"), m.path)))


def _read(tree: Tree, syntax: Syntax, entry: FileEntry) -> Manifest | None:
    path = entry.path
    folder, _, name = path.rpartition("/")
    match name:
        case "pyproject.toml":
            return pyproject.read(tree, path)
        case "setup.py":
            return setuptools.read_setup_py(tree, path)
        case "setup.cfg":
            return setuptools.read_setup_cfg(tree, path)
        case "package.json":
            return npm.read(tree, path)
        case "Cargo.toml":
            return cargo.read(tree, path)
        case "go.mod":
            return golang.read(tree, path)
        case "plugin.json" | "marketplace.json" if folder.rpartition("/")[2] == ".claude-plugin":
            return plugin.read(tree, path)
    if name.endswith(".gemspec"):
        return gem.read(tree, syntax, path)
    if requirements.NAMED.search(path):
        return requirements.read(tree, path)
    return None
