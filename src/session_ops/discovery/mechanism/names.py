"""What the text of a program says of the paths that its expressions stand for: `*` for what is not known."""

from __future__ import annotations

import re
from collections import defaultdict

from session_ops.discovery.bodies import Source
from session_ops.patterns import regex

_LITERAL = r"\"(?P<a>[^\"\n]*)\"|'(?P<b>[^'\n]*)'|`(?P<c>[^`]*)`"
_TOKEN = regex(rf"{_LITERAL}|(?P<name>[A-Za-z_$@][\w$]*(?:(?:\?\.|\.|::)[A-Za-z_$][\w$]*)*)(?P<call>\s*\()?|(?P<op>[+/,])")
_HOLE = regex(r"\$\{[^}]*\}|\{[^}]*\}|#\{[^}]*\}|%[sdv]")
_STARS = regex(r"(?:\*+/)+|\*{2,}")
_VALUE = regex(r"(?: ?: ?[\w.\[\]| ]{1,40})? ?(?::=|=(?![=>])|:(?=\s*(?:filepath|path)\.))\s*([^\n]+)")


class Names:
    """What the variables of a file stand for, as far as its text says. Each is looked for when it is asked for."""

    def __init__(self, source: Source) -> None:
        self._text = source.text
        self._values: dict[str, list[str]] = {}

    def known(self, name: str) -> list[str]:
        """What is assigned to a name, where that holds a literal: at most four texts."""
        if name not in self._values:
            found: list[str] = []
            at = self._text.find(name)
            while at >= 0 and len(found) <= 3:
                match = _VALUE.match(self._text, at + len(name))
                before = self._text[at - 1 : at]
                if match and not (before.isalnum() or before == "_") and any(q in match[1] for q in "\"'`"):
                    found.append(match[1])
                at = self._text.find(name, at + len(name))
            self._values[name] = found
        return self._values[name]

    def label(self, expression: str, depth: int = 0) -> str:
        """A path for an expression: literals as written, `*` for what is not known."""
        parts: list[str] = []
        for match in _TOKEN.finditer(expression):
            literal = next((match[g] for g in "abc" if match[g] is not None), None)
            if literal is not None:
                if not re.fullmatch(r"[A-Z][A-Z0-9_]+|utf-?8|\.|rw?b?|wb?|a", literal):
                    parts.append(_HOLE.sub("*", literal))
            elif match["op"]:
                parts.append("/" if match["op"] in "/," else "")
            elif match["name"] and not match["call"]:
                name = re.split(r"\.|::", match["name"])[-1]
                known = self.known(name) if name.isidentifier() and len(name) > 2 else []
                resolved = self.label(known[0], depth + 1) if known and len(known) <= 3 and depth < 3 else "*"
                parts.append(resolved or "*")
        text = "".join(parts).replace("//", "/")
        text = re.sub(r"/+", "/", text)
        return _STARS.sub(lambda m: "*/" if m[0].endswith("/") else "*", text).removeprefix("*/").strip("/ ")[-80:] or "*"


_SHELL_ASSIGN = regex(
    r"^[ \t]*(?:export[ \t]+|local[ \t]+|readonly[ \t]+|declare[ \t]+(?:-\w+[ \t]+)*)?"
    r"(?P<name>[A-Za-z_]\w*)=(?P<value>\"[^\"\n]*\"|'[^'\n]*'|[^\s;&|]+)",
    re.MULTILINE,
)
_VARIABLE = regex(r"\$\{(?P<long>\w+)(?P<rest>[^}]*)\}|\$(?P<short>\w+)|\$\([^)]*\)|`[^`]*`|\$[$!@*#?]")


def shared_values(texts: dict[str, str]) -> dict[str, str]:
    """Values of variables in capitals that all scripts agree on: what one script sets and another, which sources it, uses."""
    values: dict[str, set[str]] = defaultdict(set)
    for text in texts.values():
        for match in _SHELL_ASSIGN.finditer(text):
            if match["name"].isupper():
                values[match["name"]].add(match["value"].strip("\"'"))
    return {name: next(iter(found)) for name, found in values.items() if len(found) == 1}


class ShellNames:
    """What the variables of a shell script stand for."""

    def __init__(self, text: str, shared: dict[str, str]) -> None:
        self._values = dict(shared)
        for match in _SHELL_ASSIGN.finditer(text):
            self._values[match["name"]] = match["value"].strip("\"'")

    def label(self, word: str, depth: int = 0) -> str:
        """A path for a word: `*` for what is not known."""

        def value(match: re.Match[str]) -> str:
            name = match["long"] or match["short"]
            known = self._values.get(name or "")
            if known is None or depth > 3:
                default = re.match(r":?-(.+)", match["rest"] or "") if name else None
                return self.label(default[1], depth + 1) if default and depth <= 3 else "*"
            return "*" if "$(" in known or "`" in known else self.label(known, depth + 1)

        text = _VARIABLE.sub(value, re.sub(r"\$\{(\w+)[/#%^,][^}]*\}+", "*", word.strip("\"'")).replace('"', ""))
        return _STARS.sub(lambda m: "*/" if m[0].endswith("/") else "*", text).removeprefix("*/").strip("/ ")[-80:] or "*"
