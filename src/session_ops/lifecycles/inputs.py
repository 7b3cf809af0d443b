"""The logs of a case: those that were given, or those found in the target; and what was left out, with the reason."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from session_ops.discovery.files import CASES_FOLDER, DEPENDENCY_FOLDERS
from session_ops.lifecycles.readers.pieces import FILE
from session_ops.lifecycles.rotation import COMPRESSED, base, grouped, plain

if TYPE_CHECKING:
    from session_ops.case import Case
    from session_ops.lifecycles.detection import Detected

_LOG_NAMES = frozenset((".jsonl", ".ndjson", ".log", ".json", ".md"))
_TABLES = frozenset((".yaml", ".yml", ".db", ".sqlite", ".sqlite3", ".csv", ".tsv", ".parquet"))
"""Files of a target that are a tracker's log or registry only where their name or folder says so."""
_NO_LOGS = re.compile(
    r"(^|/)(package(-lock)?|composer|tsconfig[\w.-]*|jsconfig|deno|turbo|lerna|renovate|biome|settings[\w.-]*|plugin|marketplace"
    r"|manifest|[\w.-]*schema|[\w.-]*\.lock|npm-shrinkwrap)\.jsonc?$"
    r"|(^|/)(README|CHANGELOG|CHANGES|HISTORY|CONTRIBUTING|SECURITY|LICENSE|CLAUDE|AGENTS|TODO)[\w.-]*\.md$",
    re.IGNORECASE,
)
_NO_LOG_FOLDERS = frozenset(
    ("docs", "doc", "tests", "test", "__tests__", "fixtures", "testdata", "test_data", "examples", "templates")
)
_TELLING = re.compile(
    r"sess|agent|run|track|work|lock|event|log|state|registr|diar|journal|beat|activit|hist|audit|status|claim", re.IGNORECASE
)
"""A registry found in a target must be called something like this: many JSON files hold an id and a date."""
_DIARY = re.compile(r"diar|journal|sess|(^|[/_.-])log", re.IGNORECASE)
_KINDS = {
    "program code": "py pyi ipynb js mjs cjs ts tsx jsx sh bash zsh fish rb go rs java kt c h cc cpp hpp cs php pl lua swift sql r",
    "a page or a style": "html htm css scss svg",
    "a picture, sound or font": "png jpg jpeg gif webp ico bmp mp3 mp4 wav webm mov woff woff2 ttf otf",
    "a document": "pdf doc docx xls xlsx ppt pptx odt",
    "an archive: unpack it first": "zip tar tgz 7z rar whl jar",
    "a program or library": "exe dll so dylib o a pyc class wasm",
    "settings": "toml ini cfg conf lock env",
    "a key": "pem key crt",
}
_LEFT_OUT = {f".{suffix}": kind for kind, suffixes in _KINDS.items() for suffix in suffixes.split()}
_COMPANION = re.compile(r"(.+)-(wal|shm|journal)$")


@dataclass(frozen=True)
class Input:
    """One log. `name` is what people and documents see: relative to the target, or to the folder that was given."""

    path: Path
    name: str
    found: bool
    """Found in the target, not given by the user: then only a sure format counts."""
    earlier: tuple[Path, ...] = ()
    """The older parts of a rotated log, oldest first."""

    @property
    def parts(self) -> tuple[Path, ...]:
        """All files of this log, oldest first."""
        return (*self.earlier, self.path)

    @property
    def size(self) -> int:
        """Bytes of all its files, as they are packed; those that cannot be looked at count nothing here."""
        found = 0
        for part in self.parts:
            with suppress(OSError):
                found += part.stat().st_size
        return found


class LeftOut(NamedTuple):
    """A file of a folder that was given and that is no log, with the reason."""

    path: str
    reason: str


@dataclass(frozen=True)
class Listing:
    """The logs to read, sorted by name, and what was left out."""

    inputs: tuple[Input, ...]
    left_out: tuple[LeftOut, ...]


def inputs(case: Case) -> Listing:
    """The logs of a case."""
    names: dict[Path, str] = {}
    left: dict[Path, LeftOut] = {}
    if case.logs:
        for path, name, reason in _given(case.logs):
            if not reason:
                left.pop(path, None)
                names.setdefault(path, name)
            elif path not in names:
                left[path] = LeftOut(_shown(name), reason)
        left |= _doubles(names)
    else:
        names = {case.target / path: path for path in _in_target(case)}
    # the history of a work tree was not asked for by name: it counts only where it surely tells of sessions
    doubted = names.keys() if not case.logs else {path for path in names if path.is_dir() and not is_repository(path)}
    found = (Input(parts[-1], _shown(names[parts[-1]]), parts[-1] in doubted, parts[:-1]) for parts in grouped(names))
    return Listing(tuple(sorted(found, key=lambda item: item.name)), tuple(sorted(left.values())))


