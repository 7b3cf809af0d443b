"""Shell texts with the state that POSIX leaves implicit: which options are on at a line, who calls a function, what a failure ends."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from ast_grep_py import SgNode

from session_ops.discovery.aside import is_aside, is_document
from session_ops.discovery.commands import WORDS, Invocation, invocations, peeled
from session_ops.discovery.docs import Docs
from session_ops.discovery.files import Tree
from session_ops.discovery.flow import holds, tolerated
from session_ops.discovery.languages import shebang
from session_ops.discovery.scripts import Scripts
from session_ops.discovery.syntax import LONGEST_LINE, Syntax
from session_ops.patterns import regex
from session_ops.registry import fact

Option = Literal["errexit", "pipefail", "nounset"]
OPTIONS: dict[str, Option] = {"errexit": "errexit", "pipefail": "pipefail", "nounset": "nounset"}
LETTERS: dict[str, Option] = {"e": "errexit", "u": "nounset"}
FENCES = frozenset(("bash", "sh", "shell", "zsh"))
SET = regex(r"^[ \t]*set[ \t]+([-+][^\n;#&|]*)", re.MULTILINE)
STARTED_WITH = regex(r"#!\s*\S*(?:/|\s)(?:ba|da|k)?sh\s+(-[a-z]+(?:\s+pipefail)?)")
STATEMENTS = frozenset(
    ("command", "redirected_statement", "pipeline", "list", "variable_assignment", "declaration_command", "if_statement")
    + (
        "for_statement",
        "while_statement",
        "case_statement",
        "compound_statement",
        "subshell",
        "negated_command",
        "test_command",
    )
    + ("c_style_for_statement", "function_definition", "unset_command", "variable_assignments")
)
DEEPEST = 20


@dataclass(eq=False)
class ShellText:
    """A script, or a fenced block that agents are told to run. `first` is the line of the document on which the text begins."""

    path: str
    text: str
    kind: Literal["script", "block"]
    dialect: str
    first: int
    aside: bool
    tree: SgNode | None = None
    _scopes: list[tuple[int, int]] | None = None
    _nodes: dict[str, list[SgNode]] = field(default_factory=dict)

    @cached_property
    def root(self) -> SgNode:
        """The root of its syntax tree; a block is parsed when first asked for."""
        return self.tree or Syntax.parse(self.text, "bash")

    @cached_property
    def lines(self) -> list[str]:
        """Its lines; the first has the index 0."""
        return self.text.split("\n")

    def line(self, node: SgNode) -> int:
        """The line of a node in the document."""
        return node.range().start.line + self.first

    @cached_property
    def commands(self) -> list[Invocation]:
        """Every simple command, in order."""
        return list(invocations(self.root))

    def nodes(self, kind: str) -> list[SgNode]:
        """Every node of a kind, in order; looked for once."""
        if kind not in self._nodes:
            self._nodes[kind] = self.root.find_all(kind=kind)
        return self._nodes[kind]

    @cached_property
    def functions(self) -> dict[str, SgNode]:
        """The functions that it defines, by name."""
        named = ((node.field("name"), node) for node in self.nodes("function_definition"))
        return {name.text(): node for name, node in named if name is not None}

    @cached_property
    def calls(self) -> dict[str, list[SgNode]]:
        """The commands that call each of its functions."""
        found: dict[str, list[SgNode]] = {}
        for one in self.commands:
            if one.words[0] in self.functions:
                found.setdefault(one.words[0], []).append(one.node)
        return found

    @cached_property
    def _changes(self) -> list[tuple[int, Option, bool, tuple[int, int] | None]]:
        found: list[tuple[int, Option, bool, tuple[int, int] | None]] = []
        begun = STARTED_WITH.match(self.text)
        places = [(0, begun[1], False)] if begun else []
        places += [(self.text.count("\n", 0, m.start()), m[1], m[0][0] in " \t") for m in SET.finditer(self.text)]
        for row, words, inside in places:
            scope = self._scope(row) if inside else None
            sign = True
            for word in words.split():
                if word[0] in "-+" and len(word) > 1:
                    if word.startswith("--"):
                        break
                    sign = word[0] == "-"
                    found += [(row, LETTERS[letter], sign, scope) for letter in word[1:] if letter in LETTERS]
                elif word in OPTIONS:
                    found.append((row, OPTIONS[word], sign, scope))
        return found

    def _scope(self, row: int) -> tuple[int, int] | None:
        """The rows of the innermost function or subshell around a row: a `set` inside is its own affair."""
        if self._scopes is None:
            kinds = ("function_definition", "subshell", "command_substitution")
            ranges = [node.range() for kind in kinds for node in self.nodes(kind)]
            self._scopes = [(r.start.line, r.end.line) for r in ranges if r.end.line > r.start.line]
        around = [scope for scope in self._scopes if scope[0] <= row <= scope[1]]
        return min(around, key=lambda scope: scope[1] - scope[0], default=None)

    def on(self, option: Option, node: SgNode) -> bool:
        """Is a shell option on at a node, as far as the text above it tells?"""
        own = self._own(option, node)
        if own is not None:
            return own
        row = node.range().start.line
        return next(
            (v for w, name, v, scope in reversed(self._changes) if w <= row and name == option and scope is None), False
        )

    def _own(self, option: Option, node: SgNode) -> bool | None:
        """What the function or subshell around a node set itself; None where it did not."""
        row = node.range().start.line
        for where, name, value, scope in reversed(self._changes):
            if scope is not None and where <= row <= scope[1] and name == option:
                return value
        return None

    def ever(self, option: Option) -> bool:
        """Is an option switched on anywhere?"""
        return any(name == option and value for _, name, value, _ in self._changes)

    def function_of(self, node: SgNode) -> SgNode | None:
        """The function around a node."""
        return next((above for above in node.ancestors() if above.kind() == "function_definition"), None)

    def dies(self, node: SgNode) -> bool:
        """Does the script end where this statement fails?

        Only where `set -e` is on, and where neither the statement nor any call on the way to it is a condition. A function that nobody
        calls here is somebody else's: no.
        Source: POSIX.1-2024, Shell & Utilities 2.15, `set -e`; bash's manual on command substitutions and `-e`.
        """
        return self._dies(node, 0, frozenset())

    def _dies(self, node: SgNode, deep: int, seen: frozenset[str]) -> bool:
        if deep > DEEPEST or tolerated(node):
            return False
        below = node
        for above in node.ancestors():
            kind = above.kind()
            if kind == "command_substitution" and not _ends(above, below):
                return False  # bash switches -e off inside; only the last status gets out
            if kind == "command_substitution" and self._unused(above):
                return False
            if kind == "function_definition":
                own = self._own("errexit", node)
                if own is False:
                    return False
                name = above.field("name")
                word = name.text() if name is not None else ""
                places = self.calls.get(word, ()) if word not in seen else ()
                return any(self._dies(place, deep + 1, seen | {word}) for place in places)
            below = above
        return self.on("errexit", node)

    @staticmethod
    def _unused(substitution: SgNode) -> bool:
        """Is a substitution's status lost, because it is a word of another command?"""
        above = substitution.parent()
        while above is not None and above.kind() in ("string", "concatenation"):
            above = above.parent()
        return above is None or above.kind() != "variable_assignment"


