"""Readers take any bytes; all valid records of a damaged file are read, and the damage is said."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import sqlite3
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from session_ops.lifecycles import times
from session_ops.lifecycles.detection import detect
from session_ops.lifecycles.readers import READERS, CannotRead, Piece, Record, Reject, pieces
from session_ops.lifecycles.readers.json_lines import ndjson as ndjson_lines
from session_ops.lifecycles.spec import Format, Mapper, formats

FAST = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
FEW = settings(FAST, max_examples=15)
TEXT = st.text(max_size=20)
PLAIN = st.text(st.characters(codec="utf-8", exclude_characters="\0\r\ufeff"), max_size=20)
NAME = st.from_regex(r"[a-z][a-z_]{0,8}", fullmatch=True)
RECORDS = st.lists(
    st.dictionaries(TEXT, st.one_of(TEXT, st.integers(), st.none(), st.booleans()), min_size=1, max_size=4), max_size=12
)
PIECES = st.lists(
    st.one_of(
        st.binary(max_size=40),
        st.sampled_from(
            [
                b'{"ts": "2026-01-05T10:00:00Z", "session": "a"}',
                b"\n",
                b"## 2026-01-05 10:00 - x\n",
                b"[2026-01-05 10:00:00] SESSION s1 START\n",
                b"Jan  5 10:00:00 host app[1]: session s-1 started\n",
                b"ts,session\n2026-01-05T10:00:00Z,a\n",
                b'time=2026-01-05T10:00:00Z session=a msg="x\n',
                b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"1","body":7}]}]}]}\n',
                b"INFO  jepsen.util - 0\t:invoke\t:read\tnil\n",
                b"{:process 0, :type :ok}\n",
                b"SQLite format 3\0",
                b"PAR1",
                b"\xff\xfe",
                b"\0",
                b"\xff",
                b'"\\ud800"',
            ]
        ),
    ),
    max_size=12,
).map(b"".join)
ONE_PER_READER = list({json.dumps(form.reader, sort_keys=True): form for form in formats()}.values())


def form_of(name: str) -> Format:
    return next(form for form in formats() if form.id == name)


def ndjson(tmp_path: Path, data: bytes) -> list[Piece]:
    path = tmp_path / "x.jsonl"
    path.write_bytes(data)
    return list(ndjson_lines(path))


def read(kind: str, path: Path, **options: Any) -> list[Piece]:
    return list(READERS[kind].read(path, options))


def records(found: list[Piece]) -> list[dict[str, Any]]:
    assert [piece for piece in found if isinstance(piece, Reject)] == []
    return [
        {name: value for name, value in piece.data.items() if not name.startswith("$")}
        for piece in found
        if isinstance(piece, Record)
    ]


@FAST
@given(PIECES)
def test_any_bytes_are_read_by_every_reader(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "any"
    path.write_bytes(data)
    detect(path, formats())
    for form in ONE_PER_READER:
        mapper = Mapper(form, "s", form.aliases["session"])
        with contextlib.suppress(CannotRead):
            for piece in form.pieces(path):
                assert piece.line >= 1
                assert 0 <= piece.offset <= len(data)
                rows = mapper.events(piece) if isinstance(piece, Record) else piece
                for value in (v for row in (rows if isinstance(rows, list) else []) for v in row.values()):
                    if isinstance(value, str):
                        value.encode("utf-8")
                        assert "\0" not in value


@FAST
@given(RECORDS)
def test_all_valid_lines_are_read(tmp_path: Path, records: list[dict[str, object]]) -> None:
    data = "".join(json.dumps(record) + "\n" for record in records).encode()
    assert [piece.data for piece in ndjson(tmp_path, data) if isinstance(piece, Record)] == records


@FAST
@given(
    RECORDS,
    st.integers(min_value=0),
    st.sampled_from([b'{"a": 1', b"\xff\xfe", b"<<<<<<< HEAD", b"{}}\0", b'"note":"is "done""}']),
)
def test_a_damaged_line_costs_only_itself(tmp_path: Path, records: list[dict[str, object]], place: int, damage: bytes) -> None:
    lines = [json.dumps(record).encode() for record in records]
    at = place % (len(lines) + 1)
    found = ndjson(tmp_path, b"\n".join([*lines[:at], damage, *lines[at:]]))
    assert [piece.data for piece in found if isinstance(piece, Record)] == records
    (reject,) = [piece for piece in found if isinstance(piece, Reject)]
    assert reject.line == at + 1


@pytest.mark.parametrize(
    ("data", "records", "reasons"),
    [
        (b'{"a":1}{"a":2}\n', 2, ["welded"]),
        (b'{"a":1}{"a":\n', 1, ["torn"]),
        (b'{"a":1\n{"a":2}\n', 1, ["torn"]),
        (b'{"note":"is "done", x"}\n', 0, ["torn"]),
        (b"<<<<<<< HEAD\n{}\n=======\n>>>>>>> main\n", 1, ["conflict_marker", "conflict_marker", "conflict_marker"]),
        (b'\xff{"a":1}\n', 0, ["encoding"]),
        (b'\0\0\0{"a":1}\n', 0, ["binary"]),
        (b'\xef\xbb\xbf{"a":1}\r\n\r\n{"a":2}', 2, []),
        (b'{"a":"\\ud800"}\n', 1, []),
        ('{"a":1}\r\n{"a":"ü"}\r\n'.encode("utf-16"), 2, []),
    ],
)
def test_damage_is_named(tmp_path: Path, data: bytes, records: int, reasons: list[str]) -> None:
    found = ndjson(tmp_path, data)
    assert sum(isinstance(piece, Record) for piece in found) == records
    assert [piece.reason for piece in found if isinstance(piece, Reject)] == reasons


def test_offsets_and_first_bytes_lead_back_to_the_file(tmp_path: Path) -> None:
    data = b'{"a":1}\n{"a":' + b"x" * 500 + b'\n{"a":3}\n'
    found = ndjson(tmp_path, data)
    for piece in found:
        if isinstance(piece, Reject):
            assert data[piece.offset :].startswith(piece.start.encode())
            assert len(piece.start) == pieces.START_BYTES
    assert [(piece.line, piece.offset) for piece in found] == [(1, 0), (2, 8), (3, 514)]


@pytest.mark.parametrize(
    ("line", "torn"),
    [
        ('{"ts":"2026-01-05T10:00:00Z","session":"a","ts":"2026-01-05T10:00:01Z","session":"b"}', True),
        ('{"ts":"2026-01-05T10:00:00Z","session":"a","session":"a"}', False),
        ('{"ts":"2026-01-05T10:00:00Z","session":"a","error":"x","error":"y"}', False),
        ('{"ts":"2026-01-05T10:00:00Z","session":"a","msg":"\\"session\\":\\"b\\""}', False),
    ],
)
def test_a_time_or_a_session_named_twice_is_what_two_writers_made(line: str, torn: bool, tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(line + '\n{"ts":"2026-01-05T10:00:02Z","session":"c"}\n')
    found = list(form_of("ndjson").pieces(path))
    assert [isinstance(piece, Reject) for piece in found] == [torn, False]


@FAST
@given(RECORDS)
def test_pretty_values_one_after_another_are_read_back(tmp_path: Path, wanted: list[dict[str, Any]]) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text("".join(json.dumps(record, indent=2) + "\n" for record in wanted))
    assert [piece.data for piece in read("json_concat", path) if isinstance(piece, Record)] == wanted


@FAST
@given(st.lists(st.dictionaries(NAME, PLAIN, min_size=1, max_size=3), max_size=6), st.booleans())
def test_documents_are_read_back(tmp_path: Path, wanted: list[dict[str, Any]], below: bool) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps({"version": 1, "records": wanted} if below else wanted, ensure_ascii=False))
    assert records(read("json", path, containers=["records"])) == wanted
    keyed = {f"k{number}": record for number, record in enumerate(wanted)}
    path.write_text(json.dumps(keyed))
    assert [piece.data for piece in read("json", path)] == [{"$key": key} | record for key, record in keyed.items()]


@FAST
@given(st.lists(st.lists(PLAIN, min_size=3, max_size=3), max_size=8), st.sampled_from(",;\t|"))
def test_tables_are_read_back_with_their_places(tmp_path: Path, rows: list[list[str]], delimiter: str) -> None:
    path = tmp_path / "x.csv"
    names = ["one", "two", "three"]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL)
        writer.writerows([names, *rows])
    data = path.read_bytes()
    found = read("csv", path)
    lines = [row for row in rows if '"' + '","'.join(row) != '"' + '","'.join(names)]
    wanted = [{n: v.strip() for n, v in zip(names, row, strict=True) if v.strip()} for row in lines]
    assert [record for record in records(found) if record] == [record for record in wanted if record]
    for piece in found:
        assert data[piece.offset :].startswith(b'"')
        assert data[: piece.offset].count(b"\n") == piece.line - 1


@pytest.mark.parametrize(
    ("text", "wanted", "reasons"),
    [
        ("a,b,c\n1,2,3\n1,2\n4,5,6\n", ["1", "4"], ["torn"]),
        ("a,b,c\n1,2,31,2,3\n4,5,6\n", ["4"], ["welded"]),
        ('a,b,c\n1,"2,3\n4,5,6\n7,8,9\n', ["4", "7"], ["torn"]),
        ('a,b,c\n1,"x\ny",3\n', ["1"], []),
        ("a,b,c\n1,2,3\na,b,c\n4,5,6\n", ["1", "4"], []),
        ("a,b,c\n<<<<<<< HEAD\n1,2,3\n", ["1"], ["conflict_marker"]),
        ("a,b,c\n1,it's 5\" long,3\n", [], ["torn"]),
    ],
)
def test_rows_that_do_not_fit_are_named(tmp_path: Path, text: str, wanted: list[str], reasons: list[str]) -> None:
    path = tmp_path / "x.csv"
    path.write_text(text)
    found = read("csv", path)
    assert [piece.data["a"] for piece in found if isinstance(piece, Record)] == wanted
    assert [piece.reason for piece in found if isinstance(piece, Reject)] == reasons


def quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


@FAST
@given(
    st.lists(
        st.dictionaries(NAME, PLAIN.filter(lambda v: "\n" not in v and v.splitlines() in ([], [v]) and v), min_size=2),
        max_size=6,
    )
)
def test_pairs_are_read_back(tmp_path: Path, wanted: list[dict[str, str]]) -> None:
    path = tmp_path / "x.log"
    path.write_text(
        "".join(" ".join(f"{n}={quoted(v)}" for n, v in record.items()) + "\n" for record in wanted), encoding="utf-8"
    )
    assert records(read("logfmt", path)) == wanted


@FAST
@given(
    st.lists(
        st.tuples(st.datetimes(min_value=times.datetime(1991, 1, 1), max_value=times.datetime(2099, 1, 1)), st.integers(0, 99)),
        max_size=9,
    )
)
def test_lines_of_text_are_read_back_with_their_places(tmp_path: Path, wanted: list[tuple[Any, int]]) -> None:
    path = tmp_path / "x.log"
    path.write_text("".join(f"[{moment:%Y-%m-%d %H:%M:%S}] session s-{number} started\n" for moment, number in wanted))
    data = path.read_bytes()
    found = list(form_of("text-log").pieces(path))
    assert [(piece.data["time"], piece.data["session"]) for piece in found if isinstance(piece, Record)] == [
        (f"{moment:%Y-%m-%d %H:%M:%S}", f"s-{number}") for moment, number in wanted
    ]
    assert all(data[piece.offset : piece.offset + 1] == b"[" for piece in found)
    assert [piece.line for piece in found] == list(range(1, len(wanted) + 1))


WORD = PLAIN.filter(lambda v: v.splitlines() == [v] and '"' not in v and "\\" not in v)


@FAST
@given(st.lists(st.dictionaries(NAME, st.one_of(st.integers(-(10**9), 10**9), WORD), min_size=1, max_size=4), max_size=6))
def test_edn_maps_are_read_back(tmp_path: Path, wanted: list[dict[str, Any]]) -> None:
    path = tmp_path / "x.edn"
    maps = [
        ", ".join(f":{n} {v if isinstance(v, int) else chr(34) + v + chr(34)}" for n, v in record.items()) for record in wanted
    ]
    path.write_text("".join("{" + one + "}\n" for one in maps if "{:" not in one), encoding="utf-8")
    assert records(read("edn", path)) == [record for record, one in zip(wanted, maps, strict=True) if "{:" not in one]


def any_value(value: object) -> dict[str, Any]:
    if isinstance(value, dict):
        return {"kvlistValue": {"values": [{"key": n, "value": any_value(v)} for n, v in value.items()]}}
    return {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}


ATTRIBUTE = st.one_of(PLAIN, st.integers(), st.dictionaries(NAME, PLAIN, min_size=1, max_size=2))


@FAST
@given(st.lists(st.dictionaries(NAME, ATTRIBUTE, max_size=3), min_size=1, max_size=5), st.booleans())
def test_otlp_attributes_are_read_back(tmp_path: Path, wanted: list[dict[str, Any]], lines: bool) -> None:
    path = tmp_path / "x.json"
    entries = [
        {"attributes": [{"key": n, "value": any_value(v)} for n, v in one.items()], "timeUnixNano": "7"} for one in wanted
    ]
    requests = [
        {"resourceLogs": [{"scopeLogs": [{"logRecords": part}]}]} for part in ([[e] for e in entries] if lines else [entries])
    ]
    path.write_text("\n".join(json.dumps(request) for request in requests))
    flat = [
        {
            name: value
            for n, v in one.items()
            for name, value in ({f"{n}.{k}": x for k, x in v.items()} if isinstance(v, dict) else {n: v}).items()
        }
        | {"timeUnixNano": "7"}
        for one in wanted
    ]
    assert [{k: v for k, v in record.items() if k != "body"} for record in records(read("otlp", path))] == flat


@FEW
@given(st.lists(st.tuples(st.integers(0, 10**6), PLAIN), max_size=6))
def test_rows_of_databases_and_parquet_files_are_read_back(tmp_path: Path, wanted: list[tuple[int, str]]) -> None:
    path = tmp_path / "x.db"
    path.unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE t (a INTEGER, b TEXT)")
        connection.executemany("INSERT INTO t VALUES (?, ?)", wanted)
    expected = [{"a": a, "b": b} for a, b in wanted]
    assert records(read("sqlite", path, table="t")) == expected
    file = tmp_path / "x.parquet"
    with duckdb.connect() as database:
        database.execute("CREATE TABLE t (a BIGINT, b VARCHAR)")
        for row in wanted:
            database.execute("INSERT INTO t VALUES (?, ?)", row)
        database.execute(f"COPY t TO '{file}' (FORMAT parquet)")
    assert records(read("parquet", file)) == expected


HELD = st.fixed_dictionaries({"holder": st.sampled_from("xyz")})
STATES = st.lists(st.dictionaries(st.sampled_from("abc"), HELD, max_size=3), min_size=1, max_size=6)


@FAST
@given(STATES)
def test_changes_of_a_registry_give_its_versions_again(tmp_path: Path, states: list[dict[str, dict[str, str]]]) -> None:
    path = tmp_path / "x.jsonl"
    rows = [
        {"commit": f"c{n}", "date": f"2026-01-05T10:00:{n:02d}Z", "path": "locks.json", "content": {"locks": state}}
        for n, state in enumerate(states)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    now: dict[str, str] = {}
    found = read("versions", path, containers=["locks"])
    for number, state in enumerate(states):
        for piece in found:
            assert isinstance(piece, Record)
            if piece.line == number + 1 and piece.data["$change"] == "removed":
                del now[piece.data["$key"]]
            elif piece.line == number + 1:
                assert (piece.data["$change"] == "added") == (piece.data["$key"] not in now)
                now[piece.data["$key"]] = piece.data["holder"]
        assert now == {key: entry["holder"] for key, entry in state.items()}


@pytest.mark.parametrize(
    ("text", "kinds", "reasons"),
    [
        (
            "[2026-01-05 10:00:00] SESSION s1 START\n[2026-01-05 10:00:01] SESSION s1 EN\n[2026-01-05 10:00",
            ["session_start", ""],
            ["torn"],
        ),
        (
            "[2026-01-05 10:00:00] SESSION s1 STA[2026-01-05 10:00:01] SESSION s2 START\n[2026-01-05 10:00:02] SESSION s3 START\n",
            ["session_start"],
            ["welded"],
        ),
        (
            "[2026-01-05 10:00:00] SESSION s1 START\n<<<<<<< HEAD\n[2026-01-05 10:00:02] SESSION s1 END\n",
            ["session_start", "session_end"],
            ["conflict_marker"],
        ),
        (
            "[2026-01-05 10:00:00] SESSION s1 START\nTraceback:\n  File x\n[2026-01-05 10:00:02] SESSION s1 END\n",
            ["session_start", "session_end"],
            [],
        ),
        ("[2026-01-05 10:00:00] waits since [2026-01-05 09:00:00] session s1 waiting\n", [""], []),
        ("# a title\n\n[2026-01-05 10:00:00] SESSION s1 START\n", ["session_start"], []),
    ],
)
def test_damaged_text_is_named_and_the_next_line_is_read(
    text: str, kinds: list[str], reasons: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "x.log"
    path.write_text(text)
    found = list(form_of("text-log").pieces(path))
    assert [piece.data.get("kind", "") for piece in found if isinstance(piece, Record)] == kinds
    assert [piece.reason for piece in found if isinstance(piece, Reject)] == reasons


def owned(path: Path, *, wal: bool) -> sqlite3.Connection:
    """A database with one session, held open by its owner in the middle of a write."""
    connection = sqlite3.connect(path, isolation_level=None)
    if wal:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute("CREATE TABLE sessions (id TEXT PRIMARY KEY, started_at TEXT)")
    connection.execute("INSERT INTO sessions VALUES ('s-1', '2026-01-05T10:00:00Z')")
    connection.execute("BEGIN EXCLUSIVE")
    connection.execute("INSERT INTO sessions VALUES ('s-2', '2026-01-05T11:00:00Z')")
    return connection


@pytest.mark.parametrize("wal", [True, False])
def test_a_database_of_a_busy_owner_is_read_and_never_touched(tmp_path: Path, wal: bool) -> None:
    path = tmp_path / "tracker.db"
    connection = owned(path, wal=wal)
    try:
        before = {one.name: (one.stat().st_size, one.stat().st_mtime_ns) for one in tmp_path.iterdir()}
        found = detect(path, formats())
        assert found.format is not None
        assert found.format.id == "sqlite"
        assert [piece.data["id"] for piece in found.format.pieces(path) if isinstance(piece, Record)] == ["s-1"]
        assert {one.name: (one.stat().st_size, one.stat().st_mtime_ns) for one in tmp_path.iterdir()} == before
        connection.execute("COMMIT")
        assert [piece.data["id"] for piece in found.format.pieces(path) if isinstance(piece, Record)] == ["s-1", "s-2"]
    finally:
        connection.close()


def test_a_read_only_database_leaves_no_trace(tmp_path: Path) -> None:
    path = tmp_path / "tracker.db"
    connection = owned(path, wal=True)
    connection.execute("COMMIT")
    connection.close()
    path.chmod(0o444)
    tmp_path.chmod(0o555)
    try:
        assert len(list(form_of("sqlite").pieces(path))) == 2
        assert [one.name for one in tmp_path.iterdir()] == ["tracker.db"]
    finally:
        tmp_path.chmod(0o755)


def test_names_of_tables_and_columns_are_only_names(tmp_path: Path) -> None:
    path = tmp_path / "odd.db"
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute('CREATE TABLE "my ""sessions" (id TEXT PRIMARY KEY, started_at TEXT, "a;b" TEXT)')
        connection.execute('CREATE TABLE sessions (id TEXT PRIMARY KEY, "started_at" TEXT, "drop table" TEXT)')
        connection.execute("INSERT INTO sessions VALUES ('s-1', '2026-01-05T10:00:00Z', ?)", (b"\xff\0".decode("latin-1"),))
    found = list(form_of("sqlite").pieces(path))
    assert [piece.data["$session"] for piece in found if isinstance(piece, Record)] == ["s-1"]


def test_a_table_of_a_module_that_is_not_here_costs_only_itself(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE sessions (id TEXT PRIMARY KEY, started_at TEXT)")
        connection.execute("INSERT INTO sessions VALUES ('s-1', '2026-01-05T10:00:00Z')")
        connection.execute("PRAGMA writable_schema = ON")
        virtual = "CREATE VIRTUAL TABLE shapes USING no_such_module()"
        connection.execute("INSERT INTO sqlite_master VALUES ('table', 'shapes', 'shapes', 0, ?)", (virtual,))
    assert len(list(form_of("sqlite").pieces(path))) == 1


def test_what_is_certainly_a_database_says_why_it_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE sessions (id TEXT, started_at TEXT)")
    assert detect(path, formats()).reason == "no format fits: a SQLite database whose tables of sessions are empty (sessions)"
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP TABLE sessions")
        connection.execute("CREATE TABLE cats (name TEXT)")
    assert "(tables: cats)" in detect(path, formats()).reason
    path.write_bytes(path.read_bytes()[:3000])
    assert "cannot be read" in detect(path, formats()).reason


def test_a_stream_is_no_harder_than_a_file(tmp_path: Path) -> None:
    """Long lines and long files are read in bounded pieces."""
    path = tmp_path / "x.jsonl"
    long = json.dumps({"ts": "2026-01-05T10:00:00Z", "session": "a", "x": "y" * (1 << 20)})
    path.write_text(long + "\n" + long + "\n")
    with io.BytesIO(path.read_bytes()) as file:
        assert [(n, o) for n, o, _ in pieces.lines(file)] == [(1, 0), (2, len(long) + 1)]
