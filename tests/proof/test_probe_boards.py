"""Boards whose tasks are made, claimed and completed: in folders of the system, with what the tracker itself asks for, beside a Redis."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import Make

from session_ops.discovery.files import read_tree
from session_ops.model import Answers, Gate, GateResult, Outcome
from session_ops.proof import setting
from session_ops.proof.gates import coordinate
from session_ops.proof.probe.lines import Known
from session_ops.proof.probe.plan import commands
from session_ops.proof.runs import prove
from session_ops.proof.setting import Setting, advice, asked_for, declared_folders
from session_ops.proof.toolchains import toolchains
from session_ops.registry import Facts, Registry

README = """# board

    bin/board tasks create "title"
    bin/board tasks claim <id>
    bin/board tasks complete <id>
"""
UNIT = "[Service]\nExecStart=/opt/board/bin/board serve\nReadWritePaths=/opt/board/state\nStateDirectory=board\n"
FILES = """#!/usr/bin/env python3
import os, pathlib, sys, time

root = pathlib.Path("/opt/board/state")
if os.environ.get("BOARD_ENV") != "dev":
    sys.exit("BoardError: a password is required. Set BOARD_ENV=dev to go without.")
for stage in ("pending", "claimed"):
    (root / stage).mkdir(parents=True, exist_ok=True)


def next_task():
    highest = 0
    for stage in ("pending", "claimed"):
        for one in (root / stage).glob("task-*"):
            highest = max(highest, int(one.name[5:]))
    time.sleep(0.2)
    return f"task-{highest + 1:03d}"


def create(title):
    name = next_task()
    path = root / "pending" / name
    path.write_text(title)
    print("Created", name)


verb, about = sys.argv[2:4]
if verb == "create":
    create(about)
elif verb == "claim":
    try:
        os.rename(root / "pending" / about, root / "claimed" / about)
    except FileNotFoundError:
        sys.exit(f"{about} is not pending")
    print("Claimed", about)
elif verb == "complete":
    (root / "claimed" / about).unlink()
"""
REDIS = """#!/usr/bin/env python3
import socket, sys


def ask(*words):
    try:
        with socket.create_connection(("127.0.0.1", 6379)) as line:
            line.sendall("".join([f"*{len(words)}\\r\\n", *(f"${len(w)}\\r\\n{w}\\r\\n" for w in words)]).encode())
            return line.recv(1000).decode().strip()
    except ConnectionRefusedError:
        sys.exit("ConnectionError: Error 111 connecting to 127.0.0.1:6379. Connection refused.")


verb, about = sys.argv[2:4]
if verb == "create":
    print("Created T" + ask("INCR", "number")[1:])
elif verb == "claim":
    if ask("SET", about, "claimed", "NX") != "+OK":
        sys.exit("busy")
    print("Claimed", about)
elif verb == "complete":
    ask("DEL", about)
"""
SHORT = ((1, 0), (1, 1), (2, 1), (8, 1))


@pytest.fixture
def probed(registry: Registry, sandboxed: None, monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], GateResult]:
    """The coordinate gate of a folder, by fewer trials than usual."""
    monkeypatch.setattr(coordinate, "TRIALS", SHORT)
    monkeypatch.setattr(coordinate, "PATIENCE_S", 0.5)

    def run(root: Path) -> GateResult:
        tree = read_tree(root)
        return prove(tree, Facts(registry, {"tree": tree, "answers": Answers()}), only=["coordinate.coordinate"])[
            Gate.COORDINATE
        ]

    return run


def board(make: Make, program: str, name: str = "board") -> Path:
    return make(
        {"README.md": README, "bin/board": program, "deploy/board.service": UNIT},
        name=name,
        executable=("bin/board",),
        git=True,
    )


def test_two_tasks_that_are_made_at_once_get_one_number(make: Make, probed: Callable[[Path], GateResult]) -> None:
    result = probed(board(make, FILES))
    assert result.outcome is Outcome.FAIL
    assert "lost: things that are made at once are given the same id" in [run.wrong for run in result.runs]
    first = result.runs[0]
    assert first.command == "two and eight at once: bin/board tasks create title"
    assert first.tail == ("make, read at README.md:3; given: BOARD_ENV=dev, as it asked",)


def test_numbers_that_are_taken_under_a_lock_are_not_lost(make: Make, probed: Callable[[Path], GateResult]) -> None:
    held = '    import fcntl\n    fcntl.flock(open(root / ".lock", "a"), fcntl.LOCK_EX)\n'.replace("open(", "guard := open(")
    program = FILES.replace("    name = next_task()\n", held + "    name = next_task()\n")
    result = probed(board(make, program))
    assert [run.wrong for run in result.runs if run.wrong] == []
    assert result.outcome is Outcome.PASS


def test_a_redis_is_started_for_each_trial_where_this_machine_has_one(
    make: Make, probed: Callable[[Path], GateResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = board(make, REDIS)
    if not toolchains().has("redis-server"):
        pytest.skip("redis-server is not installed")
    result = probed(root)
    assert [run.wrong for run in result.runs if run.wrong] == []
    assert result.outcome is Outcome.PASS
    assert "given: redis-server on port 6379, as it asked" in result.runs[0].tail[0]
    monkeypatch.setattr(setting.Service, "program", "")
    without = probed(root)
    assert without.outcome is Outcome.OPEN
    assert "it asks for Redis: with redis-server on this machine one is started for the probe" in without.reason


def test_commands_of_a_board_belong_together(make: Make, registry: Registry) -> None:
    tree = read_tree(board(make, FILES))
    facts = Facts(registry, {"tree": tree, "answers": Answers()})
    found = commands(Known(tree, *(facts[name] for name in coordinate.FACTS)), {})
    assert {step: command.text for step, command in found.items()} == {
        "make": "bin/board tasks create title",
        "lock": "bin/board tasks claim {made}",
        "end": "bin/board tasks complete {made}",
    }
    assert declared_folders(facts) == ("/opt/board/state", "/var/lib/board")


def test_what_a_command_asks_for_is_given_once() -> None:
    said = "ValueError: SECRET is required. Set APP_ENV=dev to allow none.\nError 111 connecting to localhost:6379. Connection refused."
    assert advice(said) == {"APP_ENV": "dev"}
    assert advice("Set up the folder; see Settings=1. Set X to 1") == {}
    first = Setting().after(said, {"SECRET": "x"})
    assert (first.asked, first.services) == (("APP_ENV=dev",), ())
    second = first.after(said, {"SECRET": "x"})
    assert second.asked == ("APP_ENV=dev", "SECRET=x")
    service = asked_for(said)
    assert service is not None
    third = second.after(said, {})
    assert third.services == ((service,) if service.program else ())
    assert third.after(said, {}) == third
    assert asked_for("connect ECONNREFUSED 127.0.0.1:5432") is None
