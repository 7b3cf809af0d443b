"""Other repositories inside of this one that git holds by their commit alone."""

from __future__ import annotations

import re
from collections.abc import Iterator

from session_ops.discovery.files import Tree
from session_ops.model import Evidence, Finding
from session_ops.registry import NotApplicable, rule

SHOWN = 8


@rule("IGNORE-GITLINK", gate="contents", category="gitignore")
def repository_without_address(tree: Tree) -> Iterator[Finding]:
    """A repository or worktree inside of this one was added to git, which keeps its commit and not its files.

    Why: `git add` of a folder with a `.git` of its own stores a link to a commit. Where .gitmodules does not say from where, every clone
    has an empty folder, and `git submodule update` ends with "no submodule mapping found". Worktrees of sessions come in like this.
    Passes: submodules that .gitmodules names.
    Do: Take it out with `git rm --cached FOLDER` and name it in .gitignore; where it is meant as a submodule, `git submodule add` it; where its
    files belong here, remove its `.git` and add them.
    Source: gitmodules(5); git-add(1), "adding embedded git repository".
    """
    if tree.git.root is None:
        raise NotApplicable(f"no git repository: {tree.git.reason}")
    if not tree.git.submodules:
        raise NotApplicable("git holds no other repository")
    told = (tree.git.root / ".gitmodules").read_text("utf-8", "replace") if (tree.git.root / ".gitmodules").is_file() else ""
    named = {path.strip().strip('"').rstrip("/") for path in re.findall(r"^\s*path\s*=\s*(.+)$", told, re.MULTILINE)}
    loose = [path for path in tree.git.submodules if tree.prefix + path not in named]
    if loose:
        more = f", and so are {len(loose) - 1} more" if len(loose) > 1 else ""
        yield Finding(
            f"{loose[0]} is tracked as a link to another repository, and .gitmodules does not say which{more}",
            Evidence(loose[0]),
            tuple(Evidence(path) for path in loose[1:SHOWN]),
            f"A clone has an empty folder there. Take it out: git rm --cached {loose[0]}",
            "possible",
        )
