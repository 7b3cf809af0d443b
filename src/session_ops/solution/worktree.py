"""Writing the outcome of a repair into the work tree: whole or not at all, and never over what is not committed. Git commits nothing."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from session_ops.discovery.files import Tree
from session_ops.model import UsageError
from session_ops.proof.patches import State, original
from session_ops.solution.loop import Changed
from session_ops.visible import one_line

NAMED = 3


def refuse_unclean(tree: Tree, changed: Changed) -> None:
    """Refuse to write over work that git does not have.

    Raises:
        UsageError: a file that would be changed differs from the last commit, or one that git does not know would be removed.
    """
    if tree.git.root is None:
        return
    raw = tree.git.run("diff-index", "--cached", "--name-only", "-z", tree.git.head or "HEAD", may_fail=True)
    staged = {part.decode("utf-8", "surrogateescape") for part in raw.split(b"\0") if part}
    unclean, unknown = [], []
    for path, state in sorted(changed.items()):
        entry = tree.entries.get(path)
        if entry is None or entry.kind != "file":
            continue
        if not entry.tracked:
            if state is None:
                unknown.append(path)
        elif tree.prefix + path in staged or not tree.git.head or tree.git.is_changed(path, (tree.root / path).read_bytes()):
            unclean.append(path)
    if unclean:
        raise UsageError(
            f"{_names(unclean)}: changed and not committed; commit or stash that first, or take the patch with --patch FILE"
        )
    if unknown:
        raise UsageError(f"{_names(unknown)}: not in git and would be removed; add it to git first, or use --patch FILE")


def write(tree: Tree, changed: Changed) -> None:
    """Write all changed files of the target, or none.

    Raises:
        UsageError: a file is not what it was when it was read, or cannot be written; what was begun is taken back.
    """
    before: dict[str, State | None] = {path: original(tree, path) for path in changed}
    for path, state in before.items():
        if state is None and os.path.lexists(tree.root / path):
            raise UsageError(f"{one_line(path)}: came into being meanwhile; run fix again")
        entry = tree.entries.get(path)
        if state is not None and entry is not None and entry.sha256 and _digest(state.data) != entry.sha256:
            raise UsageError(f"{one_line(path)}: changed while fixes were tried; run fix again")
    done: list[str] = []
    try:
        for path, state in sorted(changed.items(), key=lambda pair: pair[1] is None):
            done.append(path)
            _put(tree.root / path, state)
    except OSError as error:
        for path in done:
            with contextlib.suppress(OSError):
                _put(tree.root / path, before[path])
        raise UsageError(f"{one_line(path)}: cannot be written ({error.strerror}); nothing was changed") from None


def _put(path: Path, state: State | None) -> None:
    """Write aside and rename; without a state, remove the file and the folders that it leaves empty."""
    if state is None:
        path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            path.parent.rmdir()
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o644 & ~_umask()
    reading = (mode & 0o444) >> 2
    handle, aside = tempfile.mkstemp(prefix=f".{path.name[:40]}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(state.data)
        Path(aside).chmod(mode | reading if state.executable else mode & ~0o111)
        Path(aside).replace(path)
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def _digest(data: bytes) -> str:
    import hashlib

    return hashlib.sha256(data).hexdigest()


def _names(paths: list[str]) -> str:
    some = ", ".join(one_line(path) for path in paths[:NAMED])
    return some + (f" and {len(paths) - NAMED} more" if len(paths) > NAMED else "")
