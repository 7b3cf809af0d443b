"""`stat -f … || stat -c …`: on Linux the first of them answers too, with something else."""

from __future__ import annotations

import re
from collections.abc import Iterator

from session_ops.analysis.rewriting import rewritten
from session_ops.analysis.shell_places import place, told
from session_ops.discovery.files import Tree
from session_ops.discovery.shell_flow import ShellText, ShellTexts
from session_ops.model import Finding, Fix
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

BSD_FIRST = regex(
    r"\bstat\s+(?P<bsd>(?:-L\s+)?-f\s+(?:\"%[A-Za-z]+\"|'%[A-Za-z]+'|%[A-Za-z]+))\s+(?P<file>(?:--\s+)?(?:\"[^\"\n]*\"|[^\s|;&\"')]+))"
    r"(?P<quiet>\s*2>\s*/dev/null)?\s*\|\|\s*(?:\\\n\s*)?stat\s+(?P<gnu>(?:-L\s+)?(?:-c\s*|--format[= ])(?:\"%[A-Za-z]+\"|'%[A-Za-z]+'|%[A-Za-z]+))"
    r"\s+(?P<same>(?:--\s+)?(?:\"[^\"\n]*\"|[^\s|;&\"')]+))"
)
SYSTEM = regex(r"\bDarwin\b|\buname\b|\$\{?OSTYPE|\bIS_MAC|\bMACOS\b", re.IGNORECASE)
ABOVE = 4
"""Lines above in which a branch on the system belongs to the command."""


def gnu_first(finding: Finding, tree: Tree) -> Fix | None:
    """Ask in GNU's way first; BSD's stat refuses that cleanly."""
    why = "BSD's stat has no -c: it prints nothing and fails, so that the second form is asked."
    return rewritten(finding, tree, "Ask with stat -c first", "safe", why)


@rule("PORT-STAT", gate="relocate", category="portability", fix=gnu_first)
def answers_twice(shell_texts: ShellTexts, tree: Tree) -> Iterator[Finding]:
    """A script asks `stat -f FORMAT FILE || stat -c FORMAT FILE`; on Linux both of them print, and the value is several lines of text.

    Why: for GNU's stat `-f` asks for the file system and takes no format. It fails for the file that is called `%m`, prints a block
    of text about the file system of the other one, and ends with 1; so the second stat prints its number below that. Arithmetic and
    `[ … -gt … ]` with it end in an error, and an age that decides over a lock or a session is never right. The other way round
    works, as BSD's stat refuses -c and prints nothing. Passes: branches on the system, `-f%m` in one word, which GNU refuses too.
    Do: Write `stat -c %Y FILE 2>/dev/null || stat -f %m FILE`.
    Source: GNU coreutils manual, stat invocation (-f, --file-system); stat(1) of macOS and FreeBSD.
    """
    asking = [text for text in shell_texts if "stat -f" in text.text and "||" in text.text]
    if not asking:
        raise NotApplicable("no script asks stat -f")
    yield from told(finding for text in asking if not text.aside for finding in _of(text, tree))


def _of(text: ShellText, tree: Tree) -> Iterator[Finding]:
    for match in BSD_FIRST.finditer(text.text):
        row = text.text.count("\n", 0, match.start())
        start = text.text.rfind("\n", 0, match.start()) + 1
        before = text.text[start : match.start()]
        above = "\n".join(text.lines[max(0, row - ABOVE) : row])
        if match["file"] != match["same"] or before.lstrip().startswith("#") or SYSTEM.search(f"{above}\n{before}"):
            continue
        after = text.text[match.end() :].split("\n", 1)[0]
        if re.search(r"\|\s*(?:tail|head|grep|awk|sed)\b", after):
            continue
        plain = "\n" not in match[0]
        yield place(
            tree, text, text.first + row,
            f"`stat {match['bsd']}` prints text about the file system on Linux before `stat {match['gnu']}` prints its answer",
            "On Linux the value is several lines of text: sums and comparisons with it end in an error.",
            "likely" if _counted(text, before) else "possible",
            old=match[0] if plain else "",
            new=f"stat {match['gnu']} {match['file']} 2>/dev/null || stat {match['bsd']} {match['same']}" if plain else "",
        )  # fmt: skip


def _counted(text: ShellText, before: str) -> bool:
    """Is the value reckoned with: in `$(( ))` here, or as a variable that is compared or summed up later?"""
    if before.count("((") > before.count("))"):
        return True
    name = re.search(r"(?:^|[\s;])(\w+)=[\"']?\$\($", before.rstrip().removesuffix("$(") + "$(")
    if name is None:
        return False
    used = rf"\$\{{?{name[1]}\}}?\"?\s+-(?:eq|ne|gt|lt|ge|le)\b|-(?:eq|ne|gt|lt|ge|le)\s+\"?\$\{{?{name[1]}\b|\(\([^\n]*\b{name[1]}\b"
    return re.search(used, text.text) is not None
