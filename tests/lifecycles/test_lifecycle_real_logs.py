"""Real logs of other trackers, against counts that were made another way. They lie beside the project, or where a variable says."""

from __future__ import annotations

import json
import os
import re
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb
import pytest

from session_ops.lifecycles import engine, phase
from session_ops.lifecycles.alone import LogsAlone
from session_ops.lifecycles.phase import Document
from session_ops.parameters import Parameters

LOGS = Path(os.environ.get("SESSION_OPS_REAL_LOGS") or Path(__file__).parents[3] / "shared" / "logs")
pytestmark = pytest.mark.skipif(
    not (LOGS / "truth.json").exists(), reason="no real logs beside the project (SESSION_OPS_REAL_LOGS names others)"
)
QUESTION = re.compile(r"^`(\w+)`: [^\n]*\n```sql\n(.*?)```", re.MULTILINE | re.DOTALL)


def read(name: str, folder: Path) -> tuple[LogsAlone, Document]:
    case = LogsAlone.at(folder / "case", Parameters.checked({"logs": str(LOGS / name)}))
    return case, phase.compute(case, pictures=False)


def questions() -> dict[str, str]:
    """The documented questions: name to SQL."""
    page = (files("session_ops") / "docs" / "logs.md").read_text(encoding="utf-8")
    return dict(QUESTION.findall(page))


@pytest.mark.parametrize("name", ["md-codex-wrapper", "cli-anything-web", "ai-session-tracker", "transcripts-cclog"])
def test_counts_that_were_made_by_hand(name: str, tmp_path: Path) -> None:
    wanted: dict[str, Any] = json.loads((LOGS / "truth.json").read_text())[name]
    case, document = read(name, tmp_path)
    numbers, asked, got = asdict(document.numbers), questions(), {}
    with duckdb.connect() as connection:
        for table in engine.TABLES:
            connection.read_parquet(str(case.folder / "tables" / f"{table}.parquet")).create_view(table)
        for key in wanted:
            (value,) = (numbers[key],) if key in numbers else connection.execute(asked[key]).fetchone() or (None,)
            got[key] = value
    print(f"\n{name:<24} {'wanted':>10} {'got':>10}")
    for key, value in wanted.items():
        print(f"{key:<24} {value:>10} {got[key]!s:>10}")
    assert got == wanted


def test_every_question_of_the_page_is_asked_here() -> None:
    truth = json.loads((LOGS / "truth.json").read_text())
    assert set(questions()) == {key for keys in truth.values() for key in keys if key not in phase.Numbers.__dataclass_fields__}


def test_diaries(tmp_path: Path) -> None:
    _, document = read("md-codex-wrapper", tmp_path)
    assert [source.sessions for source in document.sources if source.status == "read"] == [15, 12, 3, 6]
    assert document.numbers.rejects == 0
    assert {(anomaly.detector, anomaly.severity) for anomaly in document.anomalies} <= {("time_backwards", "advice")}


def test_registry(tmp_path: Path) -> None:
    _, document = read("ai-session-tracker", tmp_path)
    numbers = document.numbers
    assert (numbers.ended, numbers.open, numbers.longest_s, numbers.rejects) == (572, 0, 14400.0, 0)
    assert numbers.median_s == pytest.approx(148.67, abs=0.005)
    zombies = [anomaly.text for anomaly in document.anomalies if anomaly.detector == "zombie"]
    assert sum(int(text.split("end: ")[1].split()[0]) for text in zombies) == 11
    limits = [anomaly.text for anomaly in document.anomalies if anomaly.detector == "censored_end"]
    assert any(text.startswith("3 sessions lasted exactly 4 h") for text in limits)


def test_transcripts(tmp_path: Path) -> None:
    _, document = read("transcripts-cclog", tmp_path)
    assert (document.numbers.ended, document.numbers.events, document.numbers.rejects) == (0, 3031, 0)
    assert document.numbers.longest_s == pytest.approx(2 * 86400 + 18 * 3600 + 41 * 60 + 44.7, abs=0.05)


def test_pretty_printed_values_that_two_writers_tore(tmp_path: Path) -> None:
    _, document = read("cli-anything-web", tmp_path)
    assert (document.numbers.ended, document.numbers.longest_s) == (0, 22 * 3600 + 39 * 60 + 40.0)
    assert document.numbers.max_concurrent == 2
    assert next(source.events for source in document.sources if source.path.endswith("/sessions.jsonl")) == 11
