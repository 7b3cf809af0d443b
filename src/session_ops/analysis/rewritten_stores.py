"""Code that keeps what all sessions share in one JSON file, and rewrites that file in place."""

from __future__ import annotations

import re
from collections.abc import Iterator

from session_ops.discovery.aside import not_deployed
from session_ops.discovery.bodies import Bodies, Source
from session_ops.discovery.files import Tree
from session_ops.patterns import regex

SHARED_NAME = regex(
    r"(?:^|[^a-z])(?:state|sessions|session_?(?:store|state|map|index|registry|manager)|registry|ledger|board|roster|queue|claims?|agents|workers|tasks|teams?|runtime_?status"
    r"|coordinat\w+|tracker)(?:[^a-z]|$)",
    re.IGNORECASE,
)
OTHER = regex(
    r"config|settings|cache|report|metric|manifest|output|result|package|lock|export|bundle|schema|summary|record|checkpoint|backup|legacy|prefs|preferences|token|credential",
    re.IGNORECASE,
)
WRITES = regex(
    r"\bopen\(\s*(?P<opened>[\w.]+)\s*,\s*[\"']w[\"'][^\n]*\)\s*as\s+\w+:\s*\n\s*json\.dump\("
    r"|\b(?P<text>[\w.]+)\.write_text\(\s*json\.dumps\("
    r"|\bwriteFile(?:Sync)?\(\s*(?P<file>[\w.]+)\s*,\s*JSON\.stringify\(",
)
READS = regex(r"json\.loads?\(|JSON\.parse\(")
CAREFUL = regex(
    r"\bos\.replace\(|\.replace\(\s*(?:self\.)?_?(?:path|file|target)|\brename(?:Sync)?\("
    r"|mkstemp|NamedTemporary|[\"'`.]tmp|flock|[lL]ock|atomic",
    re.IGNORECASE,
)
SPACED = regex(r"(?<=[a-z])(?=[A-Z])")


def rewritten_stores(tree: Tree, bodies: Bodies) -> Iterator[tuple[str, int, str]]:
    """Path, line and name of the file for each place where Python or JavaScript rewrites its store in place.

    A store is a file that the same code reads back, and whose name, or whose code's name, says that it is shared: a registry, a state,
    a queue. A helper that writes whatever file it is given counts where it is given such a one.
    """
    for entry in tree.files("python", "javascript", "typescript"):
        text = tree.text(entry.path)
        if not any(written in text for written in ("json.dump(", ".write_text(", "JSON.stringify")) or not READS.search(text):
            continue
        if entry.vendored or entry.ignored or not_deployed(entry.path) or not WRITES.search(text) or CAREFUL.search(text):
            continue
        source = bodies.source(entry.path)
        for match in WRITES.finditer(source.text):
            named = match["opened"] or match["text"] or match["file"]
            line = source.line(match.start())
            if shared := _shared(source, named, line):
                yield entry.path, line, shared
                break


def _words(name: str) -> str:
    return SPACED.sub("_", name)


def _shared(source: Source, named: str, line: int) -> str:
    """The name by which a written file is shared; empty where nothing says so."""
    last = _words(named.rpartition(".")[2])
    if OTHER.search(last):
        return ""
    if SHARED_NAME.search(last):
        return named
    body = source.body_at(line)
    if body and named in body.parameters:
        for call in re.finditer(rf"(?<![\w.]){re.escape(body.name)}\(\s*(?P<given>[\w.]+(?:\([\w., ]*\))?)\s*,", source.text):
            given = _words(call["given"])
            if SHARED_NAME.search(given) and not OTHER.search(given):
                return call["given"]
        return ""
    stem = _words(source.path.rpartition("/")[2].rpartition(".")[0])
    of_itself = re.match(r"(?:self|this)\.", named) and re.search(r"(?:path|file|store)$", last, re.IGNORECASE)
    return named if of_itself and SHARED_NAME.search(stem) and not OTHER.search(stem) else ""
