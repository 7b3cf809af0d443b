"""What a script loses to processes of their own: the pid of the first member of a pipeline, variables set inside `$( )`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from session_ops.analysis.shell_jobs import in_background
from session_ops.analysis.shell_places import place, told
from session_ops.discovery.commands import BUILTINS
from session_ops.discovery.files import Tree
from session_ops.discovery.shell_flow import ShellText, ShellTexts, members
from session_ops.model import Finding
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

_ENDLESS = regex(
    r"(?:tail\s+(?:-\w+\s+(?:\S+\s+)?)*?(?:-\w*[fF]\w*|--follow\S*)\b|inotifywait\s[^|]*-\w*m\b|fswatch\b|journalctl\s[^|]*-\w*f\b|dmesg\s[^|]*-w)"
)


@rule("SHELL-LASTPID", gate="start", category="shell")
def pid_of_the_last_member(shell_texts: ShellTexts, tree: Tree) -> Iterator[Finding]:
    """The pid of a background pipeline is that of its last member, so that killing it leaves the endless first one, and `wait` never returns.

    Why: after `tail -f log | jq … &` the parameter `$!` names jq. `kill` ends jq; tail goes on until it writes the next line, and `wait` waits for
    the whole job. Passes: `tail -f log > >(jq …) &`, `tail --pid`, a kill of the job (`%1`), of the group or of the children (`pkill -P $$`).
    Do: Start the endless command itself in the background and let the other read from it: `tail -f log > >(jq …) &`; then `$!` is its pid.
    Source: POSIX.1-2024, Shell & Utilities 2.5.2 `$!`, 2.9.2 Pipelines; bash's manual, wait.
    """
    texts = [t for t in shell_texts if t.kind == "script" and "$!" in t.text and _ENDLESS.search(t.text)]
    if not texts:
        raise NotApplicable("no endless command feeds a pipeline in the background")
    yield from told(found for text in texts for found in _last_members(tree, text))


def _last_members(tree: Tree, text: ShellText) -> Iterator[Finding]:
    if re.search(r"pkill\s+(?:-\w+\s+)?-P|kill\s+(?:-\w+\s+)?(?:--\s+)?[\"']?(?:-\$|%)|kill\s+0\b|setsid", text.text):
        return
    for node in text.nodes("pipeline"):
        first = members(node)[:1]
        if not first or not _ENDLESS.match(first[0].text()) or "--pid" in first[0].text():
            continue
        job = node
        while (above := job.parent()) is not None and above.kind() == "redirected_statement":
            job = above
        if not in_background(job):
            continue
        row = job.range().end.line
        after = "\n".join(text.lines[row : row + 6])
        kept = re.search(r"(?m)^\s*(?:local\s+)?(\w+)=\"?\$!|&\s*(\w+)=\$!", after)
        if kept and re.search(rf"\b(?:kill|wait)\s+(?:-\w+\s+)?\"?\$\{{?{kept[1] or kept[2]}\b", text.text):
            what = "`kill` leaves the first command running" + (", and `wait` never returns" if "wait" in text.text else "")
            yield place(
                tree, text, node, f"`$!` is the pid of the last member of this pipeline: {what}",
                "The script hangs, or leaves a process behind each time.",
            )  # fmt: skip


@rule("SHELL-SUBVAR", gate="start", category="shell")
def set_where_it_is_lost(shell_texts: ShellTexts, tree: Tree) -> Iterator[Finding]:
    """A function sets a variable for its callers, but they all run it inside `$( )`, where the assignment is lost.

    Why: a command substitution is a process of its own: its output gets out, its variables do not. What the script reads afterwards is the
    value from before. Looked at are variables that have a value of their own at the top of the script and are read by other code.
    Passes: `local` variables, functions that are also called in the script itself, variables that only the function reads.
    Do: Hand the second result over as well: print both and take them apart, return a status and look at it, or write to a variable
    without `$( )`.
    Source: POSIX.1-2024, Shell & Utilities 2.13 Shell Execution Environment.
    """
    texts = [text for text in shell_texts if text.kind == "script" and text.functions and "$(" in text.text]
    if not texts:
        raise NotApplicable("no script takes the output of a function of its own")
    yield from told(found for text in texts for found in _lost_variables(tree, text))


def _lost_variables(tree: Tree, text: ShellText) -> Iterator[Finding]:
    for name, function in text.functions.items():
        calls = text.calls.get(name, ())
        if not calls or not all(any(a.kind() == "command_substitution" for a in call.ancestors()) for call in calls):
            continue
        body = function.text()
        for node in function.find_all(kind="variable_assignment"):
            left, above = node.field("name"), node.parent()
            word = left.text() if left is not None else ""
            if above is None or above.kind() in ("declaration_command", "command") or text.function_of(node) != function:
                continue
            if (
                not re.fullmatch(r"[A-Z][A-Z0-9_]{2,}", word)
                or word in ("IFS", "PATH")
                or re.search(rf"\b(?:local|declare|typeset)\b[^\n]*\b{word}\b", body)
            ):
                continue
            rest = text.text.replace(body, "")
            if not re.search(rf"^{word}=", rest, re.MULTILINE) or not re.search(rf"\$\{{?#?{word}\b", rest):
                continue
            if len(list(re.finditer(rf"^[ \t]+{word}=", rest, re.MULTILINE))) > 2:
                continue  # other code sets it too
            yield place(
                tree, text, node, f"{word} is set in {name}, which only runs inside $( ): the script never sees the value",
                f"Whoever reads {word} afterwards gets the value that it had before.",
            )  # fmt: skip
            break


_HIDES = regex(
    r"(?:^|[\s;{(])(?:local|declare|typeset)\s+(?:-\w+\s+)*(?:\w+\s+)*PATH\s*(?:;|$)|(?:^|[\s;{(&|])for\s+PATH\s+in\b"
    r"|(?<![\w$])PATH=[\"']?(?:\$\((?![^\n]*(?:path|PATH|/|:))|[\"']?\s*$)"
)
"""PATH without a value, as the variable of a loop, or with what a command says, in which neither a path nor a folder stands."""


@rule("SHELL-NOPATH", gate="start", category="shell")
def search_path_overwritten(shell_texts: ShellTexts, tree: Tree) -> Iterator[Finding]:
    """A script uses the name PATH for a variable of its own, and finds no program after that.

    Why: PATH is where the shell looks for programs. `local PATH` empties it for the function and for all that it calls, and `PATH=$(… | cut …)`
    makes it the path of a request or a file: the next `cut`, `git` or `tmux` is "command not found". Passes: PATH that is extended, set to
    folders, or set for one command only; functions that start nothing but builtins after it.
    Do: Give the variable another name, such as `request_path`.
    Source: POSIX.1-2024, Shell & Utilities 2.9.1.4 Command Search and Execution; Base Definitions 8.3, PATH.
    """
    texts = [t for t in shell_texts if "PATH" in t.text and t.dialect != "zsh"]
    if not texts:
        raise NotApplicable("no script sets PATH")
    yield from told(found for text in texts for found in _without_path(tree, text))


def _without_path(tree: Tree, text: ShellText) -> Iterator[Finding]:
    rows = [n for n, line in enumerate(text.lines) if "PATH" in line and _HIDES.search(line)]
    seen: set[int] = set()
    for row in rows:
        at = next(
            (n for kind in ("declaration_command", "variable_assignment", "for_statement") for n in text.nodes(kind)
             if n.range().start.line == row and re.search(r"(?<!\w)PATH(?!\w)", n.text().split("\n")[0])),
            None,
        )  # fmt: skip
        parent = at.parent() if at is not None else None
        if at is None or parent is None or parent.kind() == "command":
            continue
        inside = next((a for a in at.ancestors() if a.kind() in ("function_definition", "subshell")), text.root)
        end = at.range().start.index if at.kind() == "for_statement" else at.range().end.index
        lost = next(
            (c for c in text.commands if c.node.range().start.index >= end and c.node.range().end.index <= inside.range().end.index
             and _outside(c.words[0], text) and "PATH=" not in c.node.text()),
            None,
        )  # fmt: skip
        if lost is not None and inside.range().start.index not in seen:
            seen.add(inside.range().start.index)
            yield place(
                tree, text, at, f"PATH is the shell's own: after this `{lost.words[0]}` in line {lost.line + text.first - 1} is not found",
                "Every program that the function starts afterwards is \"command not found\".", "proven",
            )  # fmt: skip


def _outside(word: str, text: ShellText) -> bool:
    """Is this the name of a program that the shell has to look for?"""
    return word not in BUILTINS and word not in text.functions and re.fullmatch(r"[a-z][\w.+-]*", word) is not None
