"""External commands that scripts use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ast_grep_py import SgNode

from session_ops.discovery.files import Tree
from session_ops.discovery.scripts import Scripts
from session_ops.discovery.syntax import Syntax, line_of
from session_ops.patterns import regex
from session_ops.registry import fact


@dataclass(frozen=True)
class Command:
    """One use of an external command: `words` as written (name first), `guarded` where the script checks for it first or goes on without it."""

    name: str
    path: str
    line: int
    words: tuple[str, ...]
    guarded: bool = False


Commands = tuple[Command, ...]

BUILTINS = frozenset((
    ".", ":", "[", "[[", "alias", "bg", "bind", "break", "builtin", "caller", "cd", "command", "compgen", "complete",
    "compopt", "continue", "coproc", "declare", "dirs", "disown", "echo", "enable", "eval", "exec", "exit", "export",
    "false", "fc", "fg", "getopts", "hash", "help", "history", "jobs", "kill", "let", "local", "logout", "mapfile", "popd",
    "printf", "pushd", "pwd", "read", "readarray", "readonly", "return", "set", "shift", "shopt", "source", "suspend",
    "test", "time", "times", "trap", "true", "type", "typeset", "ulimit", "umask", "unalias", "unset", "wait", "if", "then",
    "else", "elif", "fi", "for", "while", "until", "do", "done", "case", "esac", "function", "in", "select", "!", "{", "}",
))  # fmt: skip
"""Builtins and reserved words of bash 5 (its manual, sections 4 and 3.2)."""
SOURCES = regex(
    r"(?:^|[;&|({!]|\b(?:if|elif|then|else|do|while|until|builtin|command)[ \t])[ \t]*(?:source|\.)[ \t]+[^\s;&|)]",
    re.MULTILINE,
)
"""A command that brings another file's functions and variables in, wherever a command may stand (POSIX.1-2024, Shell 2.15, dot)."""
WRAPPERS = {
    "sudo": "ugpCDhRrtT", "doas": "uC", "env": "uCS", "nohup": "", "nice": "n", "timeout": "ks", "gtimeout": "ks", "time": "of",
    "exec": "a", "command": "", "builtin": "", "xargs": "IinLPdEsa", "setsid": "", "stdbuf": "ioe", "ionice": "cnp",
}  # fmt: skip
"""Commands that start another one, to the letters of their options that take a value (their manual pages)."""
CHECKS = frozenset(("command", "which", "type", "hash"))
SYSTEM_FOLDERS = regex(r"/(?:usr/)?(?:local/)?s?bin/([\w.+-]+)$")
NAME = regex(r"[A-Za-z_][\w.+-]*$|\[$")
PYTHON_STARTERS = regex(
    r"(?:(?:subprocess|sp)\.)?(?:run|call|check_call|check_output|Popen|getoutput|getstatusoutput)$"
    r"|os\.(?:system|popen)$|(?:asyncio\.)?create_subprocess_(?:exec|shell)$"
)
JS_STARTERS = regex(
    r"(?:(?:child_process|childProcess|cp)\.)?(?:exec|execSync|execFile|execFileSync|spawn|spawnSync|execAsync|execPromise)$"
)
WORDS = frozenset(
    ("word", "string", "raw_string", "ansi_c_string", "concatenation", "number", "simple_expansion", "expansion")
    + ("command_substitution", "brace_expression", "process_substitution", "translated_string", "test_operator")
)


@dataclass(frozen=True)
class Invocation:
    """A simple command of a shell text: its node, its words without their quotes, and its line."""

    node: SgNode
    words: tuple[str, ...]
    line: int


def invocations(root: SgNode) -> Iterator[Invocation]:
    """Every simple command below a node, in order, nested ones too."""
    for node in root.find_all(kind="command"):
        name = node.field("name")
        if name is None:
            continue
        words = [_unquoted(name)]
        start = name.range().end.index
        words += [_unquoted(c) for c in node.children() if c.kind() in WORDS and c.range().start.index >= start]
        yield Invocation(node, tuple(words), line_of(name))


def _unquoted(node: SgNode) -> str:
    text = node.text().strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    return text


