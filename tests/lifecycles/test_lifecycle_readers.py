"""Readers take any bytes; all valid records of a damaged file are read, and the damage is said."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from session_ops.lifecycles.detection import detect
from session_ops.lifecycles.readers import CannotRead, Piece, Record, Reject, pieces
from session_ops.lifecycles.readers.json_lines import ndjson as ndjson_lines
from session_ops.lifecycles.spec import Mapper, formats

FAST = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
TEXT = st.text(max_size=20)
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
                b"\0",
                b"\xff",
                b'"\\ud800"',
            ]
        ),
    ),
    max_size=12,
).map(b"".join)


def ndjson(tmp_path: Path, data: bytes) -> list[Piece]:
    path = tmp_path / "x.jsonl"
    path.write_bytes(data)
    return list(ndjson_lines(path))


@FAST
@given(PIECES)
def test_any_bytes_are_read_by_every_format(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "any"
    path.write_bytes(data)
    detect(path, formats())
    for form in formats():
        mapper = Mapper(form, "s", form.aliases["session"])
        with contextlib.suppress(CannotRead):
            for piece in form.pieces(path):
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
