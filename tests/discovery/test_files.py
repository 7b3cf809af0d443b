from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from tests.conftest import Make, commit

from session_ops.discovery.files import HASH_LIMIT, TEXT_LIMIT, normal, read_tree
from session_ops.discovery.languages import language_of, shebang
from session_ops.model import UsageError
from session_ops.registry import reread


def test_every_file_is_accounted_for(make: Make) -> None:
    root = make(
        {
            "run.sh": "#!/bin/sh\nls\n",
            "a.bin": b"\0\1",
            "odd.txt": b"caf\xe9\n",
            "node_modules/x/index.js": "1",
            "big.md": b"x" * (TEXT_LIMIT + 1),
        }
    )
    (root / "empty").mkdir()
    (root / "gone").symlink_to("nowhere")
    (root / "loop").symlink_to(".")
    os.mkfifo(root / "pipe")
    tree = read_tree(root)
    seen = {e.path: (e.kind, e.status, e.reason) for e in tree}
    assert seen["run.sh"] == ("file", "read", "")
    assert seen["a.bin"] == ("file", "listed", "binary")
    assert seen["odd.txt"] == ("file", "read", "not UTF-8: odd bytes were replaced")
    assert seen["big.md"][1:] == ("listed", "text larger than 2 MB")
    assert seen["node_modules"][:2] == ("folder", "listed")
    assert seen["empty"] == ("folder", "listed", "empty folder")
    assert seen["gone"][2] == "broken symbolic link"
    assert seen["loop"][2] == "symbolic link"
    assert seen["pipe"][0] == "other"
    assert tree.exists("node_modules/x/index.js")
    assert not tree.exists("node_modules/y")


def test_a_huge_file_is_listed_and_not_read(make: Make) -> None:
    root = make({"run.sh": "ls\n"})
    with (root / "huge.log").open("wb") as file:
        file.truncate(200_000_000)
    began = time.monotonic()
    entry = read_tree(root).entries["huge.log"]
    assert time.monotonic() - began < 2
    assert (entry.status, entry.reason) == ("listed", f"larger than {HASH_LIMIT // 1_000_000} MB")


def test_names_in_odd_encodings_are_kept(make: Make) -> None:
    root = make({"run.sh": "ls\n"})
    Path(os.fsdecode(os.fsencode(root) + b"/caf\xe9.sh")).write_text("ls\n")
    (root / "new\nline.sh").write_text("ls\n")
    commit(root)
    tree = read_tree(root)
    assert {e.path for e in tree} == {"run.sh", "caf\udce9.sh", "new\nline.sh"}
    assert all(e.tracked for e in tree)
    assert len(tree.digest) == 64


@pytest.mark.parametrize(
    ("files", "said"),
    [({}, "no such folder"), ({"": None}, "the folder is empty")],
)
def test_an_unusable_target_is_one_clear_line(tmp_path: Path, files: dict[str, None], said: str) -> None:
    root = tmp_path / "t"
    if files:
        root.mkdir()
    with pytest.raises(UsageError, match=said):
        read_tree(root)


def test_a_file_as_target_is_refused(make: Make) -> None:
    with pytest.raises(UsageError, match="is a file"):
        read_tree(make({"a.sh": "ls"}) / "a.sh")


def test_git_and_ignore_state(make: Make) -> None:
    root = make({"run.sh": "ls\n", ".gitignore": "*.log\n"}, git=True)
    (root / "a.log").write_text("x")
    (root / "new.sh").write_text("x")
    (root / "run.sh").write_text("changed\n")
    tree = read_tree(root)
    assert [(e.path, e.tracked, e.ignored) for e in tree] == [
        (".gitignore", True, False), ("a.log", False, True), ("new.sh", False, False), ("run.sh", True, False),
    ]  # fmt: skip
    assert tree.git.is_changed("run.sh", b"changed\n")
    assert not tree.git.is_changed("run.sh", b"ls\r\n")


def test_a_target_inside_a_repository_reaches_its_project(make: Make) -> None:
    project = make({"agent-ops/run.sh": "ls\n", "lib/x.sh": "ls\n"}, git=True)
    tree = read_tree(project / "agent-ops")
    assert tree.project_root == project
    assert tree.prefix == "agent-ops/"
    assert tree.exists("../lib/x.sh")
    assert not tree.exists("../../etc")
    assert not tree.inside_project("../../x")
    assert [e.path for e in tree] == ["run.sh"]


def test_no_git_is_said(make: Make) -> None:
    tree = read_tree(make({"run.sh": "ls\n"}))
    assert tree.project_root is None
    assert tree.git.reason == "not inside a git work tree"
    assert tree.entries["run.sh"].tracked is None


def test_evidence_is_read_again(make: Make) -> None:
    root = make({"run.sh": "#!/bin/sh\r\n  ls -l\n"})
    tree = read_tree(root)
    evidence = tree.evidence("run.sh", 2)
    assert (evidence.quote, evidence.place) == ("ls -l", "run.sh:2")
    assert reread(root, evidence) == ""
    assert reread(root, tree.evidence("absent.txt")) == ""
    (root / "run.sh").write_text("#!/bin/sh\nrm\n")
    assert "changed" in reread(root, evidence)
    (root / "absent.txt").write_text("")
    assert "exists after all" in reread(root, tree.evidence("absent.txt"))


def test_the_digest_follows_content_and_mode(make: Make) -> None:
    root = make({"run.sh": "ls\n"})
    first = read_tree(root).digest
    assert read_tree(root).digest == first
    (root / "run.sh").chmod(0o755)
    second = read_tree(root).digest
    assert second != first
    (root / "session-ops-cases").mkdir()
    (root / "session-ops-cases" / "x").write_text("ours")
    assert read_tree(root).digest == second


@pytest.mark.parametrize(
    ("path", "text", "language"),
    [
        ("bin/tool", "#!/usr/bin/env -S FOO=1 python3.11 -u\n", "python"),
        ("bin/tool", "#! /bin/bash -e\n", "shell"),
        ("bin/tool", "no", ""),
        ("Dockerfile.dev", "", "dockerfile"),
        (".env.example", "", "env"),
        ("x.TS", "", "typescript"),
        ("CLAUDE.md", "", "markdown"),
    ],
)
def test_languages(path: str, text: str, language: str) -> None:
    assert language_of(path, text) == language


def test_shebang_looks_through_env() -> None:
    assert shebang("#!/usr/bin/env -S node --no-warnings\n") == ("/usr/bin/env", "node")
    assert shebang("echo\n#!/bin/sh\n") == ("", "")


@pytest.mark.parametrize(("path", "clean"), [(".", ""), ("./a//b/", "a/b"), ("a/../b", "b"), ("../x", "../x"), ("", "")])
def test_normal(path: str, clean: str) -> None:
    assert normal(path) == clean