def peeled(words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The words themselves, then those of the command that a wrapper (`sudo`, `env`, `xargs` …) starts, and so on inward."""
    while words:
        yield words
        name = words[0]
        if name not in WRAPPERS:
            return
        if name == "command" and len(words) > 1 and words[1] in ("-v", "-V"):
            return
        at = 1
        while at < len(words):
            word = words[at]
            if word.startswith("-") and len(word) > 1:
                at += 2 if len(word) == 2 and word[1] in WRAPPERS[name] else 1
            elif "=" in word and name in ("env", "sudo") and not word.startswith(("/", "$", "=")):
                at += 1
            else:
                break
        words = words[at + (name in ("timeout", "gtimeout")) :]


def functions_of(root: SgNode) -> frozenset[str]:
    """Names of the functions that a shell text defines."""
    names = (node.field("name") for node in root.find_all(kind="function_definition"))
    return frozenset(name.text() for name in names if name is not None)


def checked_for(found: list[Invocation]) -> frozenset[str]:
    """Names that a script looks for before it uses them: `command -v x`, `which x`, `type x`, `hash x`."""
    names: set[str] = set()
    for one in found:
        if one.words[0] in CHECKS and (one.words[0] != "command" or one.words[1:2] in (("-v",), ("-V",))):
            names.update(word for word in one.words[1:] if NAME.match(word))
    return frozenset(names)


@fact
def commands(tree: Tree, syntax: Syntax, scripts: Scripts) -> Commands:
    """External commands of shell scripts, and of literal argument lists in Python and JavaScript; sorted by path and line."""
    roots = {s.path: root for s in scripts if s.language == "shell" and (root := syntax.root(s.path)) is not None}
    own = {path: functions_of(root) for path, root in roots.items()}
    everywhere = frozenset().union(*own.values())
    found: list[Command] = []
    for script in scripts:
        if script.path in roots:
            found += _shell(script.path, roots[script.path], own[script.path], everywhere)
        elif script.language == "python" and _has(tree.text(script.path), ("subprocess", "os.system", "os.popen")):
            found += _literal(script.path, syntax.root(script.path), "call", PYTHON_STARTERS)
        elif script.language in ("javascript", "typescript", "tsx") and "child_process" in tree.text(script.path):
            found += _literal(script.path, syntax.root(script.path), "call_expression", JS_STARTERS)
    return tuple(sorted(found, key=lambda c: (c.path, c.line, c.name, c.words)))


def _has(text: str, parts: tuple[str, ...]) -> bool:
    return any(part in text for part in parts)


def _shell(path: str, root: SgNode, own: frozenset[str], everywhere: frozenset[str], first: int = 0) -> Iterator[Command]:
    found = list(invocations(root))
    checked = checked_for(found)
    inside = own | everywhere if any(one.words[0] in (".", "source") for one in found) else own
    for one in found:
        for words in peeled(one.words):
            system = SYSTEM_FOLDERS.match(words[0])
            name = system[1] if system else words[0]
            if name in BUILTINS or name in inside or not NAME.match(name):
                continue
            guarded = name in checked or _goes_on(one.node)
            yield Command(name, path, one.line + first, words, guarded)


def _goes_on(node: SgNode) -> bool:
    """Is there an alternative: `x || …`?"""
    below = node
    for above in node.ancestors():
        kind = above.kind()
        if kind == "list":
            mark = above.child(1)
            if mark is not None and mark.text() == "||" and below.range() == _first(above).range():
                return True
        elif kind not in ("redirected_statement", "pipeline", "negated_command", "compound_statement", "subshell"):
            return False
        below = above
    return False


def _first(node: SgNode) -> SgNode:
    return node.child(0) or node


def _literal(path: str, root: SgNode | None, kind: str, starters: re.Pattern[str]) -> Iterator[Command]:
    """Commands in calls that start a process and whose first argument is written out."""
    if root is None:
        return
    looked = {
        text
        for call in root.find_all(kind=kind)
        if (callee := call.field("function")) is not None and callee.text().endswith(("which", "commandExists", "lookpath"))
        for text in _texts(call)[:1]
    }
    for call in root.find_all(kind=kind):
        callee = call.field("function")
        if callee is None or not starters.match(callee.text()):
            continue
        words = _texts(call)
        if not words:
            continue
        guarded = words[0] in looked or _caught(call)
        if len(words) == 1 and re.search(r"\s", words[0]):
            shell = Syntax.parse(words[0], "bash")
            for one in _shell(path, shell, frozenset(), frozenset(), line_of(call) - 1):
                yield Command(one.name, path, line_of(call), one.words, one.guarded or guarded)
        elif NAME.match(words[0]):
            yield Command(words[0], path, line_of(call), tuple(words), guarded)


def _texts(call: SgNode) -> list[str]:
    """The literal strings of a call's first argument (a string, or a list of them), and of a list that follows it."""
    arguments = call.field("arguments")
    given = [c for c in arguments.children() if c.is_named()] if arguments is not None else []
    words: list[str] = []
    for place, argument in enumerate(given[:2]):
        if argument.kind() == "string" and argument.text()[:1] in "\"'":
            words.append(argument.text()[1:-1])
        elif argument.kind() in ("list", "array") and place < 2:
            items = [c for c in argument.children() if c.is_named()]
            if place == 0 and items and items[0].kind() != "string":
                return []
            words += [c.text()[1:-1] if c.kind() == "string" else "$" for c in items]
            break
        else:
            break
    return words


def _caught(call: SgNode) -> bool:
    """Does the code around a call go on when the command is absent?"""
    for above in call.ancestors():
        if above.kind() == "try_statement":
            heads = [c.text() for c in above.children() if c.kind() in ("except_clause", "catch_clause")]
            if any(re.match(r"catch|except\s*:|except[^\n]*(?:FileNotFoundError|OSError|Exception)", h) for h in heads):
                return True
        if above.kind() in ("function_definition", "function_declaration", "method_definition"):
            return False
    return False
