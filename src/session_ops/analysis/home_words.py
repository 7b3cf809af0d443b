"""How each language says "the home folder of whoever runs this"."""

from __future__ import annotations

import re

from session_ops.analysis.imported import with_import
from session_ops.discovery.files import Tree
from session_ops.model import Edit

Words = tuple[str, str, tuple[Edit, ...]]
"""What is replaced on the line, by what, and what else the file needs for it."""


def home_words(tree: Tree, path: str, line: int, home: str) -> Words | None:
    """The change that takes one person's home out of a line; None where the language or the place has no sure way to say it."""
    text = tree.lines(path)[line - 1]
    language = tree.entries[path].language
    if text.count(home) != 1:
        return None
    if language == "python":
        return _python(tree, path, text, home)
    if language in ("javascript", "typescript"):
        return _javascript(tree, path, text, home)
    if language in ("shell", "zsh"):
        return _shell(text, home)
    return _unit(text, home) if language == "systemd" else None


def _unit(text: str, home: str) -> Words | None:
    """A system unit finds a program where programs are installed by hand. Source: the file hierarchy of Linux, FHS 3.0, /opt."""
    inside = re.match(
        rf"(?:WorkingDirectory|Exec\w+|EnvironmentFile)=[-@:+!]*{re.escape(home)}/(?P<name>[\w.-]+)(?=[/\s]|$)", text
    )
    return (f"{home}/{inside['name']}", f"/opt/{inside['name']}", ()) if inside else None


def _python(tree: Tree, path: str, text: str, home: str) -> Words | None:
    literal = re.search(rf"(?<![\w\"'])(?P<quote>[\"']){re.escape(home)}(?P<rest>[^\"'\\]*)(?P=quote)", text)
    if literal is None or literal["rest"][:1] not in ("", "/"):
        return None
    inside = re.search(r"\b(?:pathlib\.)?Path\($", text[: literal.start()])
    if inside is not None and text[literal.end() :].startswith(")"):
        called = inside[0] + literal[0] + ")"
        name = inside[0][:-1]
        new = f'{name}("~{literal["rest"]}").expanduser()' if literal["rest"].strip("/") else f"{name}.home()"
        return called, new, ()
    added = with_import(tree, path, "os")
    return None if added is None else (literal[0], f'os.path.expanduser("~{literal["rest"]}")', added)


def _javascript(tree: Tree, path: str, text: str, home: str) -> Words | None:
    literal = re.search(rf"(?P<quote>[\"']){re.escape(home)}(?P<rest>[^\"'\\]*)(?P=quote)", text)
    if literal is None or literal["rest"][:1] not in ("", "/"):
        return None
    whole = tree.text(path)
    bound = re.search(
        r"(?:const|let|var)\s+(\w+)\s*=\s*require\(['\"](?:node:)?os['\"]\)|import\s+(?:\*\s+as\s+)?(\w+)\s+from\s+['\"](?:node:)?os['\"]",
        whole,
    )
    if bound is not None:
        said = f"{bound[1] or bound[2]}.homedir()"
    elif re.search(r"\brequire\(", whole) and not re.search(r"^import\s", whole, re.MULTILINE):
        said = "require('os').homedir()"
    else:
        said = "process.env.HOME"
    quote, rest = literal["quote"], literal["rest"]
    return literal[0], f"{said} + {quote}{rest}{quote}" if rest.strip("/") else said, ()


def _shell(text: str, home: str) -> Words | None:
    before = text[: text.index(home)]
    if before.count("'") % 2:
        return None
    quoted = before.count('"') % 2 == 1 or re.search(r"\$\{\w+:?[-=+]$", before)
    after = text[text.index(home) + len(home) :][:1]
    if quoted and (after.isalnum() or after == "_"):
        return None
    return home, "$HOME" if quoted else '"$HOME"', ()
