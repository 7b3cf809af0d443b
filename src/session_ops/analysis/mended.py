"""Mending a manifest that does not parse, or says what its standard refuses: what git remembers, else the smallest change that helps."""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections import deque
from collections.abc import Callable, Iterator

from session_ops.discovery.deployment.yaml import read_yaml
from session_ops.discovery.earlier import earlier
from session_ops.discovery.files import Tree
from session_ops.discovery.manifests.setuptools import parse
from session_ops.model import Edit, Finding, Fix
from session_ops.patterns import regex
from session_ops.registry import split_lines

NEAR = 12
"""Lines above the place where a parser stopped in which a slip is looked for."""
LARGEST = 60_000
"""Characters of a file that is parsed again and again."""
Parses = Callable[[str], bool]


def mend(finding: Finding, tree: Tree) -> Fix | None:
    """The fix for a file that does not parse."""
    path = finding.at.path
    parses = _parser(path)
    text = tree.text(path)
    if parses is None or not text or len(text) > LARGEST:
        return None
    for commit, old in earlier(tree, path):
        if parses(old) and (edits := _restoring(path, text, old, parses)):
            why = f"So it stood at commit {commit[:8]}, and with it the file parses."
            return Fix(f"Mend {path} as it was before", (finding.id,), "review", edits, why=why)
    stopped = len(split_lines(text)) if path.endswith(".py") else max(finding.at.line, 1)  # Python reads on to the end
    edit = next(_slips(path, text, stopped, parses), None)
    if edit is None:
        return None
    return Fix(
        f"Mend the syntax of {path}",
        (finding.id,),
        "review",
        (edit,),
        why="It is the smallest change with which the file parses.",
    )


def amend(finding: Finding, tree: Tree) -> Fix | None:
    """The fix for a value that the standard refuses: the one that git remembers, or one that the file's neighbours tell."""
    path, line = finding.at.path, finding.at.line
    lines = tree.lines(path)
    parses = _parser(path)
    if parses is None or not 0 < line <= len(lines):
        return None
    for commit, old in earlier(tree, path):
        if not parses(old):
            continue
        for edit in _changes(path, lines, split_lines(old)):
            if edit.line <= line < edit.line + edit.old.count("\n") + 1 and edit.old.count("\n") < 4:
                why = f"So it stood at commit {commit[:8]}."
                return Fix(f"Write in {path} what stood there before", (finding.id,), "review", (edit,), why=why)
    return _told(finding, tree, path, line)


def _parser(path: str) -> Parses | None:
    if path.endswith(".json"):
        return _json
    if path.endswith(".toml"):
        return _toml
    if path.endswith((".yaml", ".yml")):
        return _yaml
    if path.endswith(".py"):
        return lambda text: parse(text.removeprefix("\ufeff")) is not None
    return None


def _json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _toml(text: str) -> bool:
    try:
        tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return False
    return True


def _yaml(text: str) -> bool:
    from ruamel.yaml.error import YAMLError

    try:
        read_yaml(text, lambda yaml: deque(yaml.load_all(text), maxlen=0))
    except (YAMLError, ValueError, RecursionError):
        return False
    return True


