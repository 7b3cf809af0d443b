"""Functions of which a script takes the output: what gets into it besides the value, and exits that end only the reader's other side."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from ast_grep_py import SgNode

from session_ops.analysis.shell_places import place, told
from session_ops.discovery.files import Tree
from session_ops.discovery.shell_flow import ShellText, ShellTexts, body_of, statements, words_of
from session_ops.model import Edit, Finding, Fix
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

_SILENT = regex(r"-[a-z]*s[a-z]*$")
_ELSEWHERE = ("redirected_statement", "pipeline", "command_substitution", "process_substitution", "subshell")


def to_the_terminal(finding: Finding, tree: Tree) -> Fix | None:
    """Send the empty line to standard error."""
    old = finding.data.get("old", "")
    line = tree.lines(finding.at.path)[finding.at.line - 1]
    if not old or line.strip() != old:
        return None
    edit = Edit(finding.at.path, old, f"{old} >&2", finding.at.line)
    return Fix(
        "Print the empty line where the prompt went", (finding.id,), "safe", (edit,), why="`read -p` asks on standard error."
    )


@rule("SHELL-CAPTURED", gate="start", category="shell", fix=to_the_terminal)
def newline_in_the_value(shell_texts: ShellTexts, tree: Tree) -> Iterator[Finding]:
    """A function prints a message, or an empty line, into the value which its caller takes.

    Why: in `tag=$(resolve)` everything that resolve prints is the value: a warning on the way to the answer makes an address or a path
    of two lines. The same with the `echo` that follows `read -s`: a command substitution cuts newlines off the end only, so the key
    begins with one and is refused.
    Passes: messages to standard error (`>&2`), functions whose output nobody takes, a branch that ends with an error, functions that hand
    the value over in a variable.
    Do: Print messages to standard error (`echo … >&2`), best in the function that all of them go through.
    Source: POSIX.1-2024, Shell & Utilities 2.6.3 Command Substitution; bash's manual, 4.2 `read -s`.
    """
    texts = [text for text in shell_texts if text.kind == "script"]
    if not texts:
        raise NotApplicable("no shell script")
    yield from told(found for text in texts for found in (*_newlines(tree, text), *_messages(tree, text)))


def _newlines(tree: Tree, text: ShellText) -> Iterator[Finding]:
    for name, function in text.functions.items():
        if not any(_inside(call, "command_substitution") for call in text.calls.get(name, ())):
            continue
        for asked in (one for one in text.commands if one.words[0] == "read" and any(map(_SILENT.match, one.words[1:]))):
            if text.function_of(asked.node) != function or asked.node.parent() is None:
                continue
            body = asked.node.parent()
            following = [n for n in statements(body) if n.range().start.index > asked.node.range().start.index] if body else []
            empty = following[0] if following and _says_nothing(following[0]) else None
            if empty is not None and any(n.kind() == "command" and _gives(n) for n in following[1:]):
                yield place(
                    tree, text, empty, f"{name} prints an empty line into the value that its caller takes with $({name})",
                    "What was typed gets a newline in front: a key or password is refused.", old=empty.text(),
                )  # fmt: skip


_SAYER = regex(r"_?(?:log|info|warn|warning|success|ok|note|notice|step|say|msg|debug|status|print_\w+|log_\w+|\w+_log)$")
_WARNS = regex(r"warn|err|debug")
"""Messages that belong to standard error wherever they are printed; of others only the place in the function is wrong."""
_ASIDE = regex(r">\s*&?\s*(?:2\b|/dev/|\"?\$)|>>|\|\s*tee\b")
_LEAVES = regex(r"(?:exit|return|die|fatal|fail|abort|error_exit)\b")
_PROSE = regex(
    r"(?:^|_)(?:out|output|text|body|message|msg|content|prompt|report|summary|help|menu|list|lines?|result|results|log|json|html|md)$",
    re.IGNORECASE,
)


def _messages(tree: Tree, text: ShellText) -> Iterator[Finding]:
    """Messages, by a function that prints them to standard output, on the way to the one value that a captured function gives."""
    if not text.functions:
        return
    sayers = {name for name, function in text.functions.items() if _SAYER.match(name) and _to_stdout(function)}
    for name, function in text.functions.items() if sayers else ():
        taker = next((taken for call in text.calls.get(name, ()) if (taken := _taker(call))), "")
        body = body_of(function)
        if not taker or body is None or name in sayers or _PROSE.search(taker):
            continue
        given = [
            one
            for one in text.commands
            if text.function_of(one.node) == function and _gives(one.node) and not _ASIDE.search(_whole(one.node))
        ]
        if not given or any(_sentence(one.node) for one in given):
            continue
        for said in (one for one in text.commands if one.words[0] in sayers and text.function_of(one.node) == function):
            later = [one for one in given if one.node.range().start.index > said.node.range().start.index]
            if (
                not later
                or _ASIDE.search(_whole(said.node))
                or _within(said.node, function)
                or _ends_there(said.node, function)
            ):
                continue
            warns = _WARNS.search(said.words[0]) is not None
            found = place(
                tree, text, text.functions[said.words[0]] if warns else said.node,
                f"{said.words[0]} prints to standard output, and {name}, whose output becomes {taker}, calls it on the way",
                f"{taker} gets the message together with the value.",
            )  # fmt: skip
            also = said.node if warns else text.functions[said.words[0]]
            yield replace(found, also=(tree.evidence(text.path, text.line(also)),))
            break


def _to_stdout(function: SgNode) -> bool:
    """Does a function do nothing but print, to standard output?"""
    body = body_of(function)
    inside = statements(body) if body is not None else []
    says = [s for s in inside if re.match(r"(?:echo|printf)\b", s.text())]
    plain = [s for s in says if not _ASIDE.search(s.text())]
    return (
        bool(plain)
        and len(plain) == len(says)
        and not re.search(r"\}\s*\d?>", function.text()[-24:])
        and "exit" not in function.text()
    )


def _whole(node: SgNode) -> str:
    """A command with the redirections around it."""
    above = node.parent()
    return above.text() if above is not None and above.kind() == "redirected_statement" else node.text()


def _taker(call: SgNode) -> str:
    """The variable that takes all that a call prints; empty where none does, or only a part of it."""
    above = call.parent()
    if above is not None and above.kind() == "redirected_statement":
        if ">" in above.text().replace("2>", ""):
            return ""
        above = above.parent()
    if above is None or above.kind() != "command_substitution":
        return ""
    above = above.parent()
    if above is not None and above.kind() == "string":
        above = above.parent() if above.text().startswith('"$(') and above.text().endswith(')"') else None
    name = above.field("name") if above is not None and above.kind() == "variable_assignment" else None
    return name.text() if name is not None else ""


def _sentence(node: SgNode) -> bool:
    """Is what a function gives a sentence of its own, so that its output is meant to be read?"""
    return re.search(r"[A-Za-z]{3,}[ :][^$]*\$|\$\S+ [A-Za-z]{3,}", " ".join(words_of(node)[1:])) is not None


def _ends_there(node: SgNode, function: SgNode) -> bool:
    """Does the branch of a message leave the function after it?"""
    below = node
    for above in node.ancestors():
        if above == function:
            return False
        if above.kind() in (
            "compound_statement",
            "do_group",
            "if_statement",
            "else_clause",
            "elif_clause",
            "case_item",
            "list",
        ):
            after = [c for c in above.children() if c.range().start.index > below.range().start.index]
            if any(_LEAVES.match(c.text()) for c in after):
                return True
        below = above
    return False


def _inside(node: SgNode, kind: str) -> bool:
    return any(above.kind() == kind for above in node.ancestors())


def _says_nothing(node: SgNode) -> bool:
    return node.kind() == "command" and re.fullmatch(r"echo(?:\s+(?:\"\"|''))?", node.text().strip()) is not None


def _gives(node: SgNode) -> bool:
    words = words_of(node)
    return words[:1] in (("echo",), ("printf",), ["echo"], ["printf"]) and "$" in node.text()


@rule("SHELL-SUBEXIT", gate="start", category="shell")
def exit_that_ends_a_reader_only(shell_texts: ShellTexts, tree: Tree) -> Iterator[Finding]:
    """A function ends with `exit 1`, but it only ever runs inside `<( )`, where that ends nothing else.

    Why: a process substitution is a process of its own and its status is lost, under `set -e` and pipefail too: the loop that reads
    from it sees an empty list, and the script goes on, often to a message of success and status 0.
    Passes: functions that are also called in the script itself, statuses that are asked for with `wait $!`.
    Do: Look for what can be missing before the loop, or write the list to a file first and check the status of that.
    Source: bash's manual, 3.5.6 Process Substitution.
    """
    texts = [text for text in shell_texts if text.kind == "script"]
    if not texts:
        raise NotApplicable("no shell script")
    yield from told(found for text in texts if "<(" in text.text for found in _lost_exits(tree, text))


def _lost_exits(tree: Tree, text: ShellText) -> Iterator[Finding]:
    if re.search(r"\bwait\s+\"?\$!|\bkill\s+(?:-\w+\s+)?\"?\$\$", text.text):
        return
    for name, function in text.functions.items():
        calls = text.calls.get(name, ())
        if not calls or not all(_inside(call, "process_substitution") for call in calls):
            continue
        for one in text.commands:
            if one.words[0] == "exit" and one.words[1:2] and re.fullmatch(r"[1-9]\d*", one.words[1]):
                if text.function_of(one.node) != function or _within(one.node, function):
                    continue
                yield place(
                    tree, text, one.node, f"exit {one.words[1]} ends only the process behind <({name}), and the script goes on",
                    "The script works on an empty list and ends as if all were well.", "possible",
                )  # fmt: skip
                break


def _within(node: SgNode, function: SgNode) -> bool:
    """Is a node in a subshell of its function?"""
    for above in node.ancestors():
        if above == function:
            return False
        if above.kind() in _ELSEWHERE[2:]:
            return True
    return False
