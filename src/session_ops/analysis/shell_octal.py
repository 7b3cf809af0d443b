"""Numbers with a leading zero, which the arithmetic of a shell reads as octal."""

from __future__ import annotations

import re
from collections.abc import Iterator

from session_ops.analysis.shell_places import place, told
from session_ops.discovery.files import Tree
from session_ops.discovery.shell_flow import ShellText, ShellTexts
from session_ops.model import Edit, Finding, Fix
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

_FIELDS = r"%(?:[HMSdmjyIUVWN]|H%M|H%M%S|M%S|m%d|d%m|y%m%d)"
_DATED = regex(
    r"^[ \t]*(?:local |readonly |export |declare )?(?P<name>[A-Za-z_]\w*)=[\"']?(?:\$\(|`)date\b[^)`\n]*\+[\"']?"
    rf"{_FIELDS}[\"']?[^)`|\n]*(?:\)|`)[\"']?[ \t]*(?:$|;|&&|#)",
    re.MULTILINE,
)
_INLINE = regex(rf"\$?\(\([^\n]*?(?P<bare>(?<!10#)\$\(date\b[^)\n]*\+[\"']?{_FIELDS}[\"']?[^)|\n]*\))")


def in_tens(finding: Finding, tree: Tree) -> Fix | None:
    """Say that the number is decimal."""
    path, line, old, new = finding.at.path, finding.at.line, finding.data.get("old", ""), finding.data.get("new", "")
    text = tree.lines(path)[line - 1]
    if not old or text.count(old) != 1:
        return None
    return Fix(
        f"Read the number in {path} as decimal", (finding.id,), "safe", (Edit(path, old, new, line),), why="10# gives the base."
    )


@rule("SHELL-OCTAL", gate="start", category="shell", fix=in_tens)
def leading_zero(shell_texts: ShellTexts, tree: Tree) -> Iterator[Finding]:
    """An hour, minute or day is computed with although it may begin with a zero, which the shell reads as octal.

    Why: `date +%H` gives 08 at eight o'clock, and `$((08 + 1))` and `[[ 08 -lt 9 ]]` end with "value too great for base": the script works
    except at 08 and 09. `010` becomes 8 without a word. Passes: `10#$hour`, `date +%-H` and `%k`, a leading zero that is taken off, `[ … -lt … ]`,
    which reads decimal numbers, zsh.
    Do: Write `10#$hour` in the arithmetic (bash), or ask for the number without its zero (`date +%-H` of GNU and BSD).
    Source: bash manual, Shell Arithmetic ("Constants with a leading 0 are interpreted as octal numbers").
    """
    texts = [t for t in shell_texts if "date" in t.text and "%" in t.text and t.dialect != "zsh"]
    if not texts:
        raise NotApplicable("no script asks for the date")
    yield from told((found for text in texts for found in _computed(tree, text)), 2, 6)


def _computed(tree: Tree, text: ShellText) -> Iterator[Finding]:
    for row, line in enumerate(text.lines):
        if "((" in line and "date" in line and (match := _INLINE.search(line)) and not line.lstrip().startswith("#"):
            yield _found(tree, text, row, match["bare"], f"10#{match['bare']}")
    for dated in _DATED.finditer(text.text):
        name = dated["name"]
        if re.search(rf"10#\$\{{?{name}\b|\$\{{{name}#|{name}=\$\(\({name}|{name}=\"?\$\{{{name}", text.text):
            continue
        used = re.compile(
            rf"\$?\(\([^\n]*?(?P<a>(?<![\w#])\$?\{{?{name}\b\}}?)[^\n]*?\)\)"
            rf"|\[\[[^\n\]]*?(?P<b>(?<![\w#])\"?\$\{{?{name}\}}?\"?)\s+-(?:lt|le|gt|ge|eq|ne)\s"
            rf"|\[\[[^\n\]]*?\s-(?:lt|le|gt|ge|eq|ne)\s+(?P<c>\"?\$\{{?{name}\}}?\"?)\s"
        )
        first = text.text.count("\n", 0, dated.start())
        for row in range(first + 1, len(text.lines)):
            line = text.lines[row]
            match = used.search(line) if name in line and not line.lstrip().startswith("#") else None
            if match:
                old = match["a"] or match["b"] or match["c"]
                yield _found(tree, text, row, old if "$" in old else "", f"10#{old}")
                break


def _found(tree: Tree, text: ShellText, row: int, old: str, new: str) -> Finding:
    return place(
        tree,
        text,
        text.first + row,
        "a number from date that may begin with a zero is read as octal here: 08 and 09 are errors",
        "The script fails, or counts wrong, at the 8th and 9th hour, minute, day or month.",
        old=old,
        new=new if old and text.dialect == "bash" else "",
    )
