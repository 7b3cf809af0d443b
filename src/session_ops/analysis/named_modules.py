"""Modules that documents and agent configuration start by `python -m`, and that the project has not."""

from __future__ import annotations

import posixpath
import re
import sys
from collections.abc import Iterator

from session_ops.analysis.nearest import nearest
from session_ops.analysis.python_names import find_module, import_roots
from session_ops.discovery.aside import is_aside
from session_ops.discovery.deployment import Deployment
from session_ops.discovery.docs import Docs
from session_ops.discovery.files import Tree
from session_ops.discovery.manifests import Manifests
from session_ops.model import Finding, Gate
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

STARTED = regex(
    r"(?:(?<![\w.-])python[\d.]*\s+-m\s+|\"-m\"\s*,\s*\")(?P<module>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+)(?=[\s\"'`;&|)]|$)"
)
MOVED = regex(r"(?m)^\s*(?:\$ )?cd\s+(?!.*/path)")
SHOWN = frozenset(("", "json", "jsonc", "bash", "sh", "shell", "console", "zsh"))
OLD = regex(
    r"(?:^|/)(?:archive|plans?|specs?|design|proposals?|rfcs?|adr|history|reports?|releases?|changelogs?)(?:/|$)", re.IGNORECASE
)


@rule("REF-MODULE", gate="follow", category="dangling-ref")
def module_that_is_not_there(tree: Tree, docs: Docs, deployment: Deployment, manifests: Manifests) -> Iterator[Finding]:
    """Documents, or the configuration of an agent, start a module of the project's own package with `python -m`, and there is none of that name.

    Why: Python answers "No module named …" and ends; a server of an agent that is started so never comes up, and the agent shows no
    more than that it failed. Passes: packages that are not of this project, modules elsewhere in the tree under the same dotted name,
    change logs, plans and archives.
    Do: Name the module as it is called now, or start the script by its path.
    Source: Python, Command line and environment, -m; Model Context Protocol, configuration of servers (command, args).
    """
    if not any(m.ecosystem == "pip" for m in manifests) and not any(True for _ in tree.files("python")):
        raise NotApplicable("no Python")
    roots = list(
        dict.fromkeys(
            [r for m in manifests if m.ecosystem == "pip" and not is_aside(m.path) for r in import_roots(tree, m, manifests)]
            + ["", "src"]
        )
    )
    told: set[str] = set()
    for hook in deployment.hooks:
        for match in STARTED.finditer(hook.command) if "-m " in hook.command else ():
            if hook.line and (said := _lacks(tree, roots, match["module"])) is not None and match["module"] not in told:
                told.add(match["module"])
                yield Finding(
                    f"{hook.event} starts the module {match['module']}, which is not there{said}",
                    tree.evidence(hook.path, hook.line),
                    impact="It ends at once: No module named …",
                    gate=Gate.START,
                )
    places: dict[tuple[str, str], list[tuple[str, int]]] = {}
    for doc in docs:
        if "-m" not in tree.text(doc.path) or doc.role == "changelog" or is_aside(doc.path) or OLD.search(doc.path):
            continue
        here = [*roots, posixpath.dirname(doc.path)]
        for block in doc.blocks:
            if block.language not in SHOWN or "-m" not in block.text:
                continue
            for match in STARTED.finditer(block.text):
                moved = MOVED.search(block.text[: match.start()])
                if moved or match["module"] in told or (said := _lacks(tree, here, match["module"])) is None:
                    continue
                line = block.line + block.text.count("\n", 0, match.start())
                places.setdefault((match["module"], said), []).append((doc.path, line))
    for (module, said), at in places.items():
        yield Finding(
            f"starts the module {module}, which is not there{said}",
            tree.evidence(*at[0]),
            tuple(tree.evidence(*place) for place in at[1:8]),
            "Whoever follows this gets: No module named …",
        )


def _lacks(tree: Tree, roots: list[str], module: str) -> str | None:
    """What there is in its place, where a module of the project's own package is not there; None where it is, or is somebody else's."""
    top, _, rest = module.partition(".")
    place = find_module(tree, roots, top)
    if (
        place is None
        or top in sys.stdlib_module_names
        or not place.endswith(("/", "/__init__.py"))
        or find_module(tree, roots, module)
    ):
        return None
    tail = module.replace(".", "/")
    if any(f"/{p}".endswith((f"/{tail}.py", f"/{tail}/__init__.py", f"/{tail}/__main__.py")) for p in tree.entries):
        return None
    folder = place.rstrip("/").removesuffix("/__init__.py")
    if not any(e.path.startswith(f"{folder}/") for e in tree.files("python")):
        return None
    last = rest.rpartition(".")[2]
    same = sorted(p for p in tree.entries if posixpath.basename(p) == f"{last}.py" and not is_aside(p))
    near = (
        same[0]
        if len(same) == 1
        else nearest(
            last, sorted({posixpath.basename(e.path).removesuffix(".py") for e in tree.below(folder) if e.path.endswith(".py")})
        )
    )
    return f"; there is {near}" if near else ""
