"""The first README and the first test of a target, written from what it holds: a beginning for a person, never a claim."""

from __future__ import annotations

import re
from typing import Any

from session_ops.analysis.main_command import main_command
from session_ops.discovery.aside import is_aside
from session_ops.discovery.docs import Docs
from session_ops.discovery.files import Tree
from session_ops.discovery.manifests import Manifest, Manifests
from session_ops.discovery.scripts import Scripts
from session_ops.model import Edit, Finding, Fix, NewFile

INSTALLS = {
    "npm": "npm install -g .", "pip": "python3 -m pip install .", "gem": "gem build *.gemspec && gem install ./*.gem",
    "cargo": "cargo install --path .", "go": "go install ./...",
}  # fmt: skip
"""How a package of each ecosystem is installed from its folder. Source: the ecosystems' own documentation."""
TESTS = {"cargo": "cargo test", "go": "go test ./..."}
"""How the tests of an ecosystem are run that has one way of its own."""
LISTED = 60
COMMANDS = 8


def rendered(template: str, **what: Any) -> str:
    """A template of the solution filled in; the values are names and paths that were checked."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("session_ops.solution")
    engine = Environment(loader=loader, undefined=StrictUndefined, keep_trailing_newline=True)  # noqa: S701 - no HTML; names were checked
    return engine.get_template(template).render(**what)


def first_readme(finding: Finding, tree: Tree, manifests: Manifests, scripts: Scripts, docs: Docs) -> Fix | None:
    """A README with what the manifest says: name, how it is installed, its commands."""
    own = next((m for m in manifests if not m.folder and m.name and not is_aside(m.path)), None)
    name = own.name if own else tree.root.name
    summary = own.field("description") if own else None
    if own is not None:
        install = [INSTALLS[own.ecosystem]] if own.ecosystem in INSTALLS else []
        use = [e.name for e in own.entry_points if e.kind in ("script", "bin") and re.fullmatch(r"[\w.-]+", e.name)]
    else:
        made = next((p for p in ("Makefile", "GNUmakefile") if re.search(r"^install\s*:", tree.text(p), re.MULTILINE)), "")
        install = ["make install PREFIX=$HOME/.local"] if made else []
        use = [
            s.path
            for s in scripts
            if s.executable and s.interpreter and not is_aside(s.path) and re.fullmatch(r"[\w./-]+", s.path)
        ]
    main = main_command(tree, manifests, scripts, docs)
    use = use[:COMMANDS] or ([main.text] if main else [])
    if not use:
        return None
    text = rendered("README.md.j2", name=name, summary=summary.value if summary else "", install=install, use=use)
    why = "It says what the tree shows; write down what it is for and what it needs."
    return Fix("Write a README.md", (finding.id,), "review", creates=(NewFile("README.md", text),), why=why)


def first_test(finding: Finding, tree: Tree) -> Fix | None:
    """A script that looks whether every file parses, and a workflow that runs it."""
    path, flow = "tests/smoke.sh", ".github/workflows/check.yml"
    shell = [e.path for e in tree.files("shell") if re.fullmatch(r"[\w./-]+", e.path) and not is_aside(e.path)][:LISTED]
    python = [e.path for e in tree.files("python") if re.fullmatch(r"[\w./-]+", e.path) and not is_aside(e.path)][:LISTED]
    if not shell:
        return None
    creates = [NewFile(path, rendered("smoke.sh.j2", up="..", shell=shell, python=python), executable=True)]
    if not tree.prefix and not any(p.startswith((".github/workflows/", ".gitlab-ci", ".circleci/")) for p in tree.entries):
        creates.append(NewFile(flow, rendered("check.yml.j2", script=path)))
    why = "It looks whether every file parses; add a case for each command."
    return Fix("Add a first test", (finding.id,), "review", creates=tuple(creates), why=why)


def agents_section(finding: Finding, tree: Tree, manifests: Manifests) -> Fix | None:
    """A section at the end of the rules for agents: how the package is installed and its tests are run, as its manifest says."""
    own = installed_from(manifests)
    path = finding.at.path
    lines = tree.lines(path)
    last = next((n for n in range(len(lines), 0, -1) if lines[n - 1].strip()), 0)
    if own is None or not last:
        return None
    test = tests_of(own, tree)
    section = rendered("AGENTS.section.md.j2", install=INSTALLS[own.ecosystem], test=test).rstrip("\n")
    why = f"It says what {own.path} shows; add what else a change has to pass."
    edit = Edit(path, lines[last - 1], f"{lines[last - 1]}\n\n{section}", last)
    return Fix(f"Say in {path} how to install" + (" and test" if test else ""), (finding.id,), "review", (edit,), why=why)


def installed_from(manifests: Manifests) -> Manifest | None:
    """The manifest at the top from which the package is installed."""
    return next((m for m in manifests if not m.folder and m.name and m.ecosystem in INSTALLS and not m.broken), None)


def tests_of(own: Manifest, tree: Tree) -> str:
    """The command that runs the package's tests; empty where nothing tells."""
    if own.ecosystem == "npm":
        script = next((e.value for e in own.entry_points if e.kind == "task" and e.name == "test"), "")
        return "npm test" if script and "no test specified" not in script else ""
    if own.ecosystem == "pip":
        return "python3 -m pytest" if any(re.search(r"(?:^|/)(?:test_\w+|conftest)\.py$", p) for p in tree.entries) else ""
    return TESTS.get(own.ecosystem, "")
