"""Applies a format to the records of one source: each record becomes events."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from session_ops.lifecycles import times
from session_ops.lifecycles.columns import COLUMNS, ENDS, QUALITIES, WHOLE_NUMBERS, Row
from session_ops.lifecycles.definition import Format, Rule
from session_ops.lifecycles.fields import clean, field, plain, reaches, scalar, session_at, whole
from session_ops.lifecycles.readers import Record, Reject, reject
from session_ops.lifecycles.times import Instant

CACHED = 20_000
"""Shapes of records, and combinations of values, for which decisions are kept; more are decided anew each time."""
_COPIED = (
    "host", "pid", "workspace", "branch", "worktree", "writer_seq", "op_id", "mode", "fence", "severity", "message", "phase",
)  # fmt: skip
_EMPTY: Row = dict.fromkeys(COLUMNS) | {"ts_quality": "order_only"}


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
        self.asked = tuple(dict.fromkeys(asked))

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
        key = next((n for n in self.session_fields if session_at(data, n) is not None), None)
        values["session_key"] = key
        values["session"] = scalar(field(data, key)) if key else None
        if values.get("kind"):
            values["kind"] = plain(values["kind"])
        rows: list[Row] = []
        taken: set[str] = set()
        for rule in self.rules(values):
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
            present = ((alias, [name for name in names if reaches(data, name)]) for alias, names in aliases.items())
            found = [(alias, names) for alias, names in present if names]
            if len(self._shapes) < CACHED:
                self._shapes[key] = found
        return found

    def rules(self, values: Mapping[str, Any]) -> tuple[Rule, ...]:
        """The rules whose conditions hold, in order."""
        key = tuple(values.get(alias) for alias in self.asked)
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
            if (instant := self.format.time(raw)) is not None:
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
        row["clock_domain"] = "/".join(values[name] for name in ("host", "boot") if name in values)
        if at is not None:
            raw, instant = at
            row["ts_ns"], row["ts_res_ns"], row["ts_raw"] = instant.ns, instant.res_ns, clean(raw)
            row["ts_quality"] = said if (said := data.get("$quality")) in QUALITIES else instant.quality
        for name in _COPIED:
            if name in values:
                row[name] = whole(values[name]) if name in WHOLE_NUMBERS else values[name]
        for name in ("from_state", "state"):
            if name in values:
                said = form.states.get(plain(values[name]), values[name].upper())
                row["to_state" if name == "state" else name] = said
        if "observed" in values and (observed := form.time(values["observed"])) is not None:
            row["observed_ns"] = observed.ns
        if rule.emit in ENDS:
            row["end_reason"] = values.get("reason")
        if rule.emit.startswith("lock."):
            row["resource_id"], row["resource_kind"], row["op_outcome"] = values.get("resource"), "lock", values.get("outcome")
            row["lease_ns"], row["expires_ns"] = _lease(values, row["ts_ns"], form)
        elif "fence" in values:
            row["resource_id"] = values.get("resource")
        row.update(rule.set)
        if rule.emit == "registry.set":
            row["resource_id"] = values.get(row["resource_kind"] or "resource") or values.get("resource")
        row["attrs"] = attributes(
            values.get("kind"), *(values.get(f"attrs.{name}") for name in form.attrs), names=tuple(form.attrs)
        )
        self.ord += 1
        return row


def _lease(values: Mapping[str, Any], ts_ns: int | None, form: Format) -> tuple[int | None, int | None]:
    """How long a lock was granted for, and when that ends: either may be told, the other follows."""
    told = next(((values[name], unit) for name, unit in _LEASES if _COUNT.fullmatch(values.get(name, ""))), None)
    lease = round(float(told[0]) * told[1]) if told else None
    until = form.time(values["expires"]) if "expires" in values else None
    if ts_ns is None:
        return lease, until.ns if until else None
    if until is None:
        return lease, None if lease is None else ts_ns + lease
    return (until.ns - ts_ns if lease is None else lease), until.ns


_LEASES = (("lease_s", times.SECOND), ("lease_ms", times.SECOND // 1000))
_COUNT = re.compile(r"\d{1,9}(\.\d{1,9})?")


@lru_cache(4096)
def attributes(raw_kind: str | None, *values: str | None, names: tuple[str, ...]) -> str:
    """What a record says beside the columns, as JSON; the tracker's own word for the event is `raw_kind`."""
    extra = {"raw_kind": raw_kind} | dict(zip(names, values, strict=True))
    return json.dumps({name: value for name, value in extra.items() if value is not None}, sort_keys=True)
