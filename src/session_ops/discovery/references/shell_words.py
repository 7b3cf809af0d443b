"""What a shell word means as a path, without running anything.

A value is text in which three marks may stand: ROOT for the target's folder, HOME for the home folder, UNKNOWN for what only run
time decides. So `"$DIR/../lib/x.sh"` is joined as plain text and resolved at the end.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field

from ast_grep_py import SgNode

from session_ops.discovery.files import normal
from session_ops.patterns import regex

ROOT, HOME, UNKNOWN = "\x01", "\x02", "\x00"
TOPLEVEL = "\x03"
"""The top of whatever git work tree the caller stands in: usually the project."""
SPACE = "\x04"
"""A space inside quotes, so that words can be told apart when a text is run as a command."""

_EXPANSION = regex(
    r"\$\{(?P<name>\w+|[@*#?!0-9])(?:\[[^\]]*\])?(?P<op>:?[-=?+]|%%?|##?|//?|\^\^?|,,?|:|@)?(?P<rest>.*)\}$", re.DOTALL
)
_QUOTING = ("string", "concatenation")


@dataclass
class Scope:
    """Variables as far as a script has set them: value and the line that set it."""

    script: str
    zero: str
    project: str
    values: dict[str, str] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)

    def copy(self) -> Scope:
        """A scope of its own for a branch or a function."""
        return Scope(self.script, self.zero, self.project, dict(self.values), dict(self.lines))

    def set(self, name: str, value: str, line: int) -> None:
        """Assign; a text that is only added to (`CMD="$CMD -x"`) keeps its first line."""
        old = self.values.get(name)
        if not (old and UNKNOWN not in old[:1] and value.startswith(old)):
            self.lines[name] = line
        self.values[name] = value

    def merge(self, *branches: Scope) -> None:
        """Join branches of which one was taken: what differs is unknown, what was only added to keeps its beginning."""
        for name in {n for b in branches for n in b.values}:
            known = {b.values[name] for b in branches if name in b.values}
            line = next(b.lines[name] for b in branches if name in b.lines)
            if len(known) == 1:
                value = known.pop()
            else:
                shortest = min(known, key=len)
                value = shortest + UNKNOWN if shortest and all(k.startswith(shortest) for k in known) else UNKNOWN
            self.values[name], self.lines[name] = value, line

    def get(self, name: str) -> str:
        """The value of a variable; what the environment or arguments give is unknown."""
        if name in self.values:
            return self.values[name]
        if name == "0":
            return self.zero
        if name == "BASH_SOURCE":
            return f"{ROOT}/{self.script}" if self.script else UNKNOWN
        if name == "PWD":
            return "."
        if name == "HOME":
            return HOME
        if name in ("CLAUDE_PROJECT_DIR", "GITHUB_WORKSPACE", "CI_PROJECT_DIR"):
            return f"{ROOT}/{self.project}"
        return UNKNOWN


@dataclass(frozen=True)
class Word:
    """One word of a command: its value, its text, its line; and the variable or folder it starts from with the rest written out."""

    value: str
    text: str
    line: int
    variable: str = ""
    head: str = ""
    literal: str = ""

    @property
    def plain(self) -> str:
        """The text without the mark for quoted spaces."""
        return self.value.replace(SPACE, " ")


def word_of(node: SgNode, scope: Scope, first_line: int = 1) -> Word:
    """Read a node as a word."""
    if node.kind() == "command_name" and node.children():
        node = node.children()[0]
    line = node.range().start.line + first_line
    value = value_of(node, scope)
    text = node.text().replace('"', "").strip("'")
    variable, head, literal = "", "", ""
    pieces = _flat(node)
    if pieces and pieces[0].kind() in ("simple_expansion", "expansion", "command_substitution"):
        head = value_of(pieces[0], scope)
        match = re.match(r"\$\{?(\w+)", pieces[0].text())
        variable = match[1] if match and pieces[0].kind() != "command_substitution" else ""
        rest = node.text().strip('"')[len(pieces[0].text()) :] if node.text().strip('"').startswith(pieces[0].text()) else ""
        rest = rest.removeprefix('"')
        literal = rest if rest and "$" not in rest and "`" not in rest and '"' not in rest else ""
    elif not any(mark in value for mark in (ROOT, UNKNOWN, HOME, TOPLEVEL)):
        literal = text
    return Word(value, text, line, variable, head, literal)


def _flat(node: SgNode) -> list[SgNode]:
    if node.kind() not in _QUOTING:
        return [node]
    return [piece for child in node.children() if child.kind() != '"' for piece in _flat(child)]


def value_of(node: SgNode, scope: Scope) -> str:
    """The value of a word, string, expansion or command substitution."""
    kind = node.kind()
    if kind in ("word", "number", "string_content", "variable_name", "command_name", "regex", "extglob_pattern"):
        children = node.children()
        if children and kind == "command_name":
            return value_of(children[0], scope)
        text = node.text()
        if kind == "word" and text.startswith("~") and (text == "~" or text[1] == "/"):
            return HOME + text[1:]
        return re.sub(r"\\(.)", r"\1", text) if "\\" in text else text
    if kind == "raw_string":
        return node.text()[1:-1].replace(" ", SPACE)
    if kind == "string":
        return _string(node, scope)
    if kind == "concatenation":
        return "".join(value_of(child, scope) for child in node.children())
    if kind == "simple_expansion":
        return scope.get(node.text()[1:])
    if kind == "expansion":
        return _expansion(node, scope)
    if kind == "command_substitution":
        return _substitution(node, scope)
    return UNKNOWN


def _string(node: SgNode, scope: Scope) -> str:
    """A quoted string; the grammar leaves out blanks between expansions, so gaps are filled from the text."""
    text, start = node.text(), node.range().start.index
    parts, done = [], 1
    for child in node.children():
        if child.kind() == '"':
            continue
        span = child.range()
        parts.append(text[done : span.start.index - start])
        parts.append(value_of(child, scope))
        done = span.end.index - start
    parts.append(text[done:-1])
    return "".join(parts).replace(" ", SPACE)


def _expansion(node: SgNode, scope: Scope) -> str:
    match = _EXPANSION.match(node.text())
    if match is None:
        return UNKNOWN
    value, op, rest = scope.get(match["name"]), match["op"] or "", match["rest"] or ""
    if not op:
        return value
    if op in ("%", "%%") and rest in ("/*", "'/*'"):
        return parent(value)
    if op == "##" and rest == "*/":
        return last(value)
    if op in (":-", "-", ":=", "="):
        if value != UNKNOWN or match["name"] in scope.values:
            return value
        operands = [
            c
            for c in node.children()
            if c.is_named() and c.kind() not in ("variable_name", "subscript", "special_variable_name")
        ]
        return "".join(value_of(c, scope) for c in operands) if operands else ""
    return UNKNOWN


def _substitution(node: SgNode, scope: Scope) -> str:
    steps = [c for c in node.children() if c.is_named() and c.kind() != "comment"]
    commands: list[SgNode] = []
    while steps:
        step = steps.pop(0)
        if step.kind() in ("list", "redirected_statement", "compound_statement", "subshell"):
            steps = [c for c in step.children() if c.is_named() and not c.kind().endswith("_redirect")] + steps
        else:
            commands.append(step)
    if not commands or any(c.kind() != "command" for c in commands):
        return UNKNOWN
    where = ""
    result = UNKNOWN
    for command in commands:
        words = [c for c in command.children() if c.is_named() and "redirect" not in c.kind()]
        name = value_of(words[0], scope)
        given = [value_of(w, scope) for w in words[1:]]
        args = [v for v in given if not v.startswith("-")]
        if name == "cd" and len(args) == 1:
            where = args[0] if not where or args[0][:1] in (ROOT, HOME, TOPLEVEL, "/") else f"{where}/{args[0]}"
        elif name == "pwd":
            result = where or "."
        elif name == "dirname" and len(args) == 1:
            result = parent(args[0])
        elif name == "basename" and len(args) == 1:
            result = last(args[0])
        elif name in ("realpath", "readlink", "grealpath", "greadlink", "cygpath") and len(args) == 1:
            result = args[0]
        elif name == "git" and given[-2:] == ["rev-parse", "--show-toplevel"]:
            asked = given[given.index("-C") + 1] if "-C" in given else where
            result = f"{ROOT}/{scope.project}" if asked.startswith(ROOT) else TOPLEVEL
        elif name == "echo" and len(args) == 1:
            result = args[0]
        elif name in ("true", ":"):
            continue
        else:
            return UNKNOWN
    return result


def parent(value: str) -> str:
    """`dirname` of a value."""
    head, slash, tail = value.rstrip("/").rpartition("/")
    if UNKNOWN in head or (not slash and UNKNOWN in tail):
        return UNKNOWN
    if not slash:
        return f"{value}/.." if value in (ROOT, HOME, TOPLEVEL) else "."
    return f"{value}/.." if tail in ("..", ".") else head or "/"


def last(value: str) -> str:
    """`basename` of a value."""
    tail = value.rstrip("/").rpartition("/")[2]
    return UNKNOWN if UNKNOWN in tail or tail in ("..", ".", ROOT, HOME, TOPLEVEL) else tail


def located(value: str, folders: tuple[str, ...], project: str) -> tuple[tuple[str, ...], str]:
    """The paths that a value may mean (relative to the target), and its base; none where run time decides.

    `folders` are the folders where the shell may stand; `project` leads from the target to the project root.
    """
    value = value.replace(SPACE, " ")
    if UNKNOWN in value or not value or len(value) > 400 or "\n" in value:
        return (), "cwd"
    if value.startswith(ROOT):
        return ((normal(value[1:].lstrip("/")),), "script") if ROOT not in value[1:] else ((), "script")
    if value.startswith(TOPLEVEL):
        return (normal(posixpath.join(project, value[1:].lstrip("/"))),), "cwd"
    if value.startswith((HOME, "~")):
        return (), "home"
    if value.startswith("/"):
        return (), "absolute"
    if any(mark in value for mark in (ROOT, HOME, TOPLEVEL)):
        return (), "cwd"
    return tuple(dict.fromkeys(normal(posixpath.join(folder, value)) for folder in folders)), "cwd"
