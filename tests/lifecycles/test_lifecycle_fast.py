"""The fast lane gives the rows that the readers and the Mapper give, or nothing at all."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from session_ops.lifecycles import fast
from session_ops.lifecycles.columns import COLUMNS
from session_ops.lifecycles.definition import Format
from session_ops.lifecycles.detection import detect
from session_ops.lifecycles.fast import stage
from session_ops.lifecycles.library import formats
from session_ops.lifecycles.mapper import Mapper
from session_ops.lifecycles.readers import Record, Reject

sys.path.insert(0, str(Path(__file__).parents[1] / "bench"))
import tracker_log

Rows = list[tuple[Any, ...]]
LINES = [form for form in formats() if fast.fits(form)]


def tolerant(path: Path, form: Format, sessions: tuple[str, ...]) -> Rows | None:
    """What the readers and the Mapper make of a file; None where something is rejected."""
    mapper = Mapper(form, "src", sessions)
    rows: Rows = []
    for piece in form.pieces(path):
        found = mapper.events(piece) if isinstance(piece, Record) else piece
        if isinstance(found, Reject):
            return None
        rows += [tuple(row[name] for name in COLUMNS) for row in found]
    return rows


def straight(path: Path, form: Format, sessions: tuple[str, ...]) -> Rows | None:
    with duckdb.connect(config={"threads": 2}) as connection:
        loaded = fast.load(connection, path, path.stat().st_size, "src", form, sessions)
        if loaded is None:
            return None
        rows = connection.execute(loaded.events).fetchall()
    assert loaded.records == len(rows)
    times = [row[6] for row in rows if row[6] is not None]
    assert (loaded.first_ns, loaded.last_ns) == (min(times, default=None), max(times, default=None))
    assert sum(loaded.zones.values()) == len(times)
    return rows


@pytest.fixture(params=[-1.0, 1.0], ids=["each text", "odd lines again"])
def either_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each text of each line is looked at; or only those of odd lines, however many there are."""
    monkeypatch.setattr(stage, "ODD_SHARE", request.param)


@pytest.fixture(autouse=True)
def _uncompared(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """The lane compares a part of its rows with the Mapper's by itself; here its SQL has to be right without that."""
    if request.node.name != "test_what_differs_from_the_mapper_is_not_loaded":
        monkeypatch.setattr(fast, "_compare", lambda *_: None)


def of(name: str) -> Format:
    return next(form for form in formats() if form.id == name)


def write(path: Path, *records: object, end: str = "\n") -> Path:
    lines = [record if isinstance(record, str) else json.dumps(record) for record in records]
    path.write_bytes((end.join(lines) + end).encode())
    return path


def test_some_formats_are_read_this_way() -> None:
    assert {"ndjson", "claude-transcript"} <= {form.id for form in LINES}


@pytest.mark.parametrize(
    ("form", "sample"),
    [(f, s) for f in LINES for s in f.samples],
    ids=lambda value: value.id if isinstance(value, Format) else value["name"][:30],
)
def test_samples_of_formats(form: Format, sample: Any, tmp_path: Path) -> None:
    path = tmp_path / sample.get("file", "sample.jsonl")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(sample["text"], encoding="utf-8")
    sessions = detect(path, formats()).session_fields
    wanted, got = tolerant(path, form, sessions), straight(path, form, sessions)
    assert got is None if wanted is None else got in (wanted, None)


def test_a_generated_log(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    tracker_log.write(path, 5000)
    found = detect(path, formats())
    assert found.format is not None
    got = straight(path, found.format, found.session_fields)
    assert got is not None
    assert got == tolerant(path, found.format, found.session_fields)
    assert len(got) == 5000


TEXTS = st.one_of(
    st.sampled_from(
        [
            "a",
            "s-1",
            "",
            " ",
            "x ",
            "\ty",
            "é",
            "[1, 2]",
            "{}",
            '{"a": 1}',
            "1e5",
            "12",
            "007",
            "-0",
            "NaN",
            "x" * 499 + " y",
            "a\u3000",
            "\u0000z",
            "q\x85",
            'say "hi"',
            "back\\slash",
            "null",
            "true",
        ]
    ),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
)
VALUES = st.one_of(
    TEXTS,
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.none(),
    st.lists(st.integers(0, 3), max_size=2),
    st.dictionaries(st.sampled_from(["session_id", "id", "type", "x"]), TEXTS, max_size=2),
)
FIRST, LAST = datetime(1990, 1, 2, tzinfo=UTC).replace(tzinfo=None), datetime(2099, 12, 30, tzinfo=UTC).replace(tzinfo=None)
TIMES = st.one_of(
    st.sampled_from(
        [
            "2026-01-05T10:00:00Z",
            "2026-01-05T10:00:00.5Z",
            "2026-01-05 10:00:00",
            "2026-01-05T10:00:00.123456789+01:30",
            "2024-02-29T23:59:59-0800",
        ]
    ),
    st.sampled_from(
        [
            1767607200,
            1767607200.25,
            1767607200123,
            1767607200123456,
            1767607200123456789,
            "1767607200",
            "1767607200.123456",
            1767607200.1234567,
        ]
    ),
    st.datetimes(min_value=FIRST, max_value=LAST).map(lambda at: at.isoformat() + "Z"),
)
NAMES = [
    "event",
    "type",
    "session",
    "agent",
    "pid",
    "seq",
    "data",
    "resource",
    "reason",
    "state",
    "status",
    "message",
    "msg",
    "fence",
    "last_heartbeat",
    "expires_at",
    "ttl",
    "hook_event_name",
    "host",
    "thread_id",
    "level",
]
KINDS = st.sampled_from(
    [
        "session.start",
        "SessionEnd",
        "heartbeat",
        "lock.acquire",
        "lock_released",
        "lock.denied",
        "work",
        "agent/stop",
        "Stop",
        "state_change",
    ]
)
RECORDS = st.builds(
    lambda at, kind, session, rest: {"ts": at, "event": kind, "session": session} | rest,
    TIMES,
    KINDS,
    TEXTS,
    st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=5),
)


@pytest.mark.usefixtures("either_way")
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(RECORDS, min_size=1, max_size=12), st.booleans(), st.booleans())
def test_any_clean_records(tmp_path: Path, records: list[dict[str, Any]], compact: bool, ascii_only: bool) -> None:
    shown = [json.dumps(r, separators=(",", ":") if compact else None, ensure_ascii=ascii_only) for r in records]
    path = tmp_path / "log.jsonl"
    path.write_text("\n".join(shown) + "\n", encoding="utf-8")
    form, sessions = of("ndjson"), ("session", "session_id", "data.session_id", "thread_id")
    got = straight(path, form, sessions)
    assert got is None or got == tolerant(path, form, sessions)


