"""Bad logs: each kind of damage is counted and said, and is never fatal."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import commit
from tests.lifecycles.conftest import Analyse, at

from session_ops.lifecycles import frames, mapper, phase
from session_ops.lifecycles.alone import LogsAlone
from session_ops.lifecycles.phase import Document
from session_ops.parameters import Parameters

START, END = at(0, "a", "session.start"), at(5, "a", "session.end")
GOOD = [START, *(at(n / 60, "a", "work", step=n) for n in range(1, 20)), END]


def lines(*rows: dict[str, Any]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def alone(folder: Path, *logs: Path) -> tuple[LogsAlone, Document]:
    case = LogsAlone.at(folder / "case", Parameters.checked({"logs": [str(log) for log in logs]}))
    return case, phase.compute(case, pictures=False)


@pytest.mark.parametrize(
    ("bad", "reason", "kept"),
    [
        (b'{"ts":"2026-01-05T10:04:00Z","session_id":"a","ev\n', "torn", 0),
        (lines(at(3, "a", "one"))[:-1] + lines(at(4, "a", "two")), "welded", 2),
        (lines(at(3, "a", "one"))[:-1] + b'{"ts":"2026\n', "torn", 1),
        (b"<<<<<<< HEAD\n" + lines(at(3, "a", "one")) + b"=======\n" + lines(at(4, "a", "two")) + b">>>>>>> main\n", "conflict_marker", 2),
        (b"\0" * 4096 + b"\n", "binary", 0),
        (b'{"ts":"2026-01-05T10:04:00Z","session_id":"a","note":"\xff\xfe"}\n', "encoding", 0),
        (b'{"session_id":"a","event":"work"}\n', "no_time", 0),
        (b'{"ts":"05.01. 10:04","session_id":"a","event":"work"}\n', "no_time", 0),
        (b'{"ts":"2026-02-30T10:04:00Z","session_id":"a","event":"work"}\n', "no_time", 0),
        (b'["a", "list"]\n', "torn", 0),
        (b"[" * 50_000 + b"\n", "torn", 0),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_a_reject_at_its_line_and_the_rest_is_read(
    bad: bytes, reason: str, kept: int, analyse: Analyse
) -> None:
    case, document = analyse({"log.jsonl": lines(*GOOD[:4]) + bad + lines(*GOOD[4:])})
    (source,) = document.sources
    assert source.status == "read"
    assert source.events == len(GOOD) + kept
    rejects = frames.query(case, "SELECT * FROM rejects")
    assert set(rejects["reason"]) == {reason}
    assert source.rejects == document.numbers.rejects == len(rejects) > 0
    assert min(rejects["source_line"]) == 5
    assert (document.numbers.sessions, document.numbers.ended) == (1, 1)


def test_a_lone_surrogate_is_kept_visible(analyse: Analyse) -> None:
    case, document = analyse(
        {"log.jsonl": lines(*GOOD) + b'{"ts":"2026-01-05T10:06:00Z","session_id":"b\\udc8f","event":"work"}\n'}
    )
    assert document.numbers.rejects == 0
    assert set(frames.sessions(case)["session_id"]) == {"a", "b\\udc8f"}


def test_times_without_a_zone_are_taken_as_utc_and_said(analyse: Analyse) -> None:
    rows = [row | {"ts": str(row["ts"]).rstrip("Z")} for row in GOOD]
    case, document = analyse({"log.jsonl": rows})
    assert document.sources[0].zone == "UTC (assumed)"
    assert set(frames.events(case)["ts_quality"]) == {"zone_assumed"}


def test_times_without_a_year_are_said(analyse: Analyse) -> None:
    text = "".join(f"Jan  5 10:0{n}:00 host tracker[7]: session s{n % 2} {'started' if n < 2 else 'ended'}\n" for n in range(4))
    case, document = analyse({"sys.log": text})
    assert document.sources[0].format_id == "syslog"
    assert document.numbers.sessions == 2
    assert set(frames.events(case)["ts_quality"]) == {"year_assumed"}


def test_a_clock_that_steps_back_is_counted_and_breaks_nothing(analyse: Analyse) -> None:
    _, document = analyse({"log.jsonl": [START, at(3, "a", "work"), at(1, "a", "work"), at(2, "a", "work"), END]})
    assert document.numbers.out_of_order == 1
    assert (document.numbers.ended, document.numbers.longest_s) == (1, 300.0)
    assert document.counts["time_backwards"] == 1


def test_an_end_before_the_start_gives_no_negative_length(analyse: Analyse) -> None:
    registry = {"a": {"started_at": "2026-01-05T10:00:00Z", "ended_at": "2026-01-05T09:00:00Z", "status": "ended"},
                "b": {"started_at": "2026-01-05T10:00:00Z", "ended_at": "2026-01-05T10:10:00Z", "status": "ended"}}  # fmt: skip
    _, document = analyse({"sessions.json": json.dumps(registry)})
    assert (document.numbers.sessions, document.numbers.shortest_s, document.numbers.max_concurrent) == (2, 600.0, 1)


def test_an_id_that_is_started_twice_is_said(analyse: Analyse) -> None:
    _, document = analyse({"log.jsonl": [START, at(1, "a", "session.start"), END]})
    assert (document.numbers.sessions, document.counts["duplicate_id"]) == (1, 1)


def test_one_session_over_many_files(analyse: Analyse) -> None:
    _, document = analyse({f"part-{n:02}.jsonl": [row] for n, row in enumerate(GOOD)})
    assert (len(document.sources), document.numbers.sessions, document.numbers.ended) == (len(GOOD), 1, 1)
    assert document.numbers.longest_s == 300.0


def test_empty_files_are_counted(analyse: Analyse) -> None:
    _, document = analyse({"a.jsonl": b"", "b.jsonl": GOOD, "c.jsonl": b"\n\n"})
    assert [source.status for source in document.sources] == ["empty", "read", "unknown"]


def test_more_kinds_of_events_than_are_remembered(analyse: Analyse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mapper, "CACHED", 100)
    rows = [at(n / 600, f"s{n % 7}", f"kind-{n}-{'start' if n % 3 else 'end'}", **{f"field{n}": n}) for n in range(3_000)]
    _, document = analyse({"log.jsonl": rows})
    assert (document.numbers.events, document.numbers.sessions, document.numbers.rejects) == (3_000, 7, 0)
    assert len(document.kinds) < 20


def test_a_log_without_a_session_key_says_so(analyse: Analyse) -> None:
    rows = [{"ts": f"2026-01-05T10:00:{n:02}Z", "level": "info", "msg": "hello"} for n in range(30)]
    _, document = analyse({"app.jsonl": rows})
    (source,) = document.sources
    assert source.status == "unknown"
    assert "without a session key" in source.reason
    assert document.numbers.sessions == 0


def database(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = wal")
    connection.execute("CREATE TABLE sessions (id TEXT PRIMARY KEY, started_at TEXT, ended_at TEXT, status TEXT)")
    connection.execute("INSERT INTO sessions VALUES ('a', '2026-01-05T10:00:00Z', '2026-01-05T10:05:00Z', 'ended')")
    connection.execute("PRAGMA wal_checkpoint(truncate)")
    connection.execute("INSERT INTO sessions VALUES ('b', '2026-01-05T10:10:00Z', NULL, 'active')")
    return connection


def state(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}


def test_a_database_with_a_write_ahead_log_is_read_with_it_and_not_touched(tmp_path: Path) -> None:
    folder = tmp_path / "db"
    folder.mkdir()
    with closing(database(folder / "t.db")):
        before = state(folder)
        assert "t.db-wal" in before
        _, document = alone(tmp_path, folder)
        assert state(folder) == before
    (source,) = document.sources
    assert (source.format_id, source.events, document.numbers.sessions, document.numbers.ended) == ("sqlite", 3, 2, 1)
    assert [one.reason for one in document.left_out] == ["part of t.db", "part of t.db"]


HOLDER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
connection.execute("INSERT INTO sessions VALUES ('z', '2026-01-05T11:00:00Z', NULL, 'active')")
print("locked", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("journal", ["wal", "delete"])
def test_a_database_that_its_owner_has_locked_is_read_as_it_was_committed(journal: str, tmp_path: Path) -> None:
    path = tmp_path / "t.db"
    with closing(database(path)) as connection:
        connection.execute(f"PRAGMA journal_mode = {journal}")
    argv = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"locked\n"
        data = path.read_bytes()
        _, document = alone(tmp_path, path)
        assert path.read_bytes() == data
        owner.communicate(b"")
    assert owner.returncode == 0
    assert [(source.status, source.events) for source in document.sources] == [("read", 3)]
    assert document.numbers.sessions == 2


def test_a_database_that_is_damaged_is_said(tmp_path: Path) -> None:
    path = tmp_path / "t.db"
    with closing(database(path)) as connection:
        connection.execute("PRAGMA journal_mode = delete")
    data = bytearray(path.read_bytes())
    data[4096:8192] = b"\xff" * 4096
    path.write_bytes(data)
    _, document = alone(tmp_path, path)
    (source,) = document.sources
    assert source.status in ("unknown", "unreadable")
    assert "SQLite" in source.reason
    assert document.numbers.sessions == 0


def test_a_mistake_in_a_format_costs_one_log_only(analyse: Analyse, monkeypatch: pytest.MonkeyPatch) -> None:
    events = mapper.Mapper.events

    def broken(self: mapper.Mapper, record: Any) -> Any:
        if record.data.get("event") == "bug":
            raise RuntimeError("odd")
        return events(self, record)

    monkeypatch.setattr(mapper.Mapper, "events", broken)
    bug = at(2, "b", "bug")
    _, document = analyse({"a.jsonl": [START, bug, END], "b.jsonl": [bug], "c.jsonl": GOOD})
    late, at_once, well = document.sources
    assert (late.status, late.events, late.completeness) == ("read", 1, "truncated")
    assert "stopped at record 1: reading it failed, which is a mistake of session-ops (RuntimeError: odd)" in late.reason
    assert (at_once.status, at_once.events, at_once.completeness) == ("unreadable", 0, "")
    assert (well.status, well.events) == ("read", len(GOOD))


def test_a_repository_is_read_as_a_log_of_its_commits(tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    for n in range(4):
        (work / "file").write_text(str(n))
        commit(work, f"step {n}\n\nSession-Id: s{n // 2}\nAgent: x")
    subprocess.run(["git", "clone", "-q", "--bare", str(work), str(tmp_path / "bare.git")], check=True)
    _, document = alone(tmp_path / "one", tmp_path / "bare.git")
    assert [(source.path, source.events) for source in document.sources] == [("bare.git", 4)]
    assert document.numbers.sessions == 2
    _, both = alone(tmp_path / "two", work)
    assert [(source.path, source.status) for source in both.sources] == [("work", "read"), ("work/file", "unknown")]
