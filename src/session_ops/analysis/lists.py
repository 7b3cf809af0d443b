"""Adding a line to a file that is a list of lines: .gitignore, .dockerignore, .env.example."""

from __future__ import annotations

from session_ops.discovery.files import Tree
from session_ops.model import Edit, NewFile


def with_line(tree: Tree, path: str, line: str) -> tuple[tuple[Edit, ...], tuple[NewFile, ...]]:
    """An edit that adds a line at the end of a list, or the new list; nothing where the file was not read or has the line."""
    if path not in tree.entries:
        return (), (NewFile(path, line + "\n"),)
    lines = tree.lines(path)
    last = max((n for n, text in enumerate(lines, start=1) if text.strip()), default=0)
    if tree.entries[path].status != "read" or not last or line in lines:
        return (), ()
    old = lines[last - 1]
    ending = "\r\n" if f"{old}\r\n" in tree.text(path) else "\n"
    return (Edit(path, old, f"{old}{ending}{line}", last),), ()
