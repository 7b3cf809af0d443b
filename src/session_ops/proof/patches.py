"""Exact patches: what a fix changes, as text that `git apply` takes.

A patch is written here and not by `git diff`, because the target's own attributes and filters must have no say in it. It is
always in git's format, with paths relative to the git work tree (or to the target where there is none).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import PurePosixPath

from session_ops.discovery.files import Tree, normal
from session_ops.model import Edit, Fix, Move

CONTEXT = 3
"""Lines around a change, as git shows them."""
MODES = {True: "100755", False: "100644"}


class Refused(Exception):
    """A fix that cannot be written as a patch; the text says why."""


@dataclass(frozen=True)
class State:
    """A file at one moment: its bytes, and whether it may be run. None instead of a State stands for no file."""

    data: bytes
    executable: bool = False


Files = Mapping[str, State | None]


def applied(fix: Fix, tree: Tree, files: Files) -> dict[str, State | None]:
    """The files that a fix changes, as they are after it; None stands for a file that is gone.

    `files` are those that earlier fixes have already changed. Edits and modes come before moves, so they name the old paths.

    Raises:
        Refused: an edit does not match exactly once, a new file exists already, or a path is not one to write to.
    """
    after: dict[str, State | None] = {}

    def now(path: str) -> State | None:
        if path in after:
            return after[path]
        return files[path] if path in files else original(tree, path)

    def refuse_taken(path: str) -> None:
        refuse_path(tree, path)
        gone = (path in after or path in files) and now(path) is None
        if not gone and (now(path) is not None or path in tree.entries or path in tree.folders):
            raise Refused(f"{path} exists already")

    for new in fix.creates:
        refuse_taken(new.path)
        after[new.path] = State(new.content.encode("utf-8", "surrogateescape"), new.executable)
    for path in dict.fromkeys(edit.path for edit in fix.edits):
        refuse_path(tree, path)
        state = now(path)
        if state is None:
            raise Refused(f"{path} is not a file that can be edited")
        edits = [edit for edit in fix.edits if edit.path == path]
        after[path] = State(_edited(path, state.data, edits), state.executable)
    for mode in fix.modes:
        refuse_path(tree, mode.path)
        state = now(mode.path)
        if state is None:
            raise Refused(f"{mode.path} is not a file whose mode can be set")
        after[mode.path] = State(state.data, mode.executable)
    for path in fix.deletes:
        refuse_path(tree, path)
        if now(path) is None:
            raise Refused(f"{path} is not a file that can be deleted")
        after[path] = None
    for move in fix.moves:
        refuse_path(tree, move.path)
        state = now(move.path)
        if state is None:
            raise Refused(f"{move.path} is not a file that can be moved")
        refuse_taken(move.to)
        after[move.path], after[move.to] = None, state
    changed = {
        path: state for path, state in after.items() if state != (files[path] if path in files else original(tree, path))
    }
    if not changed:
        raise Refused("it changes nothing")
    return changed


def original(tree: Tree, path: str) -> State | None:
    """A file of the target as it was read; None for what is no text file of it."""
    entry = tree.entries.get(path)
    if entry is None or entry.kind != "file" or entry.status != "read":
        return None
    try:
        data = (tree.root / path).read_bytes()
    except OSError:
        return None
    return State(data, _executable(tree, path))


def _executable(tree: Tree, path: str) -> bool:
    """The x bit as git has it, which is what a patch is held against; the file's own where git does not track it."""
    mode = tree.git.mode(path)
    return mode == MODES[True] if mode else tree.entries[path].executable


def refuse_path(tree: Tree, path: str) -> None:
    """Raise Refused for a path that lies outside the target, in git's own folder, or behind a symbolic link."""
    parts = PurePosixPath(path).parts
    if not path or path != normal(path) or path.startswith("/") or ".." in parts or ".git" in parts or "\0" in path:
        raise Refused(f"{path or 'an empty path'} is not a path inside the target")
    for parent in PurePosixPath(path).parents:
        entry = tree.entries.get(str(parent))
        if entry is not None and not (entry.kind == "folder" and entry.status == "listed"):
            raise Refused(f"{path} lies behind {parent}, which is not a folder of the target")


def _edited(path: str, data: bytes, edits: list[Edit]) -> bytes:
    """The text after the edits, from the last line to the first, so that line numbers stay true; line ends are kept as they are."""
    if b"\0" in data:
        raise Refused(f"{path} is binary")
    text = data.decode("utf-8", "surrogateescape")
    crlf = "\r\n" in text and text.count("\r\n") == text.count("\n")
    for edit in sorted(edits, key=lambda e: -e.line):
        old, new = (_ends(part, crlf) for part in (edit.old, edit.new))
        if not old:
            raise Refused(f"an edit of {path} replaces nothing")
        start, end = 0, len(text)
        if edit.line:
            start, end = _span(text, edit.line)
            if "\n" in old:  # a block that begins on this line
                end = len(text)
                found = text.find(old, start)
                if found < 0 or text.count("\n", start, found):
                    raise Refused(f"{path}:{edit.line} does not begin with the text that the edit replaces")
                text = text[:found] + new + text[found + len(old) :]
                continue
        times = text.count(old, start, end)
        if times != 1:
            where = f"{path}:{edit.line}" if edit.line else path
            raise Refused(f"{where} holds the text that the edit replaces {times} times, not once")
        at = text.index(old, start, end)
        text = text[:at] + new + text[at + len(old) :]
    return text.encode("utf-8", "surrogateescape")


def _ends(text: str, crlf: bool) -> str:
    return text.replace("\r\n", "\n").replace("\n", "\r\n") if crlf else text


