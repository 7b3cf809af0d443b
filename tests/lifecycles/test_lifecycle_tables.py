"""The tables of a case: their columns, that two runs are equal byte for byte, and that no log is fatal."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
from tests.lifecycles.conftest import Analyse, at

from session_ops.case import Case
from session_ops.lifecycles import frames
from session_ops.lifecycles.engine import TABLES
from session_ops.lifecycles.spec import COLUMNS

LOG = [
    at(0, "a", "session.start", agent="x"),
    at(1, "a", "lock.acquire", resource="db", note='odd "text", with\nline ends'),
    at(2, "a", "lock.release", resource="db"),
    at(3, "b", "session.start", agent="y"),
    at(4, "a", "session.end"),
    at(200, "c", "session.start"),
]
SESSION_COLUMNS = ["source_id", "format_id", "session_id", "run_no", "agent_id", "parent_session_id", "start_ns", "start_known"]
SESSION_COLUMNS += ["end_ns", "end_kind", "status", "status_confidence", "last_seen_ns", "n_events", "n_beats", "max_gap_ns"]


def columns(case: Case, table: str) -> list[str]:
    with duckdb.connect() as connection:
        return connection.read_parquet(str(case.folder / "tables" / f"{table}.parquet")).columns


def test_columns_are_those_of_the_model(analyse: Analyse) -> None:
    case, _ = analyse({"log.jsonl": LOG})
    assert {path.stem for path in (case.folder / "tables").iterdir()} == set(TABLES)
    assert columns(case, "events") == list(COLUMNS)
    assert columns(case, "sessions") == SESSION_COLUMNS
    assert columns(case, "anomalies")[:5] == ["detector", "source_id", "session_id", "resource_id", "ts_ns"]
    assert columns(case, "holds")[:7] == [
        "source_id",
        "resource_id",
        "holder",
        "run_no",
        "certain_from",
        "certain_to",
        "possible_from",
    ]


def test_two_runs_give_equal_bytes(analyse: Analyse) -> None:
    logs = {"log.jsonl": LOG * 300, "torn.jsonl": '{"ts":"2026-01-05T10:00:00Z","session":"z"}\n{"ts"\n'}
    case, first = analyse(logs, pictures=True)
    written = {path.name: path.read_bytes() for path in (case.folder / "tables").iterdir()}
    figures = {path.name for path in (case.folder / "figures").iterdir()}
    _, second = analyse(logs, pictures=True)
    assert first == second
    assert {path.name: path.read_bytes() for path in (case.folder / "tables").iterdir()} == written
    assert {"timeline.png", "concurrency.png", "durations.png", "rate.png"} < figures == {name for name, _ in first.figures}


def test_the_document_comes_back_from_disk(analyse: Analyse) -> None:
    case, document = analyse({"log.jsonl": LOG})
    case.save("lifecycles", document)
    assert case.stored("lifecycles") == document


def test_frames_show_times_and_marks(analyse: Analyse) -> None:
    case, _ = analyse({"log.jsonl": LOG})
    sessions = frames.sessions(case)
    assert list(sessions["session_id"]) == ["a", "b", "c"]
    assert list(sessions["mark"]) == ["ended", "silent", "open"]
    assert list(sessions["seconds"]) == [240.0, 0.0, 0.0]
    assert len(frames.events(case)) == len(LOG)
    assert list(frames.anomalies(case)["detector"]) == ["orphan"]
    assert list(frames.sources(case)["status"]) == ["read"]


def test_runs_and_holds(analyse: Analyse) -> None:
    rows = [
        at(0, "a", "session.start"),
        at(1, "a", "lock.acquire", resource="db"),
        at(5, "b", "session.start"),
        at(6, "b", "lock.steal", resource="db"),
        at(9, "a", "session.end"),
        at(20, "a", "session.start"),
        at(21, "b", "session.end"),
        at(30, "a", "session.end"),
    ]
    case, document = analyse({"log.jsonl": rows})
    sessions = frames.sessions(case)
    assert list(zip(sessions["session_id"], sessions["run_no"], sessions["seconds"], strict=True)) == [
        ("a", 1, 540.0),
        ("b", 1, 960.0),
        ("a", 2, 600.0),
    ]
    assert (document.numbers.sessions, document.numbers.ended, document.numbers.max_concurrent) == (2, 2, 2)
    with duckdb.connect() as connection:
        holds = connection.read_parquet(str(case.folder / "tables" / "holds.parquet")).select("holder, how_ended").fetchall()
    assert holds == [("a", "stolen"), ("b", "session_end")]


def test_ends_count_before_starts_and_empty_sessions_do_not_count(analyse: Analyse) -> None:
    rows = [at(0, "a", "session.start"), at(5, "a", "session.end"), at(5, "b", "session.start"), at(9, "b", "session.end"),
            at(5, "c", "session.start"), at(5, "c", "session.end")]  # fmt: skip
    _, document = analyse({"log.jsonl": rows})
    assert document.numbers.max_concurrent == 1


def test_one_session_over_many_files_is_one_session(analyse: Analyse) -> None:
    _, document = analyse({f"part-{n}.jsonl": [at(n * 5, "a", "session.start" if not n else "work")] for n in range(6)})
    assert (document.numbers.sessions, document.numbers.events) == (1, 6)
    assert [source.sessions for source in document.sources] == [1] * 6


@pytest.mark.parametrize(
    ("data", "status", "rejects"),
    [
        (b"", "empty", 0),
        (bytes(range(256)) * 40, "unknown", 0),
        (b"SQLite format 3\0" + b"\0" * 5000, "unknown", 0),
        (b'{"ts":"2026-01-05T10:00:00Z","session":"a"}\n{"ts":"2026', "read", 1),
        (b'{"ts":"2026-01-05T10:00:00Z","session":"a"}\n\0\0\0\0\n', "read", 1),
        (b'{"ts":"2026-01-05T10:00:00Z","session":"a\\udc8f"}\n', "read", 0),
        (b'{"ts":"2026-01-05T10:00:00Z","session":"a"}\n' * 2 + b'{"session":"a"}\n', "read", 1),
        (b'{"session":"a"}\n', "unknown", 0),
        (b"[" * 100_000, "unknown", 0),
        (b'{"a":' * 3000, "unknown", 0),
        (b'{"ts":"2026-01-05T10:00:00Z","session":"a","x":"' + b"y" * 3_000_000 + b'"}\n', "read", 0),
    ],
)  # fmt: skip
def test_bad_logs_are_said_and_never_fatal(data: bytes, status: str, rejects: int, analyse: Analyse) -> None:
    case, document = analyse({"log.jsonl": data})
    (source,) = document.sources
    assert (source.status, source.rejects, document.numbers.rejects) == (status, rejects, rejects)
    assert source.reason
    assert (case.folder / "tables" / "events.parquet").exists()


def test_odd_text_is_kept_visible(analyse: Analyse) -> None:
    odd = 'comma, "quote", line\nend, \r, \\, \ud83d\ude00, \x00 nul, \ud800'
    case, _ = analyse({"log.jsonl": json.dumps(at(0, "s,1", "work", message=odd)) + "\n"})
    (row,) = frames.events(case).to_dict("records")
    assert row["session_id"] == "s,1"
    assert row["message"] == 'comma, "quote", line\nend, \r, \\, \U0001f600, \\x00 nul, \\ud800'


def test_no_logs_at_all(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()
    (target / "package.json").write_text('{"name": "x", "version": "1.0.0"}')
    (target / "README.md").write_text("# x\n\n## 2026-01-05 10:00 - not a diary\n")
    case = Case.open(target=str(target), case=str(tmp_path / "case"))
    document = case.compute("lifecycles")
    assert (document.sources, document.figures, document.numbers.sessions) == ((), (), 0)
    assert set(document.undecidable.values()) == {"no logs were given or found"}


def test_logs_are_found_in_the_target(tmp_path: Path) -> None:
    target = tmp_path / "target"
    for name, text in {
        "logs/events.jsonl": "".join(json.dumps(row) + "\n" for row in LOG),
        "state/sessions.json": '{"a": {"started_at": "2026-01-05T10:00:00Z", "ended_at": "2026-01-05T10:04:00Z"}}',
        "sessions/20260105_100000/diary.md": "## 2026-01-05 10:00 - START\n",
        "docs/log.md": "## 2026-01-05 10:00 - START\n",
        "node_modules/x/events.jsonl": json.dumps(LOG[0]) + "\n",
        "state/checkpoint-1.json": '{"session_id": "a", "timestamp": "2026-01-05T10:00:00Z"}',
        "state/lease.json": '{"started_at": "2026-01-05T10:00:00Z", "holder": "x"}',
        "notes.md": "# Notes\n\n## 2026-01-05 10:00 - one thing\n",
        "users.json": '[{"id": 1, "created_at": "2026-01-05T10:00:00Z"}]',
        "package-lock.json": '{"name": "x", "packages": {"": {"id": "a", "created": "2026-01-05T10:00:00Z"}}}',
    }.items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_text(text)
    case = Case.open(target=str(target), case=str(tmp_path / "case"))
    found = {source.path: source.format_id for source in case.compute("lifecycles").sources}
    assert found == {
        "logs/events.jsonl": "ndjson",
        "state/sessions.json": "json-registry",
        "sessions/20260105_100000/diary.md": "diary",
    }
