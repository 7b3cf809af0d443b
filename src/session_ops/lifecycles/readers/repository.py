"""A git repository as a log: its commits, or the versions of its registry files. Nothing of the repository's configuration runs."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from session_ops.discovery.git import Git
from session_ops.lifecycles.readers.pieces import CannotRead, Piece, Record, Reject
from session_ops.lifecycles.readers.text_patterns import compiled, first_match
from session_ops.lifecycles.readers.versions import APPENDED, Version, changes

_SEPARATOR = "\x1f"
_FIELDS = {
    "sha": "%H", "observed": "%cI", "time": "%aI", "author": "%an", "email": "%ae", "committer": "%cn", "parents": "%P",
    "subject": "%s", "trailers": "%(trailers:only,unfold,separator=%x1e)",
}  # fmt: skip
_LOG = ["-z", "--date-order", "--reverse", "--no-show-signature", "--no-mailmap", "--no-notes"]
BLOB_LIMIT = 4_000_000
"""Bytes of a registry file's version that are read."""


def git_log(path: Path, options: Mapping[str, Any]) -> Iterator[Piece]:
    """The commits that HEAD reaches, oldest first; `line` is their number. Trailers become fields (`Session-Id: x` is `session_id`).

    Options: `then` and `drop` as in text_patterns.

    Raises:
        CannotRead: no repository, or git cannot read it.
    """
    then = [
        (name, compiled(tuple(texts), tuple(options.get("words", {}).items())))
        for name, texts in options.get("then", {}).items()
    ]
    drop = [(name, re.compile(text, re.IGNORECASE)) for name, text in options.get("drop", {}).items()]
    raw = _git(path, "log", *_LOG, f"--format={_SEPARATOR.join(_FIELDS.values())}")
    for number, entry in enumerate((e for e in raw.split(b"\0") if e.strip()), 1):
        values = entry.decode("utf-8", "backslashreplace").strip("\n").split(_SEPARATOR)
        fields: dict[str, Any] = {name: value for name, value in zip(_FIELDS, values, strict=False) if value}
        for line in fields.pop("trailers", "").split("\x1e"):
            name, colon, value = line.partition(":")
            if colon and value.strip():
                fields.setdefault(name.strip().lower().replace("-", "_"), value.strip())
        for name, patterns in then:
            if name in fields and (found := first_match(patterns, fields[name])):
                fields |= {key: value.strip() for key, value in found.groupdict().items() if value and value.strip()}
        for name, pattern in drop:
            if name in fields and pattern.search(str(fields[name])):
                del fields[name]
        yield Record(number, 0, fields)


def git_versions(path: Path, options: Mapping[str, Any]) -> Iterator[Piece]:
    """What every commit on the first-parent line of HEAD adds, changes and removes in registry files: see versions.changes.

    The option `files` is a pattern of the paths that are registries or logs that are appended to, `besides` one of those that are none.

    Raises:
        CannotRead: no repository, or git cannot read it, or it has no such files.
    """
    wanted, besides = (re.compile(options.get(name, "^$"), re.IGNORECASE) for name in ("files", "besides"))
    raw = _git(
        path, "log", *_LOG, "--first-parent", "-m", "--raw", "--no-abbrev", "--no-renames", "--root", "--format=%x1e%H%x1f%cI"
    )
    changed = _raw(raw.decode("utf-8", "surrogateescape"))
    found = [one for one in changed if wanted.search(one[3]) and not besides.search(one[3])]
    if not found:
        raise CannotRead("a git repository without registry files (sessions, agents, heartbeats or locks as JSON)")
    contents = _blobs(path, [oid for *_, oid in found if oid.strip("0")])

    def read() -> Iterator[Version | Reject]:
        for number, commit, at, name, oid in found:
            if not oid.strip("0"):
                yield Version(number, 0, commit, at, name, None)
                continue
            data = contents.get(oid, b"")
            if APPENDED.search(name):
                yield Version(number, 0, commit, at, name, data.decode("utf-8", "backslashreplace"))
                continue
            try:
                yield Version(number, 0, commit, at, name, json.loads(data.decode("utf-8-sig")))
            except (ValueError, RecursionError):
                conflict = b"\n<<<<<<< " in b"\n" + data
                yield Reject(number, 0, "conflict_marker" if conflict else "torn", f"{name} in {commit[:12]}")

    yield from changes(read(), options)


def _raw(text: str) -> Iterator[tuple[int, str, str, str, str]]:
    """Number of the commit, commit, its time, path and object id of each change to a file."""
    number = 0
    commit = at = ""
    parts = iter(text.split("\0"))
    for part in parts:
        head = part.lstrip("\n")
        if "\x1e" in head:
            _, _, head = head.rpartition("\x1e")
            commit, _, rest = head.partition(_SEPARATOR)
            at, _, head = rest.partition("\n")
            number += 1
            head = head.lstrip("\n")
        if head.startswith(":"):
            name = next(parts, "")
            fields = head.split(" ")
            if len(fields) >= 5 and fields[1] != "160000":
                yield number, commit, at.strip(), name.encode("utf-8", "backslashreplace").decode("utf-8", "replace"), fields[3]


def _blobs(path: Path, oids: list[str]) -> dict[str, bytes]:
    """The contents of objects, each once; missing and large ones are left out."""
    names = "\n".join(dict.fromkeys(oids)).encode()
    raw = _git(path, "cat-file", "--batch", told=names)
    found: dict[str, bytes] = {}
    at = 0
    while (end := raw.find(b"\n", at)) >= 0:
        oid, *rest = raw[at:end].split(b" ")
        at = end + 1
        if len(rest) == 2:
            size = int(rest[1])
            if size <= BLOB_LIMIT:
                found[oid.decode()] = raw[at : at + size]
            at += size + 1
    return found


def _git(path: Path, *args: str, told: bytes = b"") -> bytes:
    """Standard output of a git command on the repository in this folder (a work tree or a bare repository).

    Raises:
        CannotRead: git is absent, or it failed.
    """
    try:
        if not ((path / ".git").exists() or ((path / "HEAD").is_file() and (path / "objects").is_dir())):
            raise CannotRead("a folder that is no git repository")
        return Git(path, path).run(*args, told=told)
    except FileNotFoundError:
        raise CannotRead("git is not installed") from None
    except subprocess.SubprocessError as error:
        said = (getattr(error, "stderr", b"") or str(error).encode()).decode("utf-8", "replace").strip()
        raise CannotRead(
            f"git could not read the repository: {said.splitlines()[0][:150] if said else 'no reason given'}"
        ) from None
