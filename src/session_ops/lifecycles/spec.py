"""A format: a data file that says how a tracker log becomes events (lifecycles.md 5.4). This module reads it and applies it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from session_ops.lifecycles import diary, readers, times
from session_ops.lifecycles.readers import Piece, Record, Reject, reject
from session_ops.lifecycles.times import Instant

COLUMNS = {
    "event_id": "VARCHAR", "source_id": "VARCHAR", "format_id": "VARCHAR", "source_line": "BIGINT", "source_offset": "BIGINT",
    "source_ord": "BIGINT", "ts_ns": "BIGINT", "ts_raw": "VARCHAR", "ts_quality": "VARCHAR", "ts_res_ns": "BIGINT",
    "observed_ns": "BIGINT", "clock_domain": "VARCHAR", "writer_seq": "BIGINT", "session_id": "VARCHAR", "agent_id": "VARCHAR",
    "host": "VARCHAR", "pid": "BIGINT", "workspace": "VARCHAR", "branch": "VARCHAR", "worktree": "VARCHAR",
    "parent_session_id": "VARCHAR", "previous_session_id": "VARCHAR", "kind": "VARCHAR", "phase": "VARCHAR",
    "op_outcome": "VARCHAR", "op_id": "VARCHAR", "from_state": "VARCHAR", "to_state": "VARCHAR", "end_reason": "VARCHAR",
    "resource_kind": "VARCHAR", "resource_id": "VARCHAR", "mode": "VARCHAR", "lease_ns": "BIGINT", "expires_ns": "BIGINT",
    "fence": "BIGINT", "severity": "VARCHAR", "message": "VARCHAR", "attrs": "VARCHAR",
}  # fmt: skip
"""Columns of the table `events`, in order."""
TEXT_LIMIT = 500
"""Characters of a message or of any other text field that are kept."""
_WHOLE_NUMBERS = frozenset(name for name, kind in COLUMNS.items() if kind == "BIGINT")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_JOINTS = re.compile(r"[\s./:\-_]+")
Row = dict[str, Any]


@dataclass(frozen=True)
class Rule:
    """An ordered emit rule. In each slot the first rule whose conditions all hold gives one event."""

    emit: str
    when: tuple[tuple[str, re.Pattern[str]], ...]
    absent: tuple[str, ...]
    at: tuple[str, ...]
    slot: str
    set: Mapping[str, Any]


@dataclass(frozen=True)
class Format:
    """A log format. `aliases` are names for lists of candidate fields; the first that a record has counts."""

    id: str
    title: str
    version: int
    role: str
    reader: Mapping[str, Any]
    detect: Mapping[str, Any]
    aliases: Mapping[str, tuple[str, ...]]
    attrs: Mapping[str, tuple[str, ...]]
    rules: tuple[Rule, ...]
    facts: Mapping[str, Any]
    time_required: bool
    samples: tuple[Mapping[str, Any], ...]

    def pieces(self, path: Path) -> Iterator[Piece]:
        """The records and rejects of a file, by this format's reader.

        Raises:
            CannotRead: the file as a whole is not what the reader reads.
            OSError: the file cannot be read.
        """
        kind = self.reader["kind"]
        if kind == "ndjson":
            yield from readers.ndjson(path)
        elif kind == "json":
            yield from readers.json_records(path, tuple(self.reader.get("containers", ())))
        else:
            yield from diary.entries(path, self.reader)

    def fits(self, data: dict[str, Any]) -> bool:
        """Has the record all that one of the alternatives of `detect.any_of` asks for?"""
        return any(all(self._holds(name, data) for name in names) for names in self.detect["any_of"])

    def _holds(self, name: str, data: dict[str, Any]) -> bool:
        if name == "time":
            return any(times.parse(field(data, candidate)) is not None for candidate in self.aliases["time"])
        return any(field(data, candidate) is not None for candidate in self.aliases.get(name, (name,)))

    def session_fields(self, sample: list[dict[str, Any]]) -> tuple[str, ...]:
        """The fields that hold the session in this source: the first candidate that most records have, and its kin.

        Decided once per source, so that a row with an agent and no session does not make a session of its own.
        """
        candidates = self.aliases.get("session", ())
        counts = {name: sum(scalar(field(data, name)) is not None for data in sample) for name in candidates}
        most = max(counts.values(), default=0)
        chosen = next((name for name in candidates if counts[name] and counts[name] * 2 >= most), "")
        return (chosen, *(n for n in candidates if n != chosen and "session" in n.lower())) if chosen else candidates


def field(data: dict[str, Any], name: str) -> Any:
    """The value at a dotted name; a field that itself has a dot in its name counts first. None where there is none."""
    if name in data:
        return data[name]
    if "." not in name:
        return None
    value: Any = data
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def scalar(value: Any) -> str | None:
    """A value as text; None for nothing, for an empty text, and for lists and objects."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    return clean(value) if isinstance(value, str) and value.strip() else None


def clean(value: str) -> str:
    """A text that any reader takes: unpaired surrogates and NUL become visible escapes, and it is cut to the limit."""
    return value[:TEXT_LIMIT].encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\x00").strip()


def plain(kind: str) -> str:
    """An event name without its spelling: SessionStart, session-start and session.start are session_start."""
    return _JOINTS.sub("_", _CAMEL.sub("_", kind)).strip("_").lower()


