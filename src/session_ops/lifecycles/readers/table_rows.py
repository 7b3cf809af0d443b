"""Tables in Markdown: each row is a record whose fields have the names of its header."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from session_ops.lifecycles.fields import plain
from session_ops.lifecycles.readers.pieces import Piece, Record, Reject, reject, text_lines

_RULE = re.compile(r"\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*")
_CELL = re.compile(r"(?<!\\)\|")
_ASIDE = re.compile(r"\s*[(\[][^)\]]*[)\]]")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_MARKS = re.compile(r"[`*~]+|<br\s*/?>|</?[a-z]+>")
_LEADING = re.compile(r"^[^\w\"'(/.~<{$-]+")
"""Pictures and marks before a word: a green circle before `active`."""
_NOTHING = frozenset(("", "-", "--", "—", "–", "n/a", "na", "none", "null", "tbd", "?"))
_TEMPLATE = re.compile(r"<[a-z][\w -]*>|\{[\w -]+\}|\bYYYY\b|\bHH:MM\b|\[[a-z][\w -]*\]$|\.\.\.$", re.IGNORECASE)


def table_rows(path: Path, options: Mapping[str, Any] | None = None) -> Iterator[Piece]:
    """Rows of the tables of a Markdown file, outside of code; a row that a template left unfilled is a reject.

    Where the option `once` names the fields of sessions and times, tables with fewer than two of them are about something else.
    Names of columns are lower case with underscores and without what stands in brackets; marks and pictures around a value, and
    words for nothing, are left out.

    Source: GitHub Flavored Markdown, 4.10 tables.
    """
    wanted = frozenset((options or {}).get("once", ()))
    header: list[str] = []
    names: list[str] = []
    last = 0
    fence = ""
    for item in text_lines(path):
        if isinstance(item, Reject):
            yield item
            continue
        number, offset, line = item
        mark = line.lstrip()[:3]
        if mark in ("```", "~~~"):
            fence = "" if fence == mark else fence or mark
            continue
        if fence:
            continue
        if number != last + 1:
            header, names = [], []
        last = number
        cells = _cells(line)
        if header and not names and _RULE.fullmatch(line) and len(cells) == len(header):
            names = [plain(_ASIDE.sub("", _text(name))) for name in header]
        elif names and cells:
            if wanted and len(wanted.intersection(names)) < 2:
                continue
            values = [_text(cell) for cell in cells]
            if any(_TEMPLATE.search(cell) for cell in cells):
                yield reject(number, offset, "template", line.encode("utf-8", "backslashreplace"))
            else:
                known = zip(names, values, strict=False)
                yield Record(number, offset, {name: value for name, value in known if name and value.lower() not in _NOTHING})
        else:
            header, names = cells, []


def _cells(line: str) -> list[str]:
    """The cells of a line; none of a line without a bar."""
    if "|" not in line:
        return []
    inner = line.strip().removeprefix("|")
    inner = inner[:-1] if inner.endswith("|") and not inner.endswith("\\|") else inner
    return [cell.replace("\\|", "|").strip() for cell in _CELL.split(inner)]


def _text(cell: str) -> str:
    return _LEADING.sub("", _MARKS.sub("", _LINK.sub(r"\1", cell)).strip()).strip()
