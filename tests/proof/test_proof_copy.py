"""The copy of a target: what comes along, what stays out, and that the original stays as it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.conftest import Make, commit
from tests.proof.conftest import digest

from session_ops.discovery.files import read_tree
from session_ops.proof.copy import lay_out
from session_ops.proof.sandbox import Limits, Sandbox
from session_ops.registry import CannotCheck


def paths(box: Sandbox) -> set[str]:
    return {item.path for item in box.list() if not item.path.startswith(".git/")} - {".git"}


def test_a_clone_with_the_present_content_is_laid_out(make: Make, box: Sandbox) -> None:
    root = make({"a.sh": "1\n", "d/b": "2\n", ".gitignore": "state/\n.env\n"}, git=True, executable=("a.sh",))
    (root / "state").mkdir()
    (root / "state/x").write_text("ignored")
    (root / ".env").write_text("TOKEN=1")
    (root / "new").write_text("not added yet")
    (root / "d/b").write_text("changed")
    (root / "link").symlink_to("d/b")
    before = digest(root)
    lay_out(read_tree(root), {}, box)
    assert paths(box) == {"a.sh", "d", "d/b", ".gitignore", "new", "link"}
    assert box.read("link") == b"changed"
    assert box.run("test -x a.sh && test ! -x d/b && git status --porcelain && git log --format=%an").out == "session\n"
    assert digest(root) == before


def test_without_git_everything_comes_along_even_empty_folders(make: Make, box: Sandbox) -> None:
    root = make({"a": "1\n", ".env": "TOKEN=1\n"})
    (root / "logs").mkdir()
    lay_out(read_tree(root), {}, box)
    assert paths(box) == {"a", ".env", "logs"}
    assert box.run("git rev-parse --git-dir").code != 0


def test_changed_new_and_removed_files_take_the_place_of_those_on_disk(make: Make, box: Sandbox) -> None:
    root = make({"a": "1\n", "b": "2\n"}, git=True)
    lay_out(read_tree(root), {"a": (b"new\n", True), "b": None, "c/d": (b"more\n", False)}, box)
    assert paths(box) == {"a", "c", "c/d"}
    assert box.run("test -x a && cat a c/d").out == "new\nmore\n"
    assert (root / "a").read_text() == "1\n"


def test_the_project_around_a_target_comes_along(make: Make, box: Sandbox) -> None:
    root = make(
        {
            "LICENSE": "x\n",
            "agent-ops/run.sh": "1\n",
            "agent-ops/.gitignore": "tmp\n",
            "other/y": "2\n",
            ".gitignore": "secret\n",
        },
        git=True,
    )
    (root / "secret").write_text("s")
    lay_out(read_tree(root / "agent-ops"), {}, box)
    assert paths(box) == {"LICENSE", "agent-ops", "agent-ops/run.sh", "agent-ops/.gitignore", "other", "other/y", ".gitignore"}


def test_a_target_that_does_not_fit_is_refused(make: Make, sandboxed: None) -> None:
    root = make({"big": b"x" * (2 << 20), "a": "1\n"})
    with Sandbox(Limits(disk=2 << 20)) as small, pytest.raises(CannotCheck, match="larger than the disk"):
        lay_out(read_tree(root), {}, small)


def test_files_with_odd_names_arrive(make: Make, box: Sandbox, tmp_path: Path) -> None:
    root = make({"a b": "1\n", "-rf": "2\n", "new\nline": "3\n", "ü": "4\n"})
    (root / "caf\udce9").write_bytes(b"5\n")
    commit(root)
    lay_out(read_tree(root), {}, box)
    assert len(paths(box)) == 5
    assert box.run("ls | wc -l").out.strip() in {"5", "6"}
