"""Markdown diaries: lines with a time become entries with time, role, task, word and the session they belong to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from session_ops.lifecycles import times
from session_ops.lifecycles.readers.pieces import Piece, Record, lines, own_name, reject

_NAMED_DATE = re.compile(r"(?<!\d)(\d{4})[-_]?(\d{2})[-_]?(\d{2})(?!\d{1,2}\b)")
_DASHES = re.compile(r"\s+[-–—|·]\s+|\s*[–—|]\s*")
_OWN_NAME = re.compile(
    r"\d{8}[_T-]?\d{4,6}([_-][\w.-]+)?|\d{4}-\d{2}-\d{2}[_T-]\d{2}[-:]?\d{2}([-:]?\d{2})?([_-][\w.-]+)?"
    r"|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|(session|sess|agent|worker|run)[-_][\w.-]*\d[\w.-]*",
    re.IGNORECASE,
)
"""Names of files and folders that are one session's own: a time stamp, a uuid, session-12."""
_TEMPLATE = re.compile(r"\s*(?:#{1,6}|[-*+])\s.*\b(?:YYYY[-/.]MM[-/.]DD|DD[-/.]MM[-/.]YYYY|HH:MM|hh:mm)\b")
"""An entry of a template that nobody filled in."""


def entries(path: Path, reader: Mapping[str, Any]) -> Iterator[Piece]:
    """Entries of a diary: lines outside code fences that one of the reader's `patterns` matches.

    The date comes from the line, else from the last heading with a date, else from the file's or folder's name (then
    it is assumed); a clock time that jumps back half a day has passed midnight. An entry whose date nobody knows is a reject.
    The session is the file or folder with a session's own name, else the role and task of the entry, else the file.
    """
    patterns = [re.compile(text, re.IGNORECASE) for text in reader["patterns"]]
    dates, words = re.compile(reader["dates"], re.IGNORECASE), re.compile(reader["words"], re.IGNORECASE)
    owner = next((part for part in (path.stem, path.parent.name) if _OWN_NAME.fullmatch(part)), "")
    stem = own_name(path)
    named = next((m for part in (path.stem, path.parent.name) if (m := _NAMED_DATE.search(part))), None)
    clock = _Calendar("-".join(named.groups()) if named else "", "name")
    fence = ""
    with path.open("rb") as file:
        for number, offset, data in lines(file):
            if b"\0" in data:
                yield reject(number, offset, "binary", data)
                continue
            try:
                line = data.decode("utf-8").rstrip()
            except UnicodeDecodeError:
                if data.lstrip()[:1] in (b"#", b"*", b"-"):
                    yield reject(number, offset, "encoding", data)
                continue
            mark = line.lstrip()[:3]
            if mark in ("```", "~~~"):
                fence = "" if fence == mark else fence or mark
                continue
            if fence or not line:
                continue
            if line.startswith(("<<<<<<< ", ">>>>>>> ")):
                yield reject(number, offset, "conflict_marker", data)
                continue
            found = next((m for pattern in patterns if (m := pattern.match(line))), None)
            if found is None:
                if _TEMPLATE.match(line):
                    yield reject(number, offset, "template", data)
                if dated := dates.match(line):
                    clock.new_day(dated["date"])
                continue
            fields = {name: value.strip() for name, value in found.groupdict().items() if value}
            stamp = clock.stamp(fields)
            if stamp is None:
                yield reject(number, offset, "no_time", data)
                continue
            entry = _parts(fields.get("rest", ""), words)
            pair = " ".join(part for part in (entry.get("role"), entry.get("task")) if part)
            entry["session"] = owner or (f"{stem}: {pair}" if pair else stem)
            entry["time"] = stamp
            if "date" not in fields and clock.origin == "name":
                entry["$quality"] = "date_assumed"
            yield Record(number, offset, entry)


def _parts(rest: str, words: re.Pattern[str]) -> dict[str, Any]:
    """`Role - TASK - START` taken apart; without a known word all of it is text."""
    parts = [part for raw in _DASHES.split(rest) if (part := raw.strip(" *`_[]:"))]
    at = next((i for i in range(len(parts) - 1, -1, -1) if words.fullmatch(parts[i])), None)
    if at is None:
        return {"text": rest}
    word = parts.pop(at)
    found = {"text": rest, "word": word}
    if len(parts) > 1:
        found["role"] = parts[0]
    if parts:
        found["task"] = " ".join(parts[1:] if len(parts) > 1 else parts)
    return found


class _Calendar:
    """Which day a clock time belongs to."""

    def __init__(self, day: str, origin: str) -> None:
        self.day, self.origin = day, origin
        self.earlier, self.later_days = -1, 0

    def new_day(self, day: str) -> None:
        self.day, self.origin = day.replace("/", "-"), "heading"
        self.earlier, self.later_days = -1, 0

    def stamp(self, fields: dict[str, str]) -> str | None:
        """The time of an entry in ISO form; None without a date or where there is no such time."""
        hour, minute, *second = (int(part) for part in fields["time"].split(":"))
        if half := fields.get("half", "").lower().replace(".", ""):
            if not 1 <= hour <= 12:
                return None
            hour = hour % 12 + (12 if half == "pm" else 0)
        if "date" in fields:
            if fields["date"].replace("/", "-") != self.day:
                self.new_day(fields["date"])
            self.earlier = hour * 60 + minute
            day, later = fields["date"].replace("/", "-"), 0
        elif self.day:
            if self.earlier - (hour * 60 + minute) > 720:
                self.later_days += 1
            self.earlier = hour * 60 + minute
            day, later = self.day, self.later_days
        else:
            return None
        text = f"{day}T{hour:02d}:{minute:02d}" + "".join(f":{s:02d}" for s in second)
        zone = fields.get("zone", "")
        instant = times.parse(text + zone)
        midnight = times.parse(f"{day}T00:00")
        if instant is None or midnight is None:
            return None
        return times.text(midnight.ns + later * times.DAY)[:10] + text[10:] + zone