GOOD = {"ts": "2026-01-05T10:00:00Z", "event": "work", "session": "a"}


@pytest.mark.usefixtures("either_way")
@pytest.mark.parametrize(
    "line",
    [
        GOOD | {"message": "→ ünï"},
        GOOD | {"message": "[INFO] started"},
        GOOD | {"message": '{"a": 1}'},
        GOOD | {"message": {"a": 1}},
        GOOD | {"message": "x" * 700},
        GOOD | {"pid": 7, "seq": "9", "fence": 1.5},
        GOOD | {"agent": {"id": "b", "name": "c"}},
        GOOD | {"host": "h", "ttl": 2.5, "event": "lock.acquire", "resource": "r"},
        GOOD | {"message": "\t two\u00a0"},
        GOOD | {"message": "a\x00b"},
        GOOD | {"status": "Straße"},
        GOOD | {"event": "StateChange", "state": "in-progress"},
        GOOD | {"message": 'a, ]}"'},
        GOOD | {"x": {"y": [1, {"z": None}]}},
        GOOD | {"message": 1e22},
        GOOD | {"message": 0.00001},
        GOOD | {"message": 2**70},
        GOOD | {"message": -0.0},
        {"event": "x", "session": "b", "at": 1767607200},
    ],
)
def test_values_that_are_read_straight(line: dict[str, Any], tmp_path: Path) -> None:
    path = write(tmp_path / "log.jsonl", GOOD, line, GOOD | {"event": "session.end", "reason": "clean"})
    got = straight(path, of("ndjson"), ("session", "session_id"))
    assert got is not None
    assert got == tolerant(path, of("ndjson"), ("session", "session_id"))


