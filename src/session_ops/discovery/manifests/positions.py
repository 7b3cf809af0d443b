"""Lines of the entries of JSON and TOML texts, for parsers that do not tell them.

Both scanners expect a text that the real parser accepted (JSON may hold comments) and never recurse, so that deep nesting costs nothing.
A key is the path to an entry: names and list indexes, as in ("project", "dependencies", 0).
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator

from session_ops.patterns import regex

Key = tuple[str | int, ...]
Lines = dict[Key, int]

_JSON = regex(r'"(?:[^"\\\n]|\\.)*"|//[^\n]*|/\*.*?\*/|[\[\]{}:,]|[^\s"\[\]{}:,/]+', re.DOTALL)
_TOML = regex(
    r"(?P<string>\"\"\".*?(?<!\\)(?:\\\\)*\"\"\"+|'''.*?'''+|\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*')"
    r"|(?P<comment>#[^\n]*)|(?P<mark>[\[\]{}=,.])|(?P<end>\n)|(?P<bare>[^\s\"'#\[\]{}=,.]+)",
    re.DOTALL,
)


def json_lines(text: str) -> Lines:
    """The line (from 1) of every member and element of a JSON text; comments are skipped."""
    lines: Lines = {(): 1}
    path: list[str | int] = []
    expect_key: list[bool] = []  # one for each open bracket: is it an object?
    pending: str | None = None
    counted, at = 0, 1
    for match in _JSON.finditer(text):
        piece = match.group()
        at += text.count("\n", counted, match.start())
        counted = match.start()
        if piece.startswith(("//", "/*")):
            continue
        if expect_key and expect_key[-1] and pending is None and piece.startswith('"'):
            pending = _json_string(piece)
            lines[(*path, pending)] = at
        elif piece in "{[":
            if expect_key:
                _enter(path, expect_key[-1], pending)
                lines.setdefault(tuple(path), at)
            expect_key.append(piece == "{")
            if piece == "[":
                path.append(0)
            pending = None
        elif piece in "}]":
            if expect_key and not expect_key.pop() and path:
                path.pop()
            if expect_key and expect_key[-1] and path:
                path.pop()
            pending = None
        elif piece == ",":
            pending = None
            if expect_key and not expect_key[-1] and path and isinstance(path[-1], int):
                path[-1] += 1
        elif piece != ":" and expect_key and not expect_key[-1]:
            lines[tuple(path)] = at
    return lines


def _enter(path: list[str | int], in_object: bool, key: str | None) -> None:
    if in_object:
        path.append(key or "")


def _json_string(piece: str) -> str:
    try:
        return str(json.loads(piece))
    except ValueError:
        return piece[1:-1]


def toml_lines(text: str) -> Lines:
    """The line (from 1) of every table, key and array element of a TOML text."""
    lines: Lines = {(): 1}
    tokens = list(_tokens(text))
    counts: dict[Key, int] = {}
    table: Key = ()
    i = 0
    while i < len(tokens):
        kind, piece, at = tokens[i]
        if kind == "end":
            i += 1
        elif piece == "[":
            twice = i + 1 < len(tokens) and tokens[i + 1][1] == "["
            parts, i = _keys(tokens, i + 1 + twice, "]")
            i += 2 if twice else 1
            table = _resolve(parts, counts)
            if twice:
                base = table
                counts[base] = counts.get(base, -1) + 1
                lines.setdefault(base, at)
                table = (*base, counts[base])
            lines.setdefault(table, at)
        else:
            parts, i = _keys(tokens, i, "=")
            key = (*table, *parts)
            for size in range(len(table) + 1, len(key) + 1):
                lines.setdefault(key[:size], at)
            i = _value(tokens, i + 1, key, lines)
    return lines


Token = tuple[str, str, int]


def _tokens(text: str) -> Iterator[Token]:
    counted, at = 0, 1
    for match in _TOML.finditer(text):
        at += text.count("\n", counted, match.start())
        counted = match.start()
        if match.lastgroup != "comment":
            yield str(match.lastgroup), match.group(), at


def _keys(tokens: list[Token], i: int, stop: str) -> tuple[list[str], int]:
    """Parts of a dotted key, and the index of the piece that ends it."""
    parts: list[str] = []
    while i < len(tokens) and tokens[i][1] != stop and tokens[i][0] != "end":
        kind, piece, _ = tokens[i]
        if kind == "string":
            parts.append(_toml_string(piece))
        elif kind == "bare":
            parts.append(piece)
        i += 1
    return parts, i


def _toml_string(piece: str) -> str:
    try:
        return str(tomllib.loads(f"v = {piece}")["v"])
    except tomllib.TOMLDecodeError:
        return piece.strip("\"'")


def _resolve(parts: list[str], counts: dict[Key, int]) -> Key:
    """The key of a table header, with the index of the current element for arrays of tables on its way."""
    key: Key = ()
    for n, part in enumerate(parts):
        key = (*key, part)
        if key in counts and n < len(parts) - 1:
            key = (*key, counts[key])
    return key


def _value(tokens: list[Token], i: int, key: Key, lines: Lines) -> int:
    """Walk over a value, noting array elements and members of inline tables; return the index after it."""
    stack: list[tuple[str, Key, int]] = []  # kind of bracket, its key, next index
    here = key
    while i < len(tokens):
        kind, piece, at = tokens[i]
        if kind == "end" and not stack:
            return i + 1
        if stack and kind != "end" and piece not in ("]", "}", ","):
            bracket, base, n = stack[-1]
            if bracket == "[":
                here = (*base, n)
                lines.setdefault(here, at)
            elif piece not in "[{" and kind in ("bare", "string") and _is_key(tokens, i):
                parts, i = _keys(tokens, i, "=")
                here = (*base, *parts)
                lines.setdefault(here, at)
                i += 1
                continue
        if piece in ("[", "{") and kind == "mark":
            stack.append((piece, here, 0))
        elif piece in ("]", "}") and kind == "mark" and stack:
            _, here, _ = stack.pop()
        elif piece == "," and stack:
            bracket, base, n = stack[-1]
            stack[-1] = (bracket, base, n + 1)
        i += 1
    return i


def _is_key(tokens: list[Token], i: int) -> bool:
    """Is the piece at i the start of `key =` or `a.b =`?"""
    while i + 1 < len(tokens) and tokens[i + 1][1] == ".":
        i += 2
    return i + 1 < len(tokens) and tokens[i + 1][1] == "="


def strip_json_comments(text: str) -> str:
    """JSON with comments and trailing commas (JSONC) as plain JSON of the same lines and columns."""
    out = list(text)
    comma = -1
    for match in _JSON.finditer(text):
        piece = match.group()
        if piece.startswith(("//", "/*")):
            out[match.start() : match.end()] = [c if c == "\n" else " " for c in piece]
        elif piece == ",":
            comma = match.start()
        else:
            if piece in "]}" and comma >= 0:
                out[comma] = " "
            comma = -1
    return "".join(out)
