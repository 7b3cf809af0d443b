"""Records the logs of the bundled example: twelve sessions of three agents work with the tracker, in real time.

    python tests/example/record.py [--pace 1.0]

The tracker runs in a copy, inside bubblewrap, as user dev on host build-1 with its root at /srv/agent-ops, so that nothing of
the recording machine gets into the files. Nothing is written by hand: some agents are killed with SIGKILL, one never ends, one
fails to end, and what the tracker makes of it is brought back as it lies. `--pace 0.1` plays the same in a tenth of the time
(with the tracker's own intervals shortened alike); the committed recording was made at pace 1 and takes 22 minutes. What was done to whom is
written to `recorded.json`, the truth that tests compare with.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
RUN_TIME = ("logs", "sessions", "state", "inbox", ".current-session")
ROOT = "/srv/agent-ops"

# One row per agent process: agent, task, second of the start, then steps (second, command ...). `kill` ends the agent from
# outside: "group" takes its background heartbeat along, "alone" leaves it running. Equal seconds mean at the same time.
SCENARIO = [
    ("builder", "TASK-12", 0, None, [
        (8, "lock", "acquire", "src/auth"),
        (95, "diary", "NOTE", "Tokens are checked in one place now; the old helper is gone."),
        (260, "diary", "NOTE", "Two tests still fail on expired tokens."),
        (385, "lock", "release", "src/auth"),
        (420, "end"),
    ]),
    ("reviewer", "TASK-09", 20, None, [
        (30, "lock", "acquire", "docs/api"),
        (110, "diary", "NOTE", "Read the error table, three codes are not documented."),
        (150, "lock", "release", "docs/api"),
        (170, "handover", "to", "builder", 'Review is "done", the error table in docs/api is still missing.'),
        (185, "end"),
    ]),
    ("tester", "TASK-15", 45, (150, "group"), [
        (60, "lock", "acquire", "db/schema"),
        (100, "diary", "NOTE", "Migration 7 runs; checking the way back."),
    ]),
    ("tester", "TASK-16", 190, None, [
        (200, "lock", "acquire", "src/auth"),
        (400, "diary", "NOTE", "Expired tokens: added cases for clock skew."),
        (470, "lock", "release", "src/auth"),
        (500, "end"),
    ]),
    ("builder", "TASK-18", 270, None, [
        (276, "handover", "accept", "builder"),
        (300, "lock", "acquire", "docs/api"),
        (360, "diary", "NOTE", "Error table written."),
        (420, "lock", "acquire", "ci/pipeline"),
        (430, "lock", "release", "docs/api"),
        (600, "end"),
    ]),
    ("reviewer", "TASK-19", 282, None, [
        (300, "lock", "acquire", "docs/api"),
        (400, "lock", "release", "docs/api"),
        (510, "end"),
    ]),
    ("tester", "TASK-21", 480, (590, "group"), [
        (490, "lock", "acquire", "src/session"),
        (560, "lock", "release", "src/session"),
        (575, "diary", "NOTE", "Load test started, 200 sessions."),
    ]),
    ("reviewer", "TASK-23", 610, None, [
        (630, "lock", "acquire", "src/auth"),
        (790, "lock", "release", "src/auth"),
        (900, "diary", "NOTE", "Waiting for an answer about the retry limits."),
        (1100, "diary", "NOTE", "Still waiting."),
        (9999, "end"),
    ]),
    ("builder", "TASK-22", 620, None, [
        (630, "lock", "acquire", "src/auth"),
        (700, "diary", "NOTE", "Moved the retry loop into the client."),
        (800, "lock", "release", "src/auth"),
        (830, "handover", "to", "tester", "Retry loop is in, please load-test it."),
        (850, "end"),
    ]),
    ("tester", "TASK-24", 880, None, [
        (886, "handover", "accept", "tester"),
        (900, "lock", "acquire", "docs/api"),
        (980, "lock", "release", "docs/api"),
        (1000, "end"),
    ]),
    ("builder", "TASK-25", 1010, (1080, "alone"), [
        (1020, "lock", "acquire", "src/auth"),
        (1060, "diary", "NOTE", "Splitting the session module."),
    ]),
    ("tester", "TASK-26", 1100, None, [
        (1120, "lock", "acquire", "docs/api"),
        (1200, "lock", "release", "docs/api"),
        (1240, "end"),
    ]),
]  # fmt: skip
REAP_AT = 330
LENGTH = 1290


def ops(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bin/ops", *arguments], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=False
    )


def wait_until(second: float, begin: float, pace: float) -> None:
    time.sleep(max(0.0, begin + second * pace - time.time()))


def act(number: int, begin: float, pace: float) -> None:
    """One agent: starts a session, takes its steps, each at its time or as soon as the one before is done."""
    agent, task, _, _, steps = SCENARIO[number]
    session = ops("start", agent, task).stdout.strip().splitlines()[-1]
    os.environ["OPS_SESSION"] = session
    result = {"agent": agent, "task": task, "session": session, "ended": False}
    Path(f"/tmp/agent-{number}.json").write_text(json.dumps(result))
    for second, command, *rest in steps:
        wait_until(second, begin, pace)
        done = ops(command, *([session] if command == "diary" else []), *rest)
        if command == "end":
            result["ended"] = done.returncode == 0
            result["end_failed"] = done.returncode != 0
            Path(f"/tmp/agent-{number}.json").write_text(json.dumps(result))


def conduct(pace: float) -> None:
    """Inside the sandbox: starts and kills agents on time, then prints what became of each."""
    begin = time.time() + 1
    moments = [(start, number, "start") for number, (_, _, start, _, _) in enumerate(SCENARIO)]
    moments += [(kill[0], number, kill[1]) for number, (_, _, _, kill, _) in enumerate(SCENARIO) if kill]
    moments += [(REAP_AT, -1, "reap"), (LENGTH, -1, "stop")]
    agents: dict[int, subprocess.Popen[bytes]] = {}
    for second, number, what in sorted(moments):
        wait_until(second, begin, pace)
        if what == "start":
            command = [sys.executable, __file__, "--agent", str(number), "--begin", str(begin), "--pace", str(pace)]
            agents[number] = subprocess.Popen(command, start_new_session=True)
        elif what == "group":
            os.killpg(agents[number].pid, signal.SIGKILL)
        elif what == "alone":
            agents[number].kill()
        elif what == "reap":
            ops("reap")
    results = []
    for number, (_, _, _, kill, _) in enumerate(SCENARIO):
        result = json.loads(Path(f"/tmp/agent-{number}.json").read_text())
        results.append(result | {"killed": kill[1] if kill else None})
    print(json.dumps(results))


def sandbox(tracker: Path, pace: float) -> str:
    """Runs `conduct` in bubblewrap over `tracker` and returns what it printed."""
    passwd = tracker.parent / "passwd"
    passwd.write_text("dev:x:1000:1000:dev:/home/dev:/bin/bash\n")
    command = ["bwrap", "--unshare-all", "--die-with-parent", "--hostname", "build-1", "--uid", "1000", "--gid", "1000"]
    for folder in ("/usr", "/bin", "/lib", "/lib64"):
        if Path(folder).exists():
            command += ["--ro-bind", folder, folder]
    command += ["--ro-bind", str(passwd), "/etc/passwd", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]
    command += ["--tmpfs", "/home/dev", "--bind", str(tracker), ROOT, "--ro-bind", str(HERE), "/run/record", "--clearenv"]
    settings = {"HOME": "/home/dev", "USER": "dev", "PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1", "TZ": "UTC"}
    if pace < 1:
        settings |= {
            "OPS_HEARTBEAT_SECONDS": str(60 * pace),
            "OPS_STALE_AFTER": str(int(90 * pace)),
            "OPS_LOCK_TTL": str(int(300 * pace)),
        }
    for name, value in settings.items():
        command += ["--setenv", name, value]
    command += ["--chdir", ROOT, "/usr/bin/python3", "/run/record/record.py", "--inside", "--pace", str(pace)]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


def record(pace: float, into: Path) -> None:
    from session_ops.example import materialise

    with tempfile.TemporaryDirectory() as scratch:
        tracker = materialise(Path(scratch))
        for name in RUN_TIME:
            shutil.rmtree(tracker / name, ignore_errors=True)
        (tracker / ".current-session").unlink(missing_ok=True)
        results = json.loads(sandbox(tracker, pace).splitlines()[-1])
        for name in RUN_TIME:
            old, new = into / name, tracker / name
            shutil.rmtree(old, ignore_errors=True)
            if new.is_dir():
                shutil.copytree(new, old)
            elif new.is_file():
                shutil.copyfile(new, old)
    (HERE / "recorded.json").write_text(json.dumps(results, indent=2) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pace", type=float, default=1.0)
    parser.add_argument("--into", type=Path, default=HERE.parents[1] / "notebooks" / "example" / "agent-ops")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--agent", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--begin", type=float, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.agent is not None:
        act(options.agent, options.begin, options.pace)
    elif options.inside:
        conduct(options.pace)
    else:
        record(options.pace, options.into)


if __name__ == "__main__":
    main()
