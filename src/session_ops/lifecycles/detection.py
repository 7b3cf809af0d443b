"""Which format a log has: every format is scored on the first records, and all scores are kept. Nothing falls back silently."""

from __future__ import annotations

import itertools
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from session_ops.lifecycles.definition import Format
from session_ops.lifecycles.guess import GUESSED, Guess, format_by_file, format_from, guess
from session_ops.lifecycles.readers import READERS, CannotRead, Record, head_of
from session_ops.lifecycles.readers.pieces import FILE
from session_ops.visible import one_line

SAMPLE = 200
"""Pieces of a file that are looked at."""
BEGINNING = 16_000_000
"""Bytes of a file of lines that are looked at."""
GUESSED_DATABASE = 50_000_000
"""Bytes of the largest database whose tables are guessed about: it is copied for each of them."""
LONGER = 5_000
"""Pieces that are looked at where the first ones are of a format but none of them names a session."""
FEW = 20
"""Records of which one is enough to name a session; among more it takes two."""
ENOUGH = 0.5
"""The least score with which a format is taken."""


@dataclass(frozen=True)
class Detected:
    """The format of a log, or None with the reason; every format's score from 0 to 1; and what the session's fields are.

    `guess` is set where the format was made from a guess about the fields: that must be said, and confirmed by the user.
    """

    format: Format | None
    scores: dict[str, float]
    reason: str
    session_fields: tuple[str, ...] = ()
    fitting: int = 0
    """Records of the sample that fit."""
    guess: Guess | None = None


@dataclass(frozen=True)
class _Tried:
    """How one format does on the first pieces."""

    score: float
    why: str
    fitting: tuple[dict[str, Any], ...] = ()
    sessionless: int = 0
    """Records that are this format's in all but a session."""
    certain: bool = False
    """`why` is the reason, whatever other formats say."""


def detect(path: Path, formats: tuple[Format, ...], only: str = "", mapping: Mapping[str, str] | None = None) -> Detected:
    """Score every format on the first records of a file, or of a repository's folder.

    The score is the share of the pieces that fit, times the format's weight: a special format outweighs a general one.
    Parameters: `only` is the id of the format that the user chose; `mapping` are the fields that the user confirmed (guess.py).

    Raises:
        OSError: the file cannot be read.
    """
    head = head_of(path)
    with tempfile.TemporaryDirectory(prefix="session-ops-") as folder:
        return _detect(path, head, _Samples(path, Path(folder)), formats, only, mapping)


def _detect(
    path: Path, head: bytes, samples: _Samples, formats: tuple[Format, ...], only: str, mapping: Mapping[str, str] | None
) -> Detected:
    tried = {form.id: _try(form, path, head, samples) for form in formats}
    scores = {name: one.score for name, one in tried.items()}
    if only:
        return _chosen(path, next(form for form in formats if form.id == only), tried[only], scores)
    best = max(formats, key=lambda form: (scores[form.id], form.id))
    if mapping and "time" in mapping:
        return _mapped(path, head, samples, mapping, scores)
    if scores[best.id] >= ENOUGH:
        found = tried[best.id]
        reason = f"{len(found.fitting)} of the first records fit"
        return Detected(best, scores, reason, best.session_fields(list(found.fitting)), len(found.fitting))
    if mapping:
        return _by_file(path, head, samples, formats, scores)
    unnamed = _without_session(formats, tried)
    guessed = None if path.is_dir() else _guessed(path, head, samples, scores)
    if guessed is not None:
        return guessed
    return Detected(None, scores, unnamed or _nearest(tried, head, path))


Sample = tuple[list[Any], CannotRead | None]
"""The first pieces that a reader gives, and why it gives no more where it cannot read the file."""


class _Samples:
    """First pieces of a file by each reader; formats with the same reader share them.

    Of a large file only the beginning is read, whatever a reader passes over in it.
    """

    def __init__(self, path: Path, folder: Path) -> None:
        self._path, self._folder = path, folder
        self._found: dict[str, Sample] = {}

    def of(self, form: Format, size: int = SAMPLE) -> Sample:
        """The first so many pieces."""
        key = json.dumps(
            [size, form.reader, form.mine, form.local, form.id if form.header or form.carry_time else "", form.by_file],
            sort_keys=True,
            default=str,
        )
        if key not in self._found:
            pieces: list[Any] = []
            try:
                pieces.extend(itertools.islice(form.pieces(self._part(form)), size))
                self._found[key] = pieces, None
            except CannotRead as error:
                self._found[key] = pieces, error
        return self._found[key]

    def _part(self, form: Format) -> Path:
        """The file, or its beginning with the same name, folder and date."""
        if not READERS[form.reader["kind"]].lines or self._path.stat().st_size <= BEGINNING:
            return self._path
        part = self._folder / self._path.parent.name / self._path.name
        if not part.exists():
            part.parent.mkdir(exist_ok=True)
            with self._path.open("rb") as file:
                start = file.read(BEGINNING)
            part.write_bytes(start[: start.rfind(b"\n") + 1] or start)
            shutil.copystat(self._path, part)
        return part