@pytest.mark.usefixtures("either_way")
@pytest.mark.parametrize(
    "line",
    [
        '{"ts": "2026-01-05T10:00',
        "",
        '{"ts":"2026-01-05T10:00:00Z","session":"a"}{"ts":"2026-01-05T10:00:00Z","session":"b"}',
        "[1]",
        '"x"',
        "null",
        "{}",
        "5",
        '{"ts":"2026-01-05T10:00:00Z","session":"a",}',
        '{"ts":"2026-01-05T10:00:00Z","session":"a","load":nan}',
        '{"ts":"2026-01-05T10:00:00Z","session":"a","message":NaN}',
        '{"ts":"2026-01-05T10:00:00Z","session":"a","session":"b"}',
        '{"ts":"2026-01-05T10:00:00Z","session":"\\udc8f"}',
        '{"session":"a"}',
        '{"ts":"soon","session":"a"}',
        '{"ts":"2026-01-05T10:00:60Z","session":"a"}',
        "<<<<<<< HEAD",
        '{"ts":202601051000,"session":"a"}',
        "  " + json.dumps(GOOD),
    ],
)
def test_anything_odd_is_left_to_the_readers(line: str, tmp_path: Path) -> None:
    path = write(tmp_path / "log.jsonl", GOOD, line, GOOD)
    with duckdb.connect() as connection:
        assert fast.load(connection, path, path.stat().st_size, "src", of("ndjson"), ("session",)) is None
        assert connection.execute("SHOW TABLES").fetchall() == []


def test_line_ends_of_windows_and_no_line_end_at_the_end(tmp_path: Path) -> None:
    records = [GOOD, GOOD | {"message": "x"}, GOOD]
    for data in (
        "\r\n".join(map(json.dumps, records)) + "\r\n",
        "\n".join(map(json.dumps, records)),
        "\r\n".join(map(json.dumps, records)),
    ):
        (tmp_path / "log.jsonl").write_bytes(data.encode())
        got = straight(tmp_path / "log.jsonl", of("ndjson"), ("session",))
        assert got is not None
        assert got == tolerant(tmp_path / "log.jsonl", of("ndjson"), ("session",))
        assert [row[4] for row in got][2] == data.rindex("{")


def test_a_field_that_comes_late_and_a_file_that_grew(tmp_path: Path) -> None:
    path = write(tmp_path / "log.jsonl", *[GOOD | {"n": n} for n in range(60_000)], GOOD | {"agent": "late", "session_id": "x"})
    got = straight(path, of("ndjson"), ("session", "session_id"))
    assert got is not None
    assert got[-1] == (tolerant(path, of("ndjson"), ("session", "session_id")) or [])[-1]
    with duckdb.connect() as connection:
        assert fast.load(connection, path, path.stat().st_size - 10, "src", of("ndjson"), ("session",)) is None


def test_what_differs_from_the_mapper_is_not_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, select = write(tmp_path / "log.jsonl", GOOD, GOOD), fast.rows.select
    assert straight(path, of("ndjson"), ("session",)) is not None
    other = "'other'"
    monkeypatch.setattr(fast.rows, "select", lambda *given: tuple(q.replace("'ndjson'", other) for q in select(*given)))
    assert straight(path, of("ndjson"), ("session",)) is None


def test_many_kinds_and_brackets_in_the_name(tmp_path: Path) -> None:
    path = write(tmp_path / "log[1]*.jsonl", *[GOOD | {"event": f"kind_{n}", "state": f"s{n % 700}"} for n in range(3000)])
    got = straight(path, of("ndjson"), ("session",))
    assert got is not None
    assert got == tolerant(path, of("ndjson"), ("session",))


def test_a_file_is_written_in_full_blocks_whatever_those_of_the_table_are(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    tracker_log.write(path, 5000)
    with duckdb.connect(config={"threads": 2}) as connection:
        loaded = fast.load(connection, path, path.stat().st_size, "src", of("ndjson"), ("session", "session_id"))
        assert loaded is not None
        assert connection.execute(loaded.in_blocks).fetchall() == connection.execute(loaded.events).fetchall()
        connection.execute("CREATE TABLE odd AS SELECT * FROM lines_src LIMIT 0")
        for low, high in ((0, 700), (700, 2900), (2900, 5000)):  # blocks as threads may have left them
            connection.execute(f"INSERT INTO odd SELECT * FROM lines_src WHERE rowid >= {low} AND rowid < {high}")
        connection.execute("SET threads = 1")
        files = []
        for table in ("lines_src", "odd"):
            files.append(tmp_path / f"{table}.parquet")
            query = loaded.in_blocks.replace("lines_src", table) if table == "odd" else loaded.in_blocks
            options = "FORMAT parquet, ROW_GROUP_SIZE 2048"
            connection.execute(f"COPY ({query.replace('_odd', '_lines_src')}) TO '{files[-1]}' ({options})")
        sizes = connection.execute(
            "SELECT DISTINCT row_group_id, row_group_num_rows FROM parquet_metadata(?) ORDER BY ALL", [str(files[1])]
        ).fetchall()
    assert sizes == [(0, 2048), (1, 2048), (2, 904)]
    assert files[0].read_bytes() == files[1].read_bytes()
