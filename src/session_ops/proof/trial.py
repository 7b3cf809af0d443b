"""Trying patches in a copy: does git take them, and what do the rules say afterwards?

Two folders are made aside. `files` holds real copies of the few files that patches touch, and there `git apply` runs, outside any
repository, so that no configuration of the target is read. `view` looks like the whole target, its unchanged files being links to
the originals, and there the rules read again. No code of the target runs, and nothing is written into it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Self

from session_ops.discovery.files import FileEntry, Tree
from session_ops.discovery.git import SAFE, TIMEOUT_S, Git
from session_ops.discovery.languages import language_of
from session_ops.model import Answers, UsageError
from session_ops.proof.patches import MODES, Files, State
from session_ops.registry import Checked, Facts, Registry, check

APPLY = ("apply", "--whitespace=nowarn")


class Trial:
    """A place for trying patches of one target; use it as a context manager."""

    def __init__(self, tree: Tree, registry: Registry, answers: Answers) -> None:
        self._tree = tree
        self._registry = registry
        self._answers = answers
        self._place = Path()
        self._runs = 0
        self._said: dict[bytes, str] = {}

    def __enter__(self) -> Self:
        try:
            self._place = Path(tempfile.mkdtemp(prefix="session-ops-trial-")).resolve()
        except OSError as error:
            where = os.environ.get("TMPDIR") or "the temporary folder"
            raise UsageError(f"{where}: cannot be written ({error.strerror}); set TMPDIR to a folder that can") from None
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        shutil.rmtree(self._place, ignore_errors=True)

    # git

    def lay_out(self, files: Files) -> None:
        """Start afresh with these files: what patches are tried on."""
        base = self._place / "files"
        shutil.rmtree(base, ignore_errors=True)
        base.mkdir()
        for path, state in files.items():
            if state is not None:
                _write(base / self._tree.prefix / path, state)

    def taken(self, patch: bytes) -> str:
        """What is wrong when git applies this patch alone to the target as it is, or an empty string; asked of git once."""
        if patch not in self._said:
            self._said[patch] = self._git(*APPLY, "--check", patch=patch)
        return self._said[patch]

    def apply(self, patch: bytes, after: Files) -> str:
        """Let git apply the patch, wholly or not at all; returns what is wrong, or an empty string.

        The files are compared with what the fix meant: a patch that git takes but reads otherwise is wrong too.
        """
        if said := self._git(*APPLY, patch=patch):
            return said
        base = self._place / "files" / self._tree.prefix
        for path, state in after.items():
            whole = base / path
            if state is None:
                if whole.exists():
                    return f"git applies it, but {path} is still there"
            elif whole.read_bytes() != state.data or bool(whole.stat().st_mode & 0o100) != state.executable:
                return f"git applies it, but {path} is not what the fix means"
        return ""

    def read(self, paths: Iterable[str]) -> dict[str, State | None]:
        """The files as they are after the patches that were applied; None stands for no file."""
        base = self._place / "files" / self._tree.prefix
        wholes = {path: base / path for path in paths}
        return {
            path: State(whole.read_bytes(), bool(whole.stat().st_mode & 0o100)) if whole.is_file() else None
            for path, whole in wholes.items()
        }

    def _git(self, *args: str, patch: bytes) -> str:
        settings = [word for pair in SAFE for word in ("-c", pair)]
        env = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")} | {
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CEILING_DIRECTORIES": str(self._place),
            "LC_ALL": "C",
        }
        try:
            done = subprocess.run(
                ["git", *settings, *args, "-"], cwd=self._place / "files", env=env, input=patch, capture_output=True,
                timeout=TIMEOUT_S, check=False,
            )  # fmt: skip
        except FileNotFoundError:
            return "git is absent"
        except subprocess.TimeoutExpired:
            return f"git did not answer within {TIMEOUT_S} s"
        said = done.stderr.decode("utf-8", "replace").replace(str(self._place), "$COPY").strip()
        return (said or f"git ended with {done.returncode}") if done.returncode else ""

    # rules

    def stood(self, path: str, quote: str) -> bool:
        """Does a file of the target hold this line (stripped), as it is without any fix?"""
        return bool(quote) and any(line.strip() == quote for line in self._tree.lines(path))

    def check(self, changed: Files) -> Checked:
        """What all rules say of the target with these files changed or added."""
        tree = self.changed_tree(changed)
        facts = Facts(self._registry, {"tree": tree, "answers": self._answers})
        return check(self._registry, facts, tree.root)

    def changed_tree(self, changed: Files) -> Tree:
        """The target as if these files had been changed, added and committed to git's index."""
        self._runs += 1
        root = self._place / f"view-{self._runs}"
        target = root / self._tree.prefix if self._tree.prefix else root
        self._link_project(root)
        _link_files(self._tree, target, changed)
        git = self._git_of(target, root, changed)
        entries = dict(self._tree.entries)
        texts = {path: self._tree.text(path) for path, entry in entries.items() if entry.status == "read"}
        for path, state in changed.items():
            if state is None:
                entries.pop(path, None)
                texts.pop(path, None)
                continue
            texts[path] = state.data.decode("utf-8", "replace")
            entries[path] = _entry(path, state, texts[path], self._tree.entries.get(path))
        if self._tree.git.root is not None:
            for path, entry in entries.items():
                tracked, ignored = git.state(path)
                if (tracked, ignored) != (entry.tracked, entry.ignored):
                    entries[path] = dataclasses.replace(entry, tracked=tracked, ignored=ignored)
        return Tree(target, git, dict(sorted(entries.items())), texts)

    def _link_project(self, root: Path) -> None:
        """Links to git's folder and to what lies beside the target in the project."""
        root.mkdir()
        project = self._tree.git.root
        if project is None:
            return
        here, there = project, root
        folder = self._tree.git.run("rev-parse", "--absolute-git-dir", may_fail=True).decode("utf-8", "surrogateescape").strip()
        (there / ".git").symlink_to(folder or here / ".git")  # of a linked work tree .git is a file with a relative path
        for part in PurePosixPath(self._tree.prefix).parts:
            for item in here.iterdir():
                if item.name not in (part, ".git"):
                    (there / item.name).symlink_to(item)
            here, there = here / part, there / part
            there.mkdir()

    def _git_of(self, target: Path, root: Path, changed: Files) -> Git:
        old = self._tree.git
        if old.root is None:
            return dataclasses.replace(old, target=target)
        index = dict(old._index)
        for path, state in changed.items():
            if state is None:
                index.pop(path, None)
                continue
            oids = hashlib.sha256 if any(len(oid) == 64 for _, oid in index.values()) else hashlib.sha1
            oid = oids(b"blob %d\0" % len(state.data) + state.data).hexdigest()
            index[path] = (MODES[state.executable], oid)
        git = old
        if any(PurePosixPath(path).name == ".gitignore" for path in changed):
            git = Git.around(target)
            if git.root is None:
                git = old
        there = [path for path, state in changed.items() if state is not None]
        parents = frozenset(str(p) for path in there for p in PurePosixPath(path).parents)
        loose = git._loose - set(changed)
        return dataclasses.replace(git, target=target, root=root, _index=index, _loose=loose, _parents=git._parents | parents)


