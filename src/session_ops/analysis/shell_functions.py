"""Functions and variables that are not there where a script uses them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ast_grep_py import SgNode

from session_ops.analysis.rewriting import rewritten
from session_ops.analysis.shell_places import place, told
from session_ops.discovery.commands import SOURCES, checked_for, peeled
from session_ops.discovery.files import Tree
from session_ops.discovery.platforms import Platforms
from session_ops.discovery.shell_flow import ShellText, ShellTexts, body_of
from session_ops.model import Confidence, Finding, Fix
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

STARTERS = frozenset(
    ("timeout", "gtimeout", "nohup", "xargs", "sudo", "setsid", "nice", "watch", "parallel", "env", "stdbuf", "ionice")
)
COMPUTED = regex(r"\beval\b|\bload\b")
OWN_NAME = regex(
    r"(?:log|print|show|check|setup|run|do|get|is|has|ensure|cleanup|handle|create|start|stop|validate|verify|wait_for|send|update)_[a-z_]+$"
)
ALSO_COMMANDS = frozenset(
    (
        "install",
        "log",
        "test",
        "clear",
        "watch",
        "link",
        "time",
        "kill",
        "start",
        "stop",
        "status",
        "open",
        "help",
        "info",
        "error",
        "notify",
    )
    + (
        "run",
        "build",
        "clean",
        "which",
        "realpath",
        "readlink",
        "timeout",
        "command_not_found_handle",
        "update",
        "get",
        "set",
        "exit",
        "cd",
    )
)
"""Names of functions that may as well be commands of the system."""


BRINGS = regex(r"(?:^|[\s;&{])(?:source|\.)\s+\S")
UNNAMED = regex(r"(?:^|[\s;&{])(?:source|\.)\s+(?:\"?[^\s\";]*\$\{?\w+\}?(?:\.\w+)?\"?|\S*\*\S*|<\()\s*(?:$|[;&|#])")
"""A file that is brought in by a name which only the run gives."""


@rule("SHELL-FUNCTION", gate="start", category="shell")
def function_not_there(shell_texts: ShellTexts, tree: Tree) -> Iterator[Finding]:
    """A function is called where it is not: before its definition, by another program, or nowhere defined.

    Why: the shell knows a function only below its definition, and only in its own process. `timeout 30 beat`, `xargs notify_agent` and
    `sudo setup_state` look for a program of that name: "command not found" (127).
    Passes: calls from functions that run later, `export -f` with `bash -c`, scripts that source others (their functions may be there),
    names that are programs as well.
    Do: Define the function above its call, or correct the name; where another program starts it (timeout, xargs, sudo), make it
    a script of its own.
    Source: POSIX.1-2024, Shell & Utilities 2.9.5 function definition, 2.9.1.4 command search; bash's manual, 6.3 `export -f`.
    """
    texts = [text for text in shell_texts if text.kind == "script"]
    if not texts:
        raise NotApplicable("no shell script")
    everywhere = frozenset(name for text in texts for name in text.functions)
    lines = [line for text in shell_texts for line in text.lines if BRINGS.search(line)]
    named = "\n".join(lines)
    unclear = any(UNNAMED.search(line) for line in lines)  # any file may be the one that is sourced
    yield from told(
        found
        for text in texts
        for found in _not_there(tree, text, everywhere if unclear or text.path.rsplit("/", 1)[-1] in named else frozenset())
    )


def _not_there(tree: Tree, text: ShellText, everywhere: frozenset[str]) -> Iterator[Finding]:
    if text.path.endswith((".bats", ".zsh")) or text.dialect in ("bats", "zsh"):
        return
    known = text.functions
    sources = _may_come(text.text)
    asked = checked_for(text.commands) if not sources else frozenset()
    early = _called_early(text)
    first: dict[str, int] = {}
    for node in text.nodes("function_definition") if early else ():
        first.setdefault(_named(node), node.range().start.line)
    for one in text.commands:
        name = one.words[0]
        row = one.node.range().start.line
        if name in early and row < first[name] and name not in ALSO_COMMANDS and text.function_of(one.node) is None:
            above = "\n".join(text.lines[: row + 1])
            if (sources and _may_come(above)) or _guarded(one.node, substituted=False):
                continue
            yield place(
                tree,
                text,
                one.node,
                f"{name} is called before its definition in line {first[name] + text.first}",
                f"`{name}: command not found` (127).",
                "proven",
            )
        elif name in STARTERS and name not in known:
            inner = list(peeled(one.words))[-1] if name not in ("watch", "parallel") else one.words[1:]
            inside = next((w for w in inner[:1] if w in known and w not in ALSO_COMMANDS), "")
            if (
                inside
                and not re.search(rf"export\s+-f\s[^\n]*\b{re.escape(inside)}\b", text.text)
                and not re.search(rf"\bcommand\s+{re.escape(inside)}\b", text.text)
            ):
                if not _own(inside, text):
                    continue
                yield place(
                    tree,
                    text,
                    one.node,
                    f"`{name}` starts programs, and {inside} is a function of this script",
                    f"`{inside}: No such file or directory` (127): the function never runs.",
                )
        elif (
            not sources and OWN_NAME.fullmatch(name) and name not in everywhere | asked and _missing(tree, text, name, one.node)
        ):
            yield place(
                tree,
                text,
                one.node,
                f"{name} is called, and nothing defines it: the script has no such function and sources no other",
                f"`{name}: command not found` (127).",
            )


def _may_come(text: str) -> bool:
    """Does a text bring in functions and variables that it does not hold itself?"""
    return bool(SOURCES.search(text) or COMPUTED.search(text))


def _named(function: SgNode) -> str:
    name = function.field("name")
    return name.text() if name is not None else ""


def _called_early(text: ShellText) -> frozenset[str]:
    """Functions that something calls in a line before the (last known) definition."""
    return frozenset(
        name for name, node in text.functions.items()
        if any(call.range().start.line < node.range().start.line for call in text.calls.get(name, ()))
    )  # fmt: skip


def _own(name: str, text: ShellText) -> bool:
    """Is this the name of a function alone, and not that of a program it wraps?"""
    body = text.functions[name].text()
    return "_" in name and not re.search(rf"\b(?:command|exec|builtin)\s+{re.escape(name)}\b", body)


def _guarded(node: SgNode, *, substituted: bool = True) -> bool:
    """Does a command stand where it may fail, or (`substituted`) in a command substitution?"""
    kinds = ("if_statement", "list", "case_item", *(("command_substitution",) if substituted else ()))
    return any(a.kind() in kinds for a in node.ancestors())


def _missing(tree: Tree, text: ShellText, name: str, node: SgNode) -> bool:
    if re.search(
        rf"\b(?:alias|function)\s+{name}\b|{name}\s*\(\)|export\s+-f|BASH_ENV|-F\s+{name}|type\s+(?:-\w\s+)?{name}", text.text
    ):
        return False
    if text.aside or (_guarded(node) and "command -v" in text.text):
        return False
    if not text.text.startswith("#!") or not text.functions:
        return False  # sourced: its caller may bring it; or a program of the machine
    return not any(path.rsplit("/", 1)[-1].split(".")[0] == name for path in tree.entries)


WORD = regex(r"(?<!\\)\$(?:\{([a-z_][a-z0-9_]*)\}|([a-z_][a-z0-9_]*))")


@rule("SHELL-UNSET", gate="start", category="shell")
def never_set(shell_texts: ShellTexts, tree: Tree) -> Iterator[Finding]:
    """Under `set -u` a variable is used that nothing sets.

    Why: the script ends there with "unbound variable", always: a name was mistyped, or what set it is gone. Looked at are names in lower
    case, which nobody hands on in the environment, and names that a function sets only below the place where it reads them.
    Passes: `${x:-}`, names that are set anywhere in the script (read, for, getopts,
    mapfile, printf -v, local), scripts that source others or use eval.
    Do: Correct the name, set the variable before this line, or say what holds without it: `${name:-}`.
    Source: POSIX.1-2024, Shell & Utilities 2.15, `set -u`.
    """
    texts = [t for t in shell_texts if t.kind == "script" and t.ever("nounset")]
    if not texts:
        raise NotApplicable("no script sets -u")
    yield from told(found for text in texts for found in (*_unset(tree, text), *_too_late(tree, text)))


def _unset(tree: Tree, text: ShellText) -> Iterator[Finding]:
    if _may_come(text.text) or not text.text.startswith("#!"):
        return
    seen: set[str] = set()
    for kind in ("simple_expansion", "expansion"):
        for node in text.nodes(kind):
            match = WORD.fullmatch(node.text().strip())
            name = (match[1] or match[2]) if match else ""
            if not name or name in seen or name == "_":
                continue
            seen.add(name)
            if re.search(
                rf"(?<![\w$\{{]){name}(?:\[[^\]]*\])?\+?=|(?<![$\w\{{]){name}\b(?!\s*\()|\(\(\s*{name}\b", _code(text)
            ):
                continue
            if any(a.kind() == "heredoc_body" for a in node.ancestors()) or not text.on("nounset", node):
                continue
            yield place(
                tree,
                text,
                node,
                f"${name} is used under `set -u`, and nothing in the script sets it",
                f"`{name}: unbound variable`: the script ends here, always.",
            )


def _too_late(tree: Tree, text: ShellText) -> Iterator[Finding]:
    """Variables that are set in one function only, by a plain assignment, and read above it in the same function."""
    if not text.text.startswith("#!"):
        return
    code = ["" if line.lstrip().startswith("#") else line for line in text.lines]
    for function in text.functions.values():
        body, rows = body_of(function), function.range()
        set_here: dict[str, SgNode] = {}
        for node in body.find_all(kind="variable_assignment") if body is not None else ():
            target = node.field("name")
            if target is not None and text.function_of(node) == function:
                set_here.setdefault(target.text(), node)
        for name, first in set_here.items():
            if not re.fullmatch(r"[A-Za-z_]\w{2,}", name) or not _plain_first(first, function):
                continue
            reads = [
                node
                for kind in ("simple_expansion", "expansion")
                for node in text.nodes(kind)
                if node.range().end.index < first.range().start.index
                and re.fullmatch(rf"\$\{{?{name}\}}?", node.text())
                and text.function_of(node) == function
            ]
            if not reads or not text.on("nounset", reads[0]) or any(a.kind() == "heredoc_body" for a in reads[0].ancestors()):
                continue
            elsewhere = "\n".join(line for row, line in enumerate(code) if not rows.start.line <= row <= rows.end.line)
            given = re.search(
                rf"(?<![\w$\{{]){name}(?:\[[^\]]*\])?\+?=|(?<![$\w\{{]){name}\b(?!\s*\()|\$\{{{name}:?[-=+?]", elsewhere
            )  # fmt: skip
            own = re.search(
                rf"\$\{{{name}:?[-=+?]|\b(?:read|local|declare|typeset|export|getopts|mapfile)\b[^\n;<|]*\b{name}\b|\bfor\s+{name}\b",
                function.text(),
            )
            if (
                given
                or own
                or any("eval" in line and name in line for line in text.lines)
                or (_may_come(text.text) and not name.isupper())
                or _same_loop(reads[0], first)
            ):
                continue
            yield place(
                tree,
                text,
                reads[0],
                f"${name} is read under `set -u` here, and set only in line {text.line(first)}",
                f"`{name}: unbound variable`: the script ends here.",
            )
            break


def _plain_first(node: SgNode, function: SgNode) -> bool:
    """Does an assignment stand by itself in the body of its function, under no condition?"""
    above = node.parent()
    if above is not None and above.kind() == "variable_assignments":
        above = above.parent()
    return above is not None and above.kind() == "compound_statement" and above.parent() == function


def _same_loop(one: SgNode, two: SgNode) -> bool:
    loops = [a for a in one.ancestors() if a.kind() in ("while_statement", "for_statement", "c_style_for_statement")]
    return any(a.range().start.index <= two.range().start.index < a.range().end.index for a in loops)


def _code(text: ShellText) -> str:
    return "\n".join(line for line in text.lines if not line.lstrip().startswith("#"))


def expand_only_if_set(finding: Finding, tree: Tree) -> Fix | None:
    """Expand the array only where it has elements."""
    return rewritten(
        finding, tree, "Expand the array only where it has elements", "safe", "bash 4.4 and later do the same for both forms."
    )


@rule("SHELL-EMPTYARRAY", gate="relocate", category="portability", fix=expand_only_if_set)
def empty_array(shell_texts: ShellTexts, tree: Tree, platforms: Platforms) -> Iterator[Finding]:
    """Under `set -u` the bash of macOS ends a script at an array without elements.

    Why: before bash 4.4 `"${list[@]}"` of an empty array is an unbound variable; macOS has 3.2. Looked at are scripts for bash whose
    target declares macOS and asks for no newer bash, and arrays that start empty and are filled under a condition.
    Passes: `${list[@]+"${list[@]}"}`, a look at `${#list[@]}` before, arrays that are filled at once.
    Do: Expand it as `${list[@]+"${list[@]}"}`, or ask `[ ${#list[@]} -gt 0 ]` before it is used.
    Source: bash's CHANGES, 4.4: "using ${a[@]} or ${a[*]} with an array without any assigned elements when the nounset option is
    enabled no longer throws an unbound variable error".
    """
    if platforms.get("macos") is None or platforms.newer_bash is not None:
        raise NotApplicable("the target does not promise to run with the bash of macOS")
    texts = [t for t in shell_texts if t.kind == "script" and not t.aside and t.ever("nounset") and "[@]}" in t.text]
    sure: Confidence = "possible"
    yield from told(
        (found for text in texts if platforms.meets("macos", text.path) for found in _empty_arrays(tree, text, sure)), 1, 6
    )


def _empty_arrays(tree: Tree, text: ShellText, sure: Confidence) -> Iterator[Finding]:
    if re.search(r"BASH_VERSINFO|BASH_VERSION", text.text):
        return
    for name in dict.fromkeys(
        re.findall(r"^\s*(?:local\s+(?:-a\s+)?|declare\s+-a\s+)?(\w+)=\(\s*(?:\"\$@\"\s*)?\)", text.text, re.MULTILINE)
    ):
        whole = f'"${{{name}[@]}}"'
        if f"${{#{name}[@]}}" in text.text:
            continue
        guarded = (f"{{{name}[@]+", f"{{{name}[@]:")
        row = next(
            (n for n, line in enumerate(text.lines) if whole in line and not line.lstrip().startswith("#") and not any(g in line for g in guarded)),
            None,
        )  # fmt: skip
        if row is None:
            continue
        yield place(
            tree,
            text,
            text.first + row,
            f"{name} may be empty, and under `set -u` the bash 3.2 of macOS takes {whole} for an unbound variable",
            "The script ends there where there was nothing to add to the list.",
            sure,
            old=whole,
            new=f"${{{name}[@]+{whole}}}",
        )
