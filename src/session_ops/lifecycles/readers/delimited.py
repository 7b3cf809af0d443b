"""Tables as text: CSV, TSV and other delimiters, with a header line or with named columns."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from session_ops.lifecycles import times
from session_ops.lifecycles.readers.pieces import CannotRead, Piece, Record, Reject, reject, text_lines

DELIMITERS = (",", "\t", ";", "|")
FOLDED_LINES = 50
"""Lines over which a quoted field may run: an open quote further on is a torn line, not the rest of the file."""
_NAME = re.compile(r"[^\W\d][\w .@/$()#:-]{0,59}")


def delimited(path: Path, options: Mapping[str, Any] | None = None) -> Iterator[Piece]:
    """Rows of a table as records, keyed by the header's names.

    The options `delimiter` and `columns` (names, for tables without a header) say what else is found out. A row with too few or
    too many fields is torn, two rows in one line are welded; a header that comes again (appended files) is passed over.

    Raises:
        CannotRead: the first line is no header.
    """
    options = options or {}
    source = text_lines(path)
    first: list[tuple[int, int, str] | Reject] = []
    for item in source:
        first.append(item)
        if not isinstance(item, Reject):
            break
    yield from (item for item in first if isinstance(item, Reject))
    if not first or isinstance(first[-1], Reject):
        return
    number, offset, head = first[-1]
    delimiter = options.get("delimiter") or delimiter_of([head])
    names = tuple(options.get("columns") or ()) or header(head, delimiter)
    if not names:
        raise CannotRead("its first line is no header of a table")
    if options.get("columns"):
        yield from _record(number, offset, head, names, delimiter)
    yield from _rows(source, head, names, delimiter)


def _rows(source: Iterator[tuple[int, int, str] | Reject], head: str, names: Sequence[str], delimiter: str) -> Iterator[Piece]:
    waiting: list[tuple[int, int, str]] = []
    for item in source:
        if isinstance(item, Reject):
            yield from _torn(waiting)
            waiting = []
            yield item
        elif waiting:
            waiting.append(item)
            if _open(item[2]):  # the quote that was open is closed here
                yield from _record(*waiting[0][:2], "\n".join(text for _, _, text in waiting), names, delimiter)
                waiting = []
            elif len(waiting) >= FOLDED_LINES:
                yield from _apart(waiting, names, delimiter)
                waiting = []
        elif item[2] != head:
            if _open(item[2]):
                waiting = [item]
            else:
                yield from _record(*item, names, delimiter)
    yield from _apart(waiting, names, delimiter)


def _open(text: str) -> bool:
    return text.count('"') % 2 == 1


def _torn(waiting: list[tuple[int, int, str]]) -> Iterator[Reject]:
    yield from (reject(number, offset, "torn", text.encode()) for number, offset, text in waiting)


def _apart(waiting: list[tuple[int, int, str]], names: Sequence[str], delimiter: str) -> Iterator[Piece]:
    """A quote was never closed: only its own line is torn, what followed is read line by line."""
    yield from _torn(waiting[:1])
    for item in waiting[1:]:
        yield from _record(*item, names, delimiter)


def _record(number: int, offset: int, text: str, names: Sequence[str], delimiter: str) -> Iterator[Piece]:
    values = split(text, delimiter)
    if values is not None and len(values) == len(names):
        yield Record(number, offset, {name: value for name, value in zip(names, values, strict=True) if value != ""})
    else:
        welded = values is not None and len(values) >= 2 * len(names) - 1
        yield reject(number, offset, "welded" if welded else "torn", text.encode("utf-8", "surrogatepass"))


def split(text: str, delimiter: str) -> list[str] | None:
    """The fields of a row; None where its quotes make no sense."""
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        # a quote inside an unquoted field is text, not a torn row
        return text.split(delimiter) if not text.count('"') % 2 and f'{delimiter}"' not in text else None
    return [value.strip() for value in rows[0]] if len(rows) == 1 else None


def delimiter_of(rows: Sequence[str]) -> str:
    """The delimiter that gives all these rows the same number of fields, and the most of them; a comma where there is none."""
    best, most = ",", 1
    for delimiter in DELIMITERS:
        widths = {len(values) for row in rows if (values := split(row, delimiter)) is not None}
        if len(widths) == 1 and (width := widths.pop()) > most:
            best, most = delimiter, width
    return best


def header(text: str, delimiter: str) -> tuple[str, ...]:
    """The names in a header line; nothing where the line is no header: a name once, none of them a time or a number."""
    names = split(text.removeprefix("#").strip(), delimiter) or []
    good = len(names) > 1 and all(_NAME.fullmatch(name) and times.parse(name) is None for name in names)
    return tuple(names) if good and len({name.lower() for name in names}) == len(names) else ()
