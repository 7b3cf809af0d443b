"""Commands that ask a question before they do anything."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from session_ops.analysis.imported import with_import
from session_ops.discovery.aside import is_aside
from session_ops.discovery.files import Tree, normal
from session_ops.discovery.languages import shebang
from session_ops.discovery.manifests import Manifests
from session_ops.discovery.manifests.setuptools import parse
from session_ops.model import Edit, Finding, Fix
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

_READS = regex(r"^read\s+(?:-\w+\s+(?:\"[^\"]*\"\s+|'[^']*'\s+)?)*(?P<name>\w+)?\s*$")
_SYNC = regex(
    r"^(?:(?:const|let|var)\s+(?P<name>\w+)\s*=\s*)?[^=\n]*(?:readFileSync|\b\w*[rR]ead\w*)\(\s*(?:0|['\"]/dev/(?:stdin|tty)['\"]|process\.stdin\.fd)\b[^\n]*\)[^\n]*;?\s*$"
)
_TERMINAL = regex(r"isatty|isTTY|-t [01]")


@dataclass(frozen=True)
class Question:
    """The first and last line (from 1) of a question and what hangs on its answer alone; `how` is the language."""

    path: str
    line: int
    end: int
    how: str
    text: str


def only_for_people(finding: Finding, tree: Tree) -> Fix | None:
    """Ask, and act on the answer, only at a terminal."""
    if "end" not in finding.data:
        return None
    path, line, end = finding.at.path, finding.at.line, int(finding.data["end"])
    lines = tree.lines(path)[line - 1 : end]
    indent = re.match(r"\s*", lines[0])
    lead = indent[0] if indent else ""
    step = "\t" if "\t" in lead else "    "
    body = [step + text if text.strip() else text for text in lines]
    how = finding.data["how"]
    edits: tuple[Edit, ...] = ()
    if how == "python":
        new = "\n".join([f"{lead}if sys.stdin.isatty():", *body])
        added = with_import(tree, path, "sys")
        if added is None:
            return None
        edits = added
    elif how == "shell":
        new = "\n".join([f"{lead}if [ -t 0 ]; then", *body, f"{lead}fi"])
    else:
        new = "\n".join([f"{lead}if (process.stdin.isTTY) {{", *body, f"{lead}}}"])
    edit = Edit(path, "\n".join(lines), new, line)
    why = "People are asked as before; without a terminal the command goes on, as its callers mean it."
    return Fix(f"Ask only at a terminal in {path}", (finding.id,), "review", (*edits, edit), why=why)


@rule("ENTRY-ASKS", gate="start", category="interactive", fix=only_for_people)
def asks_before_anything(tree: Tree, manifests: Manifests) -> Iterator[Finding]:
    """A command that the package installs asks a question before it looks at its arguments.

    Why: without a terminal (CI, cron, a hook, an agent) `input()` raises EOFError, `read` fails, and even `--help` and `--version` do not work.
    Only questions that nothing precedes but imports and plain assignments; one behind an option, an `if` or a test for a terminal passes.
    Do: Ask only at a terminal (isatty(), `[ -t 0 ]`), or take the answer from an option.
    Source: POSIX.1-2024, Shell & Utilities, read; Python's documentation of input().
    """
    entries = list(dict.fromkeys(_entries(tree, manifests)))
    if not entries:
        raise NotApplicable("no manifest installs a command")
    for path, function in entries:
        question = _first(tree, path, function)
        if question is None:
            continue
        whole = {"end": str(question.end), "how": question.how} if question.end else {}
        yield Finding(
            f"the command asks {question.text} before it does anything",
            tree.evidence(path, question.line, question.end or question.line),
            impact="Without a terminal nothing of it works, not even --help.",
            data=whole,
        )


def _entries(tree: Tree, manifests: Manifests) -> Iterator[tuple[str, str]]:
    """File and function of every command; the function is empty for a script."""
    for one in manifests:
        if is_aside(one.path) or one.broken:
            continue
        for entry in one.entry_points:
            if one.ecosystem == "npm" and entry.kind == "bin":
                path = one.beside(entry.value)
                if path in tree.entries:
                    yield path, ""
            elif one.ecosystem == "pip" and entry.kind == "script" and ":" in entry.value:
                module, _, function = entry.value.partition(":")
                tail = module.strip().replace(".", "/")
                for base in ("", "src/", "lib/", "python/"):
                    for end in (".py", "/__init__.py"):
                        path = normal(f"{one.folder}/{base}{tail}{end}".lstrip("/"))
                        if path in tree.entries:
                            yield path, function.strip().partition(" ")[0]


def _first(tree: Tree, path: str, function: str) -> Question | None:
    text = tree.text(path)
    if path.endswith(".py") or function or shebang(text)[1].startswith("python"):
        return _python(path, text, function)
    name = shebang(text)[1]
    if name in ("sh", "bash", "dash", "zsh", "ksh"):
        return _shell(path, tree.lines(path))
    if name in ("node", "nodejs", "bun") or path.endswith((".js", ".mjs", ".cjs")):
        return _node(path, tree.lines(path))
    return None


def _python(path: str, text: str, function: str) -> Question | None:
    module = parse(text.removeprefix("\ufeff"))
    body: list[ast.stmt] = module.body if module else []
    if function:
        body = next((n.body for n in body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef) and n.name == function), [])
    for number, node in enumerate(body):
        call = node.value if isinstance(node, ast.Assign | ast.Expr) else None
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "input":
            asked = ast.unparse(call.args[0])[:60] if call.args else "a question"
            names = [t.id for t in node.targets if isinstance(t, ast.Name)] if isinstance(node, ast.Assign) else []
            last = _uses(body[number + 1 :], names)
            return Question(path, node.lineno, last or (0 if names and last is None else node.end_lineno or 0), "python", asked)
        plain = isinstance(node, ast.Import | ast.ImportFrom | ast.Global) or (
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        )
        simple = isinstance(node, ast.Assign | ast.AnnAssign) and not any(isinstance(n, ast.Call) for n in ast.walk(node))
        if not (plain or simple or (not function and isinstance(node, ast.FunctionDef | ast.ClassDef))):
            return None
    return None


def _uses(rest: list[ast.stmt], names: list[str]) -> int | None:
    """The last line of what hangs on the names directly behind; 0 where nothing does, None where they are used further down too."""
    last = 0
    for number, node in enumerate(rest):
        used = any(isinstance(n, ast.Name) and n.id in names for n in ast.walk(node))
        if used and isinstance(node, ast.If) and number == 0:
            last = node.end_lineno or 0
        elif used:
            return None
    return last


def _shell(path: str, lines: list[str]) -> Question | None:
    for number, line in enumerate(lines, 1):
        bare = line.strip()
        if (
            not bare
            or bare.startswith("#")
            or re.match(r"(?:set|shopt|export|readonly|declare|local|IFS=)\b|\w+=[^;&|]*$|echo\b|printf\b", bare)
        ):
            continue
        match = _READS.match(bare)
        if match is None or line[:1] in " \t":
            return None
        name = match["name"] or "REPLY"
        rest = [n for n, text in enumerate(lines[number:], number + 1) if re.search(rf"\$\{{?{name}\b", text)]
        end = number
        if (
            rest == [number + 1]
            and re.match(r"\s*(?:\[|test\b|case\b.*esac)", lines[number])
            and not lines[number].rstrip().endswith(("\\", "{", "then"))
        ):
            end = number + 1
        elif rest:
            end = 0
        return Question(path, number, end, "shell", json.dumps(bare[:60], ensure_ascii=False))
    return None


def _node(path: str, lines: list[str]) -> Question | None:
    shown = 0
    for number, line in enumerate(lines, 1):
        bare = line.strip()
        if (
            number == 1
            or not bare
            or bare.startswith(
                ("//", "/*", "*", "import ", "'use strict'", '"use strict"', "process.stdout.write(", "console.log(")
            )
        ):
            continue
        if _TERMINAL.search(bare):
            return None
        match = _SYNC.match(line)
        if match is None:
            if re.match(r"(?:const|let|var)\s+[\w${},\s:]+=\s*(?:require\([^)]*\)[\w.]*|[\w.'\"]+);?$", bare):
                continue
            return None
        name = match["name"] or ""
        rest = [n for n, text in enumerate(lines[number:], number + 1) if name and re.search(rf"\b{re.escape(name)}\b", text)]
        if not rest:
            return None  # it reads its input, and asks nothing
        end = number + 1 if rest == [number + 1] and re.match(r"if \(.*\).*;\s*$", lines[number].strip()) else 0
        shown = number
        return Question(path, shown, end, "javascript", "on standard input")
    return None
