"""Real logs of other trackers, against counts that were made another way. They lie beside the project, or where a variable says."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from session_ops.case import Case
from session_ops.lifecycles.phase import Document, Numbers

LOGS = Path(os.environ.get("SESSION_OPS_REAL_LOGS") or Path(__file__).parents[3] / "shared" / "logs")
pytestmark = pytest.mark.skipif(
    not (LOGS / "TRUTH.md").exists(), reason="no real logs beside the project (SESSION_OPS_REAL_LOGS names others)"
)


def read(name: str, folder: Path) -> Document:
    (folder / "target").mkdir()
    (folder / "target" / "run.sh").write_text("echo\n")
    case = Case.open(target=str(folder / "target"), logs=str(LOGS / name), case=str(folder / "case"))
    document = case.compute("lifecycles")
    assert isinstance(document, Document)
    return document


def shown(numbers: Numbers, *names: str) -> dict[str, object]:
    return {name: getattr(numbers, name) for name in names}


def test_diaries(tmp_path: Path) -> None:
    document = read("md-codex-wrapper", tmp_path)
    names = ("sessions", "ended", "open", "longest_s", "shortest_s", "max_concurrent", "out_of_order", "rejects")
    assert shown(document.numbers, *names) == {
        "sessions": 36, "ended": 36, "open": 0, "longest_s": 1800.0, "shortest_s": 60.0, "max_concurrent": 2, "out_of_order": 9, "rejects": 0,
    }  # fmt: skip
    assert [source.sessions for source in document.sources if source.status == "read"] == [15, 12, 3, 6]
    # the order of the file is not that of time
    assert {(anomaly.detector, anomaly.severity) for anomaly in document.anomalies} == {("time_backwards", "advice")}


def test_registry(tmp_path: Path) -> None:
    document = read("ai-session-tracker", tmp_path)
    assert shown(document.numbers, "sessions", "ended", "open", "longest_s", "max_concurrent", "rejects") == {
        "sessions": 572, "ended": 572, "open": 0, "longest_s": 14400.0, "max_concurrent": 5, "rejects": 0,
    }  # fmt: skip
    assert document.numbers.median_s == pytest.approx(148.67, abs=0.005)
    zombies = [anomaly.text for anomaly in document.anomalies if anomaly.detector == "zombie"]
    assert sum(int(text.split("end: ")[1].split()[0]) for text in zombies) == 11
    limits = [anomaly.text for anomaly in document.anomalies if anomaly.detector == "censored_end"]
    assert limits == [
        "3 sessions lasted exactly 4 h: probably cut by a limit, so their true length is unknown",
        "117 session(s) ended by a reaper or a limit, not by themselves: their true length is unknown",
    ]
    assert sum(anomaly.detector == "registry_divergence" for anomaly in document.anomalies) == 19


def test_transcripts(tmp_path: Path) -> None:
    document = read("transcripts-cclog", tmp_path)
    assert shown(document.numbers, "sessions", "ended", "events", "rejects", "max_concurrent", "out_of_order") == {
        "sessions": 44, "ended": 0, "events": 3031, "rejects": 0, "max_concurrent": 3, "out_of_order": 22,
    }  # fmt: skip
    assert document.numbers.longest_s == pytest.approx(2 * 86400 + 18 * 3600 + 41 * 60 + 44.7, abs=0.05)
    transcripts = [source for source in document.sources if source.path.endswith(".jsonl")]
    assert len(transcripts) == 99
    assert sum(source.status == "empty" for source in transcripts) == 17
    found = Counter(anomaly.detector for anomaly in document.anomalies)
    assert found.pop("time_backwards") > 0
    assert found == {"source_never_ends": 1, "transcript_fork": 14, "duplicate_rows": 2}
    repeated = [anomaly.text.partition(":")[0] for anomaly in document.anomalies if anomaly.detector == "duplicate_rows"]
    assert sorted(repeated) == ["1634 rows tell 878 records (message_id)", "2921 rows tell 2919 records (uuid)"]


def test_pretty_printed_values_that_two_writers_tore(tmp_path: Path) -> None:
    document = read("cli-anything-web", tmp_path)
    assert shown(document.numbers, "sessions", "ended", "longest_s", "max_concurrent") == {
        "sessions": 8, "ended": 0, "longest_s": 22 * 3600 + 39 * 60 + 40.0, "max_concurrent": 2,
    }  # fmt: skip
    intact = {source.path.rsplit("/")[-1]: source.events for source in document.sources if source.status == "read"}
    assert intact.pop("sessions.jsonl") == 11
    assert sum(intact.values()) == 1144


@pytest.mark.parametrize(
    ("name", "sessions", "events"),
    [("ccswarm-events", 2, 12), ("transcripts-simonw", 1, 8), ("transcripts-cclog-edge", 8, 59), ("atdata-hub", 4, 111)],
)
def test_the_other_sets_with_a_session_key(name: str, sessions: int, events: int, tmp_path: Path) -> None:
    document = read(name, tmp_path)
    assert (document.numbers.sessions, document.numbers.events) == (sessions, events)


@pytest.mark.parametrize("name", ["chainlink-openclaudia", "hive-mind", "otlp-examples", "porcupine-etcd"])
def test_sets_that_this_version_cannot_read_say_why(name: str, tmp_path: Path) -> None:
    document = read(name, tmp_path)
    assert {source.status for source in document.sources} == {"unknown"}
    assert all("no format" in source.reason for source in document.sources)
