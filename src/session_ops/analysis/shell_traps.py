"""Traps that change what a script says of itself, that never run, or that keep it from ending."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ast_grep_py import SgNode

from session_ops.analysis.shell_places import place, told
from session_ops.discovery.files import Tree
from session_ops.discovery.shell_flow import ShellText, ShellTexts, body_of, statements
from session_ops.model import Finding
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

CLEANS = regex(r"\b(?:rm|rmdir|kill|pkill|unlock|release\w*|clean\w*|docker|mv|umount|flock|git)\b")
SIGNALS = frozenset(("INT", "TERM", "HUP", "SIGINT", "SIGTERM", "SIGHUP", "2", "15", "1"))
EXIT = frozenset(("EXIT", "0"))
ENDLESS = regex(
    r"(?:while|until)\s+(?:true|:|\[\s*1\s*\]|\[\[\s*1\s*\]\]|false|\(\(\s*1\s*\)\))\s*(?:;|$)|for\s*\(\(\s*;\s*;\s*\)\)"
)


@dataclass(frozen=True)
class Trap:
    """A `trap` command: what runs, at which signals. `body` is the handler's text, looked up where it is a function."""

    node: SgNode
    action: str
    signals: frozenset[str]
    body: str
    last: str


@rule("SHELL-TRAP", gate="start", category="error-handling")
def trap_misleads(shell_texts: ShellTexts, tree: Tree) -> Iterator[Finding]:
    """A trap hides the script's failure, is never run, or keeps the script from ending.

    Why: `exit 0` in an EXIT trap replaces the status that the script ended with. `exec` replaces the shell, so an EXIT trap that was
    set before it never cleans up. A trap of INT or TERM that does not end the script lets an endless loop go on: it cannot be stopped
    but by KILL, which cleans up nothing. A trap in single quotes fills its variables in when it runs: those that were `local` to the
    function which set it are gone, so under `set -u` the script ends with "unbound variable", after all its work.
    Passes: `exit "$status"`, a trap of signals alone that ends with any status, `trap - EXIT` before `exec`, a handler that sets what
    the loop asks for.
    Do: Keep the status in the trap (`rc=$?; …; exit "$rc"`), call the last command without exec where a trap has to clean up,
    and let a trap of INT or TERM end with exit 130 or 143.
    Source: POSIX.1-2024, Shell & Utilities, trap and exec.
    """
    texts = [text for text in shell_texts if "trap " in text.text]
    if not texts:
        raise NotApplicable("no trap is set")
    yield from told(found for text in texts for found in _misled(tree, text))


def _traps(text: ShellText) -> Iterator[Trap]:
    for one in text.commands:
        if one.words[0] != "trap" or len(one.words) < 3 or one.words[1] in ("-", "", "-p", "-l") or "\n" in one.words[1][:1]:
            continue
        words = [w for w in one.words[1:] if w != "--"]
        action = words[0]
        body = action
        calls = re.match(r"([A-Za-z_]\w*)\b", action)
        function = text.functions.get(calls[1]) if calls else None
        last = action.rsplit(";", 1)[-1].strip()
        if function is not None:
            inside = body_of(function)
            found = statements(inside) if inside is not None else []
            body = f"{inside.text() if inside is not None else ''}\n{action}"
            if calls is not None and action.strip() == calls[1]:
                last = found[-1].text().strip() if found else ""
        yield Trap(one.node, action, frozenset(w.upper() for w in words[1:]), body, last)


