"""Answers change the approach and the plan; orders for agents keep fixes out."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.conftest import Make

from session_ops.case import Case
from session_ops.discovery.docs import Directive
from session_ops.model import Answers, Edit, Fix, NewFile
from session_ops.solution.constraints import broken_by
from session_ops.solution.phase import Document

SCRIPT = "#!/usr/bin/env bash\nset -eu\nmkdir -p state\necho '{}' > state/sessions.json\n"
PYPROJECT = """[project]
name = "x"
version = "1"
[project.scripts]
x = "x:main"
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
"""
PYTHON = {"pyproject.toml": PYPROJECT, "x.py": "def main():\n    pass\n", "README.md": "# x\n"}
BUNDLE = {
    "bin/track.sh": SCRIPT,
    "bin/other.sh": SCRIPT,
    "state/sessions.json": '{"a": 1}\n',
    "README.md": "# t\n\n`bin/track.sh` tracks.\n",
}


def solved(root: Path, tmp_path: Path, **answers: str) -> Document:
    case = Case.open(
        target=str(root), case=str(tmp_path / f"case-{root.name}-{len(answers)}-{'-'.join(answers.values())[:20]}"), **answers
    )
    document = case.compute("solution")
    assert isinstance(document, Document)
    return document


def test_data_to_keep_is_backed_up_first_and_brought_along_last(make: Make, tmp_path: Path) -> None:
    root = make(BUNDLE, executable=("bin/track.sh", "bin/other.sh"), git=True)
    kept = solved(root, tmp_path, preserve_data="yes", environment="systemd")
    assert kept.plan[0].title == "Back up the data that has to be kept"
    assert "tar -czf ../target-state.tar.gz state" in kept.plan[0].how
    assert kept.plan[-1].title == "Bring the data along"
    assert "-C /opt/target" in kept.plan[-1].how
    assert [step.number for step in kept.plan] == list(range(1, len(kept.plan) + 1))
    lost = solved(root, tmp_path, preserve_data="no", environment="systemd")
    assert not any("Back up" in step.title or "along" in step.title for step in lost.plan)


@pytest.mark.parametrize(
    ("files", "answers", "name"),
    [
        (PYTHON, {}, "pip package"),
        (PYTHON, {"environment": "docker"}, "container"),
        (PYTHON, {"environment": "systemd"}, "systemd service"),
        (PYTHON, {"shape": "library"}, "pip package"),
        (PYTHON, {"shape": "service"}, "systemd service"),
        (PYTHON, {"shape": "service", "environment": "cloud"}, "container"),
        (BUNDLE, {}, "make install"),
        (BUNDLE, {"environment": "docker"}, "container"),
        (BUNDLE | {"package.json": '{"name": "t", "version": "1.0.0", "bin": {"t": "bin/track.sh"}}\n'}, {}, "npm package"),
        (BUNDLE | {"pyproject.toml": "[tool.ruff]\nline-length = 100\n"}, {}, "make install"),
    ],
)
def test_each_answer_moves_the_approach(
    make: Make, tmp_path: Path, files: dict[str, str], answers: dict[str, str], name: str
) -> None:
    got = solved(make(files, executable=tuple(f for f in files if f.endswith(".sh")), git=True), tmp_path, **answers).approach
    assert got.name == name
    assert got.runner_up != name
    assert bool(answers) is any("as answered" in why or "has to be kept running" in why or "library" in why for why in got.why)


def test_who_uses_it_is_a_reason(make: Make, tmp_path: Path) -> None:
    root = make(PYTHON, git=True)
    why = solved(root, tmp_path, consumers="other programs that import it").approach.why
    assert "other programs need a package with a version, as answered (other programs that import it)" in why


NPM = {
    "package.json": '{\n  "name": "t",\n  "version": "1.0.0",\n  "bin": {"t": "cli.js"}\n}\n',
    "cli.js": "#!/usr/bin/env node\nrequire('./lib/index.js').go()\n",
    "lib/index.js": "exports.go = () => console.log('t')\n",
    "README.md": "# t\n\n```\nt\n```\n",
}


@pytest.mark.parametrize(
    ("consumers", "shape", "name", "fix"),
    [
        ("", "unknown", "npm package", ""),
        ("people at a terminal", "unknown", "npm package", ""),
        ("other programs that import it", "library", "npm package", "Name the module that others import"),
        ("browsers in our network", "service", "systemd service", "Add a service unit"),
        ("programs, and browsers in our network", "unknown", "npm package", ""),  # which of them counts is not said
    ],
)
def test_who_uses_it_changes_shape_approach_and_fixes(
    make: Make, tmp_path: Path, consumers: str, shape: str, name: str, fix: str
) -> None:
    got = solved(make(NPM, executable=("cli.js",), git=True), tmp_path, consumers=consumers)
    added = {step.title.partition(" in ")[0] for step in got.fixes}
    assert (got.approach.name, added) == (name, {fix} if fix else set())
    assert Answers(consumers=consumers).wanted_shape == shape


def order(text: str, kind: str = "must") -> list[Directive]:
    return [Directive("CLAUDE.md", 3, kind, text)]  # type: ignore[arg-type]


def created(path: str, text: str) -> Fix:
    return Fix("Add it", ("X-1",), "review", creates=(NewFile(path, text),))


@pytest.mark.parametrize(
    ("directive", "fix", "said"),
    [
        (
            order("Always use `uv` to install packages."),
            created("Dockerfile", "FROM x\nRUN pip install .\n"),
            "the fix runs pip in Dockerfile",
        ),
        (order("Always use `uv` to install packages."), created("Dockerfile", "FROM x\nRUN uv pip install .\n"), ""),
        (
            order("Use `pnpm`, the package manager of this repository."),
            created("ci.yml", "run: npm ci\n"),
            "the fix runs npm in ci.yml",
        ),
        (order("Use `npm` or `pnpm`."), created("ci.yml", "run: npm ci\n"), ""),
        (order("You must run `make lint` before you commit."), created("ci.yml", "run: npm ci\n"), ""),
        (
            order("Never use docker here.", "never"),
            created("Dockerfile", "FROM x\n"),
            "the fix creates Dockerfile, which is docker's",
        ),
        (order("Always use pip unless a lock file is there."), created("Dockerfile", "RUN uv sync\n"), ""),
        (
            order("The package manager is `bun`."),
            Fix("t", ("X-1",), "safe", edits=(Edit("a.sh", "bun install", "npm install"),)),
            "the fix runs npm in a.sh",
        ),
    ],
)
def test_an_order_of_one_tool_forbids_those_that_do_the_same(directive: list[Directive], fix: Fix, said: str) -> None:
    got = broken_by(fix, directive)
    assert got.endswith(said)
    assert bool(got) is bool(said)
    assert not said or got.startswith("CLAUDE.md:3 ")


def test_a_fix_that_breaks_an_order_is_not_proposed_and_the_document_says_so(make: Make, tmp_path: Path) -> None:
    rules = {"CLAUDE.md": "# Rules\n\n- Never use docker in this project.\n"}
    root = make(BUNDLE | rules, executable=("bin/track.sh", "bin/other.sh"), git=True)
    got = solved(root, tmp_path, environment="docker")
    assert not any(new.path == "Dockerfile" for fix in got.fixes for new in fix.creates)
    assert any("CLAUDE.md:3 forbids it" in why for why in got.refused.values())
    free = solved(
        make(BUNDLE, executable=("bin/track.sh", "bin/other.sh"), name="free", git=True), tmp_path, environment="docker"
    )
    assert any(new.path == "Dockerfile" for fix in free.fixes for new in fix.creates)
