"""Sessions at once, for real: a tracker that loses, steals and leaves behind, one that does not, and the bundled example."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import Make

from session_ops import example
from session_ops.discovery.files import read_tree
from session_ops.model import Answers, Gate, GateResult, Outcome
from session_ops.proof.gates import coordinate
from session_ops.proof.runs import prove
from session_ops.registry import Facts, Registry

README = """# tracker

    bin/t start AGENT TASK
    bin/t beat SESSION
    bin/t lock RESOURCE SESSION
    bin/t end SESSION
"""
CARELESS = """#!/usr/bin/env python3
import json, os, sys, time
here = os.path.dirname(os.path.abspath(__file__))
path, locks = here + "/../state/sessions.json", here + "/../state/locks/"
os.makedirs(locks, exist_ok=True)


def change(session, **what):
    data = json.load(open(path)) if os.path.exists(path) else {}
    time.sleep(0.1)
    data.setdefault(session, {"ended": None}).update(what)
    json.dump(data, open(path, "w"))


verb, args = sys.argv[1], sys.argv[2:]
if verb == "start":
    session = "s-%d-%d" % (time.time_ns(), os.getpid())
    change(session, agent=args[0], task=args[1])
    print(session)
elif verb == "beat":
    change(args[0], beat=time.time())
elif verb == "lock":
    lock = locks + args[0] + ".lock"
    if os.path.exists(lock):
        sys.exit("busy")
    time.sleep(0.3)
    open(lock, "w").write(args[1])
elif verb == "end":
    change(args[0], ended="yes")
"""
CAREFUL = """#!/usr/bin/env python3
import fcntl, json, os, sys, time
here = os.path.dirname(os.path.abspath(__file__))
path, locks = here + "/../state/sessions.json", here + "/../state/locks/"
os.makedirs(locks, exist_ok=True)