def _ends(outer: SgNode, inner: SgNode) -> bool:
    last = [child for child in outer.children() if child.is_named()][-1:]
    return bool(last) and holds(last[0], inner)


def statements(body: SgNode) -> list[SgNode]:
    """The statements of a body, in order."""
    return [child for child in body.children() if child.kind() in STATEMENTS]


def body_of(function: SgNode) -> SgNode | None:
    """The body of a function."""
    return function.field("body")


def command_of(node: SgNode) -> SgNode | None:
    """The simple command of a statement, looked for through its redirections and `!`."""
    while node.kind() in ("redirected_statement", "negated_command"):
        inner = next((c for c in node.children() if c.kind() in STATEMENTS), None)
        if inner is None:
            return None
        node = inner
    return node if node.kind() == "command" else None


def name_of(node: SgNode) -> str:
    """The name of the command that a statement runs, looked for through redirections, `sudo`, `env` and the like; empty for others."""
    words = words_of(node)
    return words[0].rsplit("/", 1)[-1] if words else ""


def words_of(node: SgNode) -> tuple[str, ...]:
    """The words of the command that a statement runs, without wrappers."""
    command = command_of(node)
    if command is None:
        return ()
    name = command.field("name")
    if name is None:
        return ()
    begin = name.range().end.index
    words = (name, *(c for c in command.children() if c.kind() in WORDS and c.range().start.index >= begin))
    inner = list(peeled(tuple(_unquoted(word) for word in words)))
    return inner[-1] if inner else ()


