"""Writes a simulated history as the log files of a tracker: one of several shapes, spellings of names and ways to write times."""

from __future__ import annotations

import csv
import io
import json
import random
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from tests.lifecycles.simulator import SECOND, Fact, History

SHAPES = ("ndjson", "csv", "logfmt", "json-events", "json-values")
WORDS = {
    "session.start": ("session.start", "SessionStart", "session_started"),
    "session.register": ("session.register", "session_registered"),
    "session.resume": ("session.resume", "SessionResumed"),
    "session.heartbeat": ("heartbeat", "session.heartbeat", "HeartBeat"),
    "session.activity": ("tool.run", "work"),
    "session.end": ("session.end", "session_closed", "SessionFinished"),
    "session.crash": ("session.crash", "session_died"),
    "session.expire": ("session.expire", "session_reaped"),
    "session.state": ("session.state", "state_changed"),
    "session.handoff_offer": ("handover.offer", "handoff_started"),
    "session.handoff_accept": ("handover.accept", "handoff_accepted"),
    "lock.acquire": ("lock.acquire", "lock_acquired", "LockClaimed"),
    "lock.renew": ("lock.renew", "lease_renewed"),
    "lock.release": ("lock.release", "lock_released"),
    "lock.request": ("lock.request", "lock_waiting"),
    "lock.steal": ("lock.steal", "lock_stolen"),
}
NAMES = {
    "to_state": "state", "expires": "expires_at", "observed": "observed_at", "parent": "parentUuid", "previous": "previous_session_id",
    "etag": "new_etag",
}  # fmt: skip
COLUMNS = (
    "ts", "session_id", "event", "agent", "host", "pid", "workspace", "resource", "mode", "fence", "expires_at", "observed_at", "seq", "uuid",
    "parentUuid", "message", "from_state", "state", "reason", "previous_session_id", "worktree", "branch", "prev_etag", "new_etag",
)  # fmt: skip


def shape(history: History) -> str:
    """The shape in which a history is written; only newline JSON shows for sure that a line is torn."""
    return "ndjson" if history.damage else random.Random(history.name).choice(SHAPES)


def write(history: History, folder: Path) -> None:
    """The files of a history below a folder of its own: its logs, and its registry if it has one."""
    seed, kind = random.Random(history.name), shape(history)
    clock = seed.choice((_zulu, _offset, _epoch))
    words = {name: seed.choice(spellings) for name, spellings in WORDS.items()}
    target = folder / history.name / "logs"
    target.mkdir(parents=True)
    for file in dict.fromkeys(fact.file for fact in history.facts):
        rows = [_record(fact, words, clock, history.res) for fact in history.facts if fact.file == file]
        (target / f"{file}.{_SUFFIX[kind]}").write_text(_WRITERS[kind](rows, history.damage), encoding="utf-8")
    if history.registry:
        (target / "sessions.json").write_text(
            json.dumps({name: _entry(entry) for name, entry in history.registry.items()}, indent=1)
        )


def _record(fact: Fact, words: dict[str, str], clock: Any, res: int) -> dict[str, Any]:
    told = {"ts": clock(fact.at, res), "session_id": fact.session, "event": fact.word or words[fact.kind]}
    for name, value in fact.more.items():
        told[NAMES.get(name, name)] = _zulu(value, SECOND // 1000) if name in ("expires", "observed") else value
    return told


def _entry(entry: dict[str, Any]) -> dict[str, Any]:
    names = {"start": "started_at", "end": "ended_at", "beat": "last_heartbeat"}
    shown = {name: _zulu(entry[key], SECOND // 1000) if entry.get(key) else None for key, name in names.items()}
    return {name: value for name, value in shown.items() if value} | {"status": entry["state"]}


def _iso(at: int, res: int, zone: timezone) -> str:
    shown = datetime.fromtimestamp(at // SECOND, zone)
    return shown.strftime("%Y-%m-%dT%H:%M:%S") + (f".{at % SECOND // 1_000_000:03d}" if res < SECOND else "")


def _zulu(at: int, res: int) -> str:
    return _iso(at, res, UTC) + "Z"


def _offset(at: int, res: int) -> str:
    return _iso(at, res, timezone(timedelta(hours=5, minutes=30))) + "+05:30"


def _epoch(at: int, res: int) -> int:
    return at // res


def _ndjson(rows: list[dict[str, Any]], damage: dict[int, str]) -> str:
    lines = []
    for n, row in enumerate(rows):
        line = json.dumps(row)
        if damage.get(n) == "conflict":
            lines.append("<<<<<<< HEAD")
        lines.append(line[: len(line) // 2] if damage.get(n) == "torn" else line)
    return "\n".join(lines) + "\n"


def _csv(rows: list[dict[str, Any]], _: dict[int, str]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _logfmt(rows: list[dict[str, Any]], _: dict[int, str]) -> str:
    return "".join(" ".join(f"{name}={_quoted(value)}" for name, value in row.items()) + "\n" for row in rows)


def _quoted(value: Any) -> str:
    text = str(value)
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' if " " in text or "=" in text or '"' in text else text


def _list(rows: list[dict[str, Any]], _: dict[int, str]) -> str:
    return json.dumps({"events": rows}, indent=1)


def _values(rows: list[dict[str, Any]], _: dict[int, str]) -> str:
    return "".join(json.dumps(row, indent=2) + "\n" for row in rows)


_WRITERS = {"ndjson": _ndjson, "csv": _csv, "logfmt": _logfmt, "json-events": _list, "json-values": _values}
_SUFFIX = {"ndjson": "jsonl", "csv": "csv", "logfmt": "log", "json-events": "json", "json-values": "jsonl"}
