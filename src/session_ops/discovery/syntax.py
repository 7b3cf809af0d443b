"""Syntax trees with positions, by ast-grep (the tree-sitter grammars that its wheel carries)."""

from __future__ import annotations

from ast_grep_py import SgNode, SgRoot

from session_ops.discovery.files import Tree
from session_ops.registry import fact

GRAMMARS = {
    "shell": "bash", "python": "python", "javascript": "javascript", "typescript": "typescript", "tsx": "tsx",
    "ruby": "ruby", "go": "go", "rust": "rust", "json": "json",
}  # fmt: skip
"""Our language names to ast-grep's. Only these: an unknown name panics the library."""
LONGEST_LINE = 20_000
"""Characters; a text with a longer line is minified or generated and is not parsed."""


class Syntax:
    """Parsed files, each parsed when first asked for and kept."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._roots: dict[str, SgNode | None] = {}

    def root(self, path: str) -> SgNode | None:
        """The root node of a file, or None where there is no grammar for it, it was not read, or it is minified."""
        if path not in self._roots:
            entry = self._tree.entries.get(path)
            grammar = GRAMMARS.get(entry.language) if entry and entry.status == "read" else None
            long = max(map(len, self._tree.lines(path)), default=0) > LONGEST_LINE if grammar else False
            self._roots[path] = self.parse(self._tree.text(path), grammar) if grammar and not long else None
        return self._roots[path]

    @staticmethod
    def parse(text: str, grammar: str) -> SgNode:
        """Parse a text that is not a file of its own (a heredoc, a fenced block). Lines count from 0 inside it."""
        return SgRoot(text, grammar).root()


def line_of(node: SgNode) -> int:
    """The line of a node's start, counted from 1."""
    return node.range().start.line + 1


@fact
def syntax(tree: Tree) -> Syntax:
    """Syntax trees of the target's code."""
    return Syntax(tree)