def _span(text: str, line: int) -> tuple[int, int]:
    """Start and end (with its line end) of a line counted from 1; an empty span after the last line."""
    start = 0
    for _ in range(line - 1):
        start = text.find("\n", start) + 1
        if not start:
            return len(text), len(text)
    end = text.find("\n", start)
    return start, len(text) if end < 0 else end + 1


def patch(before: Files, after: Files, prefix: str = "", moves: Sequence[Move] = ()) -> bytes:
    """A patch in git's format that leads from one state of some files to another; paths get the prefix.

    Of `moves` those are told as renames whose file is gone from the one path and came to the other.

    Raises:
        Refused: a file is binary.
    """
    renamed = {m.to: m.path for m in moves if after.get(m.path, b"") is None and after.get(m.to) and before.get(m.path)}
    parts = []
    for path in sorted(set(after) - set(renamed.values())):
        came_from = renamed.get(path, path)
        parts.append(_file_patch(prefix + came_from, prefix + path, before.get(came_from), after[path]))
    return b"".join(parts)


def _file_patch(source: str, path: str, old: State | None, new: State | None) -> bytes:
    if any(state is not None and b"\0" in state.data for state in (old, new)):
        raise Refused(f"{path} is binary")
    a, b = quoted("a/" + source), quoted("b/" + path)
    head = [f"diff --git {a} {b}"]
    if old is None and new is None:
        return b""
    if old is None and new is not None:
        head.append(f"new file mode {MODES[new.executable]}")
    elif new is None and old is not None:
        head.append(f"deleted file mode {MODES[old.executable]}")
    elif old is not None and new is not None and old.executable != new.executable:
        head += [f"old mode {MODES[old.executable]}", f"new mode {MODES[new.executable]}"]
    before = old.data if old is not None else b""
    now = new.data if new is not None else b""
    if source != path:
        head += [f"similarity index {_similarity(before, now)}%", f"rename from {quoted(source)}", f"rename to {quoted(path)}"]
    body = b""
    if before != now:
        body = b"".join(_hunks(_lines(before), _lines(now)))
        head += [
            f"--- {'/dev/null' if old is None else a + _tab(a)}",
            f"+++ {'/dev/null' if new is None else b + _tab(b)}",
        ]
    elif old is None:  # an empty file has no hunk, and git wants to see the objects instead
        head.append("index 0000000..e69de29")
    elif new is None:
        head.append("index e69de29..0000000")
    return "\n".join([*head, ""]).encode() + body


def _similarity(old: bytes, new: bytes) -> int:
    """Per cent of the lines that a moved file keeps; git only shows it."""
    if old == new:
        return 100
    kept = difflib.SequenceMatcher(None, _lines(old), _lines(new), autojunk=False).ratio()
    return min(99, int(kept * 100))


def quoted(name: str) -> str:
    r"""A file name as git writes it in a patch: in quotes, with \ooo for odd bytes, where it holds any.

    Source: git-diff-files(1), "Generating patch text"; git's quote.c.
    """
    escapes = {7: "a", 8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r", 34: '"', 92: "\\"}
    raw = name.encode("utf-8", "surrogateescape")
    if all(32 <= byte < 127 and byte not in escapes for byte in raw):
        return name
    return '"' + "".join(_escaped(byte, escapes) for byte in raw) + '"'


def _escaped(byte: int, escapes: Mapping[int, str]) -> str:
    if byte in escapes:
        return "\\" + escapes[byte]
    return chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}"


def _tab(name: str) -> str:
    """Git ends a bare name that holds spaces with a tab, so that nobody takes a part of it for a date."""
    return "\t" if " " in name and not name.startswith('"') else ""


def _lines(data: bytes) -> list[bytes]:
    """Lines with their ends; only LF ends a line."""
    parts = data.split(b"\n")
    lines = [part + b"\n" for part in parts[:-1]]
    return [*lines, parts[-1]] if parts[-1] else lines


def _hunks(old: list[bytes], new: list[bytes]) -> Iterator[bytes]:
    # what is equal at both ends is left out of the comparison, which is slow on long files
    head = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))
    room = min(len(old), len(new)) - head
    tail = sum(1 for _ in takewhile(lambda n: old[-n] == new[-n], range(1, room + 1)))
    matcher = difflib.SequenceMatcher(None, old[head : len(old) - tail], new[head : len(new) - tail])
    changes = [(tag, a1 + head, a2 + head, b1 + head, b2 + head) for tag, a1, a2, b1, b2 in matcher.get_opcodes()]
    ends = [("equal", 0, head, 0, head), ("equal", len(old) - tail, len(old), len(new) - tail, len(new))]
    matcher.opcodes = [*ends[:1], *changes, *ends[1:]]  # type: ignore[attr-defined]
    for group in matcher.get_grouped_opcodes(CONTEXT):
        first, last = group[0], group[-1]
        yield f"@@ -{_range(first[1], last[2])} +{_range(first[3], last[4])} @@\n".encode()
        for tag, a1, a2, b1, b2 in group:
            if tag == "equal":
                yield from (_line(b" ", line) for line in old[a1:a2])
            else:
                yield from (_line(b"-", line) for line in old[a1:a2])
                yield from (_line(b"+", line) for line in new[b1:b2])


def _range(start: int, stop: int) -> str:
    """A hunk's range: git counts lines from 1, names the line before an empty range, and leaves out a length of 1."""
    length = stop - start
    if length == 1:
        return str(start + 1)
    return f"{start + 1 if length else start},{length}"


def _line(mark: bytes, line: bytes) -> bytes:
    return mark + line if line.endswith(b"\n") else mark + line + b"\n\\ No newline at end of file\n"
