from pathlib import Path

import pytest

from session_ops.discovery.files import read_tree
from session_ops.discovery.kind import PackageKind
from session_ops.model import Answers
from session_ops.registry import Facts, Registry

REGISTRY = Registry.load()
LINES = "echo one\n" * 30


def kind(root: Path, files: dict[str, str]) -> PackageKind:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        if text.startswith("#!"):
            path.chmod(0o755)
    found = Facts(REGISTRY, {"tree": read_tree(root), "answers": Answers()})["package_kind"]
    assert isinstance(found, PackageKind)
    return found


SHELL = {f"bin/{n}.sh": "#!/bin/sh\n" + LINES for n in "abcd"}
NPM = {"package.json": '{"name": "t", "version": "1.0.0", "bin": "cli.js"}\n', "cli.js": "console.log(1);\n" * 40}
PIP = {"pyproject.toml": '[project]\nname = "t"\nversion = "1"\n[project.scripts]\nt = "t:main"\n', "t.py": "X = 1\n" * 40}


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        (PIP, "pip"),
        (NPM, "npm"),
        ({"Cargo.toml": '[package]\nname = "t"\n', "src/main.rs": "fn main() {}\n"}, "cargo"),
        ({"go.mod": "module t\n", "main.go": "package main\n"}, "go"),
        ({"t.gemspec": 'Gem::Specification.new do |s|\n  s.name = "t"\nend\n', "lib/t.rb": "module T; end\n"}, "gem"),
        (SHELL, "shell bundle"),
        ({".claude-plugin/plugin.json": '{"name": "t"}\n', "commands/a.md": "# a\n"}, "agent plugin"),
        ({**SHELL, **NPM, "README.md": "# t\n\n```\n./bin/a.sh\n```\n"}, "mixed"),
        ({"Dockerfile": 'FROM a\nCMD ["x"]\n', "compose.yaml": "services:\n  a:\n    build: .\n"}, "container service"),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_the_kind(tmp_path: Path, files: dict[str, str], wanted: str) -> None:
    found = kind(tmp_path, files)
    assert found.kind == wanted, found.scores
    assert all(r.text and r.at.path and 0 < r.points <= 100 for s in found.scores for r in s.reasons)


def test_a_container_is_a_part_of_what_its_manifest_says(tmp_path: Path) -> None:
    found = kind(
        tmp_path, {**PIP, "Dockerfile": 'FROM a\nCMD ["t"]\n', "docker-compose.yml": "services:\n  a:\n    build: .\n"}
    )
    assert found.kind == "pip"
    assert "container service" in found.parts


def test_examples_and_tests_do_not_decide(tmp_path: Path) -> None:
    found = kind(
        tmp_path,
        {**SHELL, "examples/web/package.json": NPM["package.json"], "tests/fixtures/p/pyproject.toml": PIP["pyproject.toml"]},
    )
    assert found.kind == "shell bundle"
    assert found.points("npm") == 0
