"""Code inside here-documents: fed to an interpreter, or written to a file.

From where it runs is not written in the script, so a file that is not found from the script's own folder is ambiguous, never missing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Protocol

from ast_grep_py import SgNode

from session_ops.discovery.files import Tree
from session_ops.discovery.languages import BY_INTERPRETER, language_of
from session_ops.discovery.references.reference import Reference
from session_ops.discovery.syntax import GRAMMARS, Syntax
from session_ops.patterns import regex

_INTERPRETER = regex(r"(?:^|[\s/])(python|node|bun|deno)[\d.]*(?=\s|$)")


class Reader(Protocol):
    """Reads one module and keeps what it names."""

    def read(self, path: str, root: SgNode) -> None:
        """Read the module at a path from its syntax tree."""


def read_heredocs(tree: Tree, syntax: Syntax, readers: Mapping[str, Reader]) -> None:
    """Give each here-document of a shell script to the reader of its language, at its own lines."""
    for entry in tree.files("shell"):
        if "<<" not in tree.text(entry.path) or (root := syntax.root(entry.path)) is None:
            continue
        for language, line, text in code_in(root):
            if language in readers:
                readers[language].read(entry.path, Syntax.parse("\n" * line + text, GRAMMARS[language]))


def code_in(root: SgNode) -> Iterator[tuple[str, int, str]]:
    """Language, lines before it, and text of each here-document that holds code."""
    for node in root.find_all(kind="redirected_statement"):
        body = next(iter(node.find_all(kind="heredoc_body")), None)
        if body is None:
            continue
        head = node.text()[: body.range().start.index - node.range().start.index].split("<<")[0]
        fed = _INTERPRETER.search(head)
        written = [r.text().lstrip("0123456789&>| ").strip("\"'") for r in node.find_all(kind="file_redirect")]
        language = BY_INTERPRETER.get(fed[1], "") if fed else next((language_of(name, "") for name in written), "")
        if language in GRAMMARS:
            yield language, body.range().start.line, body.text()


def doubted(references: tuple[Reference, ...]) -> tuple[Reference, ...]:
    """References of here-documents: what is missing from the script's folder may be there where the code runs."""
    return tuple(
        dataclasses.replace(r, verdict="ambiguous", base="cwd", target="", candidates=()) if r.verdict == "missing" else r
        for r in references
    )
