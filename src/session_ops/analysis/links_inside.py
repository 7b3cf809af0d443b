"""Links that land inside of the folder whose place they were to take."""

from __future__ import annotations

import re
from collections.abc import Iterator

from session_ops.analysis.shell_places import place, told
from session_ops.discovery.files import Tree
from session_ops.discovery.shell_flow import ShellText, ShellTexts
from session_ops.model import Edit, Finding, Fix
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

_LINKS = regex(
    r"(?:^|[;&|]|\bthen\b|\bdo\b)\s*(?:sudo\s+)?(?P<command>ln\s+(?P<flags>(?:-\w+\s+)+)(?P<from>\"[^\"]+\"|[^\s;&|\"]+)\s+(?P<to>\"[^\"]+\"|[^\s;&|\"]+))\s*(?:$|[;&|#]|2?>)"
)
_LOOP = regex(r"^\s*for\s+(?P<name>\w+)\s+in\s+(?P<words>[\w. /-]+?)\s*(?:;|$)")
_BRACES = regex(r"\{([^{}$]*,[^{}]*)\}")


def not_into_it(finding: Finding, tree: Tree) -> Fix | None:
    """Take a link that is there for itself and not for the folder it leads to."""
    path, line, old = finding.at.path, finding.at.line, finding.data.get("old", "")
    if not old or tree.lines(path)[line - 1].count(old) != 1:
        return None
    edit = Edit(path, old, re.sub(r"-(\w*f\w*)", r"-\1n", old, count=1), line)
    return Fix(
        f"Replace the link in {path} in place of following it", (finding.id,), "safe", (edit,), why="-n takes a link as it is."
    )


@rule("SHELL-LINKDIR", gate="install", category="shell", fix=not_into_it)
def link_inside_of_a_folder(shell_texts: ShellTexts, tree: Tree) -> Iterator[Finding]:
    """A link is to take the place of a folder, and `ln -s` makes it inside of that folder.

    Why: where the target is a folder, or a link to one, `ln` puts the new link into it. A folder that the same script makes above stays the
    empty one, and what was linked is not seen; a link to a folder that is made again with `ln -sf` gets a link inside of the source, with every further
    run. Passes: `-n` and `-T`, targets that are removed or asked for first, links to files.
    Do: Write `ln -sfn SOURCE TARGET`, and make only the folder above it (`mkdir -p "$(dirname TARGET)"`).
    Source: POSIX.1-2024, ln (target_dir); GNU coreutils, ln, -n and -T.
    """
    texts = [t for t in shell_texts if t.kind == "script" and "ln -" in t.text and not t.aside]
    if not texts:
        raise NotApplicable("no script makes links")
    yield from told((found for text in texts for found in _inside(tree, text)), 2, 6)


def _inside(tree: Tree, text: ShellText) -> Iterator[Finding]:
    for row, line in enumerate(text.lines):
        match = _LINKS.search(line) if "ln -" in line and len(line) < 500 and not line.lstrip().startswith("#") else None
        if match is None or "s" not in match["flags"] or re.search(r"-\w*[nhT]", match["flags"]):
            continue
        to = _bare(match["to"])
        if to.endswith(("/", "/.")) or to in (".", ".."):
            continue
        names, values = _variables(text, row)
        targets = {_filled(to, value, names) for value in values}
        made = {one for above in text.lines[:row] if "mkdir" in above for one in _spelt(above)}
        if targets & made and not _removed(text, row, to, recursive=True):
            yield place(
                tree, text, text.first + row,
                f"{match['to']} is a folder that this script makes above: the link lands inside of it",
                "What was to be linked is not seen there; the folder stays empty.",
            )  # fmt: skip
            continue
        source = {_filled(_bare(match["from"]), value, names) for value in values}
        if "f" in match["flags"] and _is_folder(tree, source) and not _removed(text, row, to, recursive=False):
            yield place(
                tree, text, text.first + row,
                "this links a folder: run again, it makes a second link inside of the first one's folder",
                "The source gets a link to itself with the second installation.",
                "possible",
                old=match["command"],
            )  # fmt: skip


def _bare(word: str) -> str:
    return word.replace('"', "").replace("'", "").replace("${", "$").replace("}", "")


def _variables(text: ShellText, row: int) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Variables that the lines just above set, and the loop variable around with each of its values (one empty pair without a loop)."""
    names: dict[str, str] = {}
    values = [("", "")]
    for above in range(row - 1, max(row - 15, -1), -1):
        line = text.lines[above]
        if (loop := _LOOP.match(line)) is not None:
            values = [(loop["name"], word) for word in loop["words"].split()]
            break
        if given := re.match(r"^\s*(?:local )?(\w+)=(\"[^\"$]*\$[^\"]*\"|[^\s\"']+)\s*$", line):
            names.setdefault(given[1], _bare(given[2]))
    return names, values


def _filled(word: str, value: tuple[str, str], names: dict[str, str]) -> str:
    if (match := re.match(r"\$(\w+)$", word)) and match[1] in names:
        word = names[match[1]]
    return re.sub(rf"\${value[0]}(?!\w)", value[1], word) if value[0] else word


def _spelt(line: str) -> Iterator[str]:
    """The folders that a line with mkdir names, with their braces spelt out."""
    quoted = re.sub(r"\$\{(\w+)\}", r"$\1", line).replace('"', "")
    for word in quoted.split():
        found = _BRACES.search(word)
        yield from (word.replace(found[0], part) for part in found[1].split(",")) if found else [word.rstrip("/;")]


def _removed(text: ShellText, row: int, to: str, *, recursive: bool) -> bool:
    """Do the lines just above take the target away, or look what is there?"""
    above = "\n".join(text.lines[max(0, row - 12) : row + 1]).replace("${", "$").replace("}", "").replace('"', "")
    target = re.escape(to)
    taken = re.search(
        rf"(?:\b(?:rm\s+-\w*r\w*|rmdir|mv)\b|\b\w*(?:backup|remove|clean|replace|unlink|clear|move)\w*\s)[^\n]*{target}(?![\w/])",
        above,
    )
    if recursive:
        return taken is not None or re.search(rf"!\s+-[de]\s+{target}(?![\w/])", above) is not None
    return taken is not None or re.search(rf"(?:\b(?:rm|unlink)\b|-[LedhS]\s)[^\n]*{target}(?![\w/])", above) is not None


def _is_folder(tree: Tree, sources: set[str]) -> bool:
    """Do all sources end like folders of the target?"""
    ends = [one.partition("/")[2] for one in sources if one.startswith("$")]
    return bool(ends) and all(
        e and "$" not in e and (tree.is_folder(e) or any(f.endswith("/" + e) for f in tree.folders)) for e in ends
    )
