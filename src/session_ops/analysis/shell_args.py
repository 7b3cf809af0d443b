"""How shell scripts take their own arguments where one is missing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from ast_grep_py import SgNode

from session_ops.analysis.shell_places import place, told
from session_ops.discovery.commands import peeled
from session_ops.discovery.files import Tree
from session_ops.discovery.shell_flow import ShellText, ShellTexts
from session_ops.model import Finding
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

_COUNTED = regex(r"\$#|\$\{#|\$\{?1:?[-=?+]|\$\{@:?[-+]|\bset\s+--\s|\bgetopts?\b|\$\{BASH_ARGV|\bset \+u")
_TAKEN = regex(r"^\s*(?:(?:local|readonly|export)\s+)?(?P<name>\w+)=\"?\$\{?1\}?\"?\s*$")
_CASE = regex(r"^\s*case\s+\"?\$\{?1\}?\"?\s+in\b")
_USAGE = regex(r"\busage\b|\bUsage\b", re.IGNORECASE)
_LOOP = regex(r"\$#|\$\{?1\b")
_VALUE = regex(
    r"\$\{2:?[-=?+]|-[gl][te]\s+[12]\b|\$#|\$\{#|<\s*2|-[nz]\s+\"?\$\{?2|\bneed\w*|\brequire\w*|\bcheck\w*|\bshift\s*(?:2)?\s*\|\|"
)


@rule("SHELL-ARGS", gate="start", category="shell")
def argument_that_is_not_there(shell_texts: ShellTexts, tree: Tree) -> Iterator[Finding]:
    """A script takes an argument that was not given for granted: it loops for ever, or ends before it can say what is missing.

    Why: `shift 2` with one argument left shifts nothing and returns 1, so that `while [ $# -gt 0 ]` goes round for ever where neither
    `set -e` nor `set -u` ends it. Under `set -u` a script that reads `$1` before it looks whether it is empty ends with "unbound
    variable", and its usage text is never shown.
    Passes: `${1:-}`, `${2:?…}`, scripts that count with `$#` first, options whose value is looked at before the shift.
    Do: Write `${1:-}` where the script asks for emptiness below, and `${2:?value missing}` before `shift 2`.
    Source: POSIX.1-2024, shift (n greater than $# is an error), 2.5.1 positional parameters with `set -u`.
    """
    texts = [t for t in shell_texts if t.kind == "script" and not t.aside and ("$1" in t.text or "${1" in t.text)]
    if not texts:
        raise NotApplicable("no script takes arguments")
    yield from told((found for text in texts for found in (*_endless(tree, text), *_unbound(tree, text))), 1, 6)


def _endless(tree: Tree, text: ShellText) -> Iterator[Finding]:
    """`while [ $# -gt 0 ]` … `--name) name=$2; shift 2 ;;` in a script that no option ends."""
    if "shift 2" not in text.text or text.ever("errexit") or text.ever("nounset"):
        return
    for node in text.nodes("case_item"):
        body = node.text()
        if "shift 2" not in body or not re.search(r"\$\{?2\b", body) or _VALUE.search(body.partition(")")[2]):
            continue
        loop = next((a for a in node.ancestors() if a.kind() == "while_statement"), None)
        condition = loop.field("condition") if loop is not None else None
        if condition is None or not _LOOP.search(condition.text()) or _looked_before(node):
            continue
        row = next(n for n, line in enumerate(body.split("\n")) if "shift 2" in line)
        yield place(
            tree,
            text,
            text.line(node) + row,
            "`shift 2` shifts nothing where the value of the option is missing, and the loop never ends",
            f"`{body.split(')')[0].strip().split('|')[-1]}` as the last argument hangs the script at full load.",
            "possible",
        )
        return


def _looked_before(node: SgNode) -> bool:
    """Does the loop look at the number of arguments before its case?"""
    above = node.parent()
    body = above.parent() if above is not None else None
    if body is None or above is None:
        return False
    begin = body.range().start.index
    return re.search(r"\$#\s*-[lg][te]\s*2|\$2", body.text()[: above.range().start.index - begin]) is not None


def _unbound(tree: Tree, text: ShellText) -> Iterator[Finding]:
    """`name=$1` under `set -u`, and the look whether it is empty, or the usage text, below it."""
    if not text.ever("nounset") or not _USAGE.search(text.text) or _COUNTED.search(text.text):
        return
    ranges = [f.range() for f in text.functions.values()]
    for row, line in enumerate(text.lines):
        taken, case = _TAKEN.match(line), _CASE.match(line)
        if (not taken and not case) or any(r.start.line <= row <= r.end.line for r in ranges):
            continue
        below = "\n".join(text.lines[row + 1 :])
        if taken and not re.search(rf"-z\s+\"?\$\{{?{taken['name']}\b|\$\{{?{taken['name']}\}}?\"?\s*==?\s*\"\"", below):
            return
        if case and not re.search(r"(?m)^\s*\*\)|^\s*\"\"", below):
            return
        node = text.root.find_all(kind="program")
        if node and not re.search(r"(?m)^\s*set\s+-[a-z]*u|nounset", "\n".join(text.lines[:row])):
            return
        yield place(
            tree,
            text,
            row + text.first,
            "`$1` is read under `set -u` before the script looks whether it was given",
            "Without an argument it ends with `$1: unbound variable`, and the usage text is never shown.",
            "possible",
        )
        return


_SHELLS = frozenset(("su", "sh", "bash", "dash", "ash", "zsh"))


@rule("SHELL-STAR", gate="start", category="shell")
def arguments_joined_for_a_shell(shell_texts: ShellTexts, tree: Tree) -> Iterator[Finding]:
    """A script hands all its arguments as one text to another shell, which takes them apart again at spaces and quotes.

    Why: `su -c "$*" user` and `bash -c "$*"` join the arguments with spaces; the second shell splits them anew, so `claude -p "fix the bug"` becomes
    four words, and a `;` or `$( )` in an argument is run. Passes: `"$@"` as the arguments of `-c` (`bash -c 'exec "$@"' -- "$@"`), `printf %q`.
    Do: Pass them on as they are: `exec su user -s /bin/sh -c 'exec "$0" "$@"' -- "$@"`, `exec gosu user "$@"`, `setpriv --reuid user "$@"`.
    Source: POSIX.1-2024, Shell & Utilities 2.5.2 `$*`; sh, -c.
    """
    texts = [t for t in shell_texts if t.kind == "script" and "$*" in t.text and "-c" in t.text]
    if not texts:
        raise NotApplicable("no script joins its arguments")
    yield from told(
        place(
            tree, text, one.node, f"`{words[0]} -c \"$*\"` takes the arguments apart at their spaces and runs what stands in them",
            "An argument with a space becomes several, and one with `;` a command of its own.", "possible",
        )
        for text in texts
        for one in text.commands
        for words in [next((w for w in peeled(one.words) if w[0].rpartition("/")[2] in _SHELLS), ())]
        if any(a in ("-c", "-lc", "--command") and b == "$*" for a, b in pairwise(words))
    )  # fmt: skip
