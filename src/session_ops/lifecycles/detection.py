"""Which format a log has: every format is scored on the first records, and all scores are kept. Nothing falls back silently."""

from __future__ import annotations

import contextlib
import itertools
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from session_ops.lifecycles.readers import CannotRead, Piece, Record, Reject
from session_ops.lifecycles.spec import Format

SAMPLE = 200
"""Pieces of a file that are looked at."""
ENOUGH = 0.5
"""The least score with which a format is taken."""


@dataclass(frozen=True)
class Detected:
    """The format of a log, or None with the reason; every format's score from 0 to 1; and what the session's fields are."""

    format: Format | None
    scores: dict[str, float]
    reason: str
    session_fields: tuple[str, ...] = ()
    fitting: int = 0
    """Records of the sample that fit."""


def detect(path: Path, formats: tuple[Format, ...]) -> Detected:
    """Score every format on the first records of a file.

    The score is the share of the pieces that fit, times the format's weight: a special format outweighs a general one.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(8192)
    known = next((name for mark, name in _KNOWN_BINARY.items() if head.startswith(mark)), None)
    if known or (b"\0" in head and not _mostly_text(head)):
        return Detected(
            None, {form.id: 0.0 for form in formats}, f"{known or 'a binary file'}: no format of this version reads it"
        )
    scores: dict[str, float] = {}
    why: dict[str, str] = {}
    samples: dict[str, list[dict[str, Any]]] = {}
    for form in formats:
        if (reason := _out_of_question(form, head)) is not None:
            scores[form.id], why[form.id] = 0.0, reason
            continue
        try:
            pieces = [piece for piece in itertools.islice(form.pieces(path), SAMPLE) if not _is_template(piece)]
        except CannotRead as error:
            scores[form.id], why[form.id] = 0.0, str(error)
            continue
        records = [piece.data for piece in pieces if isinstance(piece, Record)]
        fitting = [data for data in records if form.fits(data)]
        # a torn line counts less than a record that does not fit: torn logs must still be read
        torn = len(pieces) - len(records)
        total = len(records) + torn / 4
        scores[form.id] = round(len(fitting) / total * form.detect["weight"], 3) if total else 0.0
        samples[form.id] = fitting
        why[form.id] = _why(form, records, fitting, torn)
    best = max(formats, key=lambda form: (scores[form.id], form.id))
    if scores[best.id] < ENOUGH:
        nearest = max(why, key=lambda name: (scores[name], why[name].startswith("0 of"), name))
        if not scores[nearest] and not why[nearest].startswith("0 of"):
            return Detected(None, scores, f"no format fits: {_shape(head)}")
        return Detected(None, scores, f"no format fits; nearest is {nearest} ({scores[nearest]:.2f}): {why[nearest]}")
    reason = f"{len(samples[best.id])} of the first records fit"
    fitting = samples[best.id]
    return Detected(best, scores, reason, best.session_fields(fitting), len(fitting))


def _is_template(piece: Piece) -> bool:
    return isinstance(piece, Reject) and piece.reason == "template"


def _why(form: Format, records: list[dict[str, Any]], fitting: list[dict[str, Any]], torn: int) -> str:
    if not records:
        return "no record could be read" if torn else "no records were found"
    if len(fitting) == len(records):
        return f"{torn} pieces are torn" if torn else ""
    lacking = next(data for data in records if not form.fits(data))
    shown = ", ".join(sorted(str(name) for name in lacking)[:6]).encode("utf-8", "backslashreplace").decode()
    return f"{len(fitting)} of {len(records)} records have what it needs; one has only {shown}"


def _out_of_question(form: Format, head: bytes) -> str | None:
    """Why a format need not even be tried: its reader would go through all of a large file to find nothing."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if form.reader["kind"] == "markdown" and start.startswith((b"{", b"[")):
        return "JSON, not Markdown"
    if form.reader["kind"] == "json_concat" and not re.match(rb"\{\s*?\n", start):
        return "no line is just an opening brace"
    if form.reader["kind"] == "json":
        if not start.startswith((b"{", b"[")):
            return "not JSON"
        first, _, rest = start.partition(b"\n")
        if rest.strip():
            with contextlib.suppress(ValueError, RecursionError):
                json.loads(first.decode("utf-8", "replace"))
                return "several JSON values, one per line"
    return None


_KNOWN_BINARY = {
    b"SQLite format 3\0": "a SQLite database",
    b"\x1f\x8b": "a gzip archive",
    b"\x28\xb5\x2f\xfd": "a zstd archive",
    b"PAR1": "Parquet",
}


def _shape(head: bytes) -> str:
    """What a file looks like that no format reads."""
    start = head.lstrip()
    if start.startswith((b"{\n", b"{\r\n", b"{ \n")):
        return "JSON over many lines, without records that have a session and a time, or several values in one file"
    if start.startswith((b"{", b"[")):
        return "JSON without records that have a session and a time"
    return "neither JSON records nor lines with a date and a time in Markdown"


def _mostly_text(head: bytes) -> bool:
    """NUL bytes in an otherwise readable log (a crash while writing leaves them) do not make it binary."""
    return head.count(b"\0") * 10 < len(head) or b'\n{"' in head.replace(b"\0", b"")
