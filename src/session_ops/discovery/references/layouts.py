"""Pictures of a folder tree in documents: `├── bin/`, and the paths that they mean."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator

from session_ops.patterns import regex

_BRANCH = regex(r"^(?P<lead>[\s│|]*)(?:[├└+`][─-]{1,3})\s*(?P<rest>\S.*)$")
_NAME = regex(r"(?P<name>[\w.@+-]+(?:/[\w.@+-]+)*/?)(?=\s|$|\s*[#←(])")
_SHOWS_OTHERS = regex(
    r"\.\.\.|…|<[^>]+>|\{|\*|\bnew\b|creat|generat|runtime|optional|your|git-?ignored|TODO|planned|after|example", re.IGNORECASE
)
_LEAST = 5
"""Entries of a picture that must be there before it counts as one of this project."""
_SHARE = 0.75


def layout(text: str, first: int, exists: Callable[[str], bool], root: str) -> Iterator[tuple[str, int]]:
    """(path, line) of what a picture of the tree at `root` names and is not there.

    Nothing where most of it is not there: then it shows another project, a plan, or what a run will make.
    """
    if "──" not in text and "|--" not in text:
        return
    stack: list[tuple[int, str]] = []
    named: list[tuple[str, int, bool]] = []
    base = root
    for offset, line in enumerate(text.split("\n")):
        match = _BRANCH.match(line)
        if match is None:
            head = line.strip().split("#")[0].strip().removeprefix("./").rstrip("/")
            if head.strip("│| "):  # another tree: of a folder that it names, or of nobody knows what
                base = head if head and exists(head) else root if not named else "\0"
                stack = []
            continue
        deep = len(match["lead"])
        while stack and stack[-1][0] >= deep:
            stack.pop()
        name = _NAME.match(match["rest"])
        if name is None:
            stack.append((deep, "\0"))  # what lies below is not known either
            continue
        path = posixpath.join(stack[-1][1] if stack else base, name["name"].rstrip("/"))
        stack.append((deep, path))
        if "\0" not in path:
            named.append((path, first + offset, _SHOWS_OTHERS.search(match["rest"]) is not None))
    there = [path for path, _, _ in named if exists(path)]
    if len(there) < _LEAST or len(there) < _SHARE * len(named):
        return
    gone: list[str] = []
    for path, at, told in named:
        if exists(path) or told or any(path.startswith(g + "/") for g in gone):
            continue
        gone.append(path)
        above = posixpath.dirname(path)
        if not above or exists(above):
            yield path, at
