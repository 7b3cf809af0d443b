"""systemd units and launchd jobs."""

from __future__ import annotations

from collections.abc import Iterator
from xml.parsers import expat

from session_ops.discovery.deployment.model import Unit
from session_ops.discovery.deployment.yaml import Notes
from session_ops.discovery.files import Tree
from session_ops.patterns import regex

_SECTION = regex(r"\[([\w.-]+)\]\s*$")
_TEMPLATE = regex(r"\{\{|\{%|<%")


def read_units(tree: Tree, notes: Notes) -> tuple[Unit, ...]:
    """Every unit file and property list that is a launchd job."""
    found = []
    for entry in tree.files("systemd"):
        text = tree.text(entry.path)
        if _TEMPLATE.search(text):
            notes.left_alone.append((entry.path, 0, "a template: it is a unit only after it was rendered"))
            continue
        if entries := tuple(_unit(tree.lines(entry.path))):
            found.append(Unit(entry.path, entries))
    for entry in tree.files("xml"):
        if entry.path.endswith(".plist") and "ProgramArguments" in (text := tree.text(entry.path)):
            if entries := _plist(text):
                found.append(Unit(entry.path, entries))
            else:
                notes.problems.append((entry.path, 0, "this property list does not parse"))
    return tuple(found)


def _unit(lines: list[str]) -> Iterator[tuple[str, str, int]]:
    """Entries of a unit; a line that ends with a backslash goes on (systemd.syntax(7))."""
    section, number = "", 0
    while number < len(lines):
        start = number
        line = lines[number].lstrip("\ufeff").strip()
        number += 1
        if not line or line.startswith(("#", ";")):
            continue
        if match := _SECTION.match(line):
            section = match[1]
            continue
        while line.endswith("\\") and number < len(lines):
            following = lines[number].strip()
            number += 1
            if not following.startswith(("#", ";")):
                line = line[:-1].rstrip() + " " + following
        key, equals, value = line.partition("=")
        if section and equals:
            yield f"{section}.{key.strip()}", value.strip(), start + 1


def _plist(text: str) -> tuple[tuple[str, str, int], ...]:
    """Entries of a property list as (plist.Key.0, text, line); empty where it is none. Own entities are refused: they can be a bomb."""
    parser = expat.ParserCreate()
    entries: list[tuple[str, str, int]] = []
    stack: list[list[str | int]] = []  # of open containers: [key or index]
    text_now, line_now = [""], [0]

    def refuse(*_: object) -> None:
        raise ValueError("own entities")

    def start(name: str, _: dict[str, str]) -> None:
        text_now[0], line_now[0] = "", parser.CurrentLineNumber
        if name in ("dict", "array"):
            stack.append(["" if name == "dict" else 0])
        elif name in ("true", "false"):
            text_now[0] = name

    def end(name: str) -> None:
        if name in ("dict", "array"):
            stack.pop()
        elif name == "key":
            if stack:
                stack[-1][0] = text_now[0]
            return
        elif name != "plist" and stack:
            path = ".".join(["plist", *(str(top[0]) for top in stack)])
            entries.append((path, text_now[0].strip(), line_now[0]))
        if stack and isinstance(stack[-1][0], int):
            stack[-1][0] += 1

    def data(part: str) -> None:
        text_now[0] += part

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, data
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(text.removeprefix("\ufeff").encode("utf-8", "replace"), True)
    except (expat.ExpatError, ValueError):
        return ()
    return tuple(entries)
