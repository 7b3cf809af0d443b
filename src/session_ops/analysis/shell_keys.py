"""Arrays with words as keys that nobody declared so."""

from __future__ import annotations

import re
from collections.abc import Iterator

from session_ops.analysis.shell_places import place, told
from session_ops.discovery.files import Tree
from session_ops.discovery.shell_flow import ShellText, ShellTexts
from session_ops.model import Finding
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

KEYED = regex(r"(?P<name>\w+)\+?=\(\s*\[(?P<key>[A-Za-z_][\w.-]*|\"[A-Za-z_][^\"$\]]*\"|'[A-Za-z_][^'\]]*')\]=")


@rule("SHELL-KEYS", gate="start", category="shell")
def words_as_numbers(shell_texts: ShellTexts, tree: Tree) -> Iterator[Finding]:
    """An array gets words as keys without `declare -A`, so that all its values land at the place 0.

    Why: without -A bash takes the key of an array for arithmetic: a word is the name of a variable, and where that is not set it is 0. All entries
    overwrite each other, whatever is asked for gives the last one, and under `set -u` the script ends with "unbound variable". Passes:
    arrays that are declared with -A anywhere, keys that are variables of the script, scripts of zsh.
    Do: Declare it first (`declare -A name`, bash 4); where bash 3.2 of macOS has to run it too, write a function with `case`.
    Source: bash's manual, 6.7 Arrays.
    """
    keyed = [text for text in shell_texts if "=([" in text.text or re.search(r"=\(\s*\n\s*\[", text.text)]
    if not keyed:
        raise NotApplicable("no script gives an array keys")
    declared = "\n".join(text.text for text in shell_texts if re.search(r"\s-\w*A", text.text))
    yield from told(finding for text in keyed if not text.aside for finding in _of(text, declared, tree))


def _of(text: ShellText, declared: str, tree: Tree) -> Iterator[Finding]:
    if re.match(r"#!.*\b(?:zsh|ksh)\b", text.text):
        return
    for node in text.nodes("variable_assignment"):
        match = KEYED.match(node.text())
        if match is None:
            continue
        above = node.parent()
        if above is not None and above.kind() == "declaration_command" and re.search(r"\s-\w*A", above.text()[:80]):
            continue
        name, key = match["name"], match["key"].strip("\"'")
        if re.search(rf"\s-\w*A\w*\s[^\n;]*\b{name}\b", declared) or re.search(
            rf"(?m)(?:^|[\s;(]){re.escape(key)}=(?!\()", text.text
        ):
            continue
        ends = text.on("nounset", node)
        yield place(
            tree, text, node,
            f"{name} is no associative array, so that [{key}] is taken for a number, 0",
            "Under `set -u` the script ends here: unbound variable." if ends else "All entries overwrite each other: each key gives the last value.",
        )  # fmt: skip
