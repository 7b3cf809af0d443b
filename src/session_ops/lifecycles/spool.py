"""A log as one plain file: compressed files unpacked within limits, the parts of a rotated log in order, standard input kept.

A log that is one plain file is read where it lies; everything else becomes a temporary file beside the database.
"""

from __future__ import annotations

import bz2
import contextlib
import gzip
import hashlib
import importlib
import lzma
import shutil
import stat
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO, NamedTuple, cast

from session_ops.lifecycles.readers import CannotRead
from session_ops.lifecycles.rotation import plain

EXPANDED, RATIO = 1_000_000_000, 200
"""A compressed file may become so many bytes, or so many times its own size, whichever is more: logs shrink 5 to 50 times."""
_BLOCK = 1 << 20
_ZSTD = b"\x28\xb5\x2f\xfd"
_BROKEN = (EOFError, OSError, zlib.error, lzma.LZMAError, ValueError)


class Place(NamedTuple):
    """Where a part of a log begins in the whole: lines and bytes before it."""

    name: str
    lines: int
    bytes: int


@dataclass(frozen=True)
class Plain:
    """A log ready to be read. `size` is what it had when it was opened: what is appended meanwhile is not read.

    `parts` are the files it was put together from; `notes` say what was not read, and `whole` whether that is nothing.
    """

    path: Path
    size: int
    sha256: str
    parts: tuple[Place, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Was everything unpacked?"""
        return not self.notes

    def place(self, line: int) -> tuple[str, int]:
        """The part that a line of the whole lies in ("" where there is only one), and its number there."""
        part = next((part for part in reversed(self.parts) if part.lines < line), None)
        return (part.name, line - part.lines) if part else ("", line)


def opened(paths: tuple[Path, ...], folder: Path) -> Plain:
    """The files of one log, oldest first, as one plain file; `folder` takes what has to be unpacked or put together.

    Raises:
        OSError: a file cannot be read.
        CannotRead: nothing could be unpacked; the message says why.
    """
    (first, *more) = paths
    if first.is_dir():
        return Plain(first, 0, "")
    if not more and _unpacker(first) is None:
        size = first.stat().st_size
        return Plain(first, size, _sum(first, size))
    # the reader sees the log's own name and folder: a diary may be named after its session
    whole = folder / paths[-1].parent.name / plain(paths[-1].name)
    whole.parent.mkdir(parents=True, exist_ok=True)
    parts, notes = [], []
    sums, lines, size = hashlib.sha256(), 0, 0
    with whole.open("wb") as out:
        for path in paths:
            parts.append(Place(path.name, lines, size))
            last = b"\n"
            for block, note in _blocks(path):
                notes += [f"{path.name}: {note}"] if note else []
                lines, size, last = lines + block.count(b"\n"), size + len(block), block[-1:] or last
                sums.update(block)
                out.write(block)
            if last != b"\n" and path is not paths[-1]:  # a part that does not end its last line
                lines, size = lines + 1, size + 1
                sums.update(b"\n")
                out.write(b"\n")
    if not size and notes:
        raise CannotRead("; ".join(notes))
    return Plain(whole, size, sums.hexdigest(), tuple(parts) if more else (), tuple(notes))


def keep_stream(stream: BinaryIO, path: Path) -> Path:
    """All of a stream that cannot be read twice (standard input, a pipe), in a file.

    Raises:
        OSError: the file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        shutil.copyfileobj(stream, file, _BLOCK)
    return path


def is_pipe(path: Path) -> bool:
    """Can the path be read only once (a named pipe, /dev/fd/63 of a shell's <(...))?"""
    with contextlib.suppress(OSError):
        return stat.S_ISFIFO(path.stat().st_mode)
    return False


def _blocks(path: Path) -> Iterator[tuple[bytes, str]]:
    """The content of a file, unpacked where it is compressed, and a note where it stops early."""
    unpack = _unpacker(path)
    with path.open("rb") as raw:
        if unpack is None:
            left = path.stat().st_size
            while left and (block := raw.read(min(_BLOCK, left))):
                left -= len(block)
                yield block, ""
            return
        limit, size = max(EXPANDED, RATIO * path.stat().st_size), 0
        try:
            with unpack(raw) as file:
                while block := file.read1(min(_BLOCK, limit - size + 1)):  # what was read before the damage is kept
                    size += len(block)
                    if size > limit:
                        yield block[: limit - size], f"unpacks to more than {limit // 1_000_000:,} MB; the rest was not read"
                        return
                    yield block, ""
        except _BROKEN as error:
            said = " ".join(str(error).split())[:120] or type(error).__name__
            yield b"", f"the compressed file is damaged after {size:,} bytes ({said}); the rest could not be read"


def _unpacker(path: Path) -> Callable[[IO[bytes]], Any] | None:
    with path.open("rb") as file:
        head = file.read(6)
    if head.startswith(b"\x1f\x8b"):
        return lambda raw: gzip.GzipFile(fileobj=raw)
    if head.startswith(b"BZh"):
        return bz2.BZ2File
    if head.startswith(b"\xfd7zXZ\0"):
        return lzma.LZMAFile
    return _zstd if head.startswith(_ZSTD) else None


@contextlib.contextmanager
def _zstd(raw: IO[bytes]) -> Iterator[Any]:
    """Python 3.14 has zstd, `backports.zstd` brings it to earlier ones, and most machines have the command."""
    for module in ("compression.zstd", "backports.zstd"):
        with contextlib.suppress(ImportError):
            with importlib.import_module(module).ZstdFile(raw) as file:
                yield file
            return
    command = shutil.which("zstd")
    if command is None:
        raise CannotRead("compressed with zstd: needs Python 3.14, the package backports.zstd or the command zstd")
    with subprocess.Popen([command, "-dcq"], stdin=raw, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        out = cast("IO[bytes]", child.stdout)
        yield out
        if out.read(1):  # the reader had enough
            child.kill()
        elif child.wait():
            raise ValueError("zstd cannot unpack it")


def _sum(path: Path, size: int) -> str:
    sums = hashlib.sha256()
    with path.open("rb") as file:
        while size and (block := file.read(min(_BLOCK, size))):
            size -= len(block)
            sums.update(block)
    return sums.hexdigest()


def standard_input() -> BinaryIO:
    """Standard input as bytes."""
    return sys.stdin.buffer