def _changes(path: str, now: list[str], then: list[str]) -> Iterator[Edit]:
    """One edit for each place where the file differs from what it was, that leads back."""
    for tag, a1, a2, b1, b2 in difflib.SequenceMatcher(None, now, then, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        if a1 == a2:  # something is missing here: hang it on the line before, or the one after
            if a1:
                yield Edit(path, now[a1 - 1], "\n".join([now[a1 - 1], *then[b1:b2]]), a1)
            elif now:
                yield Edit(path, now[0], "\n".join([*then[b1:b2], now[0]]), 1)
        elif b1 == b2 and a2 < len(now):
            yield Edit(path, "\n".join(now[a1 : a2 + 1]), now[a2], a1 + 1)
        else:
            yield Edit(path, "\n".join(now[a1:a2]), "\n".join(then[b1:b2]), a1 + 1)


def _restoring(path: str, text: str, old: str, parses: Parses) -> tuple[Edit, ...]:
    """The one place that has to be as it was, or all of them where they are few."""
    now = split_lines(text)
    edits = [edit for edit in _changes(path, now, split_lines(old)) if edit.old]
    for edit in edits:
        if parses(_with(now, edit)):
            return (edit,)
    changed = sum(edit.old.count("\n") + 1 for edit in edits)
    return tuple(edits) if edits and changed <= NEAR else ()


def _with(lines: list[str], edit: Edit) -> str:
    count = edit.old.count("\n") + 1
    return "\n".join([*lines[: edit.line - 1], *edit.new.split("\n"), *lines[edit.line - 1 + count :]]) + "\n"


def _slips(path: str, text: str, stopped: int, parses: Parses) -> Iterator[Edit]:
    """Changes of one line with which the file parses, the nearest to where the parser stopped first."""
    lines = split_lines(text)
    last = min(stopped + 1, len(lines))
    for number in range(last, max(0, last - NEAR), -1):
        line = lines[number - 1]
        for new in _variants(path, line, lines[number] if number < len(lines) else "", number == len(lines)):
            edit = Edit(path, line, new, number)
            if line and new != line and parses(_with(lines, edit)):
                yield edit


def _variants(path: str, line: str, following: str, at_end: bool) -> Iterator[str]:
    bare = line.rstrip()
    if path.endswith(".py"):
        yield from (bare + end for end in (",", ")", "]", "}", '"', "'", ":"))
        if at_end:
            yield from (bare + "\n" + close for close in (")", "])", "})"))
    elif path.endswith((".yaml", ".yml")):
        yield re.sub(r"^(\s*(?:- )?[\w.-]+):(?=[\[{\"'])", r"\1: ", bare)
        yield line.replace("\t", "  ")
    elif path.endswith(".json"):
        yield bare + ","
        if bare.endswith(","):
            yield bare[:-1]
        yield bare + '"'
        yield bare + '",'
        yield re.sub(r"^(\s*)([\w-]+)(\s*:)", r'\1"\2"\3', bare)
        yield re.sub(r'^(\s*"[^"]*)(:)', r'\1"\2', bare)
        yield bare.replace("'", '"')
        yield re.sub(r"\s*//.*$", "", bare)
        if at_end:
            yield from (bare + "\n" + close for close in ("}", "]", "}\n}", "]\n}"))
        indent = re.match(r"\s*", following or line)
        outer = indent[0] if indent else ""
        yield from (f"{bare}\n{outer}{close}" for close in ("},", "}", "],", "]"))
    else:
        yield bare + '"'
        yield bare + "'"
        if bare.endswith(",") and not following[:1].isspace():
            yield bare + "\n]"
        yield bare + "]"
        yield re.sub(r'^(\s*[\w-]+\s*=\s*)([^"\'\[{].*[^"\'])"$', r'\1"\2"', bare)
        yield re.sub(r"^(\s*[\w-]+\s*=\s*)([^\"'\[{\s][^\"']*)$", r'\1"\2"', bare)
        yield bare + ","
        if not following[:1].isspace():
            yield bare + "\n]"
            yield bare + "\n}"
            yield bare + '\n"""'
        yield re.sub(r"^\[([\w.\"-]+)$", r"[\1]", bare)
        yield re.sub(r"^(\[\[?[\w.\"-]+\]?)$", r"\1]", bare)


VERSION = regex(r"\d+\.\d+(?:\.\d+)?(?:[-.]?(?:a|b|rc|alpha|beta|dev|post)\.?\d*)?")


def _told(finding: Finding, tree: Tree, path: str, line: int) -> Fix | None:
    """A value that other files tell: the version that the code, the change log or the package's own information says, a range by its number."""
    text = tree.lines(path)[line - 1]
    entry = re.match(r"^(?P<lead>\s*\"?(?P<key>[\w-]+)\"?\s*[=:]\s*)(?P<quote>[\"'])(?P<value>[^\"']*)(?P=quote)", text)
    if entry is None:
        return None
    folder = path.rpartition("/")[0]
    key, new, why = entry["key"], "", ""
    if key == "version":
        new, why = told_version(tree, folder)
        if not new and path.endswith(".json"):
            new, why = "0.0.0", "No file tells the version: set the one that you publish."
    elif key in ("requires-python", "node", "npm", "python"):
        number = VERSION.search(entry["value"]) or re.search(r"\d+", entry["value"])
        new, why = (f">={number[0]}", "It is the number that stood there.") if number else ("", "")
    if not new or new == entry["value"]:
        return None
    old = f"{entry['quote']}{entry['value']}{entry['quote']}"
    edit = Edit(path, entry["lead"] + old, f"{entry['lead']}{entry['quote']}{new}{entry['quote']}", line)
    return Fix(f"Write {new} for {key} in {path}", (finding.id,), "review", (edit,), why=why)


def told_version(tree: Tree, folder: str) -> tuple[str, str]:
    """The version that other files of the package tell, and which of them; both empty where none does."""
    base = f"{folder}/" if folder else ""
    if found := re.search(r"^Version: (\S+)", tree.text(f"{base}PKG-INFO"), re.MULTILINE):
        return found[1], "PKG-INFO says it."
    for entry in tree.files("python"):
        if entry.path.startswith(base) and entry.path.endswith(("__init__.py", "version.py", "__version__.py", "__about__.py")):
            found = re.search(r"^__?version__?\s*=\s*[\"'](\d[\w.]*)[\"']", tree.text(entry.path), re.MULTILINE | re.IGNORECASE)
            if found:
                return found[1], f"{entry.path} says it."
    for name in ("package-lock.json", "npm-shrinkwrap.json"):
        if found := re.search(r'^\s{0,4}"version":\s*"([^"]+)"', tree.text(base + name), re.MULTILINE):
            return found[1], f"{name} says it."
    for entry in tree.files():
        log = re.fullmatch(rf"{re.escape(base)}(?:CHANGELOG|CHANGES|HISTORY|NEWS)[\w.]*", entry.path, re.IGNORECASE)
        if log and (found := re.search(rf"^[#=\s\[v]*({VERSION.pattern})\b", tree.text(entry.path), re.MULTILINE)):
            return found[1], f"{entry.path} says it last."
    return "", ""
