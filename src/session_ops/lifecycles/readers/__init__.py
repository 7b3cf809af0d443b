"""Tolerant readers: any file becomes records with line and offset; what cannot be read becomes a reject with a reason.

A reader never fails on content. Unpaired surrogates survive (they are escaped where text leaves Python).
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from session_ops.lifecycles.readers import pairs
from session_ops.lifecycles.readers.database import MAGIC, sqlite
from session_ops.lifecycles.readers.delimited import delimited, delimiter_of, header, split
from session_ops.lifecycles.readers.diary import entries
from session_ops.lifecycles.readers.json_document import json_records
from session_ops.lifecycles.readers.json_lines import ndjson
from session_ops.lifecycles.readers.json_values import json_values
from session_ops.lifecycles.readers.otlp import otlp
from session_ops.lifecycles.readers.parquet import parquet
from session_ops.lifecycles.readers.pieces import CannotRead, Piece, Record, Reject, is_utf16, lines, own_name, reject
from session_ops.lifecycles.readers.repository import git_log, git_versions
from session_ops.lifecycles.readers.table_rows import table_rows
from session_ops.lifecycles.readers.text_patterns import first_match, patterns_of, text_patterns
from session_ops.lifecycles.readers.versions import COMMIT, PATH, WHEN, versions
from session_ops.lifecycles.readers.yaml_document import yaml_records

__all__ = ["READERS", "CannotRead", "Piece", "Reader", "Record", "Reject", "head_of", "lines", "own_name", "reject"]

HEAD = 8192
"""Bytes by which a reader is ruled out."""
_BINARY = {MAGIC: "a SQLite database", b"PAR1": "Parquet", b"\x1f\x8b": "a gzip archive", b"\x28\xb5\x2f\xfd": "a zstd archive"}


@dataclass(frozen=True)
class Reader:
    """A reader: `read` gives the pieces of a path; `refuses` says from a file's first bytes why they cannot be its own.

    `needs` and `takes` are the options that it must and may have; `ending` is what such files are called; `folder`: it reads
    folders, not files. `lines`: it reads line by line, so that the beginning of a file is a file of the same format.
    """

    read: Callable[[Path, Mapping[str, Any]], Iterator[Piece]]
    refuses: Callable[[bytes, Mapping[str, Any]], str | None]
    ending: str
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    folder: bool = False
    lines: bool = False


def head_of(path: Path) -> bytes:
    """The first bytes of a file; nothing of a folder."""
    if path.is_dir():
        return b""
    with path.open("rb") as file:
        head = file.read(HEAD)
    if is_utf16(head):
        return head.decode("utf-16", "replace").encode()
    return head.removeprefix(b"\xef\xbb\xbf")


def binary(head: bytes) -> str | None:
    """What a file is that is no text; None for text. NUL bytes in an otherwise readable log (a crash leaves them) do not count."""
    for mark, name in _BINARY.items():
        if head.startswith(mark):
            return name
    if b"\0" not in head or head.count(b"\0") * 10 < len(head) or b'\n{"' in head.replace(b"\0", b""):
        return None
    return "a binary file"


def _text(reason: str, good: Callable[[bytes, Mapping[str, Any]], bool]) -> Callable[[bytes, Mapping[str, Any]], str | None]:
    def refuses(head: bytes, options: Mapping[str, Any]) -> str | None:
        return binary(head) or (None if good(head.lstrip(), options) else reason)

    return refuses


def _magic(mark: bytes, reason: str) -> Callable[[bytes, Mapping[str, Any]], str | None]:
    return lambda head, _: None if head.startswith(mark) else binary(head) or reason


def _whole_lines(head: bytes) -> list[str]:
    """The first lines that are not blank, without the last where it may be cut."""
    text = head.decode("utf-8", "replace")
    rows = text.splitlines() if len(head) < HEAD else text.splitlines()[:-1]
    return [row for row in rows if row.strip()][:50]


def _has_object(head: bytes, _: Mapping[str, Any]) -> bool:
    return head.startswith(b"{") or b"\n{" in head or b"}{" in head


def _is_history(head: bytes, _: Mapping[str, Any]) -> bool:
    first = next((line for line in head.splitlines() if line.startswith(b"{")), b"")
    return all(any(b'"%b"' % name.encode() in first for name in names) for names in (COMMIT, WHEN, PATH))


def _is_document(head: bytes, _options: Mapping[str, Any]) -> bool:
    if not head.startswith((b"{", b"[")):
        return False
    first, _, rest = head.partition(b"\n")
    if rest.strip():
        with contextlib.suppress(ValueError, RecursionError):
            json.loads(first.decode("utf-8", "replace"))
            return False
    return True


def _is_otlp(head: bytes, _: Mapping[str, Any]) -> bool:
    return re.search(rb'"(resource_?(Logs|Spans|Metrics|logs|spans|metrics))"', head) is not None


def _matches(head: bytes, options: Mapping[str, Any]) -> bool:
    patterns = patterns_of(options)
    rows = _whole_lines(head)
    return any(first_match(patterns, row) for row in rows) and (bool(first_match(patterns, rows[0])) or not _has_columns(rows))


def _has_columns(rows: list[str]) -> bool:
    """A header, and as many fields in each of the next lines: a table, whatever its lines begin with."""
    delimiter = delimiter_of(rows[:1])
    names = header(rows[0], delimiter)
    return bool(names) and len(rows) > 1 and all(len(split(row, delimiter) or ()) == len(names) for row in rows[1:10])


def _is_logfmt(head: bytes, _: Mapping[str, Any]) -> bool:
    rows = _whole_lines(head)
    return sum(re.match(r"[A-Za-z_@$][\w.@/-]*=", row) is not None and len(pairs.pairs(row)) > 1 for row in rows) * 2 > len(
        rows
    )


def _is_edn(head: bytes, _: Mapping[str, Any]) -> bool:
    return any(re.match(r"\s*\{:[a-z]", row) for row in _whole_lines(head))


def _is_table(head: bytes, options: Mapping[str, Any]) -> bool:
    rows = _whole_lines(head)
    if not rows:
        return False
    delimiter = options.get("delimiter") or delimiter_of(rows[:1])
    return bool(options.get("columns")) or bool(header(rows[0], delimiter))


def _is_prose(head: bytes, _: Mapping[str, Any]) -> bool:
    return not head.startswith((b"{", b"["))


_PATTERN_OPTIONS = ("words", "then", "drop", "year", "ignore_case")
READERS: dict[str, Reader] = {
    "ndjson": Reader(ndjson, _text("no line begins with a brace", _has_object), "jsonl", lines=True),
    "json_concat": Reader(
        json_values, _text("no line is just an opening brace", lambda head, _: re.match(rb"\{\s*?\n", head) is not None), "jsonl",
        lines=True,
    ),
    "json": Reader(json_records, _text("not one JSON document", _is_document), "json", takes=("containers",)),
    "otlp": Reader(otlp, _text("no OTLP", _is_otlp), "json"),
    "csv": Reader(delimited, _text("no header of a table", _is_table), "csv", takes=("delimiter", "columns"), lines=True),
    "logfmt": Reader(pairs.logfmt, _text("no lines of key=value", _is_logfmt), "log", lines=True),
    "edn": Reader(pairs.edn, _text("no lines of EDN maps", _is_edn), "edn", lines=True),
    "regex_lines": Reader(text_patterns, _text("no line matches", _matches), "log", needs=("patterns",), takes=_PATTERN_OPTIONS, lines=True),
    "markdown": Reader(entries, _text("JSON, not Markdown", _is_prose), "md", needs=("patterns", "dates", "words"), lines=True),
    "markdown_table": Reader(table_rows, _text("no table", lambda head, _: b"|" in head), "md", lines=True),
    "yaml": Reader(yaml_records, _text("JSON, not YAML", _is_prose), "yaml", takes=("containers",)),
    "sqlite": Reader(
        sqlite, _magic(MAGIC, "no SQLite database"), "db",
        takes=("registries", "keys", "started", "times", "agents", "query", "table"),
    ),
    "parquet": Reader(parquet, _magic(b"PAR1", "not Parquet"), "parquet"),
    "versions": Reader(versions, _text("no versions of files", _is_history), "jsonl", takes=("containers",), lines=True),
    "git_log": Reader(git_log, lambda *_: None, "", takes=("words", "then", "drop"), folder=True),
    "git_versions": Reader(git_versions, lambda *_: None, "", needs=("files",), takes=("besides", "containers"), folder=True),
}  # fmt: skip
"""The readers by the name that formats use."""
