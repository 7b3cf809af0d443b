"""Which format a log has: chosen by score, by the user, or by a guess that is said; and why a log is not read."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_ops.lifecycles import fast
from session_ops.lifecycles.detection import ENOUGH, detect
from session_ops.lifecycles.guess import ROLES, guess, mapping_of
from session_ops.lifecycles.messages import mine
from session_ops.lifecycles.readers import Record
from session_ops.lifecycles.spec import Format, Mapper, formats
from session_ops.model import UsageError


def written(tmp_path: Path, name: str, text: str) -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def unknown_log(tmp_path: Path, name: str = "work.jsonl") -> Path:
    rows = [
        {
            "moment": f"2026-01-05T10:00:{n:02d}Z",
            "workUnitId": f"wu-{n % 3}-ab",
            "what": what,
            "uid": f"{n:08x}-1111-4111-8111-{n:012x}",
        }
        for n, what in enumerate(["begin"] * 3 + ["heartbeat"] * 6 + ["finish"] * 3)
    ]
    return written(tmp_path, name, "".join(json.dumps(row) + "\n" for row in rows))


def kinds(form: Format, path: Path, fields: tuple[str, ...]) -> list[tuple[str, str]]:
    mapper = Mapper(form, "s", fields)
    rows = [row for piece in form.pieces(path) if isinstance(piece, Record) for row in mapper.events(piece)]  # type: ignore[union-attr]
    return [(row["session_id"], row["kind"]) for row in rows]  # type: ignore[index]


def test_an_unknown_log_is_guessed_and_the_guess_is_said(tmp_path: Path) -> None:
    path = unknown_log(tmp_path)
    found = detect(path, formats())
    assert found.guess is not None
    assert found.guess.mapping == {"session": "workUnitId", "time": "moment", "kind": "what"}
    assert "guessed, please confirm with log_mapping: session=workUnitId,time=moment,kind=what" in found.reason
    assert 0 < found.scores["guessed"] < ENOUGH
    assert found.format is not None
    events = kinds(found.format, path, found.session_fields)
    assert events[0] == ("wu-0-ab", "session.start")
    assert events[-1] == ("wu-2-ab", "session.end")


def test_a_table_of_a_database_is_guessed(tmp_path: Path) -> None:
    path = tmp_path / "work.db"
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE cats (name TEXT)")
        connection.execute("CREATE TABLE worklog (no INTEGER PRIMARY KEY, job_ref TEXT, moment INTEGER, what TEXT)")
        rows = [(f"job-{n % 3}", 1767607200 + n, "begin" if n < 3 else "heartbeat") for n in range(12)]
        connection.executemany("INSERT INTO worklog (job_ref, moment, what) VALUES (?, ?, ?)", rows)
    found = detect(path, formats())
    assert found.guess is not None
    assert found.guess.mapping == {"session": "job_ref", "time": "moment", "kind": "what"}
    assert found.format is not None
    assert kinds(found.format, path, found.session_fields)[0] == ("job-0", "session.start")


@pytest.mark.parametrize("ending", ["csv", "log"])
def test_tables_and_pairs_are_guessed_alike(ending: str, tmp_path: Path) -> None:
    rows = [json.loads(line) for line in unknown_log(tmp_path).read_text().splitlines()]
    if ending == "csv":
        lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
    else:
        lines = [" ".join(f"{name}={value}" for name, value in row.items()) for row in rows]
    found = detect(written(tmp_path, f"a.{ending}", "\n".join(lines)), formats())
    assert found.guess is not None
    assert found.guess.mapping == {"session": "workUnitId", "time": "moment", "kind": "what"}


def test_a_confirmed_mapping_is_no_guess(tmp_path: Path) -> None:
    path = unknown_log(tmp_path)
    found = detect(path, formats(), mapping=mapping_of("session=workUnitId,time=moment,kind=what"))
    assert found.guess is None
    assert found.format is not None
    assert found.scores["guessed"] == 1.0
    assert kinds(found.format, path, found.session_fields)[3] == ("wu-0-ab", "session.heartbeat")
    wrong = detect(path, formats(), mapping=mapping_of("session=nothing,time=moment"))
    assert wrong.format is None
    assert wrong.reason == "no record has the fields of log_mapping (session=nothing, time=moment)"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        # every record has its own id
        (
            "ids.jsonl",
            "".join(
                json.dumps({"id": f"{n:08x}", "created_at": f"2026-01-05T10:00:{n:02d}Z", "type": "push"}) + "\n"
                for n in range(20)
            ),
        ),
        # threads of a program
        (
            "threads.jsonl",
            "".join(
                json.dumps({"timestamp": f"2026-01-05T10:00:{n:02d}Z", "threadId": n % 2, "level": "INFO"}) + "\n"
                for n in range(20)
            ),
        ),
        # one word for all
        (
            "one.jsonl",
            "".join(
                json.dumps({"timestamp": f"2026-01-05T10:00:{n:02d}Z", "build": "main", "ok": True}) + "\n" for n in range(20)
            ),
        ),
        # a table of measurements
        ("measured.csv", "time,run_ms,name\n" + "".join(f"2026-01-05T10:00:{n:02d}Z,{n % 4},x\n" for n in range(20))),
    ],
)
def test_what_has_no_session_is_not_guessed_to_have_one(name: str, text: str, tmp_path: Path) -> None:
    found = detect(written(tmp_path, name, text), formats())
    assert found.format is None, found.reason
    assert found.reason.startswith("no format fits")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.log", "Jan  5 10:00:00 host kernel: usb 1-1: new device\n" * 3, "System log (syslog), but without a session key: no record has any of session_id"),
        ("a.log", "I0105 10:00:00.000001   12 a.cc:7] up\n" * 3, "Lines of glog or klog (glog), but without a session key"),
        ("a.log", "time=2026-01-05T10:00:00Z level=info msg=up\n" * 3, "Lines of key=value pairs with a session and a time (logfmt), but without"),
        ("a.jsonl", '{"__REALTIME_TIMESTAMP":"1767607200000001","MESSAGE":"x"}\n', "Journal of systemd as JSON lines (journald), but without a session key"),
        ("a.json", '{"resourceMetrics":[]}', "OpenTelemetry metrics"),
        ("a.db", "SQLite format 3\0" + "x" * 90, "a SQLite database that cannot be read"),
        ("a.parquet", "PAR1" + "x" * 90, "not readable Parquet"),
    ],
)  # fmt: skip
def test_a_known_log_without_a_session_key_is_named(name: str, text: str, said: str, tmp_path: Path) -> None:
    found = detect(written(tmp_path, name, text), formats())
    assert found.format is None
    assert said in found.reason


def test_the_chosen_format_is_taken_whatever_fits_better(tmp_path: Path) -> None:
    path = written(tmp_path, "a.jsonl", '{"ts":"2026-01-05T10:00:00Z","session":"a","event":"start"}\n')
    assert (
        detect(path, formats(), only="claude-hooks").reason
        == "read as claude-hooks, as asked for; none of the first records fit"
    )
    chosen = detect(path, formats(), only="ndjson")
    assert chosen.format is not None
    assert chosen.reason == "read as ndjson, as asked for; 1 of the first records fit"
    refused = detect(path, formats(), only="sqlite")
    assert refused.format is None
    assert refused.reason == "not sqlite, as which it was to be read: no SQLite database"


def test_one_line_that_happens_to_name_a_session_makes_no_log_of_sessions(tmp_path: Path) -> None:
    lines = ["[2026-01-05 10:00:00] INFO working"] * 50 + ["[2026-01-05 10:00:00] INFO session=2 tested"]
    assert detect(written(tmp_path, "a.log", "\n".join(lines)), formats()).format is None
    both = written(tmp_path, "b.log", "\n".join([*lines, "[2026-01-05 10:00:01] INFO session=2 done"]))
    assert detect(both, formats()).format is not None


def test_sessions_far_down_a_text_log_are_found(tmp_path: Path) -> None:
    lines = ["Jan  5 10:00:00 host kernel: usb 1-1: new device"] * 1000 + [
        "Jan  5 10:00:00 host tracker[1]: session s-1 started"
    ] * 2
    found = detect(written(tmp_path, "a.log", "\n".join(lines)), formats())
    assert found.format is not None
    assert found.format.id == "syslog"


@pytest.mark.parametrize(
    ("name", "line", "wanted"),
    [
        ("a.jsonl", '{"ts":"2026-01-05T10:00:00Z","level":"info","msg":"up"%s}', "ndjson"),
        ("a.log", "time=2026-01-05T10:00:00Z level=info msg=up%s", "logfmt"),
    ],
)
def test_a_log_that_names_a_session_now_and_then_is_read_whole(name: str, line: str, wanted: str, tmp_path: Path) -> None:
    named = ',"session_id":"s1"' if wanted == "ndjson" else " session_id=s1"
    path = written(tmp_path, name, "\n".join(line % (named if n % 40 == 7 else "") for n in range(160)) + "\n")
    found = detect(path, formats())
    assert found.format is not None
    assert found.format.id == wanted
    rows = kinds(found.format, path, found.session_fields)
    assert len(rows) == 160
    assert [session for session, _ in rows if session] == ["s1"] * 4


def test_a_time_is_carried_to_records_without_one_and_told(tmp_path: Path) -> None:
    form = next(form for form in formats() if form.id == "claude-stream")
    record = '{"type":"assistant","session_id":"s","message":{"role":"assistant"}%s}'
    lines = [record % "", "torn {", record % ',"timestamp":"2026-01-05T10:00:00Z"', record % "", record % ',"timestamp":"soon"']
    path = written(tmp_path, "a.jsonl", "\n".join(lines) + "\n")
    pieces = list(form.pieces(path))
    assert [piece.line for piece in pieces] == [1, 2, 3, 4, 5]
    mapper = Mapper(form, "s", ("session_id",))
    rows = [row for piece in pieces if isinstance(piece, Record) for row in mapper.events(piece)]
    assert [(row["ts_raw"], row["ts_quality"]) for row in rows] == [  # type: ignore[index]
        ("2026-01-05T10:00:00Z", "order_only"), ("2026-01-05T10:00:00Z", "exact"), ("2026-01-05T10:00:00Z", "order_only"),
        ("2026-01-05T10:00:00Z", "order_only"),
    ]  # fmt: skip
    timeless = written(tmp_path, "b.jsonl", "\n".join([record % ""] * 3) + "\n")
    assert [piece.data.get("$time") for piece in form.pieces(timeless) if isinstance(piece, Record)] == [None] * 3


RUN = '{"ts": "2026-01-05T10:00:0%d", "event": "%s"}\n'


def test_a_log_for_each_session_is_named_by_its_file(tmp_path: Path) -> None:
    one = written(tmp_path, "agent-1.jsonl", RUN % (0, "start") + RUN % (5, "heartbeat") + RUN % (9, "end"))
    unnamed = detect(one, formats())
    assert unnamed.format is None
    assert unnamed.reason.endswith("where each file is one session, give log_mapping session=$file")
    found = detect(one, formats(), mapping=mapping_of("session=$file"))
    assert found.format is not None
    assert "one session by its file's name" in found.reason
    wanted = [("agent-1", "session.start"), ("agent-1", "session.heartbeat"), ("agent-1", "session.end")]
    assert kinds(found.format, one, found.session_fields) == wanted
    mapped = detect(one, formats(), mapping=mapping_of("session=$file,time=ts,kind=event"))
    assert mapped.format is not None
    assert kinds(mapped.format, one, mapped.session_fields) == wanted
    lines = written(tmp_path, "agent-2.log", "[2026-01-05 10:00:00] reading the task\n[2026-01-05 10:00:09] done\n")
    text = detect(lines, formats(), mapping=mapping_of("session=$file"))
    assert text.format is not None
    assert [session for session, _ in kinds(text.format, lines, text.session_fields)] == ["agent-2"] * 2


def test_a_log_that_names_its_sessions_keeps_them_and_no_log_is_none(tmp_path: Path) -> None:
    own = written(tmp_path, "all.jsonl", "".join(RUN.replace("{", '{"session_id": "s-1", ') % (n, "note") for n in range(3)))
    found = detect(own, formats(), mapping=mapping_of("session=$file"))
    assert found.format is not None
    assert {session for session, _ in kinds(found.format, own, found.session_fields)} == {"s-1"}
    prose = written(tmp_path, "notes.txt", "nothing here has a time\n" * 3)
    assert detect(prose, formats(), mapping=mapping_of("session=$file")).format is None


def test_the_fast_lane_leaves_logs_by_file_alone(tmp_path: Path) -> None:
    path = written(tmp_path, "agent-1.jsonl", RUN % (0, "start") + RUN % (9, "end"))
    form = detect(path, formats(), mapping=mapping_of("session=$file")).format
    assert form is not None
    assert form.id == "ndjson"
    assert not fast.fits(form)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("session", "not of the form role=field"),
        ("sesion=a,time=b", "did you mean session?"),
        ("session=a", "name at least the fields of session and time"),
        ("session=a,time=b,time=c", "time is named twice"),
    ],
)
def test_a_mapping_that_cannot_be_used_is_refused(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        mapping_of(text)


def test_no_mapping_is_none() -> None:
    assert mapping_of("  ") == {}


@given(
    st.lists(
        st.dictionaries(st.text(max_size=8), st.one_of(st.text(max_size=8), st.integers(), st.none(), st.booleans())),
        max_size=12,
    )
)
def test_any_records_can_be_guessed_about(records: list[dict[str, object]]) -> None:
    found = guess(records)
    assert set(found.mapping) <= set(ROLES)
    assert 0 <= found.score <= 1
    found.text.encode()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("SESSION alpha START", {"session": "alpha", "kind": "session_start"}),
        ("New session 5 of user root.", {"session": "5", "kind": "session_start"}),
        ("lock 'main db' acquired by agent a-2", {"agent_id": "a-2", "kind": "lock_acquire", "resource": "main db"}),
        ("s-1 waits for the lock on db", {"session": "s-1", "kind": "lock_wait", "resource": "db"}),
        ("[session:s1] [INFO] heartbeat", {"session": "s1", "kind": "heartbeat"}),
        ('[data@1 session="s-1" pid="7"] ended', {"session": "s-1", "pid": "7", "kind": "ended"}),
        ("run r-12 failed: no space", {"run_id": "r-12", "kind": "run_failed"}),
        ("[sess-a1] Session started", {"session": "sess-a1", "kind": "session_started"}),
        ("\U0001f680 Agent worker-1 started", {"agent_id": "worker-1", "kind": "agent_started"}),
        ("=== Session abc123 ended ===", {"session": "abc123", "kind": "session_ended"}),
        ("Session started: id=s-1", {"id": "s-1", "kind": "session_started", "session": "s-1"}),
        ("Session started (id: s-1)", {"session": "s-1", "kind": "session_started"}),
        ("Heartbeat received from agent-7", {"agent_id": "agent-7", "kind": "heartbeat"}),
        ("Unregistered agent agent-7", {"agent_id": "agent-7", "kind": "agent_end"}),
        ("LOCK ACQUIRED db by agent-1", {"agent_id": "agent-1", "kind": "lock_acquire", "resource": "db"}),
        ("Lock released: src/a.py (s-2)", {"session": "s-2", "kind": "lock_release", "resource": "src/a.py"}),
        ("Lock acquired: db", {"kind": "lock_acquire", "resource": "db"}),
        ("Lock acquired: waiting for 3 workers", None),
        ("Removing stale lock db held by s-1", {"session": "s-1", "kind": "lock_expired", "resource": "db"}),
        ("Cleaned up stale session s-1", {"session": "s-1", "kind": "session_expired"}),
        ("agent 5 of 7 finished", None),
        ("session cookie expired", None),
        ("Starting up service", None),
        ("Started GET /sessions/12", None),
        ("the agent module was started", None),
    ],
)
def test_what_messages_say_of_sessions(text: str, wanted: dict[str, str] | None) -> None:
    assert mine(text) == wanted


@given(st.text(max_size=80))
def test_any_message_can_be_searched(text: str) -> None:
    mine(text)
