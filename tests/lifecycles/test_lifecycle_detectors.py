"""The detectors together: a well log has none, limits are parameters, sources that log no ends are said once. Cases of each: test_detector_cases."""

from __future__ import annotations

import re
from typing import Any

from tests.lifecycles.conftest import Analyse, at

from session_ops.lifecycles.detectors import detectors

START, BEAT, END = "session.start", "session.heartbeat", "session.end"
Events = list[dict[str, Any]]


def ended(session: str, since: float = 0, to: float = 30, step: int = 5) -> Events:
    """A session that starts, beats and ends."""
    beats = [at(minute, session, BEAT) for minute in range(int(since) + step, int(to), step)]
    return [at(since, session, START), *beats, at(to, session, END)]


def ordered(*parts: Events) -> Events:
    return sorted((row for part in parts for row in part), key=lambda row: row["ts"])


WORLD = ordered(ended("w1", 0, 60), ended("w2", 100, 300))
"""Two sessions that are well; the log ends after 300 minutes."""


def test_a_well_log_has_no_anomaly(analyse: Analyse) -> None:
    _, document = analyse({"log.jsonl": WORLD})
    assert document.anomalies == ()
    about_locks = {
        "claim_while_held",
        "release_by_other",
        "double_release",
        "overlap",
        "fenced_out",
        "lease_overrun",
        "stuck_lock",
        "deadlock",
    }
    assert about_locks < set(document.undecidable)
    assert not set(document.undecidable) & {
        "orphan",
        "beat_gap",
        "never_beat",
        "zombie",
        "torn_records",
        "time_backwards",
        "censored_end",
    }


def test_a_source_that_never_logs_ends_is_said_once_and_has_no_orphans(analyse: Analyse) -> None:
    rows = ordered(*([at(n * 10, f"s{n}", START), at(n * 10 + 5, f"s{n}", BEAT)] for n in range(30)))
    _, document = analyse({"log.jsonl": rows})
    (found,) = document.anomalies
    assert (found.detector, found.confidence) == ("source_never_ends", "proven")
    assert found.text.startswith("0 of 30 sessions have an end")
    assert document.undecidable["orphan"] == "the logs never say that a session ended"
    assert (document.numbers.open, document.numbers.censored, document.numbers.orphaned) == (30, 30, 0)


def test_thresholds_are_parameters(analyse: Analyse) -> None:
    rows = ordered(WORLD, [at(230, "x", START), at(250, "x", BEAT)])
    _, document = analyse({"log.jsonl": rows}, orphan_after_min=45.0)
    assert [a.detector for a in document.anomalies] == ["orphan"]
    assert document.numbers.orphaned == 1


def test_silent_is_between_live_and_orphaned(analyse: Analyse) -> None:
    rows = ordered(WORLD, [at(230, "x", START), at(270, "x", BEAT), at(280, "y", START), at(299, "y", BEAT)])
    _, document = analyse({"log.jsonl": rows})
    n = document.numbers
    assert (n.sessions, n.ended, n.open, n.silent, n.orphaned, n.censored) == (4, 2, 2, 1, 0, 0)


def test_torn_records_are_counted_per_source(analyse: Analyse) -> None:
    good = "\n".join(f'{{"ts":"2026-01-05T10:0{n}:00Z","session":"a","event":"work"}}' for n in range(9))
    _, document = analyse({"log.jsonl": good + '\n{"ts":"2026-01-05T10:1\n<<<<<<< HEAD\n', "fine.jsonl": good + "\n"})
    (found,) = [a for a in document.anomalies if a.detector == "torn_records"]
    assert (found.path, found.line) == ("logs/log.jsonl", 10)
    assert found.text == "2 damaged records (conflict markers, torn), the first at line 10, while one session was at work"
    assert document.numbers.rejects == 2


def test_equal_lengths_are_a_limit(analyse: Analyse) -> None:
    def registry(seconds: list[int]) -> str:
        import json

        return json.dumps({
            f"s{n}": {"started_at": f"2026-01-0{n + 1}T10:00:00.000Z", "ended_at": f"2026-01-0{n + 1}T{10 + s // 3600}:{s // 60 % 60:02d}:00.250Z"}
            for n, s in enumerate(seconds)
        })  # fmt: skip

    _, document = analyse({"sessions.json": registry([14400, 14400, 14400, 600])})
    assert [a.detector for a in document.anomalies] == ["censored_end"]
    assert document.anomalies[0].text.startswith("3 sessions lasted exactly 4 h")
    _, document = analyse({"sessions.json": registry([14400, 14400, 3600, 600])})
    assert document.anomalies == ()


def test_a_registry_ghost_is_an_orphan(analyse: Analyse) -> None:
    _, document = analyse(
        {
            "sessions.json": '{"a": {"started_at": "2026-01-05T10:00:00Z", "status": "active", "last_heartbeat": "2026-01-05T10:05:00Z"},'
            ' "b": {"started_at": "2026-01-05T15:00:00Z", "status": "ended", "ended_at": "2026-01-05T16:00:00Z"}}'
        }
    )
    assert [(a.detector, a.session_id, a.line) for a in document.anomalies] == [("orphan", "a", 1), ("registry_ghost", "a", 1)]


def test_the_same_session_in_log_registry_and_diary_counts_once(analyse: Analyse) -> None:
    _, document = analyse(
        {
            "events.jsonl": [
                at(0.5, "20260105_100030", START),
                at(2, "20260105_100030", BEAT),
                at(30.5, "20260105_100030", END),
            ],
            "sessions.json": '{"20260105_100030": {"started_at": "2026-01-05T10:00:30Z", "status": "ended", "ended_at": "2026-01-05T10:30:30Z"}}',
            "sessions/20260105_100030/diary.md": "## [2026-01-05 10:00 UTC] A - T - START\n\n## [2026-01-05 10:31 UTC] A - T - END\n",
        }
    )
    assert document.anomalies == ()
    assert (document.numbers.sessions, document.numbers.ended, document.numbers.longest_s) == (1, 1, 1800.0)


def test_every_detector_says_what_it_is(analyse: Analyse) -> None:
    for one in detectors():
        assert re.fullmatch(r"[a-z_]+", one.id)
        assert one.severity in ("critical", "gap", "advice")
        assert one.confidence in ("proven", "likely", "possible")
        assert one.question
        assert one.blind


def test_the_sql_keeps_to_what_spark_understands() -> None:
    from importlib.resources import files

    refused = re.compile(
        r"\basof\b|regexp_extract|quantile_cont|epoch_ns|\bhash\s*\(|len\s*\(\s*list|\blist\s*\(|::", re.IGNORECASE
    )
    for folder in ("views", "detectors"):
        for item in (files("session_ops.lifecycles") / "sql" / folder).iterdir():
            assert not refused.search(item.read_text("utf-8")), item.name


def test_a_storm_of_very_many_rows_is_found_without_comparing_each_with_each(analyse: Analyse) -> None:
    rows = [
        at(0, "x", START, agent="a"),
        *(at(n / 600, "x", "note", agent="a", message="database is locked") for n in range(10_000)),
    ]
    _, document = analyse({"log.jsonl": rows})
    told = {found.detector: found.text for found in document.anomalies}
    assert told["storm"] == "x logged the same 10000 times, in bursts: database is locked"
    assert told["lock_error_burst"].startswith("10000 lock errors within 17 min")
