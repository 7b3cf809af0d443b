"""The whole tree, read once: every file is accounted for, read or with the reason why not."""

from __future__ import annotations

import bisect
import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Literal

from session_ops.discovery.git import Git
from session_ops.discovery.languages import language_of
from session_ops.model import Evidence, UsageError
from session_ops.registry import split_lines

TEXT_LIMIT = 2_000_000
"""Bytes up to which a text is kept for reading; larger files are listed, hashed up to HASH_LIMIT, and named in the report."""
HASH_LIMIT = 20_000_000
"""Bytes up to which a file is hashed; beyond it size and time of change stand in for its content."""
DEPENDENCY_FOLDERS = frozenset(
    ("node_modules", ".venv", "venv", "__pycache__", ".tox", ".nox", ".mypy_cache", ".ruff_cache", ".pytest_cache")
    + (".hypothesis", ".gradle", ".terraform", "bower_components", ".eggs", ".bundle")
)
"""Folders that package managers and tools fill. They are not descended into unless git tracks files in them."""
VENDORED = frozenset(("node_modules", "vendor", "third_party", "bower_components", "site-packages", "dist-packages"))

CASES_FOLDER = "session-ops-cases"
"""Our own output. It is passed over, so that `session-ops run .` does not investigate its earlier cases."""

Kind = Literal["file", "symlink", "folder", "other"]


@dataclass(frozen=True)
class FileEntry:
    """One path of the target.

    `status` is `read` (its text was kept), `listed` (it is there, its text was not kept) or `unreadable`, with the `reason`;
    `tracked` and `ignored` are None where there is no git. `vendored` marks code that somebody else wrote or a tool generated.
    """

    path: str
    kind: Kind
    size: int
    executable: bool
    status: Literal["read", "listed", "unreadable"]
    reason: str = ""
    language: str = ""
    sha256: str = ""
    tracked: bool | None = None
    ignored: bool | None = None
    vendored: bool = False
    link: str = ""


class Tree:
    """The target's files in memory. Paths are POSIX and relative to the target; `..` reaches into the project root."""

    def __init__(self, root: Path, git: Git, entries: dict[str, FileEntry], texts: dict[str, str]) -> None:
        self.root = root
        self.git = git
        self.entries = entries
        self._texts = texts
        self._lines: dict[str, list[str]] = {}

    @property
    def project_root(self) -> Path | None:
        """The root of the git work tree around the target, if any."""
        return self.git.root

    @property
    def prefix(self) -> str:
        """The target's path inside the project root, with a slash at its end; empty where they are the same."""
        if self.git.root is None or self.git.root == self.root:
            return ""
        return self.root.relative_to(self.git.root).as_posix() + "/"

    def __iter__(self) -> Iterator[FileEntry]:
        """All entries, sorted by path."""
        return iter(self.entries.values())

    def files(self, *languages: str, vendored: bool = False) -> Iterator[FileEntry]:
        """Entries whose text was read, in the given languages (all when none is given), without vendored code."""
        for entry in self:
            if entry.status == "read" and (not languages or entry.language in languages) and (vendored or not entry.vendored):
                yield entry

    def below(self, folder: str) -> Iterator[FileEntry]:
        """Entries inside of a folder at any depth, sorted; all of them for the empty string."""
        if not folder:
            yield from self
            return
        # "0" follows "/", so what lies below a folder stands between these two
        start, end = (bisect.bisect_left(self._sorted, folder + mark) for mark in "/0")
        for path in self._sorted[start:end]:
            yield self.entries[path]

    @cached_property
    def _sorted(self) -> list[str]:
        return sorted(self.entries)

    @cached_property
    def folders(self) -> frozenset[str]:
        """Every folder that holds an entry, and every listed folder; the target itself is the empty string."""
        found = {e.path for e in self if e.kind == "folder"} | {""}
        for path in self.entries:
            found.update("" if str(p) == "." else str(p) for p in PurePosixPath(path).parents)
        return frozenset(found)

    def text(self, path: str) -> str:
        """The text of a file that was read; empty for any other."""
        return self._texts.get(path, "")

    def lines(self, path: str) -> list[str]:
        """The lines of a file that was read, without line ends."""
        if path not in self._lines:
            self._lines[path] = split_lines(self.text(path))
        return self._lines[path]

    def exists(self, path: str) -> bool:
        """Is there a file or folder at this path: in the target, or (for a path that starts with `..`) in the project?"""
        clean = normal(path)
        if clean in self.entries or clean in self.folders:
            return True
        if clean == ".." or clean.startswith("../"):
            return self.inside_project(clean) and (self.root / clean).exists()
        # a folder that was not descended into (node_modules) is asked directly
        parent = next((str(p) for p in PurePosixPath(clean).parents if str(p) in self.entries), None)
        return parent is not None and self.entries[parent].kind in ("folder", "symlink") and (self.root / clean).exists()

    def inside_project(self, path: str) -> bool:
        """Does a path relative to the target stay inside the project root (or the target, where there is no project)?"""
        base = self.git.root or self.root
        whole = Path(os.path.normpath(self.root / path))
        return whole == base or base in whole.parents

    def is_folder(self, path: str) -> bool:
        """Is there a folder at this path of the target?"""
        return normal(path) in self.folders

    def evidence(self, path: str, line: int = 0, end: int = 0) -> Evidence:
        """Evidence for a line (counted from 1) of a file, or for the file as a whole, or for its absence."""
        entry = self.entries.get(path)
        if entry is None or entry.kind != "file":
            return Evidence(path)
        if entry.status != "read" or not line:
            return Evidence(path, sha256=entry.sha256)
        lines = self.lines(path)
        quote = lines[line - 1].strip() if 1 <= line <= len(lines) else ""
        return Evidence(path, line, max(end, line), quote, entry.sha256)

    @cached_property
    def digest(self) -> str:
        """A digest of every path, mode and content: equal for equal targets."""
        sums = hashlib.sha256()
        for entry in self:
            parts = (entry.path, entry.kind, str(entry.executable), str(entry.tracked), entry.sha256, entry.link)
            sums.update("\0".join(parts).encode("utf-8", "surrogateescape") + b"\n")
        sums.update((self.git.head or "").encode())
        return sums.hexdigest()


