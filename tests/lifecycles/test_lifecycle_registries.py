"""Registries that people keep by hand: tables in Markdown, and YAML."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from session_ops.lifecycles.detection import detect
from session_ops.lifecycles.readers import READERS, CannotRead, Piece, Record, Reject
from session_ops.lifecycles.spec import formats

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def read(tmp_path: Path, kind: str, text: str, **options: Any) -> list[Piece]:
    path = tmp_path / f"sessions.{READERS[kind].ending}"
    path.write_text(text, "utf-8")
    return list(READERS[kind].read(path, options))


def test_rows_have_the_places_and_names_of_their_table(tmp_path: Path) -> None:
    text = (
        "# Sessions\n\n| Session ID | Last seen (UTC) | Note |\n|---|:-:|---|\n| `s1` | 2026-01-05 10:00 | a \\| b |\n| s2 | - |\n\n"
        "text | with a bar\n```\n| Session ID | x |\n|---|---|\n| s3 | y |\n```\n"
    )
    rows = [piece for piece in read(tmp_path, "markdown_table", text) if isinstance(piece, Record)]
    assert [(row.line, row.data) for row in rows] == [
        (5, {"session_id": "s1", "last_seen": "2026-01-05 10:00", "note": "a | b"}),
        (6, {"session_id": "s2"}),
    ]
    assert text.encode()[rows[0].offset :].startswith(b"| `s1`")


def test_an_unfilled_row_is_a_template(tmp_path: Path) -> None:
    pieces = read(tmp_path, "markdown_table", "| session | started |\n|---|---|\n| <id> | YYYY-MM-DD HH:MM |\n")
    assert [(p.line, p.reason) for p in pieces if isinstance(p, Reject)] == [(3, "template")]
    assert len(pieces) == 1


def test_a_table_about_something_else_is_no_registry(tmp_path: Path) -> None:
    text = "| Agent | Model |\n|---|---|\n| builder | large |\n| tester | small |\n"
    assert read(tmp_path, "markdown_table", text, once=("session", "started", "agent")) == []
    (tmp_path / "AGENTS-LIST.md").write_text(text, "utf-8")
    assert detect(tmp_path / "AGENTS-LIST.md", formats()).format is None


def test_yaml_records_have_their_lines(tmp_path: Path) -> None:
    text = "sessions:\n  s1: &a\n    pid: 12\n    ended: ~\n  s2:\n    <<: *a\n    tags: [x]\n---\n- {id: s3}\n"
    pieces = read(tmp_path, "yaml", text, containers=("sessions",))
    assert [(p.line, p.data) for p in pieces if isinstance(p, Record)] == [
        (2, {"$key": "s1", "pid": "12", "ended": None}),
        (5, {"$key": "s2", "tags": ["x"]}),
        (9, {"id": "s3"}),
    ]
    assert text.encode()[pieces[1].offset :].startswith(b"  s2:")


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join(['*' + old] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", "not YAML at line"),
        ("- " * 60_000, "not readable YAML|not YAML"),
        (BOMB, "more than 1,000,000 values"),
        ("just text", "holds no records"),
        ("x: !!python/object/apply:os.system [y]\n\t", "not YAML at line"),
    ],
)
def test_yaml_that_cannot_be_read_says_why(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(CannotRead, match=said):
        read(tmp_path, "yaml", text)


@QUICK
@given(st.text(max_size=300))
def test_no_text_makes_the_table_reader_stumble(tmp_path: Path, text: str) -> None:
    for form in ("{}", "| session | started |\n|---|---|\n{}\n", "| {} |\n|---|\n| a |\n"):
        path = tmp_path / "t.md"
        path.write_bytes(form.replace("{}", text).encode("utf-8", "surrogatepass"))
        for piece in READERS["markdown_table"].read(path, {}):
            assert piece.line >= 1


@QUICK
@given(
    st.recursive(
        st.text(max_size=8) | st.none() | st.integers(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    )
)
def test_what_json_says_yaml_says(tmp_path: Path, value: Any) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(json.dumps({"sessions": value}), "utf-8")
    try:
        pieces = list(READERS["yaml"].read(path, {"containers": ("sessions",)}))
    except CannotRead:
        return
    if isinstance(value, list):
        assert len(pieces) == sum(isinstance(item, dict) for item in value)