def _unquoted(node: SgNode) -> str:
    text = node.text().strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text


def operator(node: SgNode) -> str:
    """`&&` or `||` of a list."""
    return next((c.text() for c in node.children() if c.text() in ("&&", "||")), "")


def members(pipeline: SgNode) -> list[SgNode]:
    """The commands of a pipeline, in order."""
    return [child for child in pipeline.children() if child.kind() in STATEMENTS]


@dataclass(frozen=True)
class Heredoc:
    """A here-document: where its text goes (empty: not to a file), whether it is taken literally, and the line of its first line."""

    to: str
    literal: bool
    line: int
    end: int
    body: tuple[str, ...]


HEREDOC = regex(r"<<(-?)[ \t]*(\\?)(['\"]?)([A-Za-z_]\w*)\3")
TO_FILE = regex(r"(?:(?<![0-9<&>])1?>{1,2}\|?|\btee\b(?:[ \t]+-a)?)[ \t]*(\"[^\"\n]+\"|'[^'\n]+'|[^\s\"'|&;<>()]+)")


def heredocs(lines: list[str], first: int) -> Iterator[Heredoc]:
    """The here-documents of a text, by their lines. One inside another is its text."""
    row = 0
    while row < len(lines):
        line = lines[row]
        start = HEREDOC.search(line) if "<<" in line and len(line) <= LONGEST_LINE else None
        if start is None or line.lstrip().startswith("#") or line[start.start() - 1 : start.start()] == "<":
            row += 1
            continue
        end = row + 1
        while end < len(lines) and (lines[end].lstrip("\t") if start[1] else lines[end]).rstrip("\r") != start[4]:
            end += 1
        if end == len(lines):
            row += 1  # an arithmetic shift, or no end
            continue
        to = TO_FILE.search(line[: start.start()] + line[start.end() :])
        target = to[1].strip("\"'") if to else ""
        yield Heredoc(target, bool(start[2] or start[3]), first + row + 1, first + end, tuple(lines[row + 1 : end]))
        row = end + 1


ShellTexts = tuple[ShellText, ...]


@fact
def shell_texts(tree: Tree, scripts: Scripts, syntax: Syntax, docs: Docs) -> ShellTexts:
    """Every shell script, and every fenced shell block of agents' definitions, commands and rules; sorted by path and line."""
    found = []
    for script in scripts:
        if script.language != "shell":
            continue
        root = syntax.root(script.path)
        if root is None:
            continue
        dialect = shebang(tree.text(script.path))[1] or "bash"
        beside = is_aside(script.path) or is_document(script.path)
        found.append(ShellText(script.path, tree.text(script.path), "script", dialect, 1, beside, root))
    for doc in docs:
        if doc.role not in ("agent", "agent-rules"):
            continue
        found += [
            ShellText(doc.path, block.text, "block", "bash", block.line, is_aside(doc.path))
            for block in doc.blocks
            if block.language in FENCES and max(map(len, block.text.split("\n"))) <= LONGEST_LINE
        ]
    return tuple(sorted(found, key=lambda s: (s.path, s.first)))
