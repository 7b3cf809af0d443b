"""Lines of named values: logfmt (`key=value key="…"`), and maps of EDN (`{:type :invoke, :process 0}`)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from session_ops.lifecycles.readers.pieces import Piece, Record, Reject, reject, text_lines

PAIR = re.compile(r'([A-Za-z_@$][\w.@/-]*)=("(?:[^"\\]|\\.)*"|[^\s"]*)')
_EDN = re.compile(r':([\w./-]+)\s+(:[\w./-]+|"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?|\[[^\]]*\]|nil|true|false)')
_ESCAPE = re.compile(r"\\(.)")
_PLAIN_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


def logfmt(path: Path, options: Mapping[str, Any] | None = None) -> Iterator[Piece]:
    """One record per line of `key=value` pairs; a line that begins otherwise, or stops inside a quote, is torn.

    A line that names one of the fields `once` twice with different values is two records in one: welded.
    """
    once = tuple((options or {}).get("once", ()))
    for item in text_lines(path):
        if isinstance(item, Reject):
            yield item
            continue
        number, offset, text = item
        found = list(PAIR.finditer(text))
        covered = sum(len(pair[0]) + 1 for pair in found)
        torn = not found or not text.lstrip().startswith(found[0][0]) or covered * 2 < len(text)
        if torn or text.count('"') != sum(pair[0].count('"') for pair in found):
            yield reject(number, offset, "torn", text.encode("utf-8", "surrogatepass"))
        elif len({pair[1] for pair in found}) < len(found) and any(
            len({pair[2] for pair in found if pair[1] == name}) > 1 for name in once
        ):
            yield reject(number, offset, "welded", text.encode("utf-8", "surrogatepass"))
        else:
            yield Record(number, offset, _first_of_each(found))


def pairs(text: str) -> dict[str, Any]:
    """The `key=value` pairs in a text. The first of a name counts, empty values do not."""
    return _first_of_each(PAIR.finditer(text))


def _first_of_each(matches: Iterable[re.Match[str]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for match in matches:
        if value := unquoted(match[2]):
            found.setdefault(match[1], value)
    return found


def edn(path: Path, options: Mapping[str, Any] | None = None) -> Iterator[Piece]:  # noqa: ARG001 - it has none
    """One flat EDN map per line: keywords without their colon, `nil` left out."""
    for item in text_lines(path):
        if isinstance(item, Reject):
            yield item
            continue
        number, offset, text = item
        body = text.strip()
        if body.startswith("{") and body.endswith("}") and body.count("{:") == 1:
            yield Record(number, offset, {m[1]: _edn_value(m[2]) for m in _EDN.finditer(body) if m[2] != "nil"})
        elif not body.startswith(";"):
            yield reject(number, offset, "welded" if body.count("{:") > 1 and body.endswith("}") else "torn", body.encode())


def _edn_value(text: str) -> Any:
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    return text.removeprefix(":") if text.startswith(":") else unquoted(text)


def unquoted(text: str) -> str:
    """A value without its quotes and escapes."""
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return text.rstrip(",;)]}")
    return _ESCAPE.sub(lambda m: _PLAIN_ESCAPES.get(m[1], m[1]), text[1:-1])
