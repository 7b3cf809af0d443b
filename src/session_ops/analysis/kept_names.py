"""Variables that bash keeps for itself: a script's own value never gets into them, and what they say is about the script alone."""

from __future__ import annotations

import re
from collections.abc import Iterator

from session_ops.analysis.shell_places import place, told
from session_ops.discovery.files import Tree
from session_ops.discovery.shell_flow import ShellText, ShellTexts
from session_ops.model import Finding
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

LOST = frozenset(("GROUPS", "FUNCNAME"))
"""Assignments have no effect and no error."""
READ_ONLY = frozenset(("UID", "EUID", "PPID", "BASHOPTS", "SHELLOPTS", "BASH_VERSINFO"))
"""Assignments are an error, which ends a script under `set -e`, and the statement everywhere."""
SET = regex(
    r"(?m)^[ \t]*(?:(?:export|local|declare|readonly|typeset)\s+(?:-\w+\s+)*)?(?:GROUPS|FUNCNAME|E?UID|PPID|BASHOPTS|SHELLOPTS|BASH_VERSINFO)\+?="
)
ASKED = regex(r"\$\{?[#!]?(\w+)")


@rule("SHELL-KEPT", gate="start", category="shell")
def never_gets_in(shell_texts: ShellTexts, tree: Tree) -> Iterator[Finding]:
    """A bash script stores its own value in a variable that bash keeps for itself, and works with what bash has there.

    Why: an assignment to GROUPS or FUNCNAME does nothing, in silence: `"${GROUPS[@]}"` then holds the numbers of the user's groups. UID, EUID and
    PPID are read-only: the assignment is an error, and the statement after it works with the number of the user or of the parent process.
    Passes: other shells than bash, values given to one command alone (`UID=5 docker compose up` is an error of bash too), names that differ in case.
    Do: Give the variable another name.
    Source: bash's manual, 5.2 Bash Variables (GROUPS, FUNCNAME: "Assignments to … have no effect"; UID, EUID, PPID: "This variable is readonly").
    """
    texts = [text for text in shell_texts if text.kind == "script" and text.dialect == "bash" and SET.search(text.text)]
    if not texts:
        raise NotApplicable("no bash script sets a variable that bash keeps")
    yield from told(found for text in texts for found in _kept(tree, text))


def _kept(tree: Tree, text: ShellText) -> Iterator[Finding]:
    read = set(ASKED.findall(text.text))
    seen: set[str] = set()
    for node in text.nodes("variable_assignment"):
        name = node.field("name")
        word = re.match(r"\w*", name.text())[0] if name is not None else ""  # type: ignore[index]
        if word not in LOST | READ_ONLY or word in seen or word not in read:
            continue
        seen.add(word)
        lost = word in LOST
        yield place(
            tree, text, node, f"bash keeps {word} for itself: this assignment {'has no effect' if lost else 'is an error'}",
            f"${word} holds what bash puts there, not this value."
            if lost
            else "The shell says: readonly variable; under `set -e` the script ends here.",
            "likely" if lost else "possible",
        )  # fmt: skip


OF_THE_SHELL = regex(r"^\s*if\s+(?P<test>\[\[?\s+(?:-n\s+)?\"?\$\{?(?P<shell>BASH|ZSH)_VERSION\b[^;]*);?")
STARTUP = regex(r"\.(?:bashrc|zshrc|bash_profile|zprofile)\b")


@rule("SHELL-RC", gate="start", category="shell")
def asks_its_own_shell(shell_texts: ShellTexts, tree: Tree) -> Iterator[Finding]:
    """An installer for bash asks whether it runs in bash, to choose the start-up file of the person's shell.

    Why: BASH_VERSION is set in every bash script and ZSH_VERSION in none, whichever shell the person uses: the line for the PATH goes into
    ~/.bashrc always, zsh (the shell of macOS) never reads it, and the command is not found. Passes: scripts that look at $SHELL or for the
    files first, and files that are sourced.
    Do: Ask `case "$SHELL" in */zsh) …`, or write to the start-up file of each shell that is there.
    Source: bash's manual, 5.2 Bash Variables (BASH_VERSION); POSIX.1-2024, 8.3 Other Environment Variables (SHELL).
    """
    texts = [
        t for t in shell_texts if t.kind == "script" and t.dialect == "bash" and "_VERSION" in t.text and STARTUP.search(t.text)
    ]
    if not texts:
        raise NotApplicable("no bash script chooses a start-up file by the version of a shell")
    yield from told(found for text in texts for found in _asked(tree, text))


def _asked(tree: Tree, text: ShellText) -> Iterator[Finding]:
    if not text.text.startswith("#!") or re.search(
        r"\$\{?SHELL\b|\bgetent\b|\bdscl\b|\bsourced?\b.{0,40}BASH_SOURCE", text.text
    ):
        return
    for number, line in enumerate(text.lines):
        found = OF_THE_SHELL.match(line)
        if found is None or not STARTUP.search("\n".join(text.lines[number + 1 : number + 5])):
            continue
        if found["shell"] == "ZSH" and "||" in found["test"]:
            continue
        always = found["shell"] == "BASH"
        yield place(
            tree, text, number + text.first, f"{found['shell']}_VERSION is {'always' if always else 'never'} set here, whichever shell the person uses",
            "People who use zsh get the line in a file that zsh does not read: the command is not found.",
        )  # fmt: skip
        return
