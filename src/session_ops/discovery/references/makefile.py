"""Files that make recipes name. Each recipe line is a shell of its own, started in the Makefile's folder.

Source: GNU make manual, Recipe Execution; Substitution of variables is done for simple assignments only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from session_ops.patterns import regex

_ASSIGNMENT = regex(r"^(?:export\s+|override\s+)?([\w.-]+)\s*(\?=|:{0,3}=|\+=|!=)\s*(.*?)\s*$")
_TARGET = regex(r"^([^\s:#=][^:#=]*?)\s*:(?![=:])([^=]*)$")
_VARIABLE = regex(r"\$[({](\w[\w.-]*)[)}]")
_AUTOMATIC = regex(r"\$(?:[@<^?*+%|]|\([@<^?*+%|][DF]\))")


@dataclass(frozen=True)
class Recipe:
    """One recipe line (continuations joined with their line ends): shell text, first line, target, whether its failure stops make."""

    text: str
    line: int
    target: str
    stops: bool


def recipes(text: str) -> Iterator[Recipe]:
    """The recipe lines of a Makefile, with simple variables put in; an unknown one becomes a shell variable."""
    variables: dict[str, str] = {"CURDIR": ".", "MAKE": "make"}
    lines = text.split("\n")
    target = ""
    index = 0
    while index < len(lines):
        line, start = lines[index].rstrip("\r"), index + 1
        while line.endswith("\\") and index + 1 < len(lines):
            index += 1
            line += "\n" + lines[index].rstrip("\r")
        index += 1
        if line.startswith("\t") and target:
            body = line.lstrip("\t ")
            flags = re.match(r"[@+\- \t]*", body)
            head = flags[0] if flags else ""
            yield Recipe(_put_in(body[len(head) :], variables).replace("\n\t", "\n"), start, target, "-" not in head)
        elif match := _ASSIGNMENT.match(line):
            known = match[2] in ("=", ":=", "::=", "?=") and not (match[2] == "?=" and match[1] in variables)
            if known and match[1] not in variables:
                variables[match[1]] = _put_in(match[3], variables)
            else:
                variables[match[1]] = "$__unknown"  # set twice, added to, or computed
        elif match := _TARGET.match(line):
            target = match[1].strip().split()[0]


def _put_in(text: str, variables: dict[str, str]) -> str:
    text = text.replace("$$", "\x05")
    text = _VARIABLE.sub(lambda m: variables.get(m[1], "$__unknown"), text)
    text = _AUTOMATIC.sub("$__unknown", text)
    text = re.sub(r"\$\((?:[^()]|\([^()]*\))*\)", "$__unknown", text)
    return text.replace("\x05", "$")


def targets(text: str) -> Iterator[str]:
    """Files that rules promise to make: targets that look like paths and are not phony."""
    phony = {name for m in re.finditer(r"(?m)^\.PHONY\s*:(.*)$", text) for name in m[1].split()}
    for match in re.finditer(r"(?m)^([^\s:#=.][^:#=\n]*?)\s*:(?![=:])", text):
        for name in match[1].split():
            if name not in phony and ("/" in name or "." in name) and not {"$", "%"} & set(name):
                yield name