def _write(path: Path, state: State) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(state.data)
    path.chmod(0o755 if state.executable else 0o644)


def _link_files(tree: Tree, target: Path, changed: Files) -> None:
    """Every path of the target as a link to the original; ignore files as copies, because git does not follow links to them."""
    made: set[Path] = set()
    for entry in tree:
        if entry.path in changed:
            continue
        whole = target / entry.path
        if whole.parent not in made:
            whole.parent.mkdir(parents=True, exist_ok=True)
            made.add(whole.parent)
        if entry.kind == "symlink":
            whole.symlink_to(entry.link)
        elif PurePosixPath(entry.path).name == ".gitignore" and entry.status == "read":
            shutil.copyfile(tree.root / entry.path, whole)
        elif entry.kind == "folder" and entry.reason == "empty folder":
            whole.mkdir(exist_ok=True)
        elif entry.kind in ("file", "folder"):
            whole.symlink_to(tree.root / entry.path)
    for path, state in changed.items():
        if state is not None:
            _write(target / path, state)


def _entry(path: str, state: State, text: str, old: FileEntry | None) -> FileEntry:
    """What reading the changed file would give."""
    digest = hashlib.sha256(state.data).hexdigest()
    language = language_of(path, text)
    if old is not None:
        return dataclasses.replace(
            old, size=len(state.data), executable=state.executable, sha256=digest, language=language, status="read"
        )
    return FileEntry(path, "file", len(state.data), state.executable, "read", "", language, digest)
