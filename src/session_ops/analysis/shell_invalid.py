"""Shell scripts that the shell itself refuses: they do not parse, or a statement is an error wherever it runs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import PurePosixPath

from ast_grep_py import SgNode

from session_ops.analysis.linters.templates import is_template
from session_ops.analysis.shell_places import place, told
from session_ops.discovery.aside import not_deployed
from session_ops.discovery.files import Tree
from session_ops.discovery.languages import shebang
from session_ops.discovery.shell_flow import ShellText, ShellTexts
from session_ops.model import Confidence, Edit, Finding, Fix
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

SHELLS = frozenset(("bash", "sh", "dash", "ash"))
QUOTE = regex(r"(?<!\\)\"")
CLOSES = regex(r"^\s*(?:\}|fi\b|done\b|esac\b|;;|else\b|elif\b|(?:if|for|while|case|return|local|echo|exit)\b)")


_STANDS_FOR = regex(r"\"[^\"]*\"|'[^']*'|<(?P<name>[a-z][a-z0-9]*(?:[-_][a-z0-9]+)+)>")


def fill_in(finding: Finding, tree: Tree) -> Fix | None:
    """Ask the environment for what a placeholder stands for that was left in a command, where the shell takes it for a redirection."""

    def asked(match: re.Match[str]) -> str:
        return f'"${{{re.sub(r"[-_]", "_", match["name"]).upper()}:?}}"' if match["name"] else match[0]

    path = finding.at.path
    lines = enumerate(tree.lines(path), start=1)
    changed = [
        (n, line, _STANDS_FOR.sub(asked, line)) for n, line in lines if "<" in line and not line.lstrip().startswith("#")
    ]
    edits = tuple(Edit(path, line, new, n) for n, line, new in changed if new != line)
    if not any(edit.line == finding.at.line for edit in edits):
        return None
    why = "The shell reads `<name>` as a redirection; nothing in the tree tells the value."
    return Fix(f"Take the placeholders of {path} from the environment", (finding.id,), "review", edits, why=why)


@rule("SHELL-PARSE", gate="parse", category="shell", fix=fill_in)
def refused(shell_texts: ShellTexts, tree: Tree) -> Iterator[Finding]:
    """A shell cannot read a script: it ends with a syntax error, at once or when it gets there.

    Why: an unclosed quotation mark, a `|` at the beginning of a line, a missing `fi` or `done`. Whatever sources the file loses all its
    functions. A here-document whose end word does not stand alone on its line takes in the rest of the script. The shell itself is asked
    with `-n`, which reads and runs nothing; it is asked only about scripts at which the parser
    stumbled. Passes: templates, scripts for another shell, tests and examples.
    Do: Correct the syntax at this line; `bash -n FILE` then says nothing.
    Source: POSIX.1-2024, Shell & Utilities, set -n; 2.10 Shell Grammar.
    """
    if not shell_texts:
        raise NotApplicable("no shell script")
    for text in shell_texts:
        if text.kind != "script" or not_deployed(text.path) or text.aside or not stumbles(text.root):
            continue
        said = refusal(tree, text.path)
        if not said:
            continue
        why, line = said
        line = _opened(text) if "looking for matching" in why and '"' in why else line
        line = min(max(line, 1), len(text.lines))
        if not is_template(tree, text.path, line):
            yield place(tree, text, line, f"the shell cannot read this script: {why}", "It ends here with a syntax error.")
    for text in shell_texts:
        if text.kind == "script" and "<<" in text.text and not not_deployed(text.path) and not text.aside:
            yield from _never_ends(tree, text)


BEGINS = regex(r"<<(?P<tabs>-?)[ \t]*(?P<mark>[\"']?)(?P<word>[A-Za-z_]\w*)(?P=mark)")


def _never_ends(tree: Tree, text: ShellText) -> Iterator[Finding]:
    """A here-document whose end word never stands alone on a line, so that the rest of the script is its text."""
    for row, line in enumerate(text.lines):
        for begun in BEGINS.finditer(line) if "<<" in line and not line.lstrip().startswith("#") else ():
            word, tabs = begun["word"], begun["tabs"]
            below = text.lines[row + 1 :]
            if any((one.lstrip("\t") if tabs else one) == word for one in below):
                continue
            meant = next((n for n, one in enumerate(below, row + 2) if re.match(rf"\s*{word}(?=[\s\")|;&]|$)", one)), 0)
            if meant and _to_the_end(tree, text.path, word):
                yield place(
                    tree, text, text.first + meant - 1, f"this does not end the here-document of line {text.first + row}: {word} must stand alone on its line",
                    "All that follows belongs to the here-document, and the script does nothing of it.", "proven",
                )  # fmt: skip
                return


def _to_the_end(tree: Tree, path: str, word: str) -> bool:
    """Does bash itself say that a here-document of this word goes to the end of the file?"""
    bash = shutil.which("bash", path=os.defpath)
    if bash is None or shebang(tree.text(path))[1] not in ("bash", "sh", ""):
        return False
    done = _read_by(bash, tree.text(path))
    return done is not None and f"delimited by end-of-file (wanted `{word}')" in done.stderr.decode("utf-8", "replace")


def _read_by(shell: str, text: str) -> subprocess.CompletedProcess[bytes] | None:
    """What a shell says that reads a script without running it; None where it does not answer."""
    # extended globs are an option of the run, so `-n` has to be told: with it more is accepted, never less
    options = ["-n", "-O", "extglob"] if shell.endswith("bash") else ["-n"]
    try:
        return subprocess.run(
            [shell, *options, "/dev/stdin"],
            input=text.encode(),
            env={"LC_ALL": "C", "PATH": os.defpath},
            capture_output=True,
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None


def stumbles(root: SgNode) -> bool:
    """Did the parser meet something that is no shell?"""
    return root.find(kind="ERROR") is not None


def refusal(tree: Tree, path: str) -> tuple[str, int] | None:
    """What the shell says when it reads a script without running it, and of which line; None where it accepts it or cannot be asked."""
    text = tree.text(path)
    shell = shebang(text)[1] or ("bash" if PurePosixPath(path).suffix in (".sh", ".bash") and "zsh" not in text else "")
    program = (
        shutil.which(shell if shell in ("bash", "dash") else "bash", path=os.defpath)
        if shell in ("sh", "bash", "dash")
        else None
    )
    if program is None:
        return None
    done = _read_by(program, text)
    if done is None:
        return None
    said = done.stderr.decode("utf-8", "replace").strip().splitlines()
    if not done.returncode or not said:
        return None
    numbered = re.search(r"(?:line )?(\d+): (.*)", said[0].removeprefix("/dev/stdin: "))
    return (numbered[2], int(numbered[1])) if numbered else (said[0], 1)


def _opened(text: ShellText) -> int:
    """The line with the quotation mark that nothing closes: the first with an odd number of them before a line that begins a statement."""
    odd = [
        row
        for row, line in enumerate(text.lines[:-1], 1)
        if len(QUOTE.findall(re.sub(r"'[^'\"]*'|\s#[^\"]*$", "", line))) % 2 and CLOSES.match(text.lines[row])
    ]
    return odd[0] if odd else len(text.lines)


@rule("SHELL-LOCAL", gate="start", category="shell")
def local_of_nothing(shell_texts: ShellTexts, tree: Tree) -> Iterator[Finding]:
    """`local` stands outside every function, where it is an error and assigns nothing.

    Why: bash answers "local: can only be used in a function" with the status 1 and leaves the variable as it was; under `set -e` the script
    ends there, otherwise it goes on with an empty variable. Passes: zsh, files that another script sources.
    Do: Write the assignment without `local`, or put the code into a function.
    Source: bash's manual, 4.2 Bash Builtins, local.
    """
    texts = [
        t for t in shell_texts if t.kind == "script" and t.dialect in SHELLS and t.text.startswith("#!") and "local " in t.text
    ]
    if not texts:
        raise NotApplicable("no script uses local")
    sourced = set(
        re.findall(
            r"(?m)(?:^|&&|;)\s*(?:\.|source)\s+[^\n;]*?([\w.-]+)[\"']?\s*(?:$|[;|&#])", "\n".join(t.text for t in shell_texts)
        )
    )
    own = [text for text in texts if PurePosixPath(text.path).name not in sourced]
    yield from told((found for text in own for found in _locals(tree, text)), 2, 8)


def _locals(tree: Tree, text: ShellText) -> Iterator[Finding]:
    for node in text.nodes("declaration_command"):
        if (
            not node.text().startswith("local")
            or text.function_of(node) is not None
            or any(a.kind() == "ERROR" for a in node.ancestors())
            or _below_a_header(text.text, node.range().start.line)
        ):
            continue
        dies = text.dies(node)
        yield place(
            tree, text, node, "`local` outside a function is an error, and assigns nothing",
            "The script ends here." if dies else "The script goes on with the variable as it was before.",
        )  # fmt: skip


HEADER = regex(r"(?:function\s+[\w:.-]+|[\w:.-]+\s*\(\s*\))")


def _below_a_header(text: str, line: int) -> bool:
    """Do the lines above say that this one is in a function, whatever a parser that lost its way made of it?

    The nearest line without indentation that opens or closes a function decides.
    """
    for above in reversed(text.split("\n")[:line]):
        if above.startswith("}"):
            return False
        if HEADER.match(above):
            return True
    return False


DECIMAL = r"[\"']?-?\d*\.\d+[\"']?"
INTEGERS = regex(r"-(?:eq|ne|lt|le|gt|ge)\b")


@rule("SHELL-INTEGER", gate="start", category="shell")
def compared_as_integer(shell_texts: ShellTexts, tree: Tree) -> Iterator[Finding]:
    """A number with a decimal point is compared or summed as an integer, which is an error.

    Why: `[ 0.3 -lt 10 ]` answers "integer expression expected" and `[[ … ]]` "invalid arithmetic operator": both are false, so that a loop which
    waits ends at once and a limit never holds. Values are followed from a literal, from bc and from `date +%s.%N`.
    Passes: zsh and ksh, values cut to an integer (`${x%.*}`, `printf %.0f`), comparisons by bc or awk.
    Do: Count in whole units (milliseconds, rounds of the loop), or compare with `awk` or `bc`.
    Source: POSIX.1-2024, test; bash's manual, 6.5 Shell Arithmetic: fixed-width integers.
    """
    texts = [
        t
        for t in shell_texts
        if t.kind == "script" and t.dialect in SHELLS and re.search(r"=[\"']?\d*\.\d|\bbc\b|%s\.%N", t.text)
    ]
    if not texts:
        raise NotApplicable("no script holds a number with a decimal point")
    yield from told((found for text in texts for found in _decimals(tree, text)), 2)


def _decimals(tree: Tree, text: ShellText) -> Iterator[Finding]:
    values: dict[str, list[str]] = {}
    for node in text.nodes("variable_assignment"):
        left, right = node.field("name"), node.field("value")
        if left is not None and right is not None:
            values.setdefault(left.text(), []).append(right.text())
    broken = {name for name, given in values.items() if given and all(re.fullmatch(DECIMAL, v) for v in given)}
    for name, given in values.items():
        for value in given:
            cut = re.search(r"%\.0f|%d|cut -d|\$\{\w+%|/\s*1\b|int\(|scale=0|sed|tr\b", value)
            summed = re.match(r"\"?\$\(\s*(?:echo|printf)[^|]*\|\s*bc\b", value) or re.match(r"\"?\$\(\s*bc\b", value)
            parts = set(re.findall(r"\$\{?(\w+)", value))
            if not cut and (
                (summed and not re.search(r"[<>]=?|==", value) and (parts & broken or re.search(r"\d\.\d|scale=[1-9]", value)))
                or re.match(r"\"?\$\(\s*date\s+[\"']?\+%s\.%N[\"']?\s*\)\"?$", value)
            ):
                broken.add(name)
    for node in (*text.nodes("test_command"), *text.nodes("compound_statement")):
        said = node.text()
        sums = said.startswith("((")
        if not (sums or (node.kind() == "test_command" and INTEGERS.search(said))) or len(said) > 400 or "$(" in said:
            continue
        name = next((n for n in sorted(broken) if _compares(said, n, sums)), "")
        if name:
            sure: Confidence = "likely"
            yield place(
                tree, text, node, f"{name} holds a decimal number, and this compares integers",
                "The shell answers an error, and the comparison is always false.", sure,
            )  # fmt: skip


def _compares(said: str, name: str, sums: bool) -> bool:
    """Is a variable, whole and not cut, a side of an integer comparison?"""
    if sums:
        return re.search(rf"(?<![\w.])\$?{name}\b\s*[<>=!+-]|[<>=+-]\s*\$?{name}\b", said) is not None
    used = rf"\"?\$(?:{name}\b(?![.%])|\{{{name}\}})\"?"
    return re.search(rf"{used}\s+{INTEGERS.pattern}|{INTEGERS.pattern}\s+{used}", said) is not None
