"""Variables that bash keeps for itself: a script's own value never gets into them."""

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
