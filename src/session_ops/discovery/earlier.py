"""Earlier contents of a file, as git has them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

from session_ops.discovery.files import Tree

MOST = 20
"""How many earlier versions of one file are looked at, newest first."""


def earlier(tree: Tree, path: str) -> Iterator[tuple[str, str]]:
    """Commit and content of a file at each commit that changed it, newest first; what is no UTF-8 is left out. Nothing without git."""
    if tree.git.root is None or not tree.git.head:
        return
    words = ("log", f"--max-count={MOST}", "--format=%H", "--no-renames", "--no-show-signature", "--", tree.prefix + path)
    try:
        commits = tree.git.run(*words, may_fail=True).decode("ascii", "replace").split()
    except (OSError, subprocess.SubprocessError):
        return
    for commit in commits:
        try:
            raw = tree.git.run("cat-file", "blob", f"{commit}:{tree.prefix}{path}", may_fail=True)
            text = raw.decode("utf-8")
        except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
            continue
        if text:
            yield commit, text
