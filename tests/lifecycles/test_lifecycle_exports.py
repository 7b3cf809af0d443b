"""Exports: read back by other programs' rules, overlap safe, nothing lost, nothing invented."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from tests.lifecycles.conftest import Analyse, at

from session_ops.case import Case
from session_ops.lifecycles import command, exports, frames
from session_ops.model import UsageError

XES = "{http://www.xes-standard.org/}"
LIVES = [
    at(0, "a<&\"'", "session_start", agent="x\u0001y"),
    at(0, "b", "session_start"),
    at(1, "a<&\"'", "lock_request", resource="db"),
    at(2, "a<&\"'", "lock_acquired", resource="db"),
    at(3, "b", "lock_acquired", resource="db"),
    at(4, "b", "session_end"),
    at(5, "a<&\"'", "session_end"),
    at(7, "a<&\"'", "session_resume"),
    at(9, "a<&\"'", "note", message="still there"),
]


@pytest.fixture
def lived(analyse: Analyse) -> Case:
    case, document = analyse({"events.jsonl": LIVES})
    case.save("lifecycles", document)
    return case


def trace(case: Case) -> list[dict[str, Any]]:
    (path,) = exports.export(case, ["trace"])
    document = json.loads(path.read_text())
    assert document["otherData"] == {"begin": "2026-01-05T10:00:00Z"}
    return list(document["traceEvents"])


def test_each_session_has_a_track_whose_slices_nest(lived: Case) -> None:
    found = trace(lived)
    sessions = frames.sessions(lived)
    tracks = defaultdict(list)
    for event in found:
        if event["ph"] == "X":
            tracks[event["tid"]].append(event)
    assert len(tracks) == len(sessions) == 3
    names = {e["tid"]: e["args"]["name"] for e in found if e["name"] == "thread_name"}
    assert sorted(names.values()) == ["a<&\"'", "a<&\"' run 2", "b"]
    for slices in tracks.values():
        outer, *states = slices
        assert outer["cat"] == "session"
        reached = outer["ts"]
        for state in states:
            assert state["ts"] >= reached
            reached = state["ts"] + state["dur"]
        assert reached <= outer["ts"] + outer["dur"]


def test_slices_say_when_and_how(lived: Case) -> None:
    found = {event["name"]: event for event in trace(lived) if event.get("cat") == "session"}
    assert found["b (ended)"]["ts"] == 0
    assert found["b (ended)"]["dur"] == 240e6
    # the second run has no end: its slice ends where it was last seen
    last = next(e for e in found.values() if e["ts"] == 420e6)
    assert last["dur"] == 120e6
    assert last["args"]["status"] not in ("ENDED", "CRASHED")


def test_two_holds_of_one_lock_do_not_share_a_slice(lived: Case) -> None:
    pairs = defaultdict(list)
    for event in trace(lived):
        if event.get("cat") == "lock":
            pairs[event["id"]].append((event["ph"], event["ts"]))
    assert len(pairs) == 2
    for (first, begins), (second, ends) in pairs.values():
        assert (first, second) == ("b", "e")
        assert begins <= ends


def test_every_anomaly_is_a_mark(lived: Case) -> None:
    marks = [event for event in trace(lived) if event["ph"] == "i"]
    wrong = frames.anomalies(lived).dropna(subset=["ts_ns"])
    assert sorted(mark["args"]["text"] for mark in marks) == sorted(wrong["text"])
    assert "claim_while_held" in {mark["name"] for mark in marks}


def test_xes_holds_every_event_of_every_session_in_order(lived: Case) -> None:
    (path,) = exports.export(lived, ["xes"])
    log = ElementTree.parse(path).getroot()
    assert log.tag == f"{XES}log"
    assert [e.get("prefix") for e in log.findall(f"{XES}extension")] == ["concept", "time", "lifecycle", "org"]
    traces = {}
    for one in log.findall(f"{XES}trace"):
        name = one.find(f"{XES}string[@key='concept:name']")
        assert name is not None
        traces[name.get("value")] = [
            {part.get("key"): part.get("value") for part in event} for event in one.findall(f"{XES}event")
        ]
    assert list(traces) == ["a<&\"'", "a<&\"' run 2", "b"]
    assert sum(map(len, traces.values())) == len(LIVES)
    first = traces["a<&\"'"][0]
    assert (first["concept:name"], first["time:timestamp"], first["org:resource"]) == (
        "session.start",
        "2026-01-05T10:00:00Z",
        "x\ufffdy",
    )
    for events in traces.values():
        moments = [event["time:timestamp"] for event in events]
        assert moments == sorted(moments)
        assert {event["lifecycle:transition"] for event in events} <= {"start", "complete"}


def test_exports_of_logs_without_sessions_are_valid_and_empty(analyse: Analyse) -> None:
    case, document = analyse({"empty.jsonl": ""})
    case.save("lifecycles", document)
    made, xes = exports.export(case, ["trace", "xes"])
    assert {event["ph"] for event in json.loads(made.read_text())["traceEvents"]} == {"M"}
    assert ElementTree.parse(xes).getroot().findall(f"{XES}trace") == []


def test_a_new_export_replaces_the_old_ones(lived: Case) -> None:
    exports.export(lived, ["trace", "xes"])
    assert exports.export(lived, ["xes"]) == [Path(lived.folder / "exports" / "sessions.xes")]
    assert [path.name for path in (lived.folder / "exports").iterdir()] == ["sessions.xes"]


def test_an_unknown_export_is_refused() -> None:
    with pytest.raises(UsageError, match="--export otel: no such export; there are trace, xes and csv"):
        exports.checked("xes, otel")
    assert exports.checked("csv,trace, csv") == ["csv", "trace"]


def test_the_command_writes_exports_into_its_case_only(tmp_path: Path) -> None:
    log = tmp_path / "events.jsonl"
    log.write_text("".join(json.dumps(row) + "\n" for row in LIVES))
    with pytest.raises(UsageError, match="--export trace writes into the case: give --case DIR too"):
        command.logs([str(log)], as_json=False, csv=False, export="trace")
    case = tmp_path / "case"
    told = command.logs([str(log)], as_json=False, csv=False, export="trace,csv", case=str(case))
    assert f"written: {case / 'exports' / 'trace.json'}\n" in told
    assert [path.name for path in (case / "exports").iterdir()] == ["trace.json"]
    assert (case / "tables" / "waits.csv").read_text().startswith("source_id,resource_id,waiter,")