@dataclass
class Mapper:
    """Applies a format to the pieces of one source, in order."""

    format: Format
    source_id: str
    session_fields: tuple[str, ...]
    ord: int = 0

    def events(self, record: Record) -> list[Row] | Reject:
        """The events of a record; a reject where it has no time and its format needs one."""
        data, form = record.data, self.format
        values: dict[str, Any] = {}
        for alias, candidates in form.aliases.items():
            if alias not in ("time", "session"):
                values[alias] = next((v for name in candidates if (v := scalar(field(data, name))) is not None), None)
        values["session_key"] = next((n for n in self.session_fields if scalar(field(data, n)) is not None), None)
        values["session"] = scalar(field(data, values["session_key"])) if values["session_key"] else None
        if values.get("kind"):
            values["kind"] = plain(values["kind"])
        rows: list[Row] = []
        taken: set[str] = set()
        for rule in form.rules:
            if rule.slot in taken:
                continue
            if any(values.get(a) is not None for a in rule.absent):
                continue
            if not all(values.get(alias) is not None and p.search(values[alias]) for alias, p in rule.when):
                continue
            at = self._time(data, rule.at or form.aliases.get("time", ()))
            if at is None and (rule.at or form.time_required):
                continue
            taken.add(rule.slot)
            rows.append(self._row(record, values, rule, at))
        if not rows:
            return reject(
                record.line, record.offset, "no_time", json.dumps(data, default=str).encode("utf-8", "backslashreplace")
            )
        return rows

    def _time(self, data: dict[str, Any], candidates: tuple[str, ...]) -> tuple[str, Instant] | None:
        for name in candidates:
            raw = field(data, name)
            if (instant := times.parse(raw)) is not None:
                return str(raw), instant
        return None

    def _row(self, record: Record, values: Mapping[str, Any], rule: Rule, at: tuple[str, Instant] | None) -> Row:
        form, data = self.format, record.data
        row: Row = dict.fromkeys(COLUMNS)
        row |= {
            "event_id": f"{self.source_id}:{self.ord}", "source_id": self.source_id, "format_id": form.id,
            "source_line": record.line, "source_offset": record.offset, "source_ord": self.ord,
            "ts_quality": "order_only", "session_id": values["session"], "agent_id": values.get("agent"),
            "kind": rule.emit, "clock_domain": values.get("host") or "",
            "parent_session_id": values.get("parent"), "previous_session_id": values.get("previous"),
        }  # fmt: skip
        if at is not None:
            raw, instant = at
            quality = "date_assumed" if data.get("date_from") == "name" else instant.quality
            row |= {"ts_ns": instant.ns, "ts_raw": clean(raw), "ts_quality": quality, "ts_res_ns": instant.res_ns}
        for name in (
            "host",
            "pid",
            "workspace",
            "branch",
            "worktree",
            "writer_seq",
            "op_id",
            "mode",
            "fence",
            "severity",
            "message",
        ):
            row[name] = _whole(values.get(name)) if name in _WHOLE_NUMBERS else values.get(name)
        row["to_state"] = (values.get("state") or "").upper() or None
        row["end_reason"] = values.get("reason") if rule.emit in ENDS else None
        if rule.emit.startswith("lock."):
            row |= {"resource_id": values.get("resource"), "resource_kind": "lock", "op_outcome": values.get("outcome")}
        for name, value in rule.set.items():
            row[name] = value
        extra = {"raw_kind": values.get("kind")}
        extra |= {
            name: next((v for c in cs if (v := scalar(field(data, c))) is not None), None) for name, cs in form.attrs.items()
        }
        row["attrs"] = json.dumps({k: v for k, v in extra.items() if v is not None}, sort_keys=True)
        self.ord += 1
        return row


ENDS = ("session.end", "session.crash", "session.expire")
"""Kinds of events that end a session."""


def _whole(value: str | None) -> int | None:
    """A whole number of 64 bits in a text; None where there is none."""
    if value is None or not re.fullmatch(r"-?\d{1,18}", value):
        return None
    return int(value)


def _list(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(str(item) for item in value)


def load(text: str) -> Format:
    """A format from the text of its YAML file."""
    data = YAML(typ="safe").load(text)
    if base := data.get("extends"):
        data = YAML(typ="safe").load((files(__package__) / "formats" / f"{base}.yaml").read_text("utf-8")) | data
    words = {name: str(words) for name, words in data.get("words", {}).items()}

    def pattern(value: str) -> re.Pattern[str]:
        for name, body in words.items():
            value = value.replace("{" + name + "}", body)
        return re.compile(value, re.IGNORECASE)

    rules = tuple(
        Rule(
            rule["emit"],
            tuple((alias, pattern(value)) for alias, value in rule.get("when", {}).items()),
            _list(rule.get("absent")),
            _list(rule.get("at")),
            rule.get("slot", "event"),
            rule.get("set", {}),
        )
        for rule in data["rules"]
    )
    aliases = {name: _list(v) for part in ("key", "values") for name, v in data.get(part, {}).items()}
    return Format(
        id=data["id"],
        title=data["title"],
        version=int(data["version"]),
        role=data["role"],
        reader=data["reader"],
        detect=data["detect"],
        aliases=aliases | {"time": _list(data["time"]["field"])},
        attrs={name: _list(v) for name, v in data.get("attrs", {}).items()},
        rules=rules,
        facts=data.get("facts", {}),
        time_required=bool(data["time"].get("required", True)),
        samples=tuple(data.get("samples", ())),
    )


@cache
def formats() -> tuple[Format, ...]:
    """The formats that come with the package, by id."""
    folder = files(__package__) / "formats"
    texts = sorted((item.name, item.read_text("utf-8")) for item in folder.iterdir() if item.name.endswith(".yaml"))
    return tuple(load(text) for _, text in texts)