def _try(form: Format, path: Path, head: bytes, samples: _Samples) -> _Tried:
    if (reason := _refused(form, path, head)) is not None:
        return _Tried(0.0, reason)
    found = _scored(form, *samples.of(form))
    if not found.score and found.sessionless and form.needs:
        longer = _scored(form, *samples.of(form, LONGER))
        return longer if longer.score else found
    return found


def _refused(form: Format, path: Path, head: bytes) -> str | None:
    """Why a format need not even be tried."""
    reader = READERS[form.reader["kind"]]
    if form.globs and not any(fnmatch(path.name.lower(), glob) for glob in form.globs):
        return f"not called {' or '.join(form.globs[:3])}"
    if path.is_dir() != reader.folder:
        return "a folder" if path.is_dir() else "not a folder"
    return reader.refuses(head, form.options)


def _scored(form: Format, pieces: list[Any], failed: CannotRead | None) -> _Tried:
    pieces = [piece for piece in pieces if isinstance(piece, Record) or piece.reason != "template"]
    records = [piece.data for piece in pieces if isinstance(piece, Record)]
    # a torn line counts less than a record that does not fit: torn logs must still be read
    torn = len(pieces) - len(records)
    total = len(records) + torn / 4
    if failed or not total:
        return _Tried(0.0, str(failed or "no records were found"), certain=failed is not None and failed.certain)
    fitting = tuple(data for data in records if form.fits(data))
    # one line among many that happens to name a session makes no log of sessions
    least = 1 if len(records) <= FEW else 2
    lacking = [name for name in form.needs if sum(form.has(name, data) for data in fitting) < least]
    near = sum(_fits_but_session(form, data) for data in records) - (0 if lacking else len(fitting))
    if lacking and fitting:
        return _Tried(0.0, f"hardly any record has a {' and a '.join(lacking)}", (), near)
    score = round(len(fitting) / total * form.detect["weight"], 3)
    return _Tried(score, _why(form, records, len(fitting), torn), fitting, near)


def _fits_but_session(form: Format, data: dict[str, Any]) -> bool:
    others = [[name for name in names if name != "session"] for names in form.detect["any_of"]]
    return any(names and all(form.has(name, data) for name in names) for names in others)


def _chosen(path: Path, form: Format, found: _Tried, scores: dict[str, float]) -> Detected:
    """The format that the user chose is taken whatever the others say, unless its reader cannot read the file at all."""
    if not found.fitting and (reason := _refused(form, path, head_of(path))) is not None:
        return Detected(None, scores, f"not {form.id}, as which it was to be read: {reason}")
    reason = f"read as {form.id}, as asked for; {len(found.fitting) or 'none'} of the first records fit"
    return Detected(form, scores, reason, form.session_fields(list(found.fitting)), len(found.fitting))


def _without_session(formats: tuple[Format, ...], tried: dict[str, _Tried]) -> str:
    """The reason for a log whose records are known and name no session: by name, so that nobody looks for a mistake in the file."""
    most = max(formats, key=lambda form: (tried[form.id].sessionless * form.detect["weight"], form.id))
    found = tried[most.id]
    if not found.sessionless or found.fitting:
        return ""
    looked = [name for name in most.aliases.get("session", ()) if not name.startswith("$")]
    shown = ", ".join(looked[:4]) + (f" and {len(looked) - 4} more" if len(looked) > 4 else "")
    said = f"no format fits: {most.title} ({most.id}), but without a session key: no record has any of {shown}"
    lines = most.role == "log" and READERS[most.reader["kind"]].lines
    return f"{said}; where each file is one session, give log_mapping session={FILE}" if lines else said


