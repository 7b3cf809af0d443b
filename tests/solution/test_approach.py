"""The approach: by kind, deployment files and answers, with reasons and a runner-up."""

from pathlib import Path

import pytest
from tests.conftest import Make

from session_ops.case import Case
from session_ops.solution.phase import Approach

PYPROJECT = """[project]
name = "x"
version = "1"
[project.scripts]
x = "x:main"
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
"""
COMPOSE = "services:\n  web:\n    build: .\n"
SCRIPT = "#!/usr/bin/env bash\nset -eu\necho ok\n"
HOOKS = '{"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "bin/a.sh"}]}]}}\n'


def chosen(root: Path, tmp_path: Path, **answers: str) -> Approach:
    case = Case.open(target=str(root), case=str(tmp_path / "case"), **answers)
    approach = case.compute("solution").approach
    assert isinstance(approach, Approach)
    assert approach.why
    assert approach.runner_up not in ("", approach.name)
    return approach


@pytest.mark.parametrize(
    ("files", "name"),
    [
        ({"pyproject.toml": PYPROJECT, "x.py": "def main():\n    pass\n"}, "pip package"),
        ({"package.json": '{"name": "x", "version": "1.0.0", "main": "a.js"}\n', "a.js": "exports.a = 1\n"}, "npm package"),
        ({"go.mod": "module example.org/x\n\ngo 1.22\n", "main.go": "package main\n\nfunc main() {}\n"}, "go install"),
        ({"bin/a.sh": SCRIPT, "bin/b.sh": SCRIPT, "bin/c.sh": SCRIPT}, "make install"),
        (
            {"bin/a.sh": SCRIPT, "bin/b.sh": SCRIPT, ".claude/settings.json": HOOKS, "Dockerfile": "FROM scratch\n"},
            "make install",
        ),
        ({"Dockerfile": "FROM scratch\n", "compose.yaml": COMPOSE, "run.sh": SCRIPT}, "compose"),
    ],
)
def test_the_approach_follows_from_what_is_there(make: Make, tmp_path: Path, files: dict[str, str], name: str) -> None:
    assert chosen(make(files, git=True, executable=tuple(f for f in files if f.endswith(".sh"))), tmp_path).name == name


def test_an_answer_weighs_more_than_the_kind(make: Make, tmp_path: Path) -> None:
    root = make({"pyproject.toml": PYPROJECT, "x.py": "def main():\n    pass\n", "Dockerfile": "FROM python:3.12\n"}, git=True)
    got = chosen(root, tmp_path, environment="docker")
    assert (got.name, got.runner_up) == ("container", "pip package")
    assert got.commands == ("docker build -t target .", "docker run --rm target")
    assert "as answered" in " ".join(got.why)


def test_commands_name_the_files_of_the_target(make: Make, tmp_path: Path) -> None:
    unit = "[Unit]\nDescription=x\n[Service]\nExecStart=/usr/bin/env bash run.sh\n[Install]\nWantedBy=multi-user.target\n"
    got = chosen(make({"deploy/my tracker.service": unit, "run.sh": SCRIPT}, git=True), tmp_path, environment="systemd")
    assert got.commands[0] == "systemd-analyze verify 'deploy/my tracker.service'"


def test_a_bundle_without_an_install_target_is_not_told_to_use_one(make: Make, tmp_path: Path) -> None:
    root = make({"install.sh": SCRIPT, "bin/a.sh": SCRIPT, "Makefile": "all:\n\techo\n"}, git=True, executable=("install.sh",))
    got = chosen(root, tmp_path)
    assert (got.name, got.commands) == ("make install", ("bash install.sh",))
