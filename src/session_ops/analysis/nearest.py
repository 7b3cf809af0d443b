"""The name that was meant: the one of those that are there which a wrong name comes nearest to."""

from __future__ import annotations

import difflib
import posixpath
from collections.abc import Iterable

from session_ops.discovery.files import Tree

ALIKE = 0.75
"""How alike two names have to be (difflib's ratio), where neither is the other with something added."""
SHORTEST = 4
"""Characters from which on a name that differs in one of them is the same one with a slip."""
APART = 0.1
"""By how much the nearest has to be nearer than the next."""


def nearest(wrong: str, names: Iterable[str]) -> str:
    """The one name that is like a wrong one: a slip of the keyboard, a word added or left out. Empty where none is, or two are."""
    slips = [name for name in set(names) if _one_apart(wrong, name)]
    if len(slips) == 1:
        return slips[0]
    scored = sorted(((_likeness(wrong, name), name) for name in set(names) if name != wrong), reverse=True)
    if not scored or scored[0][0] < ALIKE or (len(scored) > 1 and scored[0][0] - scored[1][0] < APART):
        return ""
    return scored[0][1]


def _one_apart(one: str, other: str) -> bool:
    """Is it the same name but for one character that was added, left out or mistyped?"""
    if one == other or min(len(one), len(other)) < SHORTEST or abs(len(one) - len(other)) > 1:
        return False
    start = len(posixpath.commonprefix((one, other)))
    end = len(posixpath.commonprefix((one[start:][::-1], other[start:][::-1])))
    return max(len(one), len(other)) - start - end <= 1


def _likeness(one: str, other: str) -> float:
    short, long = sorted((one.lower().lstrip("_"), other.lower().lstrip("_")), key=len)
    matcher = difflib.SequenceMatcher(None, short, long, autojunk=False)
    added = len(short) > 0 and long.startswith(short) and (len(long) - len(short) == 1 or not long[len(short)].isalnum())
    if not added and (matcher.real_quick_ratio() < ALIKE - APART or matcher.quick_ratio() < ALIKE - APART):
        return 0.0  # neither the nearest nor a second one beside it, and the exact ratio is dear
    ratio = matcher.ratio()
    return max(ratio, 0.85 + ratio / 10) if added else ratio


def nearest_file(tree: Tree, path: str) -> str:
    """The file of the same folder and ending whose name a path that is not there comes nearest to; empty without one."""
    folder, name = posixpath.split(path.rstrip("/"))
    stem, suffix = posixpath.splitext(name)
    beside = [e.path for e in tree.below(folder) if posixpath.dirname(e.path) == folder and e.kind == "file"] if folder else [
        e.path for e in tree if "/" not in e.path and e.kind == "file"
    ]  # fmt: skip
    stems = {posixpath.splitext(posixpath.basename(p))[0]: p for p in beside if posixpath.splitext(p)[1] == suffix}
    return stems.get(nearest(stem, stems), "")


def nearest_path(tree: Tree, path: str) -> str:
    """The same for a file or a folder, and where the wrong name is that of a folder above."""
    if found := nearest_file(tree, path):
        return found
    parts = path.strip("/").split("/")
    for depth in range(len(parts)):
        parent = "/".join(parts[:depth])
        if depth < len(parts) and not tree.exists("/".join(parts[: depth + 1])):
            inside = {
                p[len(parent) :].strip("/").partition("/")[0]
                for p in tree.folders
                if p.startswith(parent + "/" if parent else "") and p != parent
            }
            folder = nearest(parts[depth], inside - {""})
            whole = "/".join([*parts[:depth], folder, *parts[depth + 1 :]])
            return whole if folder and tree.exists(whole) else ""
    return ""
