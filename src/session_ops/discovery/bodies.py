"""Functions of source files in any language, found by their text: cheap enough to ask of every file.

Comments and documentation strings are blanked with spaces, so that lines and columns stay and prose is never taken for code.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from session_ops.discovery.files import Tree
from session_ops.patterns import regex
from session_ops.registry import fact, split_lines

INDENTED = frozenset(("python", "ruby"))
_PYTHON = regex(
    r"(?P<triple>\"\"\"[\s\S]*?\"\"\"|'''[\s\S]*?''')|(?P<keep>\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*')|(?P<drop>\#[^\n]*)"
)
_RUBY = regex(
    r"(?P<keep>\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*')|(?P<drop>(?:^|(?<=\n))=begin[\s\S]*?\n=end|(?:^|(?<=\s))\#[^\n]*)"
)
_C_LIKE = regex(r"(?P<keep>\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)|(?P<drop>//[^\n]*|/\*[\s\S]*?\*/)")
_RUST = regex(
    r"(?P<keep>\"(?:\\.|[^\"\\])*\"|'(?:\\.[^'\n]{0,8}|[^'\\\n])')|(?P<drop>//[^\n]*|/\*[\s\S]*?\*/)"
)  # a lone ' is a lifetime
_TOKENS = {"python": _PYTHON, "ruby": _RUBY, "go": _C_LIKE, "rust": _RUST}
_TOKENS |= dict.fromkeys(("javascript", "typescript", "tsx"), _C_LIKE)
_DEF = regex(
    r"^(?P<indent>[ \t]*)(?:async[ \t]+)?def[ \t]+(?:self\.)?(?P<name>\w+[?!]?)[ \t]*(?P<given>\([^)]*)?", re.MULTILINE
)
_BRACE = {
    "go": regex(r"^func[ \t]+(?:\([^)\n]*\)[ \t]*)?(?P<name>\w+)(?:\[[^\]\n]*\])?(?P<given>\([^)]*)", re.MULTILINE),
    "rust": regex(r"\bfn[ \t]+(?P<name>\w+)(?:<[^>{]*>)?(?P<given>\([^)]*)"),
}
_SCRIPT = regex(
    r"\bfunction\b[ \t]*\*?[ \t]*(?P<name>[\w$]+)[ \t]*(?:<[^>\n]*>)?(?P<given>\([^)]*)"
    r"|\b(?:const|let|var)[ \t]+(?P<arrow>[\w$]+)[^=\n]*=[ \t]*(?:async[ \t]*)?(?P<arrow_given>\([^)\n]*)\)[^=\n{]*=>[ \t]*\{"
    r"|^[ \t]+(?:(?:public|private|protected|static|async|override)[ \t]+)*(?!if\b|for\b|while\b|switch\b|catch\b|function\b|return\b)"
    r"(?P<method>[#\w$]+)(?P<method_given>\([^;{}]*\)[ \t]*(?::[^;{}=\n]+)?\{)",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Body:
    """A function: its name, first and last line (from 1), the names of its parameters."""

    name: str
    first: int
    last: int
    parameters: tuple[str, ...] = ()


class Source:
    """One file without its comments: `text` has every character at its old place."""

    def __init__(self, path: str, language: str, text: str) -> None:
        self.path = path
        self.language = language
        self.text = _without_comments(text, language)
        self._held: dict[re.Pattern[str], bool] = {}

    def holds(self, pattern: re.Pattern[str]) -> bool:
        """Is a pattern found in the text? Asked once for each pattern."""
        if pattern not in self._held:
            self._held[pattern] = pattern.search(self.text) is not None
        return self._held[pattern]

    @cached_property
    def lines(self) -> list[str]:
        """The lines of the text."""
        return split_lines(self.text)

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(m.end() for m in re.finditer(r"\n", self.text))]

    def line(self, offset: int) -> int:
        """The line of a character, counted from 1."""
        return bisect_right(self._starts, offset)

    @cached_property
    def bodies(self) -> tuple[Body, ...]:
        """Functions and methods, outer ones before inner ones."""
        finder = _indented if self.language in INDENTED else _braced
        return tuple(sorted(finder(self), key=lambda b: (b.first, -b.last)))

    def body_at(self, line: int) -> Body | None:
        """The innermost function around a line."""
        best: Body | None = None
        for body in self.bodies:
            if body.first > line:
                break
            if body.last >= line:
                best = body
        return best

    def body_text(self, body: Body) -> str:
        """The text of a function."""
        return "\n".join(self.lines[body.first - 1 : body.last])


class Bodies:
    """Sources of a target, each prepared when first asked for."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._known: dict[str, Source] = {}

    def source(self, path: str) -> Source:
        """A file of the target without its comments."""
        if path not in self._known:
            self._known[path] = Source(path, self._tree.entries[path].language, self._tree.text(path))
        return self._known[path]


