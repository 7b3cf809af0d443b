from pathlib import Path

import pytest
from tests.repos import commit, git, start

from session_ops.discovery import history as module
from session_ops.discovery.files import read_tree
from session_ops.discovery.history import history, last_content


def test_removed_manifest_with_its_last_content(tmp_path: Path) -> None:
    root = start(tmp_path / "r")
    commit(root, "one", **{"package.json": '{"name": "a"}\n', "lib__x.js": "1\n", "README.md": "x\n"})
    commit(root, "two", **{"package.json": '{"name": "b"}\n'})
    commit(root, "drop it", **{"package.json": None, "lib__x.js": None})
    tree = read_tree(root)
    found = history(tree)
    (attempt,) = found.attempts
    assert (attempt.path, attempt.what, attempt.subject, attempt.also_removed) == (
        "package.json",
        "manifest",
        "drop it",
        ("lib/x.js",),
    )
    assert set(found.removed) == {"package.json", "lib/x.js"}
    assert last_content(tree, "package.json", attempt.commit) == '{"name": "b"}\n'
    assert found.attempt("package.json") == attempt


def test_what_moved_is_not_removed(tmp_path: Path) -> None:
    root = start(tmp_path / "r")
    commit(
        root,
        "one",
        **{"Dockerfile": "FROM a\n", "setup.py": "setup()\n", ".github__workflows__a.yml": "on: push\n", "x.sh": "a\n"},
    )
    commit(root, "same content", **{"Dockerfile": None, "docker__app.Dockerfile": "FROM a\n"})
    commit(root, "same name", **{"setup.py": None, "py__setup.py": "setup(1)\n"})
    commit(
        root, "renamed and rewritten", **{".github__workflows__a.yml": None, ".github__workflows__b.yml": "on: pull_request\n"}
    )
    assert history(read_tree(root)).attempts == ()


def test_what_came_back_is_not_removed(tmp_path: Path) -> None:
    root = start(tmp_path / "r")
    commit(root, "one", **{"package.json": "{}\n", "a": "a\n"})
    commit(root, "two", **{"package.json": None})
    commit(root, "three", **{"package.json": '{"x": 1}\n'})
    assert history(read_tree(root)).attempts == ()


def test_a_target_below_the_project_root(tmp_path: Path) -> None:
    root = start(tmp_path / "r")
    commit(root, "one", **{"agent-ops__pyproject.toml": "[project]\n", "agent-ops__a.sh": "a\n", "Dockerfile": "FROM a\n"})
    commit(root, "two", **{"agent-ops__pyproject.toml": None, "Dockerfile": None})
    tree = read_tree(root / "agent-ops")
    found = history(tree)
    assert [a.path for a in found.attempts] == ["pyproject.toml"]
    assert last_content(tree, "pyproject.toml", found.attempts[0].commit) == "[project]\n"


def test_no_repository_and_no_commit(tmp_path: Path) -> None:
    (tmp_path / "a.sh").write_text("a\n")
    nothing = history(read_tree(tmp_path))
    assert (nothing.commits, nothing.attempts, nothing.note) == (0, (), "not inside a git work tree")
    git(tmp_path, "init", "-q")
    assert history(read_tree(tmp_path)).note == "there is no commit yet"


def test_a_shallow_clone_says_so(tmp_path: Path) -> None:
    root = start(tmp_path / "r")
    commit(root, "one", **{"package.json": "{}\n", "a": "a\n"})
    commit(root, "two", **{"package.json": None})
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{root}", str(tmp_path / "s"))
    found = history(read_tree(tmp_path / "s"))
    assert found.shallow
    assert found.attempts == ()
    assert "shallow" in found.note


def test_missing_objects_cost_only_what_is_older(tmp_path: Path) -> None:
    root = start(tmp_path / "r")
    commit(root, "one", **{"a": "a\n", "install.sh": "x\n"})
    first = git(root, "rev-parse", "HEAD^{tree}")
    commit(root, "two", b="b\n")
    commit(root, "three", **{"package.json": "{}\n"})
    commit(root, "four", **{"package.json": None})
    (root / ".git/objects" / first[:2] / first[2:]).unlink()
    found = history(read_tree(root))
    assert [a.path for a in found.attempts] == ["package.json"]
    assert "could not be read" in found.note


def test_the_limit_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = start(tmp_path / "r")
    for n in range(4):
        commit(root, str(n), **{f"f{n}": str(n)})
    monkeypatch.setattr(module, "COMMITS_READ", 2)
    found = history(read_tree(root))
    assert found.commits == 2
    assert "newest 2" in found.note


def test_a_commit_name_is_never_an_option(tmp_path: Path) -> None:
    root = start(tmp_path / "r")
    commit(root, "one", a="a\n")
    assert last_content(read_tree(root), "a", "--output=x") is None
