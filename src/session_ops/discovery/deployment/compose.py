"""Services of compose files."""

from __future__ import annotations

from session_ops.discovery.deployment.model import Service
from session_ops.discovery.deployment.yaml import Notes, flat, items, load
from session_ops.discovery.files import Tree
from session_ops.patterns import regex

_NAME = regex(r"(?:^|/)(?:docker-|podman-|container-)?compose[\w.-]*\.ya?ml$")


def read_compose(tree: Tree, notes: Notes) -> tuple[Service, ...]:
    """Every service of every compose file.

    Source: Compose Specification, services.
    """
    found = []
    for entry in tree.files("yaml"):
        if not _NAME.search(entry.path) or entry.path.startswith(".github/workflows/"):
            continue
        root = load(tree, entry.path, notes)
        for name, (line, node) in items(items(root).get("services", (0, None))[1]).items():
            values, places = flat(node)
            found.append(Service(entry.path, name, line, values, places))
    return tuple(found)