def _misled(tree: Tree, text: ShellText) -> Iterator[Finding]:
    for trap in _traps(text):
        top = text.function_of(trap.node) is None
        if trap.signals & EXIT and re.fullmatch(r"exit\s+0", trap.last) and not re.search(r"\$\?", trap.body):
            bare = trap.action.strip() == "exit 0"
            if bare and "hook" in text.path.lower():
                continue  # a hook that must not stop its agent lets go on purpose
            yield place(
                tree,
                text,
                trap.node,
                "the EXIT trap ends with `exit 0`, which replaces the status of the script",
                "The script says success however it ended.",
                "possible" if bare or (trap.signals & SIGNALS and ENDLESS.search(text.text)) else "likely",
            )
        elif trap.signals & EXIT and top and CLEANS.search(trap.body):
            replaced = _exec_after(text, trap)
            if replaced is not None:
                yield place(
                    tree,
                    text,
                    replaced,
                    f"`exec` replaces the shell, so the EXIT trap of line {text.line(trap.node)} never runs",
                    f"`{_short(trap.action)}` is not done when the command ends.",
                )
        if trap.signals & EXIT and not top and (gone := _local(text, trap)):
            strict = text.on("nounset", trap.node)
            yield place(
                tree,
                text,
                trap.node,
                f"the EXIT trap asks for ${gone}, a local of its function, which is gone when the script ends",
                f"`{gone}: unbound variable`: the script ends with an error after its work, and nothing is cleaned up."
                if strict
                else f"${gone} is empty then, and what it named stays.",
                "likely" if strict else "possible",
            )
        if trap.signals & SIGNALS and not _ends(trap) and top and _goes_on(text, trap):
            yield place(
                tree,
                text,
                trap.node,
                f"the trap of {', '.join(sorted(trap.signals & SIGNALS))} does not end the script, and its loop has no other end",
                "The script cannot be stopped but by KILL: the service manager waits until its time limit.",
            )


def _local(text: ShellText, trap: Trap) -> str:
    """A variable that the trap's text fills in only when it runs, and that is local to a function which has returned by then."""
    function = text.function_of(trap.node)
    body = body_of(function) if function is not None else None
    if function is None or body is None or not any(child.kind() == "raw_string" for child in trap.node.children()):
        return ""
    inside = body.text()
    last = statements(body)[-1:]
    if (last and re.match(r"(?:exit|exec)\b", last[0].text())) or re.search(r"trap\s+-\s+[^\n]*\bEXIT\b", inside):
        return ""
    names: list[str] = re.findall(r"\$\{?([A-Za-z_]\w*)\b(?!:?[-+?=])", trap.action)
    for name in dict.fromkeys(names):
        declared = re.search(
            rf"(?:^|[;{{\s])(?:local|declare|typeset)\s+(?:-\w+\s+)*(?:[^\n=;#]*\s)?{name}\b", inside, re.MULTILINE
        )
        outside = text.text.replace(inside, "")
        if declared and not re.search(rf"(?:^|[\s;]){name}=|\bread\s[^\n]*\b{name}\b", outside):
            return name
    return ""


def _exec_after(text: ShellText, trap: Trap) -> SgNode | None:
    """An `exec` of a command at the top of the script, after the trap, that nothing but its failure passes by."""
    end = trap.node.range().end.index
    if re.search(r"^\s*trap\s+(?:-\s+)?(?:-\s+|''\s+|\"\"\s+)?(?:EXIT|0)\b", text.text[end:], re.MULTILINE):
        return None
    for node in statements(text.root):
        if node.range().start.index <= end:
            continue
        words = node.text().split()
        if (
            words[:1] == ["exec"]
            and len(words) > 1
            and not re.match(r"\d*[<>]|\{\w+\}[<>]|\d+$", words[1])
            and node.kind() == "command"
        ):
            return node
        if (
            node.kind() == "redirected_statement"
            and words[:1] == ["exec"]
            and not re.match(r"exec\s+(?:-\w+\s+)*(?:\d*[<>]|\{\w+\})", node.text())
        ):
            return node
    return None


def _ends(trap: Trap) -> bool:
    return (
        bool(re.search(r"\b(?:exit|return|exec|die|break)\b|\bkill\s+(?:-\w+\s+)?(?:0|\$\$|--?\s)|\$\$", trap.body))
        or not trap.action.strip()
    )


def _goes_on(text: ShellText, trap: Trap) -> bool:
    """Does an endless loop follow at the top that the handler does nothing about?"""
    code = text.text[trap.node.range().end.index :]
    if not ENDLESS.search(code):
        return False
    for node in statements(text.root):
        if node.range().start.index < trap.node.range().end.index or node.kind() not in (
            "while_statement",
            "c_style_for_statement",
        ):
            continue
        if ENDLESS.match(node.text()) and not re.search(r"\b(?:break|exit|return|exec)\b", node.text()):
            return True
    return False


def _short(text: str, most: int = 40) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1] + "…"
