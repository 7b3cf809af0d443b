"""Earlier deployment attempts: manifests, container and service files that git once held."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import PurePosixPath

from session_ops.discovery.files import Tree
from session_ops.patterns import regex
from session_ops.registry import fact

COMMITS_READ = 3000
"""How many commits are read, newest first; what is older is said to be cut."""
KINDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("manifest", regex(r"(?:^|/)(?:pyproject\.toml|setup\.(?:py|cfg)|package\.json|Cargo\.toml|go\.mod|Gemfile|[^/]+\.gemspec)$")),
    ("manifest", regex(r"(?:^|/)(?:requirements[^/]*\.txt|Pipfile|environment\.ya?ml|\.claude-plugin/[^/]+\.json)$")),
    ("container file", regex(r"(?:^|/)(?:(?:Docker|Container)file[^/]*|[^/]+\.dockerfile)$", re.IGNORECASE)),
    ("compose file", regex(r"(?:^|/)(?:docker-)?compose[^/]*\.ya?ml$")),
    ("CI workflow", regex(r"(?:^|/)(?:\.github/workflows/[^/]+\.ya?ml|\.gitlab-ci\.yml|\.circleci/config\.yml|Jenkinsfile)$")),
    ("service unit", regex(r"\.(?:service|timer|socket)$|(?:^|/)Procfile$|(?:^|/)[^/]*\.plist$")),
    ("install script", regex(r"(?:^|/)(?:un)?(?:install|setup|deploy|bootstrap)(?:[-_.][\w.-]*)?(?:\.(?:sh|bash|ps1|bat))$", re.IGNORECASE)),
    ("build file", regex(r"(?:^|/)(?:GNU)?[Mm]akefile$|(?:^|/)[Jj]ustfile$|(?:^|/)\.goreleaser\.ya?ml$")),
)  # fmt: skip
"""What counts as an attempt to deploy, by path."""
_OTHERS = frozenset(("node_modules", "vendor", "third_party", "site-packages", "testdata", "fixtures"))


@dataclass(frozen=True)
class Attempt:
    """A deployment file that was removed and is still gone. `commit` removed it; its last content is at `commit`^:`path`.

    `path` is relative to the target. `also_removed` are other files that the same commit removed (at most 50).
    """

    path: str
    what: str
    commit: str
    date: str
    subject: str
    also_removed: tuple[str, ...] = ()


@dataclass(frozen=True)
class History:
    """What git tells: number of commits read that added or removed files, whether the history is cut (shallow), and the attempts, newest first.

    `note` says what could not be read: no repository, objects that are missing, commits beyond the limit.
    """

    commits: int
    shallow: bool
    attempts: tuple[Attempt, ...]
    removed: dict[str, str]
    """Every path (relative to the target) that was removed and is gone, to the commit that removed it."""
    note: str = ""

    def attempt(self, path: str) -> Attempt | None:
        """The removal of this deployment file."""
        return next((a for a in self.attempts if a.path == path), None)


@dataclass(frozen=True)
class _Commit:
    oid: str
    date: str
    subject: str
    added: tuple[tuple[str, str], ...]
    removed: tuple[tuple[str, str], ...]


SUBJECT = 90


@fact
def history(tree: Tree) -> History:
    """Removed files of the target, from one `git log` of added and removed paths; it reads no file's content.

    A file that moved is not removed: its content is still there, or the same commit adds a file of its name.
    """
    git = tree.git
    if git.root is None:
        return History(0, False, (), {}, git.reason)
    shallow = git.run("rev-parse", "--is-shallow-repository", may_fail=True).strip() == b"true"
    if not git.head:
        return History(0, shallow, (), {}, "there is no commit yet")
    commits, note = _log(tree)
    here = git.blobs
    gone: dict[str, _Commit] = {}
    seen: set[str] = set()
    succeeded: set[str] = set()  # another file of its kind came in the same commit and folder: renamed and rewritten
    for commit in commits:
        moved_names = {PurePosixPath(path).name for path, _ in commit.added}
        moved_blobs = {oid for _, oid in commit.added}
        replaced = {(path.rpartition("/")[0], what) for path, _ in commit.added if (what := _what(path))}
        for path, oid in commit.removed:
            inside = path.removeprefix(tree.prefix)
            if inside in seen or inside in tree.entries or inside in tree.folders:
                continue
            seen.add(inside)
            if oid not in here and oid not in moved_blobs and PurePosixPath(path).name not in moved_names:
                gone[inside] = commit
                if (path.rpartition("/")[0], _what(path)) in replaced:
                    succeeded.add(inside)
        seen.update(path.removeprefix(tree.prefix) for path, _ in commit.added)
    together: dict[str, list[str]] = {}
    for path, commit in gone.items():
        together.setdefault(commit.oid, []).append(path)
    attempts = [
        Attempt(path, what, c.oid, c.date, c.subject, tuple(sorted(p for p in together[c.oid] if p != path))[:50])
        for path, c in gone.items()
        if (what := _what(path)) and path not in succeeded
    ]
    if len(commits) >= COMMITS_READ:
        note = f"only the newest {COMMITS_READ} commits were read"
    elif shallow and not note:
        note = "the clone is shallow: older commits are not here"
    return History(len(commits), shallow, tuple(attempts), {p: c.oid for p, c in sorted(gone.items())}, note)


def _what(path: str) -> str:
    if any(part in _OTHERS for part in PurePosixPath(path).parts[:-1]):
        return ""
    return next((what for what, pattern in KINDS if pattern.search(path)), "")


def _log(tree: Tree) -> tuple[list[_Commit], str]:
    """Commits that added or removed something below the target, newest first, and what could not be read."""
    place = ["--", tree.prefix.rstrip("/")] if tree.prefix else []
    try:
        raw, said = tree.git.run_partly(
            *("log", "-z", "--raw", "--no-abbrev", "--no-renames", "--diff-filter=AD", "--no-ext-diff", "--no-textconv"),
            *(
                "--no-color",
                "--no-notes",
                "--no-show-signature",
                "--encoding=UTF-8",
                "--no-relative",
                "--ignore-submodules=all",
            ),
            *(f"--max-count={COMMITS_READ}", "--format=format:%x01%H%x02%cI%x02%s%x02", *place),
        )
    except (OSError, subprocess.SubprocessError) as error:
        return [], f"git log did not finish: {type(error).__name__}"
    commits = []
    for chunk in raw.decode("utf-8", "surrogateescape").split("\x01")[1:]:
        head, _, body = chunk.rpartition("\x02")
        oid, date, subject, *_ = [*head.split("\x02", 2), "", ""]
        added: list[tuple[str, str]] = []
        removed: list[tuple[str, str]] = []
        parts = body.lstrip("\n\0").split("\0")
        for meta, path in zip(parts[::2], parts[1::2], strict=False):
            words = meta.strip("\n:").split(" ")
            if len(words) == 5:
                (removed if words[4] == "D" else added).append((path, words[2] if words[4] == "D" else words[3]))
        commits.append(_Commit(oid, date, subject, tuple(added), tuple(removed)))
    return commits, f"a part of the history could not be read: {said}" if said else ""


def last_content(tree: Tree, path: str, commit: str) -> str | None:
    """The text that a removed path (relative to the target) had before `commit` removed it; None where git does not have it."""
    if tree.git.root is None or not re.fullmatch(r"[0-9a-f]{40,64}", commit):
        return None
    raw = tree.git.run("cat-file", "blob", f"{commit}^:{tree.prefix}{path}", may_fail=True)
    try:
        return raw.decode("utf-8") or None
    except UnicodeDecodeError:
        return None


def written(tree: Tree, path: str, text: str) -> str:
    """The newest commit that wrote this text into a file, as "1a2b3c4d5 of 2026-03-01, its subject"; empty where git does not know."""
    words = (
        "log",
        "-1",
        "--no-ext-diff",
        "--no-textconv",
        "--abbrev=9",
        "--format=%h of %as, %s",
        f"-S{text}",
        "HEAD",
        "--",
        tree.prefix + path,
    )
    return tree.git.run(*words, may_fail=True).decode("utf-8", "replace").strip()[:SUBJECT]
