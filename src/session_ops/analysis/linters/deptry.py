"""deptry: imports and declarations of Python projects that do not meet. All of it is advice."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from session_ops.analysis.linters.process import Linter, Linters, Remark
from session_ops.analysis.linters.telling import findings
from session_ops.discovery.aside import not_deployed
from session_ops.discovery.files import Tree
from session_ops.model import Finding
from session_ops.patterns import regex
from session_ops.registry import rule

PROJECTS = 5
"""Projects of one tree that deptry is run on, the outermost first."""
_DECLARES = regex(r"^\[(?:project|tool\.poetry\.dependencies|tool\.pdm\b)", re.MULTILINE)
_MANIFEST = regex(r"(?:^|/)(?:pyproject\.toml|requirements/[^/]+\.(?:txt|in)|[\w.-]*requirements[\w.-]*\.(?:txt|in))$")


def parse(output: str) -> Iterator[Remark]:
    """Remarks from deptry's JSON. What is said of a manifest as a whole has no line there; its first stands for it.

    DEP003 (a dependency of a dependency) is left out: deptry knows those from the packages that are installed beside itself.
    """
    for said in json.loads(output):
        place, error = said["location"], said["error"]
        if error["code"] != "DEP003":
            yield Remark(place["file"], place["line"] or 1, error["code"], error["message"], place["column"] or 0)


def projects(tree: Tree) -> list[str]:
    """Folders with a Python manifest that deptry reads, without those of tests, examples and templates."""
    folders = set()
    for entry in tree.files():
        folder, _, name = entry.path.rpartition("/")
        declares = name == "requirements.txt" or (name == "pyproject.toml" and _DECLARES.search(tree.text(entry.path)))
        if declares and not not_deployed(entry.path):
            folders.add(folder)
    return sorted(folders, key=lambda folder: (len(PurePosixPath(folder).parts), folder))[:PROJECTS]


def sources(tree: Tree) -> Iterable[str]:
    """Python files and the manifests of the projects; none where there is no project."""
    if projects(tree):
        yield from (entry.path for entry in tree.files() if entry.language == "python" or _MANIFEST.search(entry.path))


LINTER = Linter("deptry", "deptry", sources, (".", "--no-ansi", "--json-output=/dev/stdout"), parse, roots=projects)


@rule("LINT-DEPTRY", gate=None, category="dependency")
def deptry(tree: Tree, linters: Linters) -> Iterator[Finding]:
    """Imports and declared dependencies of a Python project do not meet (deptry); all of it is advice.

    Why: nothing of the target is installed, so that deptry has to guess which modules a distribution brings, and it takes extras, plugins
    and helpers of tests for mistakes. DEP-IMPORT, DEP-UNUSED and DEP-STDLIB say what is a defect; this is a second opinion beside them.
    Do: Compare what deptry says with the manifest; where it is right, declare the package, or remove the entry that nothing imports.
    Source: deptry, rules DEP001 to DEP005.
    """
    yield from findings(tree, linters.report("deptry"), "deptry", lambda _: None)