def sure(item: Input, found: Detected) -> bool:
    """Is the format beyond doubt for a file that nobody called a log?

    A JSON file that is one record (a checkpoint, a lease) and a note with one dated line are none.
    """
    if found.format is None or found.scores[found.format.id] < 0.6:
        return False
    if plain(item.name).lower().endswith(".json") and found.format.role == "log":
        return found.fitting >= 2
    if found.format.role == "registry":
        return found.session_fields[:1] != (FILE,) and bool(_TELLING.search(item.name))
    if found.format.id == "diary":
        return found.fitting >= 2 or bool(_DIARY.search(item.name))
    return True


def _given(logs: tuple[Path, ...]) -> Iterator[tuple[Path, str, str]]:
    """Path, name and, for a file that is no log, the reason. What was given by itself is always read."""
    for log, prefix in zip(logs, _names(logs), strict=True):
        if not log.is_dir() or is_repository(log):
            companion = _COMPANION.fullmatch(log.name)
            part = companion and log.with_name(companion[1]).exists()
            yield log, prefix, f"part of {companion[1]}" if companion and part else ""
            continue
        if (log / ".git").is_file() or is_repository(log / ".git"):
            yield log, prefix, ""
        for folder, folders, names in os.walk(log):
            inside = PurePosixPath(prefix, Path(folder).relative_to(log).as_posix())
            for name in sorted(folders):
                if name in DEPENDENCY_FOLDERS or name in (".git", CASES_FOLDER):
                    folders.remove(name)
                    if name != ".git":
                        yield Path(folder, name), f"{inside / name}/", "a folder of packages or of cases"
            folders.sort()
            for name in sorted(names):
                path = Path(folder, name)
                yield path, str(inside / name), _no_log(path, names)


def _no_log(path: Path, beside: list[str]) -> str:
    """Why a file in a folder is no log; "" where it may be one."""
    if not path.is_file():
        return "a link that leads nowhere" if path.is_symlink() else "not a file"
    if (companion := _COMPANION.fullmatch(path.name)) and companion[1] in beside:
        return f"part of {companion[1]}"
    if _NO_LOGS.search(path.name):
        return "a manifest or a page about the project"
    return _LEFT_OUT.get(Path(plain(path.name)).suffix.lower(), "")


def is_repository(path: Path) -> bool:
    """Is the folder a bare git repository, or the .git of one?"""
    return (path / "HEAD").is_file() and (path / "objects").is_dir() and (path / "refs").is_dir()


def _names(logs: tuple[Path, ...]) -> list[str]:
    """A name for each path that was given: its own, with the folders that tell it from another of the same name."""
    own = [log.name or str(log) for log in logs]
    if len(set(own)) == len(own):
        return own
    top = Path(os.path.commonpath([log.parent for log in logs]))
    return [log.relative_to(top).as_posix() if own.count(log.name) > 1 else log.name for log in logs]


def _doubles(names: dict[Path, str]) -> dict[Path, LeftOut]:
    """Links to files that are read anyway are taken out of the names: each event counts once."""
    left: dict[Path, LeftOut] = {}
    real = {path: path for path in names if not path.is_symlink()}
    for path in [path for path in names if path.is_symlink()]:
        first = real.setdefault(path.resolve(), path)
        if first != path:
            left[path] = LeftOut(_shown(names.pop(path)), f"a link to {_shown(names[first])}")
    return left


def _in_target(case: Case) -> Iterator[str]:
    for entry in case.tree:
        path = PurePosixPath(entry.path)
        name, packed = plain(entry.path), entry.path.lower().endswith(COMPRESSED)
        suffix = PurePosixPath(base(name)).suffix.lower()
        if entry.kind != "file" or entry.vendored or entry.status == "unreadable" or entry.size == 0:
            continue
        if entry.reason == "binary" and not packed and suffix not in _TABLES:
            continue
        if any(part.startswith((".tmp", "tmp")) for part in path.parts[:-1]):
            continue
        if suffix not in _LOG_NAMES and not (suffix in _TABLES and _TELLING.search(entry.path)):
            continue
        if _NO_LOGS.search(name) or _NO_LOG_FOLDERS.intersection(part.lower() for part in path.parts[:-1]):
            continue
        yield entry.path


def _shown(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode()