def unread_files(files: Iterable[FileEntry]) -> list[FileEntry]:
    """Files whose text could not be read although they may hold one: no permission, or too large."""
    return [
        f
        for f in files
        if f.status == "unreadable" or (f.kind == "file" and f.status == "listed" and "larger than" in f.reason)
    ]


def normal(path: str) -> str:
    """A relative POSIX path without `.`, double slashes or a slash at its end; the target itself is the empty string."""
    clean = os.path.normpath(path.strip() or ".").replace(os.sep, "/")
    return "" if clean == "." else clean


def read_tree(target: Path) -> Tree:
    """Read a target.

    Raises:
        UsageError: it is missing, not a folder, unreadable or empty.
    """
    if not target.exists():
        raise UsageError(f"{target}: no such folder; give the path of the tracker's folder")
    if not target.is_dir():
        raise UsageError(f"{target}: is a file; give the folder that holds it")
    root = target.resolve()
    try:
        empty = not any(root.iterdir())
    except OSError as error:
        raise UsageError(f"{target}: cannot be read ({error.strerror}); check its permissions") from None
    if empty:
        raise UsageError(f"{target}: the folder is empty; there is nothing to investigate")
    git = Git.around(root)
    entries: dict[str, FileEntry] = {}
    texts: dict[str, str] = {}
    for path in _walk(root, git):
        entry, text = _read(root, path, git)
        entries[path] = entry
        if text is not None:
            texts[path] = text
    if not entries:
        raise UsageError(f"{target}: holds nothing but version control data; give the folder with the tracker's files")
    return Tree(root, git, entries, texts)


def _walk(root: Path, git: Git) -> list[str]:
    """Every path below root but folders that are descended into, sorted. Symbolic links are not followed, so loops end."""
    found: list[str] = []
    pending = [""]
    while pending:
        folder = pending.pop()
        try:
            items = list(os.scandir(root / folder))
        except OSError:
            found.append(folder)
            continue
        for item in items:
            path = f"{folder}/{item.name}" if folder else item.name
            if item.name in (".git", CASES_FOLDER):
                continue
            if item.is_dir(follow_symlinks=False):
                if item.name in DEPENDENCY_FOLDERS and not git.tracks_below(path):
                    found.append(path)
                elif _has_items(item.path):
                    pending.append(path)
                else:
                    found.append(path)
            else:
                found.append(path)
    return sorted(found)


def _has_items(path: str) -> bool:
    try:
        with os.scandir(path) as items:
            return next(items, None) is not None
    except OSError:
        return False


def _read(root: Path, path: str, git: Git) -> tuple[FileEntry, str | None]:
    """One entry, and its text where it is kept."""
    whole = root / path
    tracked, ignored = git.state(path)
    vendored = any(part in VENDORED for part in PurePosixPath(path).parts[:-1])

    def entry(
        kind: Kind,
        status: Literal["read", "listed", "unreadable"],
        reason: str = "",
        sha256: str = "",
        language: str = "",
        link: str = "",
    ) -> FileEntry:
        return FileEntry(path, kind, size, executable, status, reason, language, sha256, tracked, ignored, vendored, link)

    size, executable = 0, False
    try:
        info = whole.lstat()
        size, executable = info.st_size, bool(info.st_mode & stat.S_IXUSR)
        if stat.S_ISLNK(info.st_mode):
            link = str(whole.readlink())
            return entry("symlink", "listed", "symbolic link" if whole.exists() else "broken symbolic link", link=link), None
        if stat.S_ISDIR(info.st_mode):
            name = PurePosixPath(path).name
            empty = os.access(whole, os.R_OK) and not _has_items(str(whole))
            if not os.access(whole, os.R_OK):
                return entry("folder", "unreadable", "no permission to list it"), None
            return entry("folder", "listed", "empty folder" if empty else f"{name}: filled by a tool, not read"), None
        if not stat.S_ISREG(info.st_mode):
            return entry("other", "listed", "not a regular file"), None
        if size > HASH_LIMIT:
            mark = hashlib.sha256(f"{size}:{info.st_mtime_ns}".encode()).hexdigest()
            return entry("file", "listed", f"larger than {HASH_LIMIT // 1_000_000} MB", sha256=mark), None
        data = whole.read_bytes()
    except OSError as error:
        return entry("file", "unreadable", error.strerror or type(error).__name__), None
    digest = hashlib.sha256(data).hexdigest()
    if b"\0" in data[:8192]:
        return entry("file", "listed", "binary", sha256=digest), None
    if size > TEXT_LIMIT:
        return entry("file", "listed", f"text larger than {TEXT_LIMIT // 1_000_000} MB", sha256=digest), None
    try:
        text, reason = data.decode("utf-8"), ""
    except UnicodeDecodeError:
        text, reason = data.decode("utf-8", "replace"), "not UTF-8: odd bytes were replaced"
    language = language_of(path, text)
    return entry("file", "read", reason, sha256=digest, language=language), text
