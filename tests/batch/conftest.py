"""Small targets for batches, and the command as a user starts it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

SCRIPT = '#!/usr/bin/env bash\nset -e\nmkdir -p state\necho \'{"id": "{n}"}\' > state/sessions.json\npython3 gone{n}.py\nbash lib/setup.sh\n'


@pytest.fixture
def targets(tmp_path: Path) -> Callable[[int], list[Path]]:
    """Makes this many small trackers."""

    def make(count: int) -> list[Path]:
        made = []
        for n in range(1, count + 1):
            folder = tmp_path / "trackers" / f"t{n:02}"
            folder.mkdir(parents=True)
            (folder / "start.sh").write_text(SCRIPT.replace("{n}", str(n)))
            (folder / "start.sh").chmod(0o755)
            (folder / "README.md").write_text(f"# Tracker {n}\n\n```bash\n./start.sh\n```\n")
            (folder / "events.jsonl").write_text(
                '{"ts":"2026-01-05T10:00:00Z","event":"session.start","session":"a1"}\n'
                '{"ts":"2026-01-05T10:03:00Z","event":"session.end","session":"a1"}\n'
            )
            made.append(folder)
        return made

    return make


def command(*words: object) -> list[str]:
    """`session-ops batch WORDS`."""
    return [sys.executable, "-m", "session_ops", "batch", *map(str, words)]


def batch(*words: object) -> subprocess.CompletedProcess[str]:
    """Run a batch of documents without notebooks to its end."""
    argv = command(*words, "--no-notebooks")
    return subprocess.run(argv, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False, timeout=280)


def started(*words: object) -> subprocess.Popen[bytes]:
    """A batch of documents in a group of its own, running."""
    argv = command(*words, "--no-notebooks")
    return subprocess.Popen(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )


def wait_for(out: Path, count: int, process: subprocess.Popen[bytes]) -> None:
    """Return when this many targets have a result."""
    deadline = time.monotonic() + 200
    while len(list((out / "results").glob("*.json"))) < count:
        assert process.poll() is None, "the batch ended early"
        assert time.monotonic() < deadline
        time.sleep(0.05)


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """What a machine does that runs out of memory: no process of the batch gets a word."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def running_below(out: Path) -> list[int]:
    """Processes that work on a case of this batch."""
    mark = f"--case={out}/"
    return [
        p.info["pid"] for p in psutil.process_iter(["pid", "cmdline"]) if any(mark in word for word in p.info["cmdline"] or ())
    ]


def documents(out: Path) -> dict[str, bytes]:
    """Everything of a batch's cases that two runs of the same input have in common."""
    names = (
        "discovery.json",
        "analysis.json",
        "lifecycles.json",
        "diagnosis.json",
        "solution.json",
        "report.md",
        "findings.json",
    )
    found = {}
    for case in sorted((out / "cases").iterdir()):
        found |= {f"{case.name}/{name}": (case / name).read_bytes() for name in names}
        found |= {f"{case.name}/tables/{path.name}": path.read_bytes() for path in sorted((case / "tables").iterdir())}
    return found
