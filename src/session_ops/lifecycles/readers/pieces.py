"""What every reader gives: records with their place, and rejects with a reason. A reader never fails on content."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

LINE_LIMIT = 32_000_000
"""Bytes of the longest line that is read; the rest of a longer one is passed over."""
FILE = "$file"
"""The field in which a record has the name of its file."""
START_BYTES = 200
"""Bytes of a rejected piece that are kept."""
_CONFLICT = re.compile(rb"(<{7}|>{7}|\|{7}) \S|={7}\s*$")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Record(NamedTuple):
    """One record: where it starts, and its fields. Fields that a reader adds of its own begin with `$`."""

    line: int
    offset: int
    data: dict[str, Any]


class Reject(NamedTuple):
    """A piece that could not be read: torn, welded, conflict_marker, encoding, no_time, binary, or template (a placeholder
    that nobody filled in: nothing is lost with it); `start` is how it begins.
    """

    line: int
    offset: int
    reason: str
    start: str


Piece = Record | Reject


class CannotRead(Exception):
    """The file as a whole is not what this reader reads; the message says why, for people.

    `certain`: it is what the reader reads, so that this is the reason, and no other format's.
    """

    def __init__(self, message: str, *, certain: bool = False) -> None:
        super().__init__(message)
        self.certain = certain


def reject(line: int, offset: int, reason: str, data: bytes) -> Reject:
    """A reject, with its first bytes as text; bytes that are no text stay visible as escapes."""
    return Reject(line, offset, reason, data[:START_BYTES].decode("utf-8", "backslashreplace").replace("\0", "\\x00"))


def lines(file: BinaryIO) -> Iterator[tuple[int, int, bytes]]:
    """Number, offset and bytes of each line, streamed; a byte order mark is passed over, and UTF-16 after one becomes UTF-8."""
    if is_utf16(file.read(64)):
        yield from _utf16_lines(file)
        return
    file.seek(0)
    offset = number = 0
    while data := file.readline(LINE_LIMIT):
        number += 1
        size = len(data)
        if size == LINE_LIMIT and not data.endswith(b"\n"):
            while (more := file.readline(LINE_LIMIT)) and not more.endswith(b"\n"):
                size += len(more)
            size += len(more)
        yield number, offset, data.removeprefix(b"\xef\xbb\xbf") if offset == 0 else data
        offset += size


def is_utf16(head: bytes) -> bool:
    """Is it text as PowerShell writes it? A mark alone is not enough: two damaged bytes look like one."""
    return head[:2] in _UTF16 and b"\0" in head


def _utf16_lines(file: BinaryIO) -> Iterator[tuple[int, int, bytes]]:
    file.seek(0)
    offset = 2
    text = io.TextIOWrapper(file, "utf-16", errors="replace", newline="")
    try:
        for number, line in enumerate(iter(lambda: text.readline(LINE_LIMIT), ""), 1):
            yield number, offset, line.encode("utf-8")
            offset += len(line.encode("utf-16-le", "surrogatepass"))
    finally:
        text.detach()


def text_lines(path: Path) -> Iterator[tuple[int, int, str] | Reject]:
    """Number, offset and text of each line that is not blank; lines that are no text, and conflict markers, are rejects."""
    with path.open("rb") as file:
        for number, offset, data in lines(file):
            body = data.rstrip()
            if not body:
                continue
            if (reason := damage(body)) is not None:
                yield reject(number, offset, reason, data)
                continue
            try:
                yield number, offset, body.decode("utf-8")
            except UnicodeDecodeError:
                yield reject(number, offset, "encoding", data)


def damage(body: bytes) -> str | None:
    """Why a line cannot be a record at all, whatever its format: NUL bytes, or a conflict marker."""
    if b"\0" in body:
        return "binary"
    return "conflict_marker" if _CONFLICT.match(body) else None


_ANY_NAME = frozenset(
    ("diary", "log", "session", "session_log", "sessions", "journal", "notes", "readme", "index", "summary", "state", "status", "lease")
    + ("meta", "metadata", "info", "run", "events", "registry", "data", "lock", "heartbeat")
)  # fmt: skip


def own_name(path: Path) -> str:
    """The name that tells a file from others: its stem, with the folder's name where the stem says nothing."""
    return f"{path.parent.name}/{path.stem}" if path.stem.lower() in _ANY_NAME else path.stem
