"""Who runs a script: those who use the product, or those who make it, on machines that they know."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from session_ops.discovery.files import Tree
from session_ops.discovery.manifests import Manifests
from session_ops.patterns import regex

MAINTAINERS = regex(
    r"(?:^|/)(?:contrib|hack|ci|dev|devtools?|packaging|debian|maint\w*|release|tools/release|packager|\.githooks|\.github|\.husky|\.ci|\.circleci|\.buildkite)/"
    r"|(?:^|/)(?:release|publish|bump|deploy)[\w.-]*$",
    re.IGNORECASE,
)
"""Paths of scripts that only those who make releases run, on machines that they know."""
COMPLETIONS = regex(r"(?:^|/)[\w.-]*completions?\b[\w./-]*$", re.IGNORECASE)
"""Completions of a shell: the shell that reads them is the user's own choice."""
_GUIDE = regex(r"(?:^|/)(?:README|INSTALL|QUICKSTART|GETTING[-_]STARTED|USAGE|CLAUDE|AGENTS)[\w.-]*$|^docs?/", re.IGNORECASE)
_INSTALLS = regex(
    r"(?:^|/)(?:(?:[\w.-]*install|setup|bootstrap)[\w.-]*|Makefile|Dockerfile[\w.-]*|[\w.-]+\.(?:rb|service|plist))$|(?:^|/)(?:hooks|settings(?:\.local)?|plugin)\.json$"
)
_PRODUCT = frozenset(("script", "bin", "exports", "main", "module"))


def of_makers(path: str, tree: Tree, manifests: Manifests) -> bool:
    """Do only those who make the product run this script?

    By its folder; or because the product is a package with entry points of its own, and neither a guide nor a manifest nor an installer
    names the script. In a bundle of scripts each of them is the product.
    """
    if MAINTAINERS.search(path) or COMPLETIONS.search(path):
        return True
    product = [m for m in manifests if any(e.kind in _PRODUCT for e in m.entry_points) or m.ecosystem in ("cargo", "go")]
    if not product or any(e.value.lstrip("./") == path for m in product for e in m.entry_points):
        return False
    name = PurePosixPath(path).name
    listed = {m.path for m in manifests}
    said = re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w-])")
    return not any(
        said.search(tree.text(entry.path))
        for entry in tree.files()
        if entry.path != path
        and (entry.path in listed or _GUIDE.search(entry.path) or _INSTALLS.search(entry.path))
        and name in tree.text(entry.path)
    )