@fact
def bodies(tree: Tree) -> Bodies:
    """Functions of the target's source files."""
    return Bodies(tree)


def _without_comments(text: str, language: str) -> str:
    tokens = _TOKENS.get(language)
    if tokens is None:
        return text
    pieces: list[str] = []
    at = 0
    for match in tokens.finditer(text):
        if match["keep"] is not None:
            continue
        start = match.start()
        if match.groupdict().get("triple") is not None and not _begins_a_line(text, start):
            continue  # a value, not a documentation string
        pieces += (text[at:start], _blank(match))
        at = match.end()
    return "".join((*pieces, text[at:]))


def _blank(match: re.Match[str]) -> str:
    """As many blanks, with the line ends where they were."""
    return "\n".join(" " * len(line) for line in match[0].split("\n"))


def _begins_a_line(text: str, start: int) -> bool:
    return text[text.rfind("\n", 0, start) + 1 : start].strip(" \trRuU") == ""


def _parameters(given: str | None) -> tuple[str, ...]:
    words = (re.match(r"[\s*&.]*(?:mut\s+)?(\w+)", part) for part in (given or "").lstrip("(").split(","))
    return tuple(w[1] for w in words if w and w[1] not in ("self", "cls"))


def _indented(source: Source) -> Iterator[Body]:
    lines = source.lines
    for match in _DEF.finditer(source.text):
        first = source.line(match.start("name"))
        wide = len(match["indent"].expandtabs())
        last = first
        opened = match["given"] is not None and ")" not in lines[first - 1].partition("(")[2]
        for number in range(first + 1, len(lines) + 1):
            text = lines[number - 1]
            if not text.strip():
                continue
            if opened:  # the parameters go on
                opened = ")" not in text
                last = number
                continue
            if len(text.expandtabs()) - len(text.expandtabs().lstrip()) <= wide:
                break
            last = number
        yield Body(match["name"], first, last, _parameters(match["given"]))


def _braced(source: Source) -> Iterator[Body]:
    pattern = _BRACE.get(source.language, _SCRIPT)
    # a brace inside a string or a template closes nothing
    plain = _TOKENS[source.language].sub(_blank, source.text) if source.language in _TOKENS else ""
    ends = _brace_pairs(plain)
    for match in pattern.finditer(source.text):
        found = match.groupdict()
        name = found.get("name") or found.get("arrow") or found.get("method")
        if not name:
            continue
        given = found.get("given") or found.get("arrow_given") or found.get("method_given")
        start = match.end() - 1 if plain[match.end() - 1 : match.end()] == "{" else plain.find("{", match.end())
        if start < 0 or ";" in plain[match.end() : start] or start not in ends:
            continue
        yield Body(name, source.line(match.start()) + match[0][: len(match[0]) - len(match[0].lstrip())].count("\n"),
                   source.line(ends[start]), _parameters(given))  # fmt: skip


def _brace_pairs(text: str) -> dict[int, int]:
    pairs: dict[int, int] = {}
    open_at: list[int] = []
    for match in re.finditer(r"[{}]", text):
        if match[0] == "{":
            open_at.append(match.start())
        elif open_at:
            pairs[open_at.pop()] = match.start()
    return pairs
