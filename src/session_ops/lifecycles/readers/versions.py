"""Versions of registry files as events: what each version adds, changes and removes. From an export of JSON lines, or from git."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from session_ops.lifecycles.readers.json_document import by_key, contained
from session_ops.lifecycles.readers.json_lines import ndjson
from session_ops.lifecycles.readers.pieces import FILE, Piece, Record, Reject, own_name

COMMIT = ("commit", "sha", "rev", "revision", "hash")
WHEN = ("committed_at", "commit_time", "commit_date", "committer_date", "author_date", "date", "timestamp")
PATH = ("path", "file", "filename", "name")
CONTENT = ("content", "data", "value", "json", "after", "body")
CHANGE = ("change", "status", "action", "op")
APPENDED = re.compile(r"\.(jsonl|ndjson|log)$", re.IGNORECASE)
"""Files to which trackers only ever append: a line that a later version lacks was lost."""
_META = frozenset((*COMMIT, *WHEN, *CHANGE, "path", "file", "filename", "author", "subject", "message"))


@dataclass(frozen=True)
class Version:
    """One version of one file: `content` is None where it was removed, text for a file that is appended to."""

    line: int
    offset: int
    commit: str
    at: Any
    path: str
    content: Any


def versions(path: Path, options: Mapping[str, Any]) -> Iterator[Piece]:
    """An export with one version per line: commit, time, path, and the content (or the fields of it beside the others).

    Gives the same records as `changes`.
    """

    def read() -> Iterator[Version | Reject]:
        for piece in ndjson(path):
            if isinstance(piece, Reject):
                yield piece
            elif (version := _exported(piece)) is not None:
                yield version

    yield from changes(read(), options)


def _exported(piece: Record) -> Version | None:
    data = piece.data
    commit, at, path = _one(data, COMMIT), _one(data, WHEN), _one(data, PATH)
    if not isinstance(commit, str) or at is None or not isinstance(path, str):
        return None
    removed = str(_one(data, CHANGE) or "").lower() in ("d", "deleted", "delete", "removed", "remove")
    content: Any = next((data[name] for name in CONTENT if name in data), None)
    if isinstance(content, str) and not APPENDED.search(path):
        try:
            content = json.loads(content)
        except (ValueError, RecursionError):
            content = None
    if content is None:
        content = {name: value for name, value in data.items() if name not in _META and name not in CONTENT}
    return Version(piece.line, piece.offset, commit, at, path, None if removed else content)


def _one(data: Mapping[str, Any], names: Iterable[str]) -> Any:
    return next((data[name] for name in names if data.get(name) is not None), None)


def changes(found: Iterable[Version | Reject], options: Mapping[str, Any]) -> Iterator[Piece]:
    """A record for each entry of a registry that a version adds, changes or removes.

    Fields of our own: `$change` (added, changed, removed), `$changed` (names of the fields that differ), `$at`, `$commit`, `$path`,
    `$file`, `$key`. A removed entry has its last fields. An entry that moves to another file in the same commit is not new.
    For a file that is appended to one record a version: `$lines` that it has, and `$lost`, how many of those before it lacks.
    """
    containers = tuple(options.get("containers", ()))
    known: dict[str, dict[str, dict[str, Any]]] = {}
    texts: dict[str, Counter[str]] = {}
    for version in found:
        if isinstance(version, Reject):
            yield version
            continue
        if isinstance(version.content, str):
            yield _appended(version, texts)
            continue
        before = known.get(version.path, {})
        after = _entries(version, containers)
        if version.content is None:
            known.pop(version.path, None)
        else:
            known[version.path] = after
        common = {"$commit": version.commit, "$at": version.at, "$path": version.path}
        for key in [*after, *(key for key in before if key not in after)]:
            old, new = before.get(key), after.get(key)
            if old == new:
                continue
            change = "added" if old is None else "removed" if new is None else "changed"
            names = sorted(n for n in {*(old or {}), *(new or {})} if (old or {}).get(n) != (new or {}).get(n))
            more = {"$change": change, "$changed": ",".join(names)}
            yield Record(version.line, version.offset, (new or old or {}) | common | more)


def _appended(version: Version, texts: dict[str, Counter[str]]) -> Record:
    """What became of the lines of a file that is appended to; `texts` holds those of the version before, by path."""
    lines = Counter(line for line in version.content.splitlines() if line.strip())
    lost = texts.get(version.path, Counter()) - lines
    texts[version.path] = lines
    common = {"$commit": version.commit, "$at": version.at, "$path": version.path, "$change": "lines"}
    return Record(version.line, version.offset, common | {"$lines": lines.total(), "$lost": lost.total()})


def _entries(version: Version, containers: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """The entries of one version of a registry, by key; a file that is one entry has the key of its own name."""
    if version.content is None:
        return {}
    name, value = contained(version.content, containers)
    if isinstance(value, list):
        return {_list_key(item, place): item for place, item in enumerate(value) if isinstance(item, dict)}
    if not isinstance(value, dict):
        return {}
    if keyed := by_key(value):
        return dict(keyed)
    if name or not value:
        return {}
    own = own_name(Path(PurePosixPath(version.path)))
    return {own: {FILE: own} | value}


def _list_key(item: dict[str, Any], place: int) -> str:
    return next(
        (str(item[n]) for n in ("session_id", "id", "agent_id", "issue_id", "name") if item.get(n) is not None), str(place)
    )
