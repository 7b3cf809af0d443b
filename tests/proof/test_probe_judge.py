"""What snapshots mean: each fault from state as it may lie there, and neighbours that are none."""

from __future__ import annotations

import json
from typing import Any

import pytest

from session_ops.proof.probe.judge import judge

COMMANDS = {
    "start": "t start {agent} {task}",
    "beat": "t beat {session}",
    "lock": "t lock {resource}",
    "end": "t end {session}",
}


def text(content: str, *, new: bool = True) -> dict[str, Any]:
    return {"kind": "file", "new": new, "text": content, "cut": False}


def run(step: str, n: int, code: int | None = 0, *, err: str = "", out: str = "", contest: int = 1) -> dict[str, Any]:
    return {"step": step, "n": n, "contest": contest, "code": code, "ended": "", "out": out, "err": err}


def trial(size: int, paths: dict[str, Any], *, ended: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A trial in which sessions s-1, s-2 … start, beat once and end; the last one of several is killed."""
    victim = size if size > 1 else 0
    runs = [run(step, n) for step in ("start", "beat", "end") for n in range(1, size + 1) if step != "end" or n != victim]
    moment = {"paths": {f"t/{path}": what for path, what in paths.items()}, "gone": [], "more": 0, "worktrees": 0}
    after = {
        "paths": {f"t/{path}": what for path, what in (paths if ended is None else ended).items()},
        "gone": [],
        "more": 0,
        "worktrees": 0,
    }
    return {
        "size": size, "contests": 0, "ids": {str(n): f"s-{n}0{n}" for n in range(1, size + 1)}, "runs": runs, "held": [], "victim": victim,
        "after": {"start": 0}, "left": [], "made": [], "places": {"$COPY": "/box/t", "$HOME": "/box/home", "$TOP": "/box"}, "started": moment, "ended": after,
    } | more  # fmt: skip


def registry(*sessions: int, **state: str | None) -> dict[str, Any]:
    return text(json.dumps({f"s-{n}0{n}": {"agent": f"probe-agent-{n}x"} | state for n in sessions}), new=False)


def said(*trials: dict[str, Any], commands: dict[str, str] | None = None) -> list[str]:
    got = judge(list(trials), commands or COMMANDS)
    assert not got.blind, got.blind
    return [f"{seen.fault}: {seen.path}" for seen in got.seen]


def test_all_sessions_in_the_registry_is_no_fault() -> None:
    assert said(trial(1, {"s.json": registry(1)}), trial(2, {"s.json": registry(1, 2)})) == []


def test_a_session_that_is_not_in_the_registry_is_lost() -> None:
    assert said(trial(1, {"s.json": registry(1)}), trial(2, {"s.json": registry(2)})) == ["lost: s.json"]


def test_a_file_of_its_own_that_is_missing_is_lost() -> None:
    alone = trial(1, {"sessions/s-101.json": text("{}")})
    assert said(alone, trial(2, {"sessions/s-101.json": text("{}")})) == ["lost: sessions/{session}.json"]


def test_fewer_records_than_one_alone_writes_are_lost() -> None:
    line = '{"session": "s-%d0%d", "event": "%s"}\n'
    alone = trial(1, {"log.jsonl": text(line % (1, 1, "start") + line % (1, 1, "beat"))})
    short = trial(2, {"log.jsonl": text(line % (1, 1, "start") + line % (1, 1, "beat") + line % (2, 2, "start"))})
    assert said(alone, short) == ["lost: log.jsonl"]


def test_one_id_for_two_is_lost_and_half_of_the_trials_decide() -> None:
    alone, sound = trial(1, {"s.json": registry(1)}), trial(2, {"s.json": registry(1, 2)})
    same = trial(2, {"s.json": registry(1, 2)}, ids={"1": "s-101", "2": "s-101"})
    assert said(alone, same, sound) == ["lost: "]
    assert said(alone, same, sound, sound) == []


def test_state_that_does_not_parse_is_torn_only_where_it_should_parse() -> None:
    alone = trial(1, {"s.json": registry(1), "jsonc.json": text("// mine\n{}")})
    torn = trial(2, {"s.json": text(registry(1, 2)["text"] + "}"), "jsonc.json": text("// mine\n{}")})
    assert "torn: s.json" in said(alone, torn)
    assert "torn: jsonc.json" not in said(alone, torn)


def test_two_lines_in_one_are_torn() -> None:
    alone = trial(1, {"log.jsonl": text('{"s": "s-101"}\n')})
    mixed = trial(2, {"log.jsonl": text('{"s": "s-101"{"s": "s-202"}}\n')})
    assert said(alone, mixed) == ["torn: log.jsonl"]


def test_an_end_that_is_not_recorded_is_lost() -> None:
    alone = trial(
        1, {"s.json": registry(1, status="active", at=None)}, ended={"s.json": registry(1, status="ended", at="2026")}
    )
    lost = trial(2, {"s.json": registry(1, 2, status="active", at=None)})
    fine = trial(
        2, {"s.json": registry(1, 2, status="active", at=None)}, ended={"s.json": registry(1, 2, status="ended", at="2027")}
    )
    assert said(alone, lost) == ["lost: s.json"]
    assert said(alone, fine) == []


@pytest.mark.parametrize(("second", "faults"), [("got it\n", ["stolen: "]), ("held by another\n", [])])
def test_two_holders_are_a_theft_where_both_are_told_so(second: str, faults: list[str]) -> None:
    alone, together = trial(1, {"s.json": registry(1)}), trial(2, {"s.json": registry(1, 2)})
    lock = trial(1, {"s.json": registry(1)}, contests=1, held=[[1]])
    lock["runs"].append(run("lock", 1, out="got it\n"))
    both = dict(
        together,
        contests=1,
        held=[[1, 2]],
        runs=[*together["runs"], run("lock", 1, out="got it\n"), run("lock", 2, out=second)],
    )
    assert said(alone, lock, both) == faults


@pytest.mark.parametrize(
    ("path", "what", "faults"),
    [
        ("locks/a.lock", text("s-101"), ["left over: locks/a.lock"]),
        ("run/s-101.pid", text("77"), ["left over: run/{session}.pid"]),
        ("locks/guard.lock", text(""), []),  # kept for flock
        ("locks", {"kind": "folder", "new": True}, []),
        ("locks/x.lock", {"kind": "folder", "new": True}, ["left over: locks/x.lock"]),
        ("diary/s-101.md", text("dear diary"), []),
    ],
)
def test_what_an_end_leaves_behind(path: str, what: dict[str, Any], faults: list[str]) -> None:
    state = {"s.json": registry(1)}
    assert said(trial(1, state, ended=state | {path: what}), trial(2, {"s.json": registry(1, 2)})) == faults


def test_a_step_that_breaks_off_is_a_fault_and_one_that_refuses_is_a_note() -> None:
    state = {"s.json": registry(1)}
    broken, refused = trial(1, state), trial(1, state)
    broken["runs"][1] = run("beat", 1, 1, err="t: line 3: x: unbound variable\n")
    refused["runs"][1] = run("beat", 1, 1, err="no such session\n")
    together = trial(2, {"s.json": registry(1, 2)})
    assert said(broken, together) == ["fails: "]
    verdict = judge([refused, together], COMMANDS)
    assert not verdict.seen
    assert any(
        note.startswith("the beat command does not work for one session alone (exit 1: no such session)")
        for note in verdict.notes
    )


def test_no_trace_and_no_name_cannot_be_judged() -> None:
    assert "leaves no trace" in judge([trial(1, {}), trial(2, {})], COMMANDS).blind
    nameless = text('{"count": 1}')
    assert "names no session" in judge([trial(1, {"s.json": nameless}), trial(2, {"s.json": nameless})], COMMANDS).blind