def _guessed(path: Path, head: bytes, samples: _Samples, scores: dict[str, float]) -> Detected | None:
    """The best guess about the fields of a structured log that no format knows; None where none is good enough."""
    best: tuple[Guess, Format, int] | None = None
    for kind in GUESSED:
        for reader in _readers(kind, path):
            form = format_from({"session": "$", "time": "$"}, reader)
            if _refused(form, path, head) is not None:
                continue
            pieces, failed = samples.of(form)
            records = [piece.data for piece in pieces if isinstance(piece, Record)]
            if failed or len(records) * 2 < len(pieces):
                continue
            found = guess(records)
            if found.usable and (best is None or found.score > best[0].score):
                best = found, format_from(found.mapping, reader), len(records)
    if best is None:
        return None
    found, form, count = best
    # below what any known format needs, so that a file that nobody called a log is never read by a guess
    scores |= {form.id: round(min(found.score / 2, ENOUGH - 0.01), 3)}
    reason = f"guessed, please confirm with log_mapping: {found.text} (score {found.score:.2f}, from {count} records)"
    return Detected(form, scores, reason, form.aliases["session"], count, found)


def _mapped(path: Path, head: bytes, samples: _Samples, mapping: Mapping[str, str], scores: dict[str, float]) -> Detected:
    """A log read by the fields that the user confirmed."""
    best: tuple[int, Format] | None = None
    for kind in GUESSED:
        for reader in _readers(kind, path):
            form = format_from(mapping, reader)
            if _refused(form, path, head) is not None:
                continue
            pieces, _ = samples.of(form)
            fitting = sum(isinstance(piece, Record) and form.fits(piece.data) for piece in pieces)
            if fitting and (best is None or fitting > best[0]):
                best = fitting, form
    if best is None:
        wanted = ", ".join(f"{role}={name}" for role, name in mapping.items())
        return Detected(None, scores, f"no record has the fields of log_mapping ({one_line(wanted, 200)})")
    fitting, form = best
    scores |= {form.id: 1.0}
    return Detected(form, scores, f"read by log_mapping; {fitting} of the first records fit", form.aliases["session"], fitting)


def _by_file(path: Path, head: bytes, samples: _Samples, formats: tuple[Format, ...], scores: dict[str, float]) -> Detected:
    """A log that names no session, of which the user said that each file is one."""
    forms = [format_by_file(form) for form in formats if form.role == "log" and READERS[form.reader["kind"]].lines]
    tried = {form.id: _try(form, path, head, samples) for form in forms}
    best = max(forms, key=lambda form: (tried[form.id].score, form.id))
    if (score := tried[best.id].score) < ENOUGH:
        return Detected(None, scores, _nearest(tried, head, path))
    scores |= {best.id: score}
    fitting = len(tried[best.id].fitting)
    return Detected(
        best,
        scores,
        f"one session by its file's name, as log_mapping says; {fitting} of the first records fit",
        (FILE,),
        fitting,
    )


def _readers(kind: str, path: Path) -> list[dict[str, Any]]:
    """The readers of a kind that a guess tries: one, but for a database one for each of its tables."""
    if kind != "sqlite":
        return [{"kind": kind}]
    from session_ops.lifecycles.readers.database import table_names

    if path.stat().st_size > GUESSED_DATABASE:
        return []
    try:
        return [{"kind": "sqlite", "table": name} for name in table_names(path)]
    except CannotRead:
        return []


def _why(form: Format, records: list[dict[str, Any]], fitting: int, torn: int) -> str:
    if not records:
        return "no record could be read"
    if fitting == len(records):
        return f"{torn} pieces are torn" if torn else ""
    lacking = next(data for data in records if not form.fits(data))
    shown = one_line(", ".join(sorted(str(name) for name in lacking)[:6]), 120)
    return f"{fitting} of {len(records)} records have what it needs; one has only {shown}"


def _nearest(tried: dict[str, _Tried], head: bytes, path: Path) -> str:
    if (certain := next((one.why for one in tried.values() if one.certain), None)) is not None:
        return f"no format fits: {certain}"
    name = max(tried, key=lambda one: (tried[one].score, tried[one].why.startswith("0 of"), one))
    if tried[name].score or tried[name].why.startswith("0 of"):
        return f"no format fits; nearest is {name} ({tried[name].score:.2f}): {tried[name].why}"
    return f"no format fits: {_shape(head, path, tried)}"


def _shape(head: bytes, path: Path, tried: dict[str, _Tried]) -> str:
    """What a file looks like that no format reads."""
    from session_ops.lifecycles.readers import binary

    if path.is_dir():
        return next((one.why for one in tried.values() if "git" in one.why), "a folder that is no git repository")
    if (kind := binary(head)) is not None:
        return kind
    start = head.lstrip()
    if start.startswith((b"{\n", b"{\r\n", b"{ \n")):
        return "JSON over many lines, without records that have a session and a time, or several values in one file"
    if start.startswith((b"{", b"[")):
        return "JSON without records that have a session and a time"
    return "neither JSON records nor lines of text with a time that name a session"
