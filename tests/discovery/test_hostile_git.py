"""A repository whose configuration would run programs: reading it runs none of them and still tells the truth."""

import os
import subprocess
from pathlib import Path

import pytest
from tests.repos import git

from session_ops.discovery.files import read_tree
from session_ops.discovery.history import history, last_content


@pytest.fixture
def hostile(tmp_path: Path) -> tuple[Path, Path]:
    """The repository, and the file that any of its programs would make."""
    canary = tmp_path / "canary"
    program = tmp_path / "program.sh"
    program.write_text(f"#!/bin/sh\necho \"$0 $*\" >> '{canary}'\ncat\n")
    program.chmod(0o755)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "decoy.sh").write_text("echo decoy\n")
    root = tmp_path / "repo"
    root.mkdir()
    git(root, "init", "-q")
    (root / ".gitattributes").write_text("*.sh filter=x diff=x\n*.txt diff=x filter=x\n")
    (root / ".gitignore").write_text("*.log\n")
    (root / "run.sh").write_text("#!/bin/sh\necho run\n")
    (root / "package.json").write_text('{"name": "t"}\n')
    (root / "notes.txt").write_text("one\n")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "one")
    git(root, "rm", "-q", "package.json")
    (root / "notes.txt").write_text("two\n")
    git(root, "commit", "-q", "-am", "drop")
    (root / "run.sh").write_text("#!/bin/sh\necho changed\n")
    (root / "new.sh").write_text("echo new\n")
    (root / "x.log").write_text("x\n")
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in ("post-index-change", "post-checkout", "pre-commit", "reference-transaction", "fsmonitor-watchman"):
        (hooks / name).write_text(program.read_text())
        (hooks / name).chmod(0o755)
        (root / ".git/hooks" / name).write_text(program.read_text())
        (root / ".git/hooks" / name).chmod(0o755)
    extra = tmp_path / "extra.config"
    extra.write_text(
        f"[core]\n\tfsmonitor = {program}\n\tpager = {program}\n[alias]\n\tlog = !{program}\n\tls-files = !{program}\n"
    )
    with (root / ".git/config").open("a") as config:
        config.write(
            f"""
[core]
	fsmonitor = {program}
	hooksPath = {hooks}
	pager = {program}
	editor = {program}
	sshCommand = {program}
	gitProxy = {program}
	askPass = {program}
	worktree = {elsewhere}
	attributesFile = {root}/.gitattributes
	alternateRefsCommand = {program}
[filter "x"]
	clean = {program}
	smudge = {program}
	process = {program}
	required = true
[diff]
	external = {program}
	relative = true
[diff "x"]
	command = {program}
	textconv = {program}
	cachetextconv = true
[pager]
	log = {program}
	ls-files = {program}
	cat-file = {program}
[alias]
	log = !{program}
	ls-files = !{program}
	cat-file = !{program}
[log]
	showSignature = true
	follow = true
[color]
	ui = always
[gpg]
	program = {program}
[gpg "ssh"]
	program = {program}
[credential]
	helper = !{program}
[protocol]
	allow = always
[protocol "ext"]
	allow = always
[protocol "file"]
	allow = always
[extensions]
	partialClone = evil
[remote "evil"]
	url = ext::{program} %S
	promisor = true
	partialclonefilter = blob:none
	uploadpack = {program}
	vcs = ext
[trace2]
	eventTarget = {canary}
[include]
	path = {extra}
[submodule]
	recurse = true
"""
        )
    assert not canary.exists()
    return root, canary


def test_nothing_of_the_target_runs(hostile: tuple[Path, Path]) -> None:
    root, canary = hostile
    tree = read_tree(root)
    assert tree.project_root == root
    assert "decoy.sh" not in tree.entries
    assert (tree.entries["run.sh"].tracked, tree.entries["new.sh"].tracked, tree.entries["x.log"].ignored) == (
        True,
        False,
        True,
    )
    assert tree.git.is_changed("run.sh", (root / "run.sh").read_bytes())
    assert not tree.git.is_changed("notes.txt", (root / "notes.txt").read_bytes())
    found = history(tree)
    assert [a.path for a in found.attempts] == ["package.json"]
    assert found.attempts[0].subject == "drop"
    assert last_content(tree, "package.json", found.attempts[0].commit) == '{"name": "t"}\n'
    assert not canary.exists(), canary.read_text()


def test_the_trap_works(hostile: tuple[Path, Path]) -> None:
    """Plain git would run what this repository names."""
    root, canary = hostile
    subprocess.run(["git", "status"], cwd=root, capture_output=True, check=False)
    assert canary.exists()


def test_missing_objects_are_never_fetched(hostile: tuple[Path, Path]) -> None:
    root, canary = hostile
    commit = subprocess.run(
        ["git", f"--git-dir={root}/.git", f"--work-tree={root}", "-c", "alias.log=", "rev-parse", "HEAD", "HEAD^:package.json"],
        capture_output=True,
        text=True,
        check=True,
        cwd=root,
        env={**os.environ, "GIT_ALLOW_PROTOCOL": "none"},
    ).stdout.split()
    canary.unlink(missing_ok=True)
    (root / ".git/objects" / commit[1][:2] / commit[1][2:]).unlink()
    tree = read_tree(root)
    assert [a.path for a in history(tree).attempts] == ["package.json"]
    assert last_content(tree, "package.json", commit[0]) is None
    assert not canary.exists(), canary.read_text()


def test_a_git_file_that_points_elsewhere(tmp_path: Path, hostile: tuple[Path, Path]) -> None:
    root, canary = hostile
    linked = tmp_path / "linked"
    linked.mkdir()
    (linked / ".git").write_text(f"gitdir: {root}/.git\n")
    (linked / "a.sh").write_text("echo a\n")
    tree = read_tree(linked)
    assert set(tree.entries) == {"a.sh"}
    history(tree)
    assert not canary.exists(), canary.read_text()
