"""Texts that a command takes for something else: a dash for an option, an apostrophe for a quotation mark."""

from __future__ import annotations

import re
from collections.abc import Iterator

from session_ops.analysis.rewriting import rewritten
from session_ops.analysis.shell_places import place, told
from session_ops.discovery.commands import WORDS, Invocation
from session_ops.discovery.files import Tree
from session_ops.discovery.shell_flow import ShellText, ShellTexts
from session_ops.model import Finding, Fix
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

_NO_OPTION = regex(r"-(?:[^\w-]|-+(?:$|[^\w-]))", re.DOTALL)
"""A word that no command can take for an option of its own: `- [ ] task`, `-> next`, `---`, `-%s`."""
_GREPS = frozenset(("grep", "egrep", "fgrep", "rg"))


def end_of_options(finding: Finding, tree: Tree) -> Fix | None:
    """Say where the options end."""
    return rewritten(
        finding,
        tree,
        "Say that the text is no option",
        "safe",
        "`--` ends the options for every POSIX utility, and `-e` names grep's pattern.",
    )


@rule("SHELL-DASH", gate="start", category="shell", fix=end_of_options)
def taken_for_an_option(shell_texts: ShellTexts, tree: Tree) -> Iterator[Finding]:
    r"""A text that begins with a dash is given to printf or grep, which take it for an option and do nothing.

    Why: `printf '- %s\n' "$x"` answers "printf: - : invalid option" and prints nothing, in bash as in dash; `grep -c '- \[x\]' file`
    answers "invalid option -- ' '" and counts nothing. The status is 2, which ends a script under `set -e`; with `2>/dev/null` and an
    alternative behind it the answer is always "none".
    Passes: `printf -- …`, `printf '%s\n' "- …"`, `grep -e …`, `grep -- …`, echo.
    Do: Write `printf -- '- %s\n'` and `grep -e '- \[x\]'`.
    Source: POSIX.1-2024, Base Definitions 12.2 utility syntax guidelines (10); Shell & Utilities, printf and grep.
    """
    texts = [text for text in shell_texts if "printf" in text.text or "grep" in text.text]
    if not texts:
        raise NotApplicable("no script uses printf or grep")
    yield from told(found for text in texts for found in _dashes(tree, text))


def _dashes(tree: Tree, text: ShellText) -> Iterator[Finding]:
    for one in text.commands:
        name = one.words[0].rsplit("/", 1)[-1]
        if name == "printf" and len(one.words) > 1:
            at = 1
        elif name in _GREPS:
            at = _pattern(one)
        else:
            continue
        if at == 0 or not _NO_OPTION.match(one.words[at]) or one.words[at] == "--":
            continue
        shown = " ".join(one.words[at].split("\n")[0].split())[:24]
        old, new = _rewritten(text, one, at, "--" if name == "printf" else "-e")
        yield place(
            tree,
            text,
            one.node,
            f"`{name}` takes `{shown}`, which begins with a dash, for an option and stops",
            "Nothing is printed, and the status is 2." if name == "printf" else "It never matches: grep answers with its usage and the status 2.",
            "proven",
            old=old,
            new=new,
        )  # fmt: skip


def _pattern(one: Invocation) -> int:
    """Where the first word of grep stands that is no option of its own; 0 where the pattern is given by -e or -f, or after --."""
    for at, word in enumerate(one.words[1:], 1):
        if word == "--" or re.match(r"-[a-zA-Z]*[ef]|--(?:regexp|file)", word):
            return 0
        if _NO_OPTION.match(word):
            return at
        if not word.startswith("-"):
            return 0
    return 0


def _rewritten(text: ShellText, one: Invocation, at: int, mark: str) -> tuple[str, str]:
    words = [child for child in one.node.children() if child.kind() in WORDS or child.kind() == "command_name"]
    if at >= len(words) or len(words) != len(one.words):
        return "", ""
    word = words[at].range().start
    line = text.lines[word.line]
    begin = one.node.range().start
    if begin.line != word.line:
        return "", ""
    old = line[begin.column : word.column + 3].rstrip()
    return old, f"{line[begin.column : word.column]}{mark} {old[word.column - begin.column :]}"


_TEXT = regex(
    r"(?:^|_)(?:title|titles|desc|description|message|msg|prompt|goal|note|notes|comment|body|summary|text|reason|question|answer)$",
    re.IGNORECASE,
)


@rule("SHELL-XARGS", gate="start", category="shell")
def trimmed_by_xargs(shell_texts: ShellTexts, tree: Tree) -> Iterator[Finding]:
    r"""A text that people or agents write is trimmed with xargs, which reads its quotation marks.

    Why: `title=$(head -1 proposal.txt | xargs)` looks like a way to cut blanks off; but xargs takes `'` and `"` for quotation marks and `\\`
    for an escape. "Don't retry" ends with "unmatched single quote" and status 1: the title is empty, and under `set -e` and pipefail the script ends.
    Passes: numbers and names that have no quotation marks (`wc -l | xargs`), `xargs -0`, xargs with a command.
    Do: Cut blanks without it: `sed 's/^ *//; s/ *$//'`, or `read -r title < file`.
    Source: POSIX.1-2024, xargs: quoting in its input.
    """
    texts = [text for text in shell_texts if "xargs" in text.text]
    if not texts:
        raise NotApplicable("no script uses xargs")
    yield from told((found for text in texts for found in _trimmed(tree, text)), 1, 6)


def _trimmed(tree: Tree, text: ShellText) -> Iterator[Finding]:
    for node in text.nodes("variable_assignment"):
        name, value = node.field("name"), node.field("value")
        if (
            name is None
            or value is None
            or not re.search(r"\|\s*xargs\s*\)\"?$", value.text())
            or not _TEXT.search(name.text())
        ):
            continue
        if re.search(r"\bwc\b|\bbasename\b|\bdate\b|grep -c", value.text()):
            continue
        dies = text.on("errexit", node) and text.dies(node)
        yield place(
            tree,
            text,
            node,
            f"xargs reads the quotation marks of {name.text()}: an apostrophe in the text is an error",
            "The script ends there." if dies else "The text is lost.",
            "likely" if dies else "possible",
        )
