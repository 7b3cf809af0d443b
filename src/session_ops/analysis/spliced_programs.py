"""Values of shell variables that become part of the text of another program: Python, Node, Perl, Ruby, AppleScript."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from ast_grep_py import SgNode

from session_ops.analysis.injection import INTERPRETERS, MESSAGE, Taint
from session_ops.analysis.shell_places import place, told
from session_ops.discovery.aside import is_test
from session_ops.discovery.commands import peeled
from session_ops.discovery.files import Tree
from session_ops.discovery.shell_flow import ShellText, ShellTexts
from session_ops.model import Confidence, Edit, Finding, Fix
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

BEGUN = regex(r"(?:^|[\s;|&(/=])(python3?(?:\.\d+)?|node|ruby|perl|osascript)\b[^\n|;&]*<<-?[ \t]*([A-Za-z_]\w*)[^\n]*$")
FREE = regex(rf"(?i)^(?!.*tokens?_)(?:\w+_)?{MESSAGE}s?$")
"""Names of variables that hold what people and agents write."""
GIVEN = ("'", '\\"', "`")
FED = ("'", '"', "`")
"""What quotes in a program that is a word in double quotes, and in a here-document."""
VALUE = regex(r"(?<!\\)\$(?:\{(\w+)\}|([A-Za-z_]\w*|[1-9@*]))")
SAFE = regex(
    r"^[\"']?(?:-?[\w.:/ +-]*|\$\(\(.*\)\)|\$[#?$!]|\$\((?:date|wc|id|uname|nproc|stat|mktemp|git rev-parse|uuidgen|hostname)\b.*|\$\{#.*|\d+)[\"']?;?$"
)
"""Values without a quotation mark: fixed words, numbers, times, counts, names that the system gives."""
OWN = regex(r"^[\"']?\$\((?:cd|pwd|dirname|realpath|readlink)\b|BASH_SOURCE|^[\"']?\$\{?(?:HOME|PWD|TMPDIR|SCRIPT_DIR)\b")
"""Paths of the script itself and of the user."""


STARTS = regex(r"(?:^\s*|\$\(\s*|\|\s+)(?P<program>python3?\s+-c\s+\")")
"""Where an assignment may stand before the program: at the beginning of a command."""


def by_environment(finding: Finding, tree: Tree) -> Fix | None:
    """Give a program of Python the value in its environment, where the value is the whole of a text of it."""
    path, name = finding.at.path, finding.data.get("name", "")
    row = int(finding.data.get("row", "0"))
    lines = tree.lines(path)
    if not name or not 0 < row <= len(lines) or len(began := list(STARTS.finditer(lines[row - 1]))) != 1:
        return None
    value = re.compile(rf"(?P<mark>'''|(?<!')'(?!'))\$\{{?{name}\}}?(?P=mark)")
    changed = {n: value.sub(f"__import__('os').environ['{name}']", lines[n - 1]) for n in {row, finding.at.line}}
    if changed[finding.at.line] == lines[finding.at.line - 1]:
        return None
    program = began[0]["program"]
    changed[row] = changed[row].replace(program, f'{name}="${name}" {program}', 1)
    edits = tuple(Edit(path, lines[n - 1], new, n) for n, new in sorted(changed.items()))
    why = "The value comes from the environment and is no part of the program any more."
    return Fix(f"Hand ${name} over in the environment in {path}", (finding.id,), "review", edits, why=why)


@rule("SHELL-PROGRAM", gate="start", category="security", fix=by_environment)
def breaks_the_other_program(shell_texts: ShellTexts, tree: Tree) -> Iterator[Finding]:
    r"""A value is pasted between the quotation marks of a Python, Node, Ruby, Perl or AppleScript program that a script runs.

    Why: the shell fills in `'$text'` before the other program is read. A quotation mark, a backslash or a line end in the value is a syntax
    error there, and text that is made for it runs as code. What people and agents write, and what files and servers answer, holds all of these;
    names and paths seldom do, which is why they count for less.
    Passes: programs in single quotes and here-documents with a quoted end word, values given as arguments or in the environment, numbers,
    times and fixed words, values that were checked by a pattern or escaped (`json.dumps`, `jq -R`, `printf %q`).
    Do: Quote the program for the shell (`python3 - "$text" <<'EOF'`) and read the value from sys.argv, process.argv or the environment.
    Source: CWE-94; POSIX.1-2024, Shell & Utilities 2.2.3 Double-Quotes, 2.7.4 Here-Document.
    """
    texts = [
        text
        for text in shell_texts
        if not is_test(text.path) and re.search(r"\b(?:python3?|node|ruby|perl|osascript)\b", text.text)
    ]
    if not texts:
        raise NotApplicable("no script runs a program of another language")
    found = [one for text in texts for one in _spliced(tree, text)]
    yield from told((one for one in found if one.confidence == "likely"), 2, 10)
    yield from told((one for one in found if one.confidence != "likely"), 1, 4)


def _spliced(tree: Tree, text: ShellText) -> Iterator[Finding]:
    programs = [*((*one, GIVEN) for one in _given(text)), *((*one, FED) for one in _fed(text))]
    if not programs:
        return
    taint = Taint(text.text)
    for language, row, program, marks in programs:
        for at, line in enumerate(program):
            for match in VALUE.finditer(line):
                name = match[1] or match[2]
                if not _quoted(line[: match.start()], line[match.end() :], marks):
                    continue
                sure = _danger(text.text, taint, name)
                if sure is None:
                    continue
                found = place(
                    tree, text, text.first + row + at,
                    f"${name} is pasted between the quotation marks of a program for {language}",
                    "A quotation mark, a backslash or a line end in it breaks the program, or runs as part of it.",
                    sure,
                )  # fmt: skip
                yield replace(found, data={"name": name, "row": str(text.first + row)}) if name.isidentifier() else found
                break


def _given(text: ShellText) -> Iterator[tuple[str, int, list[str]]]:
    """Programs that are given as a word in double quotes, with the row (from 0) of their first line."""
    for one in text.commands:
        for words in peeled(one.words):
            name = re.sub(r"[\d.]+$", "", words[0].rsplit("/", 1)[-1])
            flag = next(
                (w for w in words[1:4] if w in INTERPRETERS.get(name, ()) or (name == "perl" and re.match(r"-\w*e$", w))), ""
            )
            if not flag:
                continue
            program = next((c for c in _words_after(one.node, flag)), None)
            if program is not None and program.kind() == "string":
                yield name, program.range().start.line, program.text().split("\n")
            break


def _words_after(node: SgNode, flag: str) -> Iterator[SgNode]:
    seen = False
    for child in node.children():
        if seen and child.is_named():
            yield child
        seen = seen or child.text() == flag


def _fed(text: ShellText) -> Iterator[tuple[str, int, list[str]]]:
    """Programs in here-documents into which the shell fills its variables."""
    row = 0
    while row < len(text.lines):
        begun = BEGUN.search(text.lines[row]) if "<<" in text.lines[row] and len(text.lines[row]) < 2000 else None
        row += 1
        if begun is None or text.lines[row - 1].lstrip().startswith("#"):
            continue
        end = next((n for n in range(row, len(text.lines)) if text.lines[n].strip() == begun[2]), len(text.lines))
        if end < len(text.lines):
            yield re.sub(r"[\d.]+$", "", begun[1]), row, text.lines[row:end]
            row = end


def _quoted(before: str, after: str, marks: tuple[str, ...]) -> bool:
    """Is the place between two quotation marks of the inner program, on its line?"""
    inner = re.sub(r"\\\\", "", before)
    return any(inner.count(mark) % 2 and mark in after for mark in marks)


def _danger(whole: str, taint: Taint, name: str) -> Confidence | None:
    """How sure it is that a value can hold a quotation mark; None for values that cannot."""
    values = taint.values(name)
    if re.search(rf"\$\{{?{name}\}}?\"?\s*=~|case\s+\"?\$\{{?{name}\}}?\"?\s+in", whole):
        return None  # it was looked at
    if values and all(SAFE.match(value) for value in values):
        return None
    if any(re.search(r"json\.dumps|@json|jq -R|jq -Rs|sed|//\\?['\"]|tr -|%q|escape|base64", value) for value in values):
        return None
    if taint.of(name) and FREE.match(name):
        return "likely"
    if FREE.match(name) and any("$(" in value for value in values):
        return "likely"
    if values and all(OWN.search(value) or SAFE.match(value) for value in values):
        return None
    return "possible" if taint.of(name) or any("$(" in value or "$" in value for value in values) else None
