"""Entries of cron: what they run, seen from where cron stands (HOME, a short PATH, no shell of the user)."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from session_ops.discovery.aside import is_aside, is_document
from session_ops.discovery.files import FileEntry, Tree
from session_ops.discovery.manifests import Manifests
from session_ops.model import Confidence, Finding, Gate
from session_ops.patterns import regex
from session_ops.registry import NotApplicable, rule

_TABLE = regex(r"(?:^|/)(?:[\w.-]*crontab(?:\.txt)?|cron(?:tab)?\.txt|[\w.-]+\.cron)$|(?:^|/)cron\.d/[\w.-]+$")
_OF_SYSTEM = regex(r"/?cron\.d/|etc/crontab")
_PART = r"(?:\*(?:/\d+)?|\d+(?:-\d+)?(?:/\d+)?|[A-Za-z]{3}(?:-[A-Za-z]{3})?)"
_FIELD = rf"{_PART}(?:,{_PART})*"
_ENTRY = regex(
    rf"(?P<open>^|[\"'\s(`])(?P<when>(?:{_FIELD}[ \t]+){{4}}{_FIELD}|@(?:reboot|hourly|daily|weekly|monthly|yearly|annually|midnight))[ \t]+(?P<what>\S.*)$"
)
_SETTING = regex(r"^\s*(?P<name>[A-Z_]+)\s*=\s*(?P<value>.*)$")
_PERCENT = regex(r"(?<!\\)%")
_ELSEWHERE = frozenset(
    (
        "bun",
        "cargo",
        "claude",
        "deno",
        "gemini",
        "go",
        "node",
        "npm",
        "npx",
        "opencode",
        "pipx",
        "pnpm",
        "poetry",
        "uv",
        "uvx",
        "yarn",
    )
)
"""Programs whose own installers put them below the home folder or /usr/local, where cron's PATH does not reach."""
_INTERPRETERS = frozenset(("bash", "sh", "zsh", "dash", "python", "python3", "node", "ruby", "perl", "php"))
_PREFIXES = frozenset(
    ("nice", "ionice", "flock", "timeout", "env", "nohup", "time", "chronic", "setsid", "exec", "sudo", "command")
)


@dataclass(frozen=True)
class Entry:
    """A line of a table of cron: where it stands, the command (without the user of a system table), and whether a PATH is set for it."""

    path: str
    line: int
    command: str
    has_path: bool
    shown: bool = False
    """Only shown in a document, for the reader to enter."""
    quoted: bool = False
    """Text of a script, which its shell may change before cron gets it."""


def entries(tree: Tree) -> Iterator[Entry]:
    """Every entry in tables, in scripts and Dockerfiles that write one, and in fenced blocks of documents that tell to."""
    for file in tree.files():
        text = tree.text(file.path)
        if _TABLE.search(file.path) and file.language in ("", "cron", "text", "shell"):
            yield from _in_table(tree, file)
        elif file.language in ("shell", "dockerfile", "makefile") and ("crontab" in text or "/etc/cron" in text):
            yield from _in_script(tree, file)
        elif file.language == "markdown" and "crontab" in text:
            yield from _in_document(tree, file)


def _in_table(tree: Tree, file: FileEntry) -> Iterator[Entry]:
    has_path = False
    system = bool(_OF_SYSTEM.search(file.path))
    for number, line in enumerate(tree.lines(file.path), start=1):
        setting = _SETTING.match(line)
        if setting:
            has_path = has_path or setting["name"] == "PATH"
        elif not line.lstrip().startswith("#") and (match := _ENTRY.match(line.strip())):
            yield Entry(file.path, number, _without_user(match["what"]) if system else match["what"], has_path)


def _in_script(tree: Tree, file: FileEntry) -> Iterator[Entry]:
    text = tree.text(file.path)
    has_path = bool(re.search(r"^\s*(?:echo\s+[\"'])?PATH=[^\n]*$", text, re.MULTILINE)) and "<<" in text
    for number, line in enumerate(tree.lines(file.path), start=1):
        match = None if line.lstrip().startswith("#") or ("*" not in line and "@" not in line) else _ENTRY.search(line)
        if match is None or "printf" in line[: match.start()]:
            continue
        what = match["what"]
        if match["open"] in ('"', "'", "`"):
            what = re.split(rf"(?<!\\){match['open']}", what, maxsplit=1)[0]
        near = "\n".join(tree.lines(file.path)[max(number - 12, 0) : number + 12])
        if "crontab" not in near and "/etc/cron" not in near and "cron" not in near.lower():
            continue
        system = bool(re.search(r"/etc/cron(?:\.d/|tab)", near)) and "crontab -" not in near
        yield Entry(file.path, number, _without_user(what) if system else what, has_path, quoted=True)


def _in_document(tree: Tree, file: FileEntry) -> Iterator[Entry]:
    inside, has_path = False, False
    for number, line in enumerate(tree.lines(file.path), start=1):
        if line.lstrip().startswith(("```", "~~~")):
            inside, has_path = not inside, False
        elif inside and line.startswith("PATH="):
            has_path = True
        elif inside and (match := _ENTRY.match(line.strip())):
            yield Entry(file.path, number, match["what"], has_path, shown=True)


def _without_user(what: str) -> str:
    first, _, rest = what.partition(" ")
    return rest.strip() if re.fullmatch(r"[a-z_][a-z0-9_-]*|\$\{?\w+\}?", first) and rest else what


