"""The copy of a target in which its code runs: what a clean clone would hold, with the work tree's present content.

Files that git ignores stay out, because nobody who deploys has them; files that nobody added yet come along, because people investigate
before they commit. The rest of the project around the target comes along where it is not too large, since manifests reach into it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from session_ops.discovery.files import Tree
from session_ops.proof.sandbox import Sandbox, archive
from session_ops.registry import CannotCheck

MOST_AROUND = 200_000_000
"""Bytes of the project around the target that are copied with it; a larger one stays away."""
GIT_TIMEOUT_S = 60.0

Changed = Mapping[str, tuple[bytes, bool] | None]
"""Files of the target that are other than on disk: content and x bit, None for a file that is gone."""


def lay_out(tree: Tree, changed: Changed, box: Sandbox) -> None:
    """Put the target (and its project) into the sandbox.

    Raises:
        CannotCheck: it is larger than the sandbox's disk.
    """
    files: dict[str, tuple[bytes, bool]] = {}
    links: dict[str, str] = {}
    room = box.limits.disk // 2
    prefix = tree.prefix
    for name, source in _around(tree):
        room = _take(source, name, files, links, room)
    folders: list[str] = []
    for entry in tree:
        if entry.path in changed or (entry.ignored and not entry.tracked):
            continue
        if entry.kind in ("file", "symlink"):
            room = _take(tree.root / entry.path, prefix + entry.path, files, links, room, link=entry.link)
        elif entry.kind == "folder" and tree.git.root is None and entry.reason == "empty folder":
            folders.append(prefix + entry.path)
    for path, state in changed.items():
        if state is not None:
            files[prefix + path] = state
    box.put(archive(files, links))
    for folder in (prefix.rstrip("/"), *folders):
        box.run(["mkdir", "-p", "--", str(box.copy / folder)], cwd="..")
    if tree.git.root is not None:
        _repository(tree, box)


def _take(
    source: Path, name: str, files: dict[str, tuple[bytes, bool]], links: dict[str, str], room: int, *, link: str = ""
) -> int:
    """Read one file or link; what cannot be read stays out, as a reader without permission would not have it."""
    try:
        if link:
            links[name] = link
            return room
        info = source.stat()
        if not stat.S_ISREG(info.st_mode):
            return room
        if info.st_size > room:
            raise CannotCheck("the target is larger than the disk of the sandbox; nothing of it was run")
        files[name] = source.read_bytes(), bool(info.st_mode & stat.S_IXUSR)
    except OSError:
        return room
    return room - info.st_size


def _around(tree: Tree) -> list[tuple[str, Path]]:
    """Files of the project beside the target, as a clone would hold them; none where the project is large."""
    root = tree.git.root
    if root is None or not tree.prefix:
        return []
    listed = tree.git.run("ls-files", "-z", "--cached", "--others", "--exclude-standard", may_fail=True)
    found, size = [], 0
    for raw in dict.fromkeys(listed.split(b"\0")):
        name = os.fsdecode(raw)
        if not name or name.startswith(tree.prefix):
            continue
        source = root / name
        if source.is_symlink() or not source.is_file():
            continue
        size += source.stat().st_size
        if size > MOST_AROUND:
            return []
        found.append((name, source))
    return found


def _repository(tree: Tree, box: Sandbox) -> None:
    """A repository of one commit: gemspecs and version plug-ins ask git which files there are, and for the last tag."""
    tag = tree.git.run("describe", "--tags", "--abbrev=0", may_fail=True).decode("utf-8", "replace").strip()
    when = {f"GIT_{who}_DATE": "2020-01-01T00:00:00Z" for who in ("AUTHOR", "COMMITTER")}
    who = {
        f"GIT_{who}_{key}": value
        for who in ("AUTHOR", "COMMITTER")
        for key, value in (("NAME", "session"), ("EMAIL", "session@localhost"))
    }
    steps = "git init -q -b main . && git add -A && git -c core.hooksPath=/dev/null commit -q --no-verify --allow-empty -m copy"
    done = box.run(steps, cwd=PurePosixPath(), env=when | who, timeout_s=GIT_TIMEOUT_S)
    if done.code == 0 and tag:
        box.run(["git", "tag", "--", tag], env=when | who, timeout_s=GIT_TIMEOUT_S)
