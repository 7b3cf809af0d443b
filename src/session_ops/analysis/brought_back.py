"""Files that a commit removed and the tree still needs: as they last were, with all that they load by a path and that was removed too."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from session_ops.discovery.files import Tree
from session_ops.discovery.history import History, last_content
from session_ops.discovery.languages import shebang
from session_ops.model import NewFile
from session_ops.patterns import regex

MOST = 64
"""Files that one fix brings back, with what they need in turn."""
ENDINGS = (
    "", ".js", ".ts", ".mjs", ".cjs", ".jsx", ".tsx", ".mts", ".cts", ".d.ts", ".json", ".node", ".py",
    "/index.js", "/index.ts", "/index.tsx", "/index.mjs", "/index.cjs", "/index.json", "/__init__.py",
)  # fmt: skip
CODE = (".js", ".cjs", ".mjs", ".jsx", ".ts", ".cts", ".mts", ".tsx")
_BESIDE = regex(r"""(?:\brequire\(\s*|\bfrom\s+|\bimport\(\s*|^\s*import\s+)(["'])(?P<path>\.{1,2}/[^"'\n]+)\1""", re.MULTILINE)
"""Modules of JavaScript that are loaded by a path."""
_COMMENT = regex(r"(?s:/\*.*?\*/)|^\s*//.*$", re.MULTILINE)
_TRIED = regex(r"\btry\s*\{[^{}]*$")


@dataclass(frozen=True)
class Was:
    """A removed file: its path, its last text and the commit that removed it."""

    path: str
    text: str
    commit: str

    @property
    def new(self) -> NewFile:
        """The file, to be created again; one whose first line names an interpreter can be executed."""
        return NewFile(self.path, self.text, self.text.startswith("#!") and bool(shebang(self.text)[1]))


def as_it_was(target: str, tree: Tree, history: History) -> Was | None:
    """The removed file that was loaded by this path."""
    for path in (target + ending for ending in ENDINGS):
        if (commit := history.removed.get(path)) and (text := last_content(tree, path, commit)) is not None:
            return Was(path, text, commit)
    return None


def removed_in(history: History, target: str) -> str:
    """The commit that removed the file that was loaded by this path, or an empty string."""
    return next(filter(None, (history.removed.get(target + ending) for ending in ENDINGS)), "")


def with_needed(targets: Iterable[str], tree: Tree, history: History) -> dict[str, Was] | None:
    """The removed files of these paths and those that they load, by path.

    None where they could not run all the same: one of them, or one that they cannot do without, is neither in the tree nor in the history;
    or too many.
    """
    found: dict[str, Was] = {}
    return found if all(_bring(target, tree, history, found) for target in targets) else None


def _bring(target: str, tree: Tree, history: History, found: dict[str, Was]) -> bool:
    """Add a removed file and what it loads to those that were found; nothing is added where that cannot be had."""
    was = as_it_was(target, tree, history)
    if was is None or len(found) >= MOST:
        return False
    if was.path in found:
        return True
    before = dict(found)
    found[was.path] = was
    for path, needed in _loaded(was):
        if not _there(path, tree) and not _bring(path, tree, history, found) and needed:
            found.clear()
            found.update(before)
            return False
    return True


def _loaded(was: Was) -> Iterator[tuple[str, bool]]:
    """What a module loads by a path, and whether it cannot do without."""
    if not was.path.endswith(CODE):
        return
    text = _COMMENT.sub("", was.text)
    for match in _BESIDE.finditer(text):
        path = posixpath.normpath(posixpath.join(posixpath.dirname(was.path), match["path"]))
        yield path, not _TRIED.search(text, max(match.start() - 300, 0), match.start())


def _there(path: str, tree: Tree) -> bool:
    """Is there something that is loaded by this path? TypeScript writes x.js for its own x.ts."""
    stem = re.sub(r"\.[cm]?jsx?$", "", path)
    found = (tree.entries.get(one + ending) for one in (path, stem) for ending in (*ENDINGS, "/package.json"))
    return any(entry is not None and entry.kind != "folder" for entry in found)