@rule("SHIP-CRON", gate="ship", category="deploy-config")
def entry_of_cron(tree: Tree, manifests: Manifests) -> Iterator[Finding]:
    r"""An entry of cron runs something that cron does not find.

    Why: cron starts commands in the home folder with PATH=/usr/bin:/bin and the user's profile unread, so that a path relative to the
    project and a program below /usr/local or ~/.local are not found; a `%` that is not escaped ends the command, and what follows it becomes
    its input; `~` and `$HOME` in a line that sets a variable stay as they are. All of it goes to a mail that nobody reads.
    Passes: `cd` before it, absolute paths, a PATH in the table or in the command, `\%`. Programs that are often elsewhere are only
    possible, and entries that a document shows break `follow`.
    Do: Write absolute paths, or `cd /path && …`; set PATH at the top of the table without variables; write `\%` for `%`.
    Source: crontab(5): "The entire command portion of the line, up to a newline or % character"; cron(8); Debian, cron's default PATH.
    """
    found = list(entries(tree))
    if not found and not any(_TABLE.search(e.path) for e in tree.files()):
        raise NotApplicable("no entry of cron")
    own = {e.name for m in manifests for e in m.entry_points if e.kind in ("script", "bin")}
    for one in found:
        for what, impact, confidence in _troubles(tree, one, own):
            beside = is_aside(one.path) or (is_document(one.path) and not one.shown)
            yield Finding(
                what, tree.evidence(one.path, one.line), impact=impact,
                confidence="possible" if beside else confidence, gate=Gate.FOLLOW if one.shown else None,
            )  # fmt: skip
            break
    for file in tree.files():
        if _TABLE.search(file.path) and file.language in ("", "cron", "text"):
            yield from _settings(tree, file)


def _troubles(tree: Tree, one: Entry, own: set[str]) -> Iterator[tuple[str, str, Confidence]]:
    cut = _PERCENT.search(one.command)
    if cut and not re.search(r"\$\{[^}]*%", one.command) and not (one.quoted and "%%" in one.command):
        kept = one.command[: cut.start()].split()[-1:] or [""]
        yield (
            f"cron cuts the command at `%`, after {kept[0]!r}",
            "The command runs without its end, or fails with a syntax error.",
            "likely",
        )
    words = _words(one.command)
    if (
        not words
        or "cd" in words
        or "pushd" in words
        or "-C" in words
        or "PATH=" in one.command
        or re.search(r"\. |source ", one.command)
    ):
        return
    program, argument = _program(words)
    for word in (program, argument):
        path = posixpath.normpath(word) if word else ""
        if "/" not in word and not (word == argument and re.search(r"\.\w{1,4}$", word)):
            continue
        if (
            word.startswith(("/", "~", "$", "-", "<", "{", "\\"))
            or "://" in word
            or "=" in word
            or "..." in word
            or "path/to" in word
        ):
            continue
        there = tree.exists(path) or any(e.endswith(f"/{path.removeprefix('./')}") for e in tree.entries)
        if there or word.startswith("./"):
            yield (
                f"cron starts {word} in the home folder, where it is not",
                'The entry ends with "not found" each time, in a mail that nobody reads.',
                "likely" if there else "possible",
            )
            return
    if not one.has_path and "/" not in program and (program in _ELSEWHERE or program in own):
        yield (
            f"cron's PATH is /usr/bin:/bin, where {program} often is not",
            'The entry ends with "command not found" each time, in a mail that nobody reads.',
            "possible",
        )


def _words(command: str) -> list[str]:
    try:
        return (
            shlex.split(re.split(r"(?<![\d&>])\s*(?:>|\||;|&&|2>)", command, maxsplit=1)[0])
            if "&&" not in command or "cd " not in command
            else ["cd"]
        )
    except ValueError:
        return []


def _program(words: list[str]) -> tuple[str, str]:
    """The program of a command behind wrappers and assignments, and the script that an interpreter is given."""
    rest = list(words)
    while rest and (
        posixpath.basename(rest[0]) in _PREFIXES or re.match(r"\w+=|-|\d+[smh]?$|\+", rest[0]) or (rest[0].endswith(".lock"))
    ):
        rest.pop(0)
    if not rest:
        return "", ""
    name = posixpath.basename(rest[0])
    script = (
        next((w for w in rest[1:] if not w.startswith("-")), "")
        if re.sub(r"[\d.]+$", "", name) in _INTERPRETERS or name in _INTERPRETERS
        else ""
    )
    if "-c" in rest[1:2] or "-m" in rest[1:2] or "-e" in rest[1:2]:
        script = ""
    return rest[0], script


def _settings(tree: Tree, file: FileEntry) -> Iterator[Finding]:
    """Lines of a table that set a variable by another, which cron takes literally."""
    lines = tree.lines(file.path)
    if not any(_ENTRY.match(line.strip()) for line in lines):
        return
    for number, line in enumerate(lines, start=1):
        setting = _SETTING.match(line)
        if setting and (found := re.search(r"\$\{?\w+|(?:^|:)~/?", setting["value"].strip("\"' "))):
            yield Finding(
                f"cron does not replace {found[0].lstrip(':')} in a line that sets {setting['name']}",
                tree.evidence(file.path, number),
                impact=f"{setting['name']} holds the text as it stands, and commands are not found."
                if setting["name"] == "PATH"
                else f"{setting['name']} holds the text as it stands.",
                confidence="possible" if is_aside(file.path) else "likely",
            )
