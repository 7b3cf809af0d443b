"""Programs in another language that a script hands over on the command line, and that cannot be compiled."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator

from ast_grep_py import SgNode

from session_ops.analysis.shell_places import place, told
from session_ops.discovery.files import Tree
from session_ops.discovery.shell_flow import ShellText, ShellTexts
from session_ops.model import Finding
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

PYTHON = regex(r"(?:^|/)python3(?:\.\d+)?$")
STDIN = regex(
    r"(?:^|[\s/;&|(])python3?(?:\.\d+)?(?:\s+-[uBEsS]+)*(?:\s+-(?=\s))?(?:[ \t]+(?!<)[\"$][^\s<]*)*"
    r"[ \t]*<<-?[ \t]*(?P<quote>[\"']?)(?P<end>\w+)(?P=quote)[^\n]*\n"
)
"""A here-document that Python runs."""
NEWER = regex(r"f-string(?!.*backslash)|type alias|except\*|match|unparenthesi[sz]ed", re.IGNORECASE)
"""What an older Python says of text that a newer one takes."""


@rule("SHELL-INLINE", gate="start", category="shell")
def does_not_compile(shell_texts: ShellTexts, tree: Tree) -> Iterator[Finding]:
    r"""A script runs a Python program on the command line that Python cannot compile, or that asks for a file which it has not.

    Why: between single quotes the shell changes nothing, a backslash before a quotation mark stays where it is, and
    `print(f"{d[\"name\"]}")` is a syntax error in every Python. The command ends with 1 and prints nothing, in a place that is often reached
    only when all the rest succeeded. A program from a here-document has no `__file__`: NameError. Only programs without a splice of the
    shell are looked at; Python's own parser decides.
    Passes: text that a newer Python accepts (nested quotation marks of an f-string, `match`), other shells' quoting.
    Do: Take the value out before the f-string, or hand the program over in a here-document with a quoted end word.
    Source: POSIX.1-2024, Shell & Utilities 2.2.2 Single-Quotes; The Python Language Reference, f-strings.
    """
    texts = [text for text in shell_texts if "python" in text.text and ("-c" in text.text or "<<" in text.text)]
    if not texts:
        raise NotApplicable("no script hands a program to Python")
    yield from told(found for text in texts for found in (*_refused(tree, text), *_without_a_file(tree, text)))


def _without_a_file(tree: Tree, text: ShellText) -> Iterator[Finding]:
    """A program that Python reads from standard input and that asks for its own file."""
    if "__file__" not in text.text:
        return
    for match in STDIN.finditer(text.text):
        body = re.split(rf"(?m)^\t*{re.escape(match['end'])}\s*$", text.text[match.end() :], maxsplit=1)[0]
        asked = re.search(r"(?m)^(?!\s*#).*?(?<![\w\"'])__file__(?![\w\"'])", body)
        if asked and not re.search(r"NameError|globals\(\)|['\"]__file__['\"]\s+(?:not\s+)?in\b", body):
            yield place(
                tree, text, text.first + text.text.count("\n", 0, match.end() + asked.end()),
                "Python reads this program from standard input, where __file__ is not defined",
                "The program ends here with NameError, whatever it is given.",
            )  # fmt: skip


def _refused(tree: Tree, text: ShellText) -> Iterator[Finding]:
    for one in text.commands:
        if not PYTHON.search(one.words[0]):
            continue
        program = _program(one.node)
        if program is None:
            continue
        code = program.text()[1:-1]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                ast.parse(code)
            except SyntaxError as error:
                said, row = error.msg or "invalid syntax", error.lineno or 1
            except (ValueError, RecursionError, MemoryError):
                continue
            else:
                continue
        if NEWER.search(said) or (said.startswith("f-string") and not re.search(r"\{[^{}]*\\[\"']", code)):
            continue
        line = text.first + program.range().start.line + min(row, code.count("\n") + 1) - 1
        yield place(
            tree, text, line, f"Python cannot compile this program: {said}",
            "The command ends with a syntax error and the status 1, whatever it is given.", "proven",
        )  # fmt: skip


def _program(node: SgNode) -> SgNode | None:
    """The word behind -c, where it stands in single quotes as a whole."""
    seen = False
    for child in node.children():
        if seen and child.is_named():
            return child if child.kind() == "raw_string" else None
        seen = seen or child.text() == "-c"
    return None
