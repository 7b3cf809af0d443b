"""Exceptions in .gitignore that git never comes to."""

from __future__ import annotations

import re
from collections.abc import Iterator

from session_ops.analysis.ignore import ignoring
from session_ops.discovery.files import Tree
from session_ops.model import Finding
from session_ops.registry import NotApplicable, rule


@rule("IGNORE-KEPT", gate="contents", category="gitignore")
def exception_below_an_ignored_folder(tree: Tree) -> Iterator[Finding]:
    """.gitignore brings a file back whose folder it keeps out, so that the file stays out.

    Why: git does not look into a folder that a pattern excludes, so a later `!folder/file` has no effect: the file is in nobody's clone, although
    the list says that it is. Passes: `folder/*` before the exception, the folder itself brought back in between, files that are tracked already,
    .gitkeep.
    Do: Write `folder/*` in place of `folder/`, then `!folder/file`; for deeper ones bring each folder on the way back.
    Source: gitignore(5): "It is not possible to re-include a file if a parent directory of that file is excluded."
    """
    looked = False
    for path in sorted(p for p in tree.entries if p.rpartition("/")[2] == ".gitignore"):
        base = path.rpartition("/")[0]
        lines = tree.lines(path)
        lost: list[tuple[int, str, int, str]] = []
        for number, line in enumerate(lines, 1):
            name = line.rstrip().removeprefix("!").strip("/")
            if not line.startswith("!") or "/" not in name or re.search(r"[*?\[]|keep$", name):
                continue
            looked = True
            there = f"{base}/{name}".lstrip("/")
            entry = tree.entries.get(there)
            if tree.is_folder(there) or (entry is not None and not entry.ignored):
                continue  # tracked, or brought back by another file
            for depth in range(1, name.count("/") + 1):
                folder = "/".join(name.split("/")[:depth])
                source, at = ignoring(tree, f"{base}/{folder}/".lstrip("/"))
                if source == path and at:
                    lost.append((number, name, at, lines[at - 1].strip()))
                    break
        if lost:
            number, name, at, pattern = lost[0]
            more = f", and so have {len(lost) - 1} others" if len(lost) > 1 else ""
            yield Finding(
                f"`!{name}` has no effect, because `{pattern}` in line {at} keeps its folder out{more}",
                tree.evidence(path, number),
                tuple(tree.evidence(path, n) for n in dict.fromkeys((at, *(n for n, *_ in lost[1:8])))),
                "The file that shall be kept is in nobody's clone.",
                "possible",
            )
    if not looked:
        raise NotApplicable("no .gitignore brings a single path back")
