"""Each format reads its own samples as it says, and is the one chosen for them among all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.lifecycles.sample_files import written

from session_ops.lifecycles import times
from session_ops.lifecycles.detection import detect
from session_ops.lifecycles.readers import READERS, Record
from session_ops.lifecycles.spec import COLUMNS, Format, Mapper, formats

SAMPLES = [(form, sample) for form in formats() for sample in form.samples]


def rows_of(form: Format, path: Path) -> list[dict[str, Any]]:
    found = detect(path, formats())
    mapper = Mapper(form, "src", found.session_fields)
    rows: list[dict[str, Any]] = []
    for piece in form.pieces(path):
        events = mapper.events(piece) if isinstance(piece, Record) else []
        assert isinstance(events, list)
        rows += events
    return rows


@pytest.mark.parametrize(("form", "sample"), SAMPLES, ids=[f"{f.id}-{s['name'][:24]}" for f, s in SAMPLES])
def test_sample_gives_its_rows(form: Format, sample: Any, tmp_path: Path) -> None:
    rows = rows_of(form, written(form, sample, tmp_path))
    assert len(rows) == len(sample["rows"])
    for number, (got, wanted) in enumerate(zip(rows, sample["rows"], strict=True)):
        assert list(got) == list(COLUMNS)
        assert got["event_id"] == f"src:{number}"
        shown = got | {"ts": times.text(got["ts_ns"]), "line": got["source_line"]}
        assert {name: shown[name] for name in wanted} == wanted


@pytest.mark.parametrize(("form", "sample"), SAMPLES, ids=[f"{f.id}-{s['name'][:24]}" for f, s in SAMPLES])
def test_sample_is_detected_as_its_own_format(form: Format, sample: Any, tmp_path: Path) -> None:
    found = detect(written(form, sample, tmp_path), formats())
    assert found.format is not None
    assert found.format.id == form.id, found.scores
    assert set(found.scores) == {f.id for f in formats()}
    others = [score for name, score in found.scores.items() if name != form.id]
    assert max(others) < found.scores[form.id]


def test_every_format_has_samples_and_says_whether_it_logs_ends() -> None:
    assert {form.reader["kind"] for form in formats()} == set(READERS)
    assert all(f.samples and f.facts.get("logs_end") in (True, False, "auto") for f in formats())


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("package.json", '{"name": "x", "version": "1.0.0", "scripts": {"a": "b"}}'),
        ("CHANGELOG.md", "# Changelog\n\n## [1.2.0] - 2026-01-05\n\n- fixed at 10:00\n"),
        ("plain.log", "INFO something happened\nWARN else\n"),
        ("template.md", "## [YYYY-MM-DD HH:MM UTC] Role - TASK - START\n"),
        ("no-session.jsonl", '{"ts":"2026-01-05T10:00:00Z","msg":"x"}\n'),
        ("no-time.jsonl", '{"session_id":"a","msg":"x"}\n'),
        ("odd.jsonl", '"text"\n12\nnull\n[1]\n'),
    ],
)
def test_what_is_no_log_stays_unknown_with_a_reason(name: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    found = detect(path, formats())
    assert found.format is None
    assert found.reason.startswith("no format fits")


def test_the_session_field_is_chosen_once_per_source(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    rows = ['{"ts":"2026-01-05T10:00:00Z","session":"s1","agent":"a"}'] * 3 + ['{"ts":"2026-01-05T10:00:00Z","agent":"a"}']
    path.write_text("\n".join(rows), encoding="utf-8")
    form = next(f for f in formats() if f.id == "ndjson")
    assert [row["session_id"] for row in rows_of(form, path)] == ["s1", "s1", "s1", None]


@pytest.mark.parametrize(
    ("line", "role", "task", "kind"),
    [
        ("## [2026-01-05 10:00 UTC] Coder - T1 - START", "Coder", "T1", "session.start"),
        ("## [2026-01-05 10:00 UTC] Coder – T-1 – END", "Coder", "T-1", "session.end"),
        ("### 2026/01/05 10:00:30 — Coder — T1 — start", "Coder", "T1", "session.start"),
        ("## 2026-01-05 10:00 - T1 - END", None, "T1", "session.end"),
        ("## 2026-01-05 10:00 - looked around", None, None, "session.activity"),
        ("## 2026-01-05T10:00Z | Session started", None, None, "session.start"),
        ("- **2026-01-05 10:00** looked around", None, None, "session.activity"),
        ("- [2026-01-05 10:00] looked around", None, None, "session.activity"),
        ("### Session ended (2026-01-05 10:00 UTC)", None, None, "session.end"),
        ("## 2026-01-05 10:00 AM - looked around", None, None, "session.activity"),
    ],
)
def test_diary_headings(line: str, role: str | None, task: str | None, kind: str, tmp_path: Path) -> None:
    path = tmp_path / "work.md"
    path.write_text(f"# Log\n\n{line}\n\ntext\n", encoding="utf-8")
    form = next(f for f in formats() if f.id == "diary")
    (row,) = rows_of(form, path)
    assert (row["kind"], row["agent_id"]) == (kind, role)
    assert times.text(row["ts_ns"])[:16] == "2026-01-05T10:00"
    assert (task or "") in row["attrs"]


def test_diary_dates_come_from_headings_and_code_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "work.md"
    path.write_text(
        "### 08:00 nobody knows the day\n# 2026-01-05 Monday\n### 09:14 one\n```\n### 09:20 code\n```\n# 2026-01-06\n- **2:02 PM** two\n",
        encoding="utf-8",
    )
    form = next(f for f in formats() if f.id == "diary")
    pieces = list(form.pieces(path))
    assert [type(piece).__name__ for piece in pieces] == ["Reject", "Record", "Record"]
    assert [piece.data["time"] for piece in pieces if isinstance(piece, Record)] == ["2026-01-05T09:14", "2026-01-06T14:02"]
