"""Real logs of other trackers, against counts that were made another way. They lie beside the project, or where a variable says."""

from __future__ import annotations

import contextlib
import json
import os
import re
import sqlite3
from collections.abc import Callable
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb
import pytest

from session_ops.lifecycles import engine, phase
from session_ops.lifecycles.alone import LogsAlone
from session_ops.lifecycles.numbers import Numbers
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
    assert set(questions()) == {key for keys in truth.values() for key in keys if key not in Numbers.__dataclass_fields__}


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


# the other sets: the format is chosen by itself, and sessions are counted another way, from the raw files


def rows_of(*patterns: str) -> list[dict[str, Any]]:
    texts = (path.read_text() for pattern in patterns for path in sorted(LOGS.glob(pattern)))
    return [json.loads(line) for text in texts for line in text.splitlines() if line.strip()]


def distinct(field: str, *patterns: str) -> int:
    """Distinct values of a field of JSON lines; lines that are no JSON are passed over."""
    pattern = re.compile(rf'"{field}":\s*"([^"]+)"')
    texts = (path.read_text(errors="replace") for one in patterns for path in LOGS.glob(one))
    return len({found for text in texts for line in text.splitlines() if (found := next(iter(pattern.findall(line)), None))})


def asked(name: str, sql: str) -> int:
    """A number that a SQLite database answers, read from a copy in memory."""
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        data = bytearray((LOGS / name).read_bytes())
        data[18:20] = b"\1\1"  # no write-ahead log: there is none in memory
        connection.deserialize(bytes(data))
        return int(connection.execute(sql).fetchone()[0])


def processes() -> int:
    """Processes of all Jepsen histories, each file a history of its own: the first number of each line."""
    lines = ((path, line) for path in LOGS.glob("porcupine-etcd/*.log") for line in path.read_text().splitlines())
    return len({(path, found.group(1)) for path, line in lines if (found := re.search(r"jepsen\.util - (\S+)\t:", line))})


OTHERS: dict[str, Callable[[], int]] = {
    "ccswarm-events": lambda: distinct("run_id", "ccswarm-events/*.ndjson"),
    "chainlink-openclaudia": lambda: asked("chainlink-openclaudia/issues.db", "SELECT count(*) FROM sessions"),
    "hive-mind": lambda: sum(
        asked(f"hive-mind/{one}.db", "SELECT count(*) FROM swarms") for one in ("hive.adrianco", "hive.claudesidian")
    ),
    "porcupine-etcd": processes,
    "transcripts-cclog-edge": lambda: distinct("sessionId", "transcripts-cclog-edge/*.jsonl"),
    "transcripts-simonw": lambda: distinct("sessionId", "transcripts-simonw/*.jsonl"),
    "otlp-examples": lambda: distinct("traceId", "otlp-examples/logs.json", "otlp-examples/trace.json"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_sessions_counted_another_way(name: str, tmp_path: Path) -> None:
    _, document = read(name, tmp_path)
    wanted = OTHERS[name]()
    print(f"\n{name}: wanted {wanted}, got {document.numbers.sessions}")
    assert document.numbers.sessions == wanted
    assert document.numbers.events > 0
    torn = {"transcripts-cclog-edge"}  # made for tests: three of its 62 lines are torn
    assert document.numbers.rejects * 100 < document.numbers.events or name in torn


def test_a_hub_of_agents_in_six_kinds_of_files(tmp_path: Path) -> None:
    _, document = read("atdata-hub", tmp_path)
    read_as = {source.path.split("/", 1)[1]: (source.format_id, source.events) for source in document.sources if source.events}
    commits = len((LOGS / "atdata-hub" / "hub-gitlog.tsv").read_text().splitlines())
    assert read_as["hub-gitlog.tsv"] == ("git-log", commits)
    beats = rows_of("atdata-hub/heartbeat-history.jsonl")
    assert read_as["heartbeat-history.jsonl"][1] == len({(row["agent_id"], row["last_heartbeat"]) for row in beats})
    agents = {row["agent_id"] for row in rows_of("atdata-hub/agents-events/*.jsonl")}
    written = {path.parent.name for path in (LOGS / "atdata-hub" / "hub" / "agents").glob("*/events.log")}
    assert agents == written
    subjects = (LOGS / "atdata-hub" / "hub-gitlog.tsv").read_text()
    named = set(re.findall(r"\t([\w-]+): (?:claim|release|comment|label|close|create) ", subjects))
    assert document.numbers.sessions == len(agents | named)
    assert document.numbers.rejects == 0


def test_logs_without_a_session_key_are_said_by_name(tmp_path: Path) -> None:
    _, document = read("lnav-samples", tmp_path)
    unread = {source.path.split("/")[1]: source.reason for source in document.sources if source.status == "unknown"}
    del unread["SOURCES.md"]
    unread.pop("logfile_rust_tracing.0", None)  # spans of one process: whether its thread is a session can be seen either way
    assert set(unread) == {
        "gharchive_log.jsonl", "logfile_glog.0", "logfile_invalid_json.json", "logfile_logfmt.0", "logfile_syslog_with_mixed_times.0",
        "logfile_with_zones.0",
    }  # fmt: skip
    assert all("without a session key: no record has any of session_id" in reason for reason in unread.values())
    assert document.numbers.events > 0
    assert document.numbers.rejects == 0
