"""A format: a data file that says how a tracker log becomes events (lifecycles.md 5.4). This module reads it and applies it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from session_ops.lifecycles import times
from session_ops.lifecycles.readers import READERS, Piece, Record, Reject, reject
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
CACHED = 20_000
"""Shapes of records, and combinations of values, for which decisions are kept; more are decided anew each time."""


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
        options = self.reader | {"once": (*self.aliases.get("time", ()), *self.aliases.get("session", ()))}
        yield from READERS[self.reader["kind"]].read(path, options)

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


def _reaches(data: dict[str, Any], name: str) -> bool:
    """Could a record of this shape have something at a dotted name? (Below the second level it is only looked at each time.)"""
    first, _, rest = name.partition(".")
    return name in data or (bool(rest) and isinstance(data.get(first), dict))


def scalar(value: Any) -> str | None:
    """A value as text; None for nothing, for an empty text, and for lists and objects."""
    if isinstance(value, str):
        return clean(value) or None
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else None


def clean(value: str) -> str:
    """A text that any reader takes: unpaired surrogates and NUL become visible escapes, and it is cut to the limit."""
    value = value[:TEXT_LIMIT].strip()
    if value.isascii() and "\0" not in value:
        return value
    return value.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\x00")


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

    def __post_init__(self) -> None:
        self._shapes: dict[tuple[Any, ...], list[tuple[str, list[str]]]] = {}
        self._chosen: dict[tuple[Any, ...], tuple[Rule, ...]] = {}
        asked = [alias for rule in self.format.rules for alias in (*rule.absent, *(name for name, _ in rule.when))]
        self._asked = tuple(dict.fromkeys(asked))

    def events(self, record: Record) -> list[Row] | Reject:
        """The events of a record; a reject where it has no time and its format needs one."""
        data, form = record.data, self.format
        shape = self._shape(data)
        values: dict[str, Any] = {}
        for alias, names in shape:
            for name in names:
                value = scalar(data[name] if name in data else field(data, name))
                if value is not None:
                    values[alias] = value
                    break
        key = next((n for n in self.session_fields if scalar(field(data, n)) is not None), None)
        values["session_key"] = key
        values["session"] = scalar(field(data, key)) if key else None
        if values.get("kind"):
            values["kind"] = plain(values["kind"])
        rows: list[Row] = []
        taken: set[str] = set()
        for rule in self._rules(values):
            if rule.slot in taken:
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

    def _shape(self, data: dict[str, Any]) -> list[tuple[str, list[str]]]:
        """For each alias the candidates that records with these fields have. Logs have few shapes of records and many records."""
        key = tuple((name, tuple(value)) if isinstance(value, dict) else name for name, value in data.items())
        found = self._shapes.get(key)
        if found is None:
            aliases = {name: names for name, names in self.format.aliases.items() if name not in ("time", "session")}
            aliases |= {f"attrs.{name}": names for name, names in self.format.attrs.items()}
            present = ((alias, [name for name in names if _reaches(data, name)]) for alias, names in aliases.items())
            found = [(alias, names) for alias, names in present if names]
            if len(self._shapes) < CACHED:
                self._shapes[key] = found
        return found

    def _rules(self, values: Mapping[str, Any]) -> tuple[Rule, ...]:
        """The rules whose conditions hold, in order."""
        key = tuple(values.get(alias) for alias in self._asked)
        found = self._chosen.get(key)
        if found is None:
            found = tuple(
                rule
                for rule in self.format.rules
                if all(values.get(alias) is None for alias in rule.absent)
                and all((value := values.get(alias)) is not None and pattern.search(value) for alias, pattern in rule.when)
            )
            if len(self._chosen) < CACHED:
                self._chosen[key] = found
        return found

    def _time(self, data: dict[str, Any], candidates: tuple[str, ...]) -> tuple[str, Instant] | None:
        for name in candidates:
            raw = field(data, name)
            if (instant := times.parse(raw)) is not None:
                return str(raw), instant
        return None

    def _row(self, record: Record, values: Mapping[str, Any], rule: Rule, at: tuple[str, Instant] | None) -> Row:
        form, data = self.format, record.data
        row = _EMPTY.copy()
        row["event_id"] = f"{self.source_id}:{self.ord}"
        row["source_id"], row["format_id"], row["source_ord"] = self.source_id, form.id, self.ord
        row["source_line"], row["source_offset"] = record.line, record.offset
        row["session_id"], row["agent_id"], row["kind"] = values["session"], values.get("agent"), rule.emit
        row["parent_session_id"], row["previous_session_id"] = values.get("parent"), values.get("previous")
        row["clock_domain"] = values.get("host") or ""
        if at is not None:
            raw, instant = at
            row["ts_ns"], row["ts_res_ns"], row["ts_raw"] = instant.ns, instant.res_ns, clean(raw)
            row["ts_quality"] = "date_assumed" if data.get("date_from") == "name" else instant.quality
        for name in _COPIED:
            if name in values:
                row[name] = _whole(values[name]) if name in _WHOLE_NUMBERS else values[name]
        if "state" in values:
            row["to_state"] = values["state"].upper()
        if "from_state" in values:
            row["from_state"] = values["from_state"].upper()
        if rule.emit in ENDS:
            row["end_reason"] = values.get("reason")
        if rule.emit.startswith("lock."):
            row["resource_id"], row["resource_kind"], row["op_outcome"] = values.get("resource"), "lock", values.get("outcome")
            row["lease_ns"], row["expires_ns"] = _lease(values, row["ts_ns"])
        if "observed" in values and (observed := times.parse(values["observed"])):
            row["observed_ns"] = observed.ns
        row.update(rule.set)
        if rule.emit == "registry.set":
            row["resource_id"] = values.get(row["resource_kind"] or "resource") or values.get("resource")
        row["attrs"] = _attrs(
            values.get("kind"), *(values.get(f"attrs.{name}") for name in form.attrs), names=tuple(form.attrs)
        )
        self.ord += 1
        return row


ENDS = ("session.end", "session.crash", "session.expire")
"""Kinds of events that end a session."""


def _lease(values: Mapping[str, Any], ts_ns: int | None) -> tuple[int | None, int | None]:
    """How long a lock was granted for, and when that ends: either may be told, the other follows."""
    seconds, until = values.get("lease_s"), times.parse(values.get("expires"))
    lease = round(float(seconds) * times.SECOND) if seconds and _SECONDS.fullmatch(seconds) else None
    if ts_ns is None:
        return lease, until.ns if until else None
    if until is None:
        return lease, None if lease is None else ts_ns + lease
    return (until.ns - ts_ns if lease is None else lease), until.ns


_SECONDS = re.compile(r"\d{1,9}(\.\d{1,9})?")
_COPIED = (
    "host",
    "pid",
    "workspace",
    "branch",
    "worktree",
    "writer_seq",
    "phase",
    "op_id",
    "mode",
    "fence",
    "severity",
    "message",
)
_EMPTY: Row = dict.fromkeys(COLUMNS) | {"ts_quality": "order_only"}


@lru_cache(4096)
def _attrs(raw_kind: str | None, *values: str | None, names: tuple[str, ...]) -> str:
    extra = {"raw_kind": raw_kind} | dict(zip(names, values, strict=True))
    return json.dumps({name: value for name, value in extra.items() if value is not None}, sort_keys=True)


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
