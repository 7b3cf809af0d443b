"""What sessions leave behind: files of state, logs and locks that are there, and folders that the code writes them to."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from session_ops.discovery.aside import is_aside, is_document
from session_ops.discovery.files import FileEntry
from session_ops.discovery.mechanism import Use
from session_ops.discovery.references import Reference
from session_ops.patterns import regex

STATE = regex(
    r"(?:^|/)(?:state|sessions?|data|db|locks?|\.?[\w-]*sessions?)(?:/|$)|\.(?:db|sqlite3?|jsonl|ndjson)$", re.IGNORECASE
)
"""Paths whose names say that they hold what sessions leave behind."""
CODE = ("shell", "python", "javascript")
_FOLDER = regex(r"(?:^|/)(?P<folder>\.?[\w-]*(?:state|sessions?|data|db|locks?|logs?|inbox|diar(?:y|ies)))/", re.IGNORECASE)


def kept(files: Iterable[FileEntry], references: Iterable[Reference]) -> list[FileEntry]:
    """Files of state or logs that exist: those that the code writes, and those whose names and kinds say so."""
    written = {r.target for r in references if r.act == "write" and r.target}
    there = [e for e in files if e.kind == "file" and e.size and not e.vendored]
    state = [e for e in there if e.path in written or (e.language in ("json", "jsonl", "log", "") and STATE.search(e.path))]
    return [e for e in state if not is_aside(e.path) and not is_document(e.path)]


def writes(references: Iterable[Reference]) -> list[Reference]:
    """Places of the code that write state, whether it is there or not."""
    found = [r for r in references if r.act == "write" and not is_aside(r.source) and r.place in CODE]
    return [r for r in found if STATE.search(r.target or r.text)]


def folders(files: Iterable[FileEntry], references: Iterable[Reference], uses: Iterable[Use] = ()) -> tuple[str, ...]:
    """Folders of the target that hold state, sorted, the outermost of each: what has to be kept, mounted or moved."""
    references = list(references)
    found = {e.path.rpartition("/")[0] for e in kept(files, references)} - {""}
    for reference in writes(references):
        text = reference.target or reference.text
        if (match := _FOLDER.search(text)) and not match["folder"].startswith("$"):
            found.add(match["folder"])
    for use in uses:
        if use.act in ("creates", "refreshes", "locks") and (match := _FOLDER.match(use.state)):
            found.add(match["folder"])
    return tuple(sorted(f for f in found if not any(f != o and PurePosixPath(f).is_relative_to(o) for o in found)))