def change(session, **what):
    with open(path + ".guard", "w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        data = json.load(open(path)) if os.path.exists(path) else {}
        data.setdefault(session, {"ended": None}).update(what)
        with open(path + ".new", "w") as file:
            json.dump(data, file)
        os.replace(path + ".new", path)


verb, args = sys.argv[1], sys.argv[2:]
if verb == "start":
    session = "s-%d-%d" % (time.time_ns(), os.getpid())
    change(session, agent=args[0], task=args[1])
    print(session)
elif verb == "beat":
    change(args[0], beat=time.time())
elif verb == "lock":
    try:
        with open(locks + args[0] + ".lock", "x") as file:
            file.write(args[1])
    except FileExistsError:
        sys.exit("busy")
elif verb == "end":
    for name in os.listdir(locks):
        if open(locks + name).read() == args[0]:
            os.unlink(locks + name)
    change(args[0], ended="yes")
"""
SHORT = ((1, 0), (1, 1), (2, 1), (8, 1))


@pytest.fixture
def probed(registry: Registry, sandboxed: None, monkeypatch: pytest.MonkeyPatch) -> Callable[..., GateResult | None]:
    """The coordinate gate of a folder, by fewer trials than usual."""
    monkeypatch.setattr(coordinate, "TRIALS", SHORT)
    monkeypatch.setattr(coordinate, "PATIENCE_S", 1.0)
    monkeypatch.setattr(coordinate, "BEATS", 1)

    def run(root: Path, **given: str) -> GateResult | None:
        tree = read_tree(root)
        facts = Facts(registry, {"tree": tree, "answers": Answers(**given)})
        return prove(tree, facts, only=["coordinate.coordinate"]).get(Gate.COORDINATE)

    return run


def wrong(result: GateResult | None) -> list[str]:
    assert result is not None
    return [run.wrong for run in result.runs if run.wrong]


def test_a_careless_tracker_loses_and_steals_and_leaves_behind(make: Make, probed: Callable[..., GateResult | None]) -> None:
    root = make({"README.md": README, "bin/t": CARELESS}, executable=("bin/t",), git=True)
    before = sorted(p.relative_to(root).as_posix() for p in root.rglob("*") if ".git" not in p.parts)
    result = probed(root)
    assert result is not None
    assert result.outcome is Outcome.FAIL
    said = wrong(result)
    assert "lost: a session that started is not in the record (state/sessions.json)" in said
    assert "stolen: two sessions hold the same lock at once" in said
    assert any(one.startswith("left over: the lock file of a session that holds a lock is still there") for one in said)
    shown = [run.command for run in result.runs if run.code == 0]
    assert "two and eight at once: bin/t start {agent} {task}" in shown
    stolen = next(run for run in result.runs if run.wrong.startswith("stolen"))
    assert [e.place for e in stolen.evidence] == ["README.md:5"]
    lost = next(run for run in result.runs if run.wrong.startswith("lost"))
    assert (lost.evidence[0].path, lost.evidence[0].source) == ("state/sessions.json", "probe")
    assert sorted(p.relative_to(root).as_posix() for p in root.rglob("*") if ".git" not in p.parts) == before


def test_a_careful_tracker_passes_and_says_where_it_was_looked(make: Make, probed: Callable[..., GateResult | None]) -> None:
    result = probed(make({"README.md": README, "bin/t": CAREFUL}, executable=("bin/t",), git=True))
    assert wrong(result) == []
    assert result is not None
    assert result.outcome is Outcome.PASS
    assert result.runs[-1].tail == ("state in state/sessions.json: nothing torn, lost, stolen or left over",)


def test_the_example_loses_sessions_and_leaves_locks_behind(
    tmp_path: Path, probed: Callable[..., GateResult | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coordinate, "TRIALS", ((1, 0), (1, 1), (8, 1)))
    root = example.materialise(tmp_path)
    said = wrong(probed(root))
    assert "lost: sessions that start at once are given the same id" in said
    assert "lost: a session that started is not in the record (state/sessions.json)" in said
    assert any(one.startswith("left over: the lock file") for one in said)
    assert "fails: the end of a session that holds a lock fails without a terminal (exit 1)" in said


def test_given_commands_win_and_a_dash_says_none(make: Make, probed: Callable[..., GateResult | None]) -> None:
    root = make({"README.md": "# t\n", "run": CAREFUL.replace("/../state", "/state")}, executable=("run",), git=True)
    result = probed(root, probe_start="./run start {agent} {task}", probe_lock="-", probe_end="./run end {session}")
    assert result is not None
    assert result.outcome is Outcome.PASS
    assert [run.tail[0] for run in result.runs[:2]] == ["start, read at as given", "end, read at as given"]
    assert [run.skipped for run in result.runs if run.skipped] == [
        "no beat command is known",
        "no command that takes a lock is known",
    ]


def test_a_start_that_fails_alone_leaves_the_gate_open(make: Make, probed: Callable[..., GateResult | None]) -> None:
    root = make({"README.md": "# t\n", "run": "#!/bin/sh\necho nobody home >&2\nexit 3\n"}, executable=("run",), git=True)
    result = probed(root, probe_start="./run")
    assert result is not None
    assert result.outcome is Outcome.OPEN
    assert "the start command fails for one session alone with exit 3: nobody home" in result.reason


def test_instructions_for_agents_leave_it_open_and_what_keeps_no_state_is_not_probed(
    make: Make, probed: Callable[..., GateResult | None]
) -> None:
    told = "# Start\n\nCreate `.claude/sessions/.current-session` and write the name into it.\n"
    result = probed(make({".claude/commands/session-start.md": told, "README.md": "# prompts\n"}, name="prompts"))
    assert result is not None
    assert result.outcome is Outcome.OPEN
    assert "instructions that an agent carries out" in result.reason
    assert probed(make({"lib.py": "print(1)\n"}, name="library")) is None
    greeting = {"hooks": {"SessionStart": [{"hooks": [{"type": "command", "command": "bin/session-start.sh"}]}]}}
    hello = "#!/bin/sh\n: session_id\necho hello | tee /dev/null\n"
    files = {".claude/settings.json": json.dumps(greeting), "bin/session-start.sh": hello}
    assert probed(make(files, name="greeter", executable=("bin/session-start.sh",))) is None


def test_what_hooks_are_told_reaches_them(make: Make, probed: Callable[..., GateResult | None]) -> None:
    script = (
        '#!/bin/bash\nset -e\nid=$(grep -o \'"session_id": "[^"]*\' | cut -d\'"\' -f4)\n'
        'mkdir -p "$CLAUDE_PROJECT_DIR/sessions"\n%s "$CLAUDE_PROJECT_DIR/sessions/$id.json"\n'
    )
    hooks = {
        event: [{"hooks": [{"type": "command", "command": f'"$CLAUDE_PROJECT_DIR"/hooks/{name}.sh'}]}]
        for event, name in (("SessionStart", "begin"), ("SessionEnd", "finish"))
    }
    root = make(
        {
            ".claude/settings.json": json.dumps({"hooks": hooks}, indent=1),
            "hooks/begin.sh": script % "echo {} >",
            "hooks/finish.sh": script % "rm",
        },
        executable=("hooks/begin.sh", "hooks/finish.sh"),
        git=True,
    )
    result = probed(root)
    assert wrong(result) == []
    assert result is not None
    assert result.outcome is Outcome.PASS
    assert result.runs[-1].tail == ("state in sessions/{session}.json: nothing torn, lost, stolen or left over",)
